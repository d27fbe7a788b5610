"""A checklist as a Markdown file: boxes by state, and whatever people wrote is still there, byte for byte."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.checklists import covered, item, listed, mark, state_of

from undercurrent import i18n
from undercurrent.errors import UsageError
from undercurrent.planning.boxes import export
from undercurrent.planning.catalogue import Item
from undercurrent.planning.checklists import ChecklistState

A, B, C, D = (item(key) for key in "abcd")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    yield
    i18n.activate("en")


def fresh(*sections: tuple[Item, ...]) -> ChecklistState:
    return state_of(listed(*sections))


def test_a_new_file() -> None:
    checklist = listed(
        (item("a"), item("sign", at_least=50, due=date(2025, 11, 30))),
        (item("late", given=True), item("by-hand"), item("all", percent=100)),
        due=date(2025, 12, 31),
    )
    state = state_of(checklist, covered(50, 62), mark("by-hand", note="in the wiki"))

    assert export(state).text == (
        "# Mine (by 2025-12-31) <!-- uc:checklist:mine -->\n"
        "\n"
        "> `uc plan checklist export` writes the lines with a hidden comment. What you write between them stays."
        " <!-- uc:note:how -->\n"
        "\n"
        "## Part 1 <!-- uc:section:part-1 -->\n"
        "\n"
        "- [ ] do a <!-- uc:a -->\n"
        "- [x] do sign (by 2025-11-30) <!-- uc:sign done --> · evidence: 50 of 50 needed · as of 2025-11-20\n"
        "\n"
        "## Part 2 <!-- uc:section:part-2 -->\n"
        "\n"
        "- [x] do late <!-- uc:late done -->\n"
        "- [x] do by-hand <!-- uc:by-hand done --> · marked by hand by ann on 2025-11-20 · in the wiki\n"
        "- [ ] do all <!-- uc:all --> · evidence: 50 of 62 (80.6 %), 100 % needed · as of 2025-11-20\n"
    )


WORDS = st.text(
    st.sampled_from("ab 字-#>[]x`|*_\t:.!<&\x0b\x0c\u2028") | st.characters(exclude_characters="\r\n"), max_size=12
)
PIECE = st.lists(WORDS, max_size=4).map("\n".join)
KEYS = st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=1, max_size=8)


def dealt(keys: list[str]) -> ChecklistState:
    """The items, each in the part that it always is in; a part without any is not there."""
    whole = listed(tuple(item(key) for key in keys if key < "e"), tuple(item(key) for key in keys if key >= "e"))
    return state_of(replace(whole, sections=tuple(section for section in whole.sections if section.items)))


def written(text: str) -> list[str]:
    """The lines of ``text`` that somebody wrote."""
    return [line for line in re.split(r"\r?\n", text) if line.strip(" \t") and "<!-- uc:" not in line]


def edited(data: st.DataObject, state: ChecklistState) -> str:
    """The file of ``state``, with what somebody wrote between its lines."""
    newline = data.draw(st.sampled_from(["\n", "\r\n"]))
    pieces = ((data.draw(PIECE), line) for line in export(state).text.splitlines())
    text = "\n".join(part for piece in pieces for part in piece)
    return (text + data.draw(st.sampled_from(["", "\n", "\nlast words", "\n \n\n"]))).replace("\n", newline)


@settings(max_examples=60, deadline=None)
@given(KEYS, KEYS, st.data())
def test_what_people_write_stays_in_its_order_while_items_come_and_go(
    before: list[str], after: list[str], data: st.DataObject
) -> None:
    old = edited(data, dealt(sorted(before)))

    once = export(dealt(sorted(after)), old).text

    assert written(once) == written(old)
    assert export(dealt(sorted(after)), once).text == once
    assert "\r\n" not in old or not re.search("(?<!\r)\n", once)


@settings(max_examples=60, deadline=None)
@given(KEYS, KEYS, st.data())
def test_what_people_write_stays_while_items_change_places(
    before: list[str], after: list[str], data: st.DataObject
) -> None:
    old = edited(data, dealt(before))

    once = export(dealt(after), old).text

    assert sorted(written(once)) == sorted(written(old))
    assert export(dealt(after), once).text == once


@settings(max_examples=40, deadline=None)
@given(WORDS.filter(str.strip))
def test_text_stays_behind_the_line_that_it_stood_behind(note: str) -> None:
    old = export(fresh((A, B, C))).text.replace("do b <!-- uc:b -->\n", f"do b <!-- uc:b -->\n{note}\n")

    lines = export(fresh((D, A), (C, B)), old).text.split("\n")

    assert lines[lines.index("- [ ] do b <!-- uc:b -->") + 1] == note


def test_a_file_is_the_same_bytes_when_nothing_has_changed() -> None:
    state = state_of(listed((item("a", at_least=2), B), (C,)), covered(1, 2), mark("c"))
    first = export(state).text

    assert export(state, first).text == first
    assert export(state, "\ufeff" + first).text == "\ufeff" + first
    windows = first.replace("\n", "\r\n")
    assert export(state, windows).text == windows
    assert export(state, first.rstrip("\n")).text == first


def test_items_are_put_in_and_taken_out_where_the_list_says() -> None:
    old = export(fresh((A, C), (D,))).text.replace("## Part 2", "My words.\n\n## Part 2")

    new = export(fresh((A, B), (D,)), old).text

    assert new.split("\n")[4:] == [
        "## Part 1 <!-- uc:section:part-1 -->",
        "",
        "- [ ] do a <!-- uc:a -->",
        "",
        "My words.",
        "- [ ] do b <!-- uc:b -->",
        "",
        "## Part 2 <!-- uc:section:part-2 -->",
        "",
        "- [ ] do d <!-- uc:d -->",
        "",
    ]


def test_other_editors_write_boxes_in_other_ways() -> None:
    old = export(fresh((A, B))).text.replace("- [ ] do a", "  * [X] do a").replace("- [ ] do b", "+ [ ] do it")

    found = export(fresh((A, B)), old)

    assert found.ticked == ("a",)
    assert "- [x] do a <!-- uc:a --> · ticked in this file, not taken over\n- [ ] do b <!-- uc:b -->\n" in found.text


def test_a_box_that_somebody_ticked_is_told_and_stays_until_it_is_taken_over() -> None:
    checklist = listed((item("a"), item("b", at_least=50)))
    old = export(state_of(checklist, covered(12, 50))).text.replace("[ ]", "[x]")

    found = export(state_of(checklist, covered(12, 50)), old)
    again = export(state_of(checklist, covered(12, 50)), found.text)
    taken = export(state_of(checklist, covered(12, 50), mark("a"), mark("b")), found.text)

    assert found.ticked == again.ticked == ("a", "b")
    assert again.text == found.text
    assert "[x] do b <!-- uc:b --> · ticked in this file, not taken over · evidence: 12 of 50 needed" in found.text
    assert taken.ticked == ()
    assert "[x] do b <!-- uc:b done --> · marked by hand by ann on 2025-11-20 · evidence: 12 of 50" in taken.text


def test_a_box_that_somebody_emptied_is_told_and_evidence_ticks_it_again() -> None:
    checklist = listed((item("a"), item("b", at_least=50)))
    state = state_of(checklist, covered(50, 50), mark("a"))
    old = export(state).text.replace("[x]", "[ ]")

    found = export(state, old)

    assert (found.emptied, found.proved) == (("a",), ("b",))
    assert "[ ] do a <!-- uc:a done --> · emptied in this file, not taken over · marked by hand" in found.text
    assert "[x] do b <!-- uc:b done --> · evidence" in found.text
    assert export(state_of(checklist, covered(50, 50), mark("a", done=False)), found.text).emptied == ()


def test_a_box_that_was_ticked_here_is_nobody_elses_when_evidence_is_gone() -> None:
    checklist = listed((item("a", at_least=50),))
    old = export(state_of(checklist, covered(50, 50))).text

    found = export(state_of(checklist, covered(49, 50)), old)

    assert found.ticked == ()
    assert "- [ ] do a <!-- uc:a --> · evidence: 49 of 50 needed" in found.text


@pytest.mark.parametrize(
    "old",
    [
        "# My diary\n",
        "- [ ] do a\n",
        "do a <!-- uc:a -->\n",
        "# Other <!-- uc:checklist:other -->\n\n- [ ] do a <!-- uc:a -->\n",
    ],
)
def test_a_file_that_is_not_ours_is_not_overwritten(old: str) -> None:
    with pytest.raises(UsageError, match="not a file that checklist mine was exported to"):
        export(fresh((A,)), old)


def test_a_file_without_its_title_is_still_ours() -> None:
    found = export(fresh((A,)), "What I have to do\n\n- [ ] do a <!-- uc:a -->\n").text

    assert found.startswith("What I have to do\n\n# Mine <!-- uc:checklist:mine -->\n")


def test_a_copy_of_a_line_is_somebodys_text() -> None:
    old = export(fresh((A,))).text + "- [x] do a <!-- uc:a -->\n"

    assert export(fresh((A,)), old).text == old


def test_a_comment_in_a_text_is_not_taken_for_one_of_ours() -> None:
    state = state_of(listed((item("a"), B)), None, mark("a", note="see <!-- uc:b -->"))
    first = export(state).text

    assert "see &lt;!-- uc:b -->" in first
    assert export(state, first).text == first


def test_chinese() -> None:
    i18n.activate("zh")
    state = state_of(listed((item("a", at_least=50, due=date(2025, 11, 30)),)), covered(12, 62), mark("a"))

    assert (
        "- [x] 做 a（截止 2025-11-30） <!-- uc:a done --> · 2025-11-20 由 ann 手工勾选 · 证据：需要 50 个，已有 12 个"
        " · 统计至 2025-11-20\n"
    ) in export(state).text
