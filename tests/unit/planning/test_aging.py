"""What was read long ago is told, the oldest first."""

from dataclasses import replace
from datetime import date, timedelta

from undercurrent.planning.aging import STALE_DAYS, oldest, read_in, stale
from undercurrent.planning.catalogue import Catalogue, Claim, Label, Source, Status, Window

DAY = date(2026, 11, 30)
LABEL = Label("名", "name")


def source(days: int) -> Source:
    return Source(f"{days} days ago", DAY - timedelta(days=days))


def catalogue(*ages: int, own: int = 0) -> Catalogue:
    windows = tuple(Window(f"w{number}", DAY, "ends", LABEL, source=source(age)) for number, age in enumerate(ages))
    claim = Claim("c", LABEL, Status.CLAIMED, LABEL, source(own))
    return Catalogue("x", LABEL, "CNY", source(own), windows=windows, claims=(claim,))


def test_a_source_is_stale_after_that_many_days_and_not_on_the_last() -> None:
    found = stale(catalogue(STALE_DAYS, STALE_DAYS + 2, STALE_DAYS + 1), DAY)

    assert [(read.what, read.id, read.days(DAY)) for read in found] == [
        ("window", "w1", STALE_DAYS + 2),
        ("window", "w2", STALE_DAYS + 1),
    ]


def test_what_is_over_is_not_looked_at_again() -> None:
    later = DAY + timedelta(days=1)
    old = catalogue(STALE_DAYS + 1)
    began = replace(old, windows=(replace(old.windows[0], kind="begins"),))

    assert stale(old, later) == ()
    assert [read.id for read in stale(began, later)] == ["w0"]


def test_what_has_the_source_of_the_catalogue_is_told_once() -> None:
    aged = catalogue(5, own=400)

    assert [read.what for read in read_in(aged)] == ["catalogue", "window"]
    assert [read.what for read in stale(aged, DAY)] == ["catalogue"]
    assert oldest(aged).source.read == DAY - timedelta(days=400)
