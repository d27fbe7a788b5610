import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from undercurrent.regex import MAX_PATTERN, Regex


@pytest.mark.parametrize(
    ("pattern", "text", "whole", "anywhere"),
    [
        ("abc", "abc", True, True),
        ("abc", "abcd", False, True),
        ("a|b", "ab", False, True),
        ("^abc$", "abc", True, True),
        ("abc", "abc\n", False, True),
        ("^abc$", "abc\n", False, False),
        ("(?i)ABC", "abc", True, True),
        ("a.c", "a\nc", False, False),
    ],
)
def test_an_expression_matches_the_whole_unless_told_otherwise(
    pattern: str, text: str, whole: bool, anywhere: bool
) -> None:
    assert Regex(pattern).matches(text) is whole
    assert Regex(pattern, whole=False).matches(text) is anywhere


@pytest.mark.parametrize("pattern", ["(", "a)|(b", "(?=a)", r"(a)\1", "x" * (MAX_PATTERN + 1), r"(\d{1000}){1000}"])
def test_what_is_no_expression_or_too_large_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Regex(pattern)


def test_no_pattern_takes_long() -> None:
    began = time.process_time()

    assert not Regex("(a+)+").matches("a" * 100_000 + "b")

    assert time.process_time() - began < 5


@given(st.text(max_size=30), st.text(max_size=30))
@example("a\nb", "a\nb")
@example("\x00#&~- \t\v", "")
def test_escaped_text_matches_itself_only(text: str, other: str) -> None:
    expression = Regex(re.escape(text))

    assert expression.matches(text)
    assert expression.matches(other) is (text == other)
