"""Planned against actual: what is written stands between comments, and all else is its writer's, to the byte."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.plans import action, label, plan

from undercurrent.errors import UsageError
from undercurrent.planning.catalogue import Basis, Measure
from undercurrent.planning.coverage import Share
from undercurrent.planning.roi import returns
from undercurrent.planning.tracker import merged, tracker
from undercurrent.planning.valuing import Part, Worth

SIGN = action("sign", failures=[("0.1", 50)])
CLAIM = action("claim", 8000, basis=Basis.CLAIMED, shown=label("-40 %"), days=None)
PLAN = plan(SIGN, CLAIM)
MEASURED = {
    "sign": Worth(
        (Part(Share(Measure.IMAGES_SIGNED, 60, 70, datetime(2026, 11, 30, tzinfo=UTC)), Decimal(720)),),
    )
}
REGIONS = {"first": "one\ntwo", "second": "three"}
FREE = st.text(st.characters(codec="utf-8", exclude_characters="<\r\n")).map(lambda line: line + "\n")


def test_planned_stands_against_actual() -> None:
    text = tracker(PLAN, returns(PLAN, None, MEASURED))
    for line in (
        "| sign | ¥0 | ¥600/year | assumed | ¥720/year | ",
        "| claim | ¥0 | -40 % | claimed | — | — |",
        "| premium | — | ¥10,000/year | claimed | — | — |",
        "| all together | ¥99/month | — | — | — | — |",
        "- planned: ¥99/month → ¥10,600/year, ROI 792%",
        "- with what is measured: ¥99/month → ¥10,720/year, ROI 802%",
        "- planned: ¥0, 2 person-days → ¥600/year",
        "- may go wrong: fails; ¥5/year to be expected",
        "- actual: 60 of 70 images signed → ¥720/year, as of 2026-1",
        "- actual less planned: +¥120",
        "- planned: ¥0, effort unknown → -40 %",
        "- actual: no evidence",
    ):
        assert f"\n{line}" in text


def test_it_is_the_same_when_it_is_written_again() -> None:
    result = returns(PLAN, None, MEASURED)
    text = tracker(PLAN, result)
    assert tracker(PLAN, result, text) == text


def test_what_is_not_asked_for_stays_as_it_was_and_a_new_one_comes_at_the_end() -> None:
    old = tracker(PLAN, returns(PLAN, ["claim"])) + "my words"
    new = tracker(PLAN, returns(PLAN, ["sign"]), old)
    assert "uc:begin claim" in new
    assert new.index("my words\n") < new.index("uc:begin sign")


@given(st.lists(st.lists(FREE, max_size=3).map("".join), min_size=3, max_size=3))
def test_what_people_wrote_stays_to_the_byte(texts: list[str]) -> None:
    before, between, behind = texts
    first = "<!-- uc:begin first -->\nold\n<!-- uc:end first -->\n"
    second = "<!-- uc:begin second -->\n<!-- uc:end second -->\n"
    told = merged(before + first + between + second + behind, REGIONS, "first")
    assert told == (
        f"{before}<!-- uc:begin first -->\none\ntwo\n<!-- uc:end first -->\n{between}"
        f"<!-- uc:begin second -->\nthree\n<!-- uc:end second -->\n{behind}"
    )


def test_line_ends_are_those_of_the_file() -> None:
    old = "mine\r\n<!-- uc:begin first -->\r\nold\r\n<!-- uc:end first -->\r\n"
    told = merged(old, REGIONS, "first")
    assert told.count("\n") == told.count("\r\n") == 9
    assert told.startswith("mine\r\n<!-- uc:begin first -->\r\none\r\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mine\n", "did not write this file for catalogue first"),
        ("<!-- uc:begin second -->\n<!-- uc:end second -->\n", "did not write this file for catalogue first"),
        ("<!-- uc:begin first -->\n", "`uc:end first` is missing"),
        ("a\n<!-- uc:end first -->\n", "line 2: the comment `uc:end first` is not one of a pair"),
        ("<!-- uc:begin first -->\n<!-- uc:begin second -->\n", "line 2: the comment `uc:begin second`"),
        ("<!-- uc:begin first -->\n<!-- uc:end second -->\n", "line 2: the comment `uc:end second`"),
        ("<!-- uc:begin first -->\n<!-- uc:end first -->\n" * 2, "line 3: the comment `uc:begin first`"),
    ],
)
def test_a_file_that_is_none_or_was_broken_is_left_alone(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        merged(text, REGIONS, "first")


def test_names_cannot_end_what_is_written_here() -> None:
    bad = action("bad")
    bad = type(bad)(bad.id, "", label("a|b\n<!-- uc:end bad -->"), benefits=bad.benefits)
    text = tracker(plan(bad), returns(plan(bad)))
    assert tracker(plan(bad), returns(plan(bad)), text) == text
    assert "| a\\|b &lt;!-- uc:end bad --> |" in text
