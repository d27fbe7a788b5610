"""Days left, for somebody whose day it is now: over leap years, midnights and clock changes."""

import calendar
import sys
import time
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.actions import action

from undercurrent.errors import ConfigError
from undercurrent.planning.catalogue import Catalogue, Label, Source, Window
from undercurrent.planning.windows import today, window_states, zone_of

READ = Source("a test", date(2026, 1, 1))
ZONES = st.sampled_from(
    ["Asia/Shanghai", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York", "Europe/Berlin", "Asia/Kathmandu"]
)
DAYS = st.dates(date(1970, 1, 2), date(2199, 12, 31))


def catalogue(*windows: Window) -> Catalogue:
    label = Label("x", "x")
    return Catalogue("x", label, "CNY", READ, actions=(action("sign"), action("rootless")), windows=windows)


def window(name: str, day: date, *actions: str) -> Window:
    return Window(name, day, "last-day", Label(name, name), actions)


def left(day: date, on: date) -> int:
    (state,) = window_states(catalogue(window("one", day)), on)
    return state.days


@given(DAYS, DAYS)
def test_days_left_are_the_midnights_until_then_as_a_calendar_counts_them(on: date, day: date) -> None:
    def number(one: date) -> int:
        """Days since the year 1, by the rule of leap years alone."""
        years = one.year - 1
        whole = 365 * years + years // 4 - years // 100 + years // 400
        return whole + sum(calendar.monthrange(one.year, month)[1] for month in range(1, one.month)) + one.day

    assert left(day, on) == number(day) - number(on)


@pytest.mark.parametrize(
    ("on", "day", "days"),
    [
        (date(2024, 2, 28), date(2024, 3, 1), 2),
        (date(2025, 2, 28), date(2025, 3, 1), 1),
        (date(2100, 2, 28), date(2100, 3, 1), 1),
        (date(2025, 10, 22), date(2025, 12, 31), 70),
        (date(2025, 12, 31), date(2025, 12, 31), 0),
        (date(2026, 1, 1), date(2025, 12, 31), -1),
    ],
)
def test_known_distances(on: date, day: date, days: int) -> None:
    assert left(day, on) == days


def test_a_window_is_over_only_when_its_last_day_is() -> None:
    one = catalogue(window("one", date(2025, 12, 31)))

    assert [window_states(one, day)[0].over for day in (date(2025, 12, 31), date(2026, 1, 1))] == [False, True]


def test_what_is_next_stands_first_and_what_is_over_last() -> None:
    states = window_states(
        catalogue(
            window("over-long", date(2024, 1, 1)),
            window("later", date(2026, 6, 30), "rootless"),
            window("over", date(2025, 10, 21)),
            window("next", date(2025, 12, 31), "sign", "rootless"),
        ),
        date(2025, 10, 22),
    )

    assert [(state.window.id, state.action.id if state.action else None, state.days) for state in states] == [
        ("next", "sign", 70),
        ("next", "rootless", 70),
        ("later", "rootless", 251),
        ("over", None, -1),
        ("over-long", None, -660),
    ]


@given(ZONES, DAYS)
def test_a_day_begins_and_ends_at_the_midnight_of_the_users_zone(zone: str, day: date) -> None:
    # Where clocks skip midnight, the day begins an hour later; the second before is the day before all the same.
    begins = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    before = begins - timedelta(seconds=1)

    assert today(zone, now=begins) == day
    assert today(zone, now=before) == day - timedelta(days=1)


SINCE_1996 = st.datetimes(datetime(1996, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
"""Since Kiritimati is on the western side of the date line: it left out the last day of 1994."""


@given(SINCE_1996)
def test_one_moment_is_at_most_two_days_apart_around_the_world(moment: datetime) -> None:
    earliest, latest = today("Pacific/Pago_Pago", now=moment), today("Pacific/Kiritimati", now=moment)

    assert earliest <= today("UTC", now=moment) <= latest
    assert latest - earliest <= timedelta(days=2)


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("Asia/Shanghai", "2025-12-31T15:59:59+00:00", date(2025, 12, 31)),
        ("Asia/Shanghai", "2025-12-31T16:00:00+00:00", date(2026, 1, 1)),
        ("America/New_York", "2026-03-08T04:59:59+00:00", date(2026, 3, 7)),  # the night in which clocks go forward
        ("America/New_York", "2026-03-08T05:00:00+00:00", date(2026, 3, 8)),
        ("America/New_York", "2026-03-09T04:00:00+00:00", date(2026, 3, 9)),  # that day had 23 hours
        ("America/New_York", "2026-11-02T04:59:59+00:00", date(2026, 11, 1)),  # and this one 25
        ("Pacific/Apia", "2011-12-30T09:59:59+00:00", date(2011, 12, 29)),  # there was no 30 December there
        ("Pacific/Apia", "2011-12-30T10:00:00+00:00", date(2011, 12, 31)),
        ("America/Sao_Paulo", "2018-11-04T02:59:59+00:00", date(2018, 11, 3)),  # clocks went from 0:00 to 1:00
        ("America/Sao_Paulo", "2018-11-04T03:00:00+00:00", date(2018, 11, 4)),
    ],
)
def test_midnights_that_are_known_to_be_hard(zone: str, moment: str, day: date) -> None:
    assert today(zone, now=datetime.fromisoformat(moment)) == day


@contextmanager
def machine_in(zone: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", zone)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(("zone", "day"), [("Asia/Tokyo", date(2026, 1, 1)), ("America/Lima", date(2025, 12, 31))])
def test_without_a_zone_it_is_that_of_the_machine(zone: str, day: date, monkeypatch: pytest.MonkeyPatch) -> None:
    with machine_in(zone, monkeypatch):
        assert today(now=datetime(2025, 12, 31, 20, tzinfo=UTC)) == day
        assert today("Europe/London", now=datetime(2025, 12, 31, 20, tzinfo=UTC)) == date(2025, 12, 31)


def test_now_is_now() -> None:
    before = datetime.now(ZoneInfo("Asia/Shanghai")).date()

    assert before <= today("Asia/Shanghai") <= before + timedelta(days=1)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Asia/Shangai", "did you mean 'Asia/Shanghai'?"),
        ("shanghai", "did you mean 'Asia/Shanghai'?"),
        ("../etc/passwd", "names are like"),
        ("/etc/passwd", "names are like"),
        ("Asia", "names are like"),
        ("\0", "names are like"),
        ("x" * 10_000, "names are like"),
    ],
)
def test_a_zone_that_nobody_knows_is_an_error_that_helps(name: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=r"planning\.time_zone: .* is not a known time zone") as caught:
        zone_of(name)

    assert hint in caught.value.hint


def test_a_machine_without_a_database_of_zones_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on slim images: neither the system's files nor the package tzdata."""
    for name in ("tzdata", *(name for name in sys.modules if name.startswith("tzdata."))):
        monkeypatch.setitem(sys.modules, name, None)
    zoneinfo.reset_tzpath([])
    ZoneInfo.clear_cache()
    try:
        with pytest.raises(ConfigError, match="not a known time zone") as caught:
            today("Asia/Shanghai")
    finally:
        zoneinfo.reset_tzpath()

    assert "install tzdata" in caught.value.hint
    assert today("", now=datetime(2026, 1, 1, tzinfo=UTC)) in {date(2025, 12, 31), date(2026, 1, 1)}
