"""Anybody's list in Markdown becomes a checklist: headings, nested lists, boxes as they are, and last days.

It may be a file that a checklist was exported to: then items and sections keep their ids, and are taken without what
was said behind them about marks and evidence.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from undercurrent.errors import UsageError
from undercurrent.i18n import translate as _
from undercurrent.planning.catalogue import Checklist, Item, Label, Section, Source

__all__ = ["Imported", "read_markdown", "slug"]

_BLOCKS: Final = MarkdownIt("commonmark").disable(["inline", "text_join"])
"""Finds headings and lists. What is in them stays as it is written, and takes no time, however it is nested."""
_LONGEST: Final = 1024
"""Characters of a text in a catalogue."""
_LONGEST_ID: Final = 48
_MOST_PARTS: Final = 100
_MOST_ITEMS: Final = 1000
_DATE: Final = r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|\s?年\s?(\d{1,2})\s?月\s?(\d{1,2})\s?日)"
_BEFORE: Final = r"(?:截止(?:日期|到|至|于)?|截至|期限|到期(?:日)?|due(?: date)?|by|until|deadline|before)\s?[:：]?\s*"
_AFTER: Final = r"\s*(?:前|之前|以前|截止|到期)"
_AT_THE_END: Final = re.compile(
    rf"\s*[(（]\s*(?:{_BEFORE})?{_DATE}(?:{_AFTER})?\s*[)）]$"
    rf"|[\s,，;；:：]*(?<![A-Za-z]){_BEFORE}{_DATE}(?:{_AFTER})?$"
    rf"|[\s,，;；:：]*(?<!\d){_DATE}{_AFTER}$",
    re.IGNORECASE,
)
"""``(2025-11-30)``, ``by 2025-11-30``, ``2025-11-30 截止``."""
_AT_THE_BEGINNING: Final = re.compile(rf"{_BEFORE}{_DATE}(?:{_AFTER})?[\s,，;；:：]+", re.IGNORECASE)
"""``截止 2025-11-30：``."""
_NEAR: Final = 80
"""Characters at either end of a text in which its last day is looked for."""
_BOX: Final = re.compile(r"\[(?P<box>[ xX])\](?:\s+(?P<text>.*))?", re.DOTALL)
_COMMENT: Final = re.compile(r"<!-- uc:(?:[a-z]+:)?(?P<id>[a-z0-9][a-z0-9.-]*)(?: done)? -->")
_NOT_SHOWN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file says.

    Attributes:
        checklist: as a catalogue has it.
        left_out: entries of lists without a box, in a file that has boxes.
    """

    checklist: Checklist
    left_out: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of a list, or a heading.

    Attributes:
        text: without box and date.
        level: of a heading, from 1; 0 of an entry.
        within: texts of the entries that it is in and that have no box.
        box: what is in it; None without one.
        due: its last day.
        id: what a comment of ours names it.
    """

    text: str
    level: int = 0
    within: tuple[str, ...] = ()
    box: bool | None = None
    due: date | None = None
    id: str = ""


def read_markdown(text: str, name: str, read: date) -> Imported:
    """The checklist that ``text`` is.

    Args:
        text: Markdown (CommonMark; boxes as GitHub and others have them).
        name: of the file, without folder; its stem becomes the id.
        read: the day it is read.

    Raises:
        UsageError: there is no list in it, or a longer one than a catalogue holds.
    """
    entries = tuple(_entries(_BLOCKS.parse(text)))
    boxes = any(entry.box is not None for entry in entries)
    listed = [entry for entry in entries if not entry.level]
    left_out = sum(entry.box is None for entry in listed) if boxes else 0
    if len(listed) == left_out:
        raise UsageError(
            _("{name} has no list in it").format(name=name), hint=_("items are written as: - [ ] what to do")
        )
    titled = entries[0] if entries[0].level == 1 else None
    stem = name.rpartition(".")[0] or name
    title = titled.text if titled else stem
    rest = entries[1:] if titled else entries
    wanted = (one for one in rest if one.level or one.box is not None or not boxes)
    sections = tuple(_sections(wanted, title))
    if len(sections) > _MOST_PARTS or any(len(section.items) > _MOST_ITEMS for section in sections):
        raise UsageError(
            _("{name} has more than {parts} parts, or {items} items in one").format(
                name=name, parts=_MOST_PARTS, items=_MOST_ITEMS
            ),
            hint=_("divide it: a catalogue holds no more"),
        )
    checklist = Checklist(
        slug(stem, "list"), _label(title), sections, titled.due if titled else None, Source(_fitting(name), read)
    )
    return Imported(checklist, left_out)


def _entries(tokens: Iterable[Token]) -> Iterator[_Entry]:
    """Headings and entries of lists, in their order; of an entry, the first paragraph."""
    level = 0
    open_entries: list[_Entry | None] = []
    for token in tokens:
        if token.type == "heading_open":
            level = int(token.tag[1])
        elif token.type == "list_item_open":
            open_entries.append(None)
        elif token.type == "list_item_close":
            open_entries.pop()
        elif token.type == "inline" and open_entries and open_entries[-1] is None:
            within = tuple(one.text for one in open_entries[:-1] if one is not None and one.box is None)
            entry = replace(_entry(token.content), within=within)
            open_entries[-1] = entry
            yield entry
        elif token.type == "inline" and level and not open_entries:
            yield replace(_entry(token.content), level=level, box=None)
        if token.type == "heading_close":
            level = 0


def _entry(content: str) -> _Entry:
    comment = _COMMENT.search(content)
    text = _NOT_SHOWN.sub(" ", content[: comment.start()] if comment else content).strip()
    box = _BOX.fullmatch(text)
    if box:
        text = box["text"] or ""
    text = " ".join(text.split())
    text, due = _dated(text)
    return _Entry(text, box=box["box"] != " " if box else None, due=due, id=comment["id"] if comment else "")


def _dated(text: str) -> tuple[str, date | None]:
    """``text`` without the last day at its end or its beginning, and that day."""
    head, tail = text[:-_NEAR], text[-_NEAR:]
    if (match := _AT_THE_END.search(tail)) and (due := _date(match)):
        return (head + tail[: match.start()]).strip(), due
    if (match := _AT_THE_BEGINNING.match(text[:_NEAR])) and (due := _date(match)):
        return text[match.end() :].strip(), due
    return text, None


def _date(match: re.Match[str]) -> date | None:
    try:
        return date(*(int(group) for group in match.groups() if group))
    except ValueError:
        return None  # no day of the calendar: part of the text


def _sections(entries: Iterable[_Entry], title: str) -> Iterator[Section]:
    taken, ids = dict[str, int](), dict[str, int]()
    above: list[_Entry] = []
    items: list[Item] = []

    def section() -> Iterator[Section]:
        if items:
            name = " · ".join(one.text for one in above) or title
            key = _free(above[-1].id if above and above[-1].id else slug(name, "part"), ids)
            due = next((one.due for one in reversed(above) if one.due), None)
            yield Section(key, _label(name), tuple(items), due)

    for entry in entries:
        if entry.level:
            yield from section()
            items = []
            above = [*(one for one in above if one.level < entry.level), entry]
        else:
            text = ": ".join(filter(None, (*entry.within, entry.text)))
            key = _free(entry.id or slug(text, "item"), taken)
            items.append(Item(key, _label(text or _("(no text)")), entry.due, None, entry.box))
    yield from section()


def slug(text: str, kind: str) -> str:
    """An id made of ``text``, always the same for the same: its words where they are ASCII, else a hash.

    A running number would be shorter, and move when a line is put in before: marks would be those of another item.

    Args:
        text: of anything.
        kind: what an id without words begins with.
    """
    words = re.findall("[a-z0-9]+", text.lower())
    letters = sum(letter.isalnum() for letter in text)
    if 2 * sum(map(len, words)) <= letters or not words:
        return f"{kind}-{sha256(text.encode()).hexdigest()[:8]}"
    found: str = words[0][:_LONGEST_ID]
    for word in words[1:]:
        if len(found) + 1 + len(word) > _LONGEST_ID:
            break
        found += f"-{word}"
    return found


def _free(key: str, taken: dict[str, int]) -> str:
    """``key``, else the first of ``key-2``, ``key-3`` … that is not ``taken``, which counts on."""
    found = key
    while found in taken:
        taken[key] += 1
        found = f"{key}-{taken[key]}"
    taken[found] = 1
    return found


def _label(text: str) -> Label:
    fitting = _fitting(text)
    return Label(fitting, fitting)


def _fitting(text: str) -> str:
    text = " ".join(_NOT_SHOWN.sub(" ", text).split()) or "-"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
