"""What a day looks like before windows: phases, what to do first, and what somebody should look at."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.actions import action

from undercurrent.planning.catalogue import Action, Catalogue, Label, Measure, Requirement, Source, Window, WindowKind
from undercurrent.planning.coverage import Coverage, Share
from undercurrent.planning.outlook import Ground, Phase, done_by_evidence, outlook

DAY = date(2026, 3, 1)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ALL_SIGNED = Requirement(Measure.IMAGES_SIGNED, percent=Decimal(100))


def named(name: str, first: str = "", done: Requirement | None = None) -> Action:
    return replace(action(name), first=Label(first, first) if first else None, done=done)


def window(days: int, *actions: str, kind: WindowKind = "last-day") -> Window:
    return Window(f"w{days}", DAY + timedelta(days=days), kind, Label("name", "name"), actions)


def plan(*windows: Window, actions: tuple[Action, ...] = (), name: str = "plan") -> Catalogue:
    label = Label(name, name)
    return Catalogue(name, label, "CNY", Source("x", DAY), actions=actions, windows=windows)


def covered(done: int, of: int) -> Coverage:
    shares = {measure: Share(measure, 0, 0) for measure in Measure}
    return Coverage(NOW, shares | {Measure.IMAGES_SIGNED: Share(Measure.IMAGES_SIGNED, done, of)})


@pytest.mark.parametrize(
    ("windows", "phase"),
    [
        ([], Phase.NONE),
        ([window(400)], Phase.OPEN),
        ([window(15)], Phase.OPEN),
        ([window(14)], Phase.URGENT),
        ([window(0)], Phase.LAST_DAY),
        ([window(0), window(-9)], Phase.LAST_DAY),
        ([window(-1), window(30)], Phase.PARTLY_OVER),
        ([window(-1)], Phase.OVER),
        ([window(-1, kind="ends")], Phase.OVER),
        ([window(-1, kind="begins")], Phase.OPEN),
    ],
)
def test_phases(windows: list[Window], phase: Phase) -> None:
    assert outlook(plan(*windows), [], DAY, horizon=90).phase is phase


def test_the_horizon_counts_its_last_day() -> None:
    seen = outlook(plan(window(90), window(91)), [], DAY, horizon=90)

    assert [state.days for state in seen.view.near] == [90]
    assert [state.days for state in seen.view.coming] == [90, 91]


def test_far_before_anything_the_next_day_is_shown_with_all_that_is_on_it() -> None:
    windows = (window(200, "a", "b"), window(300))
    seen = outlook(plan(*windows, actions=(named("a"), named("b"))), [], DAY, horizon=90)

    assert [(state.days, state.action and state.action.id) for state in seen.view.next] == [(200, "a"), (200, "b")]


def test_others_are_looked_at_only_once_something_is_over() -> None:
    other = plan(window(5), name="other")

    assert outlook(plan(window(5)), [other], DAY, horizon=90).others == ()
    over = outlook(plan(window(-5)), [other, plan(window(-5))], DAY, horizon=90)
    assert [view.catalogue.id for view in over.others] == ["other"]
    assert outlook(plan(), [other], DAY, horizon=90).others


def test_the_appeal_is_that_of_the_next_window_with_one() -> None:
    actions = (named("quiet"), named("loud", "now!"))
    mine = plan(window(3, "quiet"), window(40, "loud"), actions=actions)

    seen = outlook(mine, [], DAY, horizon=90)

    assert str(seen.appeal) == "now!"
    assert seen.pressing


@pytest.mark.parametrize(("days", "pressing"), [(14, True), (15, False)])
def test_elsewhere_only_what_is_urgent_presses(days: int, pressing: bool) -> None:
    other = plan(window(days, "loud"), actions=(named("loud", "then!"),), name="other")

    seen = outlook(plan(window(-1)), [other], DAY, horizon=90)

    assert str(seen.appeal) == "then!"
    assert seen.pressing is pressing


def test_what_evidence_shows_to_be_done_presses_nobody() -> None:
    mine = plan(window(3, "sign"), window(-3, "sign"), actions=(named("sign", "now!", ALL_SIGNED),))

    undone = outlook(mine, [], DAY, horizon=90, coverage=covered(3, 4))
    done = outlook(mine, [], DAY, horizon=90, coverage=covered(4, 4))

    assert [finding.ground for finding in undone.findings] == [Ground.CLOSING, Ground.CLOSED]
    assert (undone.phase, str(undone.appeal)) == (Phase.URGENT, "now!")
    assert done.findings == ()
    assert (done.phase, done.appeal) == (Phase.PARTLY_OVER, None)


def test_what_nothing_is_known_of_is_not_done() -> None:
    mine = plan(window(-3, "sign"), actions=(named("sign", done=ALL_SIGNED),))

    assert done_by_evidence(mine, covered(0, 0)) == frozenset()
    assert [finding.ground for finding in outlook(mine, [], DAY, horizon=9, coverage=covered(0, 0)).findings] == [
        Ground.CLOSED
    ]


def test_what_evidence_can_never_show_is_no_finding_once_it_is_over() -> None:
    mine = plan(window(-3, "talk"), window(3, "talk"), actions=(named("talk"),))

    assert [finding.ground for finding in outlook(mine, [], DAY, horizon=9, coverage=covered(1, 1)).findings] == [
        Ground.CLOSING
    ]


def test_what_begins_does_not_close() -> None:
    mine = plan(window(-3, "sign", kind="begins"), actions=(named("sign", done=ALL_SIGNED),))

    seen = outlook(mine, [], DAY, horizon=9, coverage=covered(0, 1))

    assert (seen.view.closed, len(seen.view.begun), seen.findings) == ((), 1, ())


@given(st.lists(st.integers(-500, 500), max_size=8), st.integers(0, 400), st.integers(0, 60))
def test_every_window_is_somewhere_and_findings_are_what_is_near(days: list[int], horizon: int, urgent: int) -> None:
    windows = [replace(window(each), id=f"w{number}") for number, each in enumerate(days)]

    seen = outlook(plan(*windows), [], DAY, horizon=horizon, urgent=urgent)

    view = seen.view
    assert sorted(state.days for state in (*view.coming, *view.closed, *view.begun)) == sorted(days)
    assert [state.days for state in view.near] == sorted(each for each in days if 0 <= each <= horizon)
    assert [finding.state.days for finding in seen.findings] == sorted(each for each in days if 0 <= each <= urgent)
    assert (seen.phase is Phase.LAST_DAY) == (0 in days)
