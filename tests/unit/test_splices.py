"""Text changed in places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercurrent.hardening.dockerfile import Logical
from undercurrent.splices import Edit, Span, as_bytes, as_text, line_before, line_of, spliced


@given(st.binary())
def test_no_byte_is_lost(content: bytes) -> None:
    assert as_bytes(as_text(content)) == content


def test_edits_touch_only_their_spans() -> None:
    edits = [Edit(Span(4, 7), "new"), Edit(Span(0, 0), "> "), Edit(Span(0, 0), "- ")]

    assert spliced("the old text", edits) == "> - the new text"


@pytest.mark.parametrize(
    "edits", [[Edit(Span(0, 3), ""), Edit(Span(2, 4), "")], [Edit(Span(9, 10), "")], [Edit(Span(3, 2), "")]]
)
def test_edits_that_overlap_or_are_outside_are_mistakes(edits: list[Edit]) -> None:
    with pytest.raises(ValueError, match="overlaps"):
        spliced("abcdef", edits)


def test_lines_count_from_one() -> None:
    assert [line_of("a\nb\r\nc", offset) for offset in (0, 1, 2, 5)] == [1, 1, 2, 3]


@pytest.mark.parametrize(
    ("edit", "lines"),
    [
        (Edit(Span(4, 4), "X\nY\n"), [1, 2, 3, 3, 3, 4]),
        (Edit(Span(2, 4), ""), [1, 3, 4]),
        (Edit(Span(2, 3), "B"), [1, 2, 3, 4]),
    ],
    ids=["lines put in", "a line taken out", "a line changed"],
)
def test_lines_are_found_as_they_were(edit: Edit, lines: list[int]) -> None:
    assert [line_before("a\nb\nc\nd\n", [edit], line) for line in range(1, len(lines) + 1)] == lines


def test_a_joined_line_knows_where_its_pieces_stand() -> None:
    source = "RUN a \\\n  b"
    logical = Logical("RUN a   b", (0, 6), (0, 8))

    assert logical.span(4, 9).of(source) == "a \\\n  b"
    assert logical.span(8, 9).of(source) == "b"
    assert logical.span(6, 6) == Span(8, 8)
