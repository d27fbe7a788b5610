"""Where lines end, in English and in Chinese."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercurrent.report.wrapping import breaks, pieces, width, wrap

CHINESE = "验证每个签名，逐字节核对摘要（含 `uc image verify` 的结果）。"


@pytest.mark.parametrize(
    ("text", "cells"),
    [("", 0), ("abc", 3), ("镜像", 4), ("（a）", 5), ("é", 1), ("e\u0301", 1), ("a\u200db", 2), ("✓ …", 3), ("ｱ", 1)],
)
def test_width_is_in_cells(text: str, cells: int) -> None:
    assert width(text) == cells


def test_english_breaks_at_spaces_only() -> None:
    assert list(pieces("one  two-three sha256:abc")) == ["one  ", "two-three ", "sha256:abc"]


def test_chinese_breaks_between_characters_but_keeps_words_and_marks_together() -> None:
    assert list(pieces("用bundle签名（含“证明”），好。")) == [
        "用",
        "bundle",
        "签",
        "名",
        "（含",
        "“证",
        "明”），",
        "好。",
    ]


def test_lines_of_english() -> None:
    assert wrap("Sign each platform\n of an index too.", 14) == ["Sign each", "platform of an", "index too."]


def test_lines_of_chinese() -> None:
    assert wrap(CHINESE, 20) == ["验证每个签名，逐字节", "核对摘要（含 `uc", "image verify` 的结", "果）。"]


def test_what_is_wider_than_the_line_is_cut() -> None:
    assert wrap("see sha256:0123456789abcdef", 10) == ["see", "sha256:012", "3456789abc", "def"]


def test_paths_are_cut_between_their_names() -> None:
    assert wrap("awesome-compose/react-express-mongodb/frontend/", 24) == [
        "awesome-compose/",
        "react-express-mongodb/",
        "frontend/",
    ]
    assert wrap("see https://example.com/a/very-long-name/x", 16) == [
        "see",
        "https://",
        "example.com/a/",
        "very-long-name/x",
    ]
    assert wrap("a/name-of-many-words/x", 10) == ["a/", "name-of-", "many-", "words/x"]
    assert wrap("a/0123456789abcdef", 8) == ["a/", "01234567", "89abcdef"]


def test_nothing_is_one_empty_line() -> None:
    assert wrap("", 10) == [""]


@given(st.text(st.sampled_from("ab 镜像，。（）“”`…-/e\u0301")), st.integers(2, 30))
def test_no_line_is_too_wide_and_nothing_is_lost(text: str, limit: int) -> None:
    lines = wrap(text, limit)

    assert all(width(line) <= limit for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@given(st.text(st.sampled_from("ab 镜像，（"), min_size=1), st.integers(2, 30))
def test_breaks_are_in_order_and_inside(text: str, limit: int) -> None:
    found = breaks(text, limit)

    assert found == sorted(set(found))
    assert all(0 < position < len(text) for position in found)
