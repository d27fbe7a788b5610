"""Anybody's Markdown list as a catalogue: sections, items, boxes, last days, and back again."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.checklists import item, listed, state_of

from undercurrent.errors import UsageError
from undercurrent.planning.boxes import export
from undercurrent.planning.catalogue import Checklist, Item, Label, Section
from undercurrent.planning.importing import read_markdown, slug
from undercurrent.planning.loading import read_catalogue
from undercurrent.planning.writing import as_toml

DAY = date(2026, 1, 2)

LIST = """\
# Before the launch (2025-12-31)

What follows was agreed on.

## Week 1，截止：2025年10月28日

- [x] Sign `app` (by 2025-10-23)
* [ ] 签名至少 50 个镜像，截止 2025/11/30
  - [ ] nested in it
- Group
  1. [X] first
  2. [ ] released 2025-01-02
- just a thought

Day 1
-----

+ [ ] read [the page](https://example.com/a_b)
  on two lines

  and a second paragraph
- [ ]
- [ ] \\[x] looks ticked
"""


def imported(text: str) -> Checklist:
    return read_markdown(text, "Launch_List.md", DAY).checklist


def read_back(text: str, folder: Path) -> Checklist:
    """What the loader makes of the TOML."""
    file = folder / "mine.toml"
    file.write_text(text, "utf-8")
    (checklist,) = read_catalogue(file).checklists
    return checklist


def test_a_list() -> None:
    found = read_markdown(LIST, "Launch_List.md", DAY)

    checklist = found.checklist
    assert (checklist.id, str(checklist.title), checklist.due) == (
        "launch-list",
        "Before the launch",
        date(2025, 12, 31),
    )
    assert checklist.source is not None
    assert (checklist.source.text, checklist.source.read) == ("Launch_List.md", DAY)
    assert [(section.id, section.title.zh, section.due) for section in checklist.sections] == [
        ("week-1", "Week 1", date(2025, 10, 28)),
        ("day-1", "Day 1", None),
    ]
    assert [(one.text.en, one.due, one.given) for section in checklist.sections for one in section.items] == [
        ("Sign `app`", date(2025, 10, 23), True),
        ("签名至少 50 个镜像", date(2025, 11, 30), False),
        ("nested in it", None, False),
        ("Group: first", None, True),
        ("Group: released 2025-01-02", None, False),
        ("read [the page](https://example.com/a_b) on two lines", None, False),
        ("(no text)", None, False),
        ("\\[x] looks ticked", None, False),
    ]
    assert found.left_out == 2


@pytest.mark.parametrize(
    ("text", "rest", "due"),
    [
        ("sign (2025-11-30)", "sign", date(2025, 11, 30)),
        ("签名（2025-11-30）", "签名", date(2025, 11, 30)),
        ("签名（截止 2025-11-30）", "签名", date(2025, 11, 30)),
        ("签名（2025年11月30日前）", "签名", date(2025, 11, 30)),
        ("签名 2025-11-30截止", "签名", date(2025, 11, 30)),
        ("截止 2025-11-30：签名", "签名", date(2025, 11, 30)),
        ("sign, due: 2025-1-3", "sign", date(2025, 1, 3)),
        ("sign by 2025/11/30", "sign", date(2025, 11, 30)),
        ("sign (by 2024-02-29)", "sign", date(2024, 2, 29)),
        ("sign (2025-02-29)", "sign (2025-02-29)", None),
        ("released 2025-11-30", "released 2025-11-30", None),
        ("standby 2025-11-30", "standby 2025-11-30", None),
        ("sign (2025-11-30) again", "sign (2025-11-30) again", None),
        ("sign (12025-11-30)", "sign (12025-11-30)", None),
    ],
)
def test_a_last_day_is_read_where_one_is_meant(text: str, rest: str, due: date | None) -> None:
    ((one,),) = (section.items for section in imported(f"- [ ] {text}\n").sections)

    assert (one.text.en, one.due) == (rest, due)


def test_a_list_without_boxes_has_items_that_nobody_ticked_or_left_open() -> None:
    (section,) = imported("- one\n- two\n  - three\n").sections

    assert section.title.en == "Launch_List"
    assert [(one.text.en, one.given) for one in section.items] == [
        ("one", None),
        ("two", None),
        ("two: three", None),
    ]


def test_parts_of_parts_are_named_by_both_and_bound_by_the_nearest_day() -> None:
    checklist = imported("# All\n## Week 1 (2025-10-28)\n### Day 1\n- [ ] a\n### Day 2 (2025-10-23)\n- [ ] a\n")

    assert [(section.id, section.title.en, section.due) for section in checklist.sections] == [
        ("week-1-day-1", "Week 1 · Day 1", date(2025, 10, 28)),
        ("week-1-day-2", "Week 1 · Day 2", date(2025, 10, 23)),
    ]
    assert [one.id for section in checklist.sections for one in section.items] == ["a", "a-2"]


@pytest.mark.parametrize("text", ["", "# Only a title\n", "1 + 1\n", "```\n- [ ] in a block\n```\n"])
def test_a_file_without_a_list_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"Launch_List\.md has no list in it"):
        imported(text)


@pytest.mark.parametrize("text", ["- [ ] a\n" * 1001, "".join(f"# {number}\n- [ ] a\n" for number in range(102))])
def test_a_longer_list_than_a_catalogue_holds_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="more than 100 parts, or 1000 items in one"):
        imported(text)


def test_ids_stay_when_lines_are_put_in_before() -> None:
    short = imported("- [ ] 全部签名\n- [ ] write it down\n").sections[0].items
    long = imported("- [ ] 先做这个\n- [ ] 全部签名\n- [ ] write it down\n").sections[0].items

    assert [one.id for one in long[1:]] == [one.id for one in short] == [short[0].id, "write-it-down"]
    assert slug("x" * 100, "item") == "x" * 48


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=5), st.booleans())
def test_whatever_is_read_can_be_loaded(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], boxed: bool
) -> None:
    text = "".join(f"- {'[ ] ' if boxed else ''}{line}\n" for line in lines)
    try:
        checklist = imported(text)
    except UsageError:
        assert not boxed or "[ ]" in text
        return

    assert read_back(as_toml(checklist), tmp_path_factory.mktemp("list")).sections == checklist.sections


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    whole = listed(
        (item("a", due=date(2025, 1, 2), given=True), item("b", at_least=50, given=False)),
        (item("c", percent="79.5"), Item("d", Label('一 "二" \\三', 'a "b" \\c'))),
        due=date(2025, 12, 31),
    )

    found = read_back(as_toml(whole), tmp_path)

    assert (found.id, found.title, found.due, found.sections) == (whole.id, whole.title, whole.due, whole.sections)
    assert found.sections[1].items[0].requirement is not None
    assert found.sections[1].items[0].requirement.percent == Decimal("79.5")


def test_an_exported_list_comes_back_with_its_ids_dates_and_boxes() -> None:
    ours = listed(
        (item("a", due=date(2025, 1, 2), given=True), Item("b", Label("b", "b"), given=False)),
        (item("c", given=False),),
        due=date(2025, 12, 31),
    )

    back = read_markdown(export(state_of(ours)).text, "mine.md", DAY).checklist

    assert (back.id, back.due) == (ours.id, ours.due)
    assert [_plain(section) for section in back.sections] == [_plain(section) for section in ours.sections]


def _plain(section: Section) -> tuple[object, ...]:
    return (
        section.id,
        section.title.en,
        section.due,
        [(one.id, one.text.en, one.due, one.given) for one in section.items],
    )


def test_importing_what_was_exported_of_an_import_changes_nothing() -> None:
    first = imported(LIST)

    again = read_markdown(export(state_of(first)).text, "Launch_List.md", DAY).checklist

    assert again == first
