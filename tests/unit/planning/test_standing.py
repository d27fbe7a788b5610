"""What changed, what to do next, and what is wrong."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from tests.support.evidence import NOON, make_record
from tests.support.plans import action, label, plan

from undercurrent.planning.catalogue import Action, Catalogue, Measure, Requirement, Window, WindowKind
from undercurrent.planning.coverage import Coverage, Share
from undercurrent.planning.standing import Trouble, TroubleKind, Urgency, changes, next_steps, troubles
from undercurrent.planning.tally import coverage
from undercurrent.planning.windows import window_states

DAY = date(2026, 3, 4)
ALL_SIGNED = Requirement(Measure.IMAGES_SIGNED, percent=Decimal(100))
ONE, TWO = f"sha256:{1:064x}", f"sha256:{2:064x}"


def window(name: str, days: int, *actions: str, kind: WindowKind = "last-day") -> Window:
    return Window(name, DAY + timedelta(days=days), kind, label(name), actions)


def with_windows(catalogue: Catalogue, *windows: Window) -> Catalogue:
    return replace(catalogue, windows=windows)


def shares(done: int = 0, of: int = 0) -> Mapping[Measure, Share]:
    return {measure: Share(measure, done, of) for measure in Measure}


def ids(*catalogues: Catalogue, known: Mapping[Measure, Share] | None = None) -> list[str]:
    return [step.action.id for step in next_steps(catalogues, known or shares(), DAY)]


def test_the_more_an_hour_is_worth_the_sooner_it_comes() -> None:
    catalogue = plan(action("small", 800, days=1), action("large", 8000, days=2), action("unsaid", 99_999, days=None))
    steps = next_steps([catalogue], shares(), DAY)
    assert [step.action.id for step in steps] == ["large", "small", "unsaid"]
    assert [step.per_hour for step in steps] == [Decimal(500), Decimal(100), None]
    assert [step.hours for step in steps] == [Decimal(16), Decimal(8), None]
    assert next_steps([catalogue], shares(), DAY, 2) == steps[:2]
    assert next_steps([], shares(), DAY) == ()


def test_of_equal_worth_the_nearer_window_comes_first() -> None:
    catalogue = with_windows(plan(action("far"), action("near")), window("f", 90, "far"), window("n", 9, "near"))
    assert ids(catalogue) == ["near", "far"]


def test_what_is_open_or_binds_comes_before_what_can_wait_and_that_before_what_is_missed() -> None:
    catalogue = with_windows(
        plan(action("missed", 9000), action("any", 8000), action("binds", 10), action("open", 20), action("ended", 5)),
        window("m", -1, "missed"),
        window("b", -100, "binds", kind="begins"),
        window("o", 0, "open"),
        window("e", -5, "ended", kind="ends"),
    )
    steps = next_steps([catalogue], shares(), DAY)
    assert [(step.action.id, step.urgency, step.days_left) for step in steps] == [
        ("open", Urgency.DUE, 0),
        ("binds", Urgency.DUE, 0),
        ("ended", Urgency.DUE, 0),
        ("any", Urgency.ANY_TIME, None),
        ("missed", Urgency.MISSED, None),
    ]


def test_a_window_to_come_decides_before_one_that_is_over() -> None:
    catalogue = with_windows(plan(action("one")), window("old", -3, "one"), window("new", 30, "one"))
    (step,) = next_steps([catalogue], shares(), DAY)
    assert step.window is not None
    assert (step.window.window.id, step.days_left) == ("new", 30)


def test_what_evidence_shows_to_be_done_is_left_out_and_what_needs_it_follows() -> None:
    sign = replace(action("sign"), done=ALL_SIGNED)
    catalogue = plan(sign, action("verify", 9000, needs=("sign",)))
    assert ids(catalogue) == ["sign"]
    assert ids(catalogue, known=shares(4, 5)) == ["sign"]
    assert ids(catalogue, known=shares(5, 5)) == ["verify"]


def test_a_need_that_evidence_cannot_see_holds_nothing_up() -> None:
    assert ids(plan(action("process"), action("papers", 9000, needs=("process",)))) == ["papers", "process"]


def test_what_several_catalogues_have_is_there_once() -> None:
    def signing(name: str, yearly: int) -> Action:
        return replace(action(name, yearly), done=ALL_SIGNED)

    mine = replace(plan(signing("sign", 100), action("same", 100)), id="mine")
    other = replace(plan(signing("seal", 900), action("same", 10)), id="other")
    steps = next_steps([mine, other], shares(), DAY)
    assert [(step.catalogue.id, step.action.id) for step in steps] == [("other", "seal"), ("mine", "same")]


def test_amounts_in_another_currency_are_not_compared() -> None:
    other = replace(plan(action("euros", 99_999)), currency="EUR")
    assert ids(plan(action("yuan", 1)), other) == ["yuan", "euros"]
    assert ids(other, plan(action("yuan", 1))) == ["euros", "yuan"]


def known(*happened: tuple[str, str, str, str]) -> Coverage:
    records = [
        make_record(number, kind=kind, outcome=outcome, name=name, subject=digest, proof={})
        for number, (kind, outcome, name, digest) in enumerate(happened)
    ]
    return coverage(records, NOON + timedelta(seconds=len(records)))


BEFORE = [("image-signed", "signed", "a:1", ONE), ("image-verified", "verified", "a:1", ONE)]


def test_nothing_changed_when_nothing_happened() -> None:
    found = changes(known(*BEFORE), known(*BEFORE))
    assert (found.records, found.images, found.shares, found.worse) == (0, 0, (), ())
    assert found.since == NOON + timedelta(seconds=2)


@pytest.mark.parametrize(
    ("happened", "worse"),
    [
        (("image-packed", "made", "b:1", TWO), []),
        (("image-packed", "made", "a:1", TWO), ["a:1"]),
        (("image-verified", "untrusted", "a:1", ONE), ["a:1"]),
        (("image-verified", "could-not-check", "a:1", ONE), ["a:1"]),
        (("sbom-made", "made", "a:1", ONE), []),
    ],
)
def test_what_got_worse_is_named(happened: tuple[str, str, str, str], worse: list[str]) -> None:
    found = changes(known(*BEFORE), known(*BEFORE, happened))
    assert found.records == 1
    assert [after.name for _before, after in found.worse] == worse
    assert found.shares


def test_shares_that_moved_are_told_with_what_they_were() -> None:
    found = changes(known(*BEFORE), known(*BEFORE, ("image-packed", "made", "b:1", TWO)))
    moved = {one.measure: (one.before.done, one.before.of, one.after.done, one.after.of) for one in found.shares}
    assert found.images == 1
    assert moved[Measure.IMAGES_SIGNED] == (1, 1, 1, 2)
    assert Measure.DOCKERFILES_ROOTLESS not in moved


def test_nothing_known_is_not_all_well() -> None:
    assert troubles(known(), [], []) == (Trouble(TroubleKind.NOTHING_KNOWN),)


def test_what_is_wrong_is_named() -> None:
    catalogue = with_windows(
        plan(replace(action("sign"), done=ALL_SIGNED), action("unseen")),
        window("soon", 14, "sign"),
        window("later", 15, "sign"),
        window("over", -1, "sign"),
        window("nobody-can-tell", 3, "unseen"),
    )
    states = window_states(catalogue, DAY)
    found = known(*BEFORE, ("image-verified", "denied", "b:1", TWO))
    assert troubles(found, [], states) == (
        Trouble(TroubleKind.UNSIGNED, ("b:1",)),
        Trouble(TroubleKind.REFUSED, ("b:1",)),
        Trouble(TroubleKind.CLOSING, ("soon",)),
    )
    assert troubles(known(*BEFORE), [], states) == ()
