"""The page's building blocks: sections, pictures, tables that sort, and links to evidence."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Final

from undercurrent.i18n import language
from undercurrent.i18n import translate as _
from undercurrent.report.model import Mood
from undercurrent.report.page.charts.axes import NARROW, WIDE
from undercurrent.report.page.markup import Child, Element, e

__all__ = [
    "Column",
    "Value",
    "badge",
    "day_of",
    "evidence",
    "fact",
    "figure",
    "filled",
    "here",
    "moment",
    "name_of",
    "record_anchor",
    "section",
    "table",
    "with_code",
]

_LANGUAGE_TAGS: Final = {"en": "en", "zh_CN": "zh"}


def here(name: str) -> str:
    """An identifier of the page for ``name`` in the language spoken now: the page has everything twice."""
    return f"{name}-{_LANGUAGE_TAGS[language()]}"


def section(name: str, title: str, lead: Child, *children: Child) -> Element:
    """A part of the page under a heading."""
    heading = here(f"{name}-title")
    return e(
        "section",
        e("h2", title, id=heading),
        e("p", lead, class_="lead") if lead else None,
        children,
        id=here(name),
        aria_labelledby=heading,
    )


def figure(
    name: str, drawn: Callable[[str, float], Element], caption: Child = None, *more: Child, title: str = ""
) -> Element:
    """A picture, drawn for wide and for narrow screens.

    Args:
        name: tells it from the page's other pictures.
        drawn: makes the picture, given a name that nothing else has, and its width.
        caption: below it.
        more: after that: the same as a table.
        title: above it.
    """
    wide, narrow = drawn(here(f"{name}-wide"), WIDE), drawn(here(f"{name}-narrow"), NARROW)
    return e(
        "figure", e("h3", title) if title else None, wide, narrow, e("figcaption", caption) if caption else None, more
    )


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        name: its heading.
        sorts: how its rows are put in order: as ``text`` or ``number``; "" for not at all.
        keep: never broken into lines.
        roomy: has much to say, and gets the room.
    """

    name: str
    sorts: str = "text"
    keep: bool = False
    roomy: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """What a cell shows, and what it is put in order by: what it shows, when None."""

    shown: Child
    key: Decimal | int | str | None = None


def table(
    caption: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Value | Child]],
    *,
    anchors: Sequence[str | None] = (),
    total: Sequence[Child] = (),
    class_: str | None = None,
) -> Element:
    """A table; the first cell of each row names it.

    Args:
        caption: what it shows.
        columns: its columns.
        rows: a cell for each of them.
        anchors: identifiers of rows that others link to.
        total: a last row that stays last.
        class_: for the style sheet.
    """
    headings = [
        e("th", column.name, scope="col", data_sort=column.sorts or None, class_=_alignment(column) or None)
        for column in columns
    ]
    body = [
        e("tr", _cells(row, columns), id=anchors[number] if number < len(anchors) else None)
        for number, row in enumerate(rows)
    ]
    return e(
        "div",
        e(
            "table",
            e("caption", caption),
            e("thead", e("tr", headings)),
            e("tbody", body),
            e("tfoot", e("tr", _cells(total, columns))) if total else None,
            class_=class_,
        ),
        class_="scroll",
        tabindex=0,
        role="region",
        aria_label=caption,
    )


def _cells(row: Sequence[Value | Child], columns: Sequence[Column]) -> list[Element]:
    cells = []
    for number, (cell, column) in enumerate(zip(row, columns, strict=True)):
        value = cell if isinstance(cell, Value) else Value(cell)
        key = None if value.key is None else f"{value.key:f}" if isinstance(value.key, Decimal) else value.key
        class_ = _alignment(column) or None
        if number:
            cells.append(e("td", value.shown, data_key=key, class_=class_))
        else:
            cells.append(e("th", value.shown, data_key=key, class_=class_, scope="row"))
    return cells


def _alignment(column: Column) -> str:
    if column.sorts == "number":
        return "right"
    return "keep" if column.keep else "roomy" if column.roomy else ""


def fact(name: str, value: Child, note: Child = None, *, bad: bool = False) -> Element:
    """One figure with its name, for a list of such (``dl.facts``)."""
    shown = e("dd", value, e("small", note) if note else None, class_="bad" if bad else None)
    return e("div", e("dt", name), shown)


def badge(words: str, mood: Mood = "") -> Element:
    """A state in a word."""
    return e("span", words, class_=f"badge {mood}".rstrip())


def name_of(text: str) -> Element:
    """A name from outside, kept apart from the text around it whichever way it is written."""
    return e("bdi", text)


def day_of(day: date) -> Element:
    """A date."""
    return e("time", day.isoformat(), datetime=day.isoformat(), class_="keep")


def moment(at: datetime, zone: tzinfo | None) -> Element:
    """A point in time, to the minute, where the user is."""
    return e("time", f"{at.astimezone(zone):%Y-%m-%d %H:%M}", datetime=f"{at:%Y-%m-%dT%H:%M:%SZ}", class_="keep")


def filled(template: str, **parts: Child) -> list[Child]:
    """A message with elements for its placeholders."""
    return [parts[piece] if number % 2 else piece for number, piece in enumerate(re.split(r"\{(\w+)\}", template))]


def with_code(text: str) -> list[Child]:
    """A text in which `` `commands` `` stand in marks, as Markdown has them."""
    return [e("code", piece) if number % 2 else piece for number, piece in enumerate(re.split(r"`([^`]+)`", text))]


def record_anchor(record: str) -> str:
    """The identifier of a record's row."""
    return f"record-{record}"


def evidence(records: Sequence[str]) -> Child:
    """Links to the records that a figure rests on."""
    if not records:
        return None
    links: list[Child] = []
    for number, record in enumerate(records, 1):
        told = _("evidence, record {number} of {count}").format(number=number, count=len(records))
        links += [" ", e("a", number, href=f"#{record_anchor(record)}", aria_label=told)]
    return e("span", _("evidence:"), links, class_="small quiet")
