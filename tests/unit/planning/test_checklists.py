"""States of items: what evidence shows, what somebody says, and the days that are over."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.support.checklists import DAY, NOW, covered, item, listed, mark, state_of

from undercurrent import i18n
from undercurrent.planning.catalogue import Item, Measure, Requirement
from undercurrent.planning.checklists import State, burn_down, is_met, reasons
from undercurrent.planning.coverage import Coverage, Point, Share
from undercurrent.planning.marks import Mark


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    yield
    i18n.activate("en")


YESTERDAY = DAY - timedelta(days=1)


@pytest.mark.parametrize(
    ("done", "of", "required", "met"),
    [
        (50, 50, {"at_least": 50}, True),
        (49, 50, {"at_least": 50}, False),
        (49, 1000, {"at_least": 50}, False),
        (0, 12, {"at_least": 1}, False),
        (0, 0, {"at_least": 1}, None),
        (50, 50, {"percent": 100}, True),
        (49, 50, {"percent": 100}, False),
        (0, 0, {"percent": 100}, None),
        (8000, 10_000, {"percent": 80}, True),
        (7999, 10_000, {"percent": 80}, False),
        (2, 3, {"percent": 66}, True),
        (2, 3, {"percent": 67}, False),
    ],
)
def test_a_requirement_is_met_to_the_last_image(done: int, of: int, required: dict[str, Any], met: bool | None) -> None:
    one = item("a", **required)
    assert one.requirement is not None

    assert is_met(one.requirement, covered(done, of).shares[Measure.IMAGES_SIGNED]) is met


def test_a_measure_that_evidence_does_not_count_is_not_met_and_not_refuted() -> None:
    assert is_met(Requirement(Measure.IMAGES_ROOTLESS, at_least=1), None) is None


def one_state(one: Item, coverage: Coverage | None = None, *marks: Mark, day: date = DAY) -> State:
    return state_of(listed((one,)), coverage, *marks, day=day).items[0].state


@pytest.mark.parametrize(
    ("one", "coverage", "marks", "state"),
    [
        (item("a"), None, [], State.OPEN),
        (item("a", given=False), None, [], State.OPEN),
        (item("a", given=True), None, [], State.MARKED),
        (item("a", given=True), None, [mark("a", done=False)], State.OPEN),
        (item("a"), None, [mark("a")], State.MARKED),
        (item("a"), None, [mark("b")], State.OPEN),
        (item("a"), None, [mark("a"), mark("a", done=False, at=NOW + timedelta(seconds=1))], State.OPEN),
        (item("a"), None, [mark("a", done=False), mark("a", at=NOW - timedelta(seconds=1))], State.OPEN),
        (item("a", due=DAY), None, [], State.OPEN),
        (item("a", due=YESTERDAY), None, [], State.OVERDUE),
        (item("a", due=YESTERDAY), None, [mark("a")], State.MARKED),
        (item("a", at_least=50), covered(50, 62), [], State.DONE),
        (item("a", at_least=50), covered(12, 62), [], State.OPEN),
        (item("a", at_least=50), covered(0, 0), [], State.UNCHECKABLE),
        (item("a", at_least=50), None, [], State.UNCHECKABLE),
        (item("a", at_least=50), covered(0, 0), [mark("a")], State.MARKED),
        (item("a", at_least=50, due=YESTERDAY), covered(0, 0), [], State.OVERDUE),
        (item("a", at_least=50, due=YESTERDAY), covered(12, 62), [], State.OVERDUE),
        (item("a", at_least=50, due=YESTERDAY), covered(50, 62), [], State.DONE),
        (item("a", at_least=50), covered(12, 62), [mark("a")], State.MARKED),
        (item("a", at_least=50), covered(50, 62), [mark("a", done=False)], State.DONE),
    ],
)
def test_a_state(one: Item, coverage: Coverage | None, marks: list[Mark], state: State) -> None:
    assert one_state(one, coverage, *marks) is state


def test_a_last_day_is_that_of_the_item_else_of_its_list() -> None:
    found = state_of(listed((item("own", due=DAY), item("of-list")), due=YESTERDAY))

    assert [one.due for one in found.items] == [DAY, YESTERDAY]
    assert [one.item.id for one in found.late] == ["of-list"]


def test_a_mark_does_not_hide_what_evidence_says_and_does_not_excuse_from_the_last_day() -> None:
    checklist = listed((item("a", at_least=50, due=YESTERDAY), item("b", due=YESTERDAY), item("c", given=True)))
    found = state_of(checklist, covered(12, 62), mark("a", note="all that matter"), mark("b"))

    refuted = found.items[0]
    assert refuted.refuted
    assert reasons(refuted, UTC) == (
        "marked by hand by ann on 2025-11-20",
        "all that matter",
        "evidence: 12 of 50 needed",
        "as of 2025-11-20",
    )
    assert [one.item.id for one in found.late] == ["a"]
    assert [one.item.id for one in found.refuted] == ["a"]
    assert (found.ticked, found.count(State.MARKED), found.count(State.OPEN)) == (3, 3, 0)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "evidence: 7999 of 10000 (79.9 %), 80 % needed"),
        ("zh", "证据：10000 个中有 7999 个（79.9 %），需要 80 %"),
    ],
)
def test_a_share_is_not_rounded_up_to_what_is_needed(language: str, said: str) -> None:
    i18n.activate(language)
    one = state_of(listed((item("a", percent=80),)), covered(7999, 10_000)).items[0]

    assert reasons(one, UTC)[0] == said


def test_bytes_are_a_sum() -> None:
    one = item("a", measure=Measure.BYTES_COPIED, at_least=1_000_000)
    found = state_of(listed((one,)), covered(2_500, 2_500, Measure.BYTES_COPIED)).items[0]

    assert found.state is State.OPEN
    assert reasons(found, UTC)[0] == "evidence: 2,500 bytes of 1,000,000 needed"


def test_days_are_those_of_the_zone() -> None:
    one = state_of(listed((item("a"),)), None, mark("a", at=datetime(2025, 11, 20, 23, tzinfo=UTC))).items[0]

    assert reasons(one, ZoneInfo("Asia/Shanghai")) == ("marked by hand by ann on 2025-11-21",)


def test_what_is_left_goes_down_as_evidence_and_marks_come_in() -> None:
    checklist = listed((item("a", at_least=2), item("b"), item("c", given=True)))
    days = [date(2025, 11, day) for day in range(1, 5)]
    counts = [0, 1, 2, 1]
    history = [
        Point(day, {Measure.IMAGES_SIGNED: Share(Measure.IMAGES_SIGNED, done, 3, NOW)})
        for day, done in zip(days, counts, strict=True)
    ]
    marks = [
        mark("b", at=datetime(2025, 11, 1, 16, 30, tzinfo=UTC)),  # already the 2nd in Shanghai
        mark("b", done=False, at=datetime(2025, 11, 4, 0, 0, tzinfo=UTC)),
    ]

    assert burn_down(checklist, history, marks, ZoneInfo("Asia/Shanghai")) == tuple(
        zip(days, (2, 1, 0, 2), strict=True)
    )
    assert [left for _day, left in burn_down(checklist, history, marks, UTC)] == [1, 1, 0, 2]
