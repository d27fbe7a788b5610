"""A checklist as a Markdown file with boxes, in which whatever a person wrote between the items stays where it is.

Each line that is written here has a comment in it that names it: ``<!-- uc:sign-50 -->``, with ``done`` in it where the
box was ticked here. So it is told from what people write, and a box that somebody changed is seen. All else in the
file is theirs, to the byte, and stays behind the line that it stood behind; if that one goes, behind the one before.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, tzinfo
from enum import Enum
from typing import Final

from undercurrent.errors import UsageError
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _
from undercurrent.planning.checklists import ChecklistState, ItemState, State, reasons

__all__ = ["Exported", "export", "is_ours"]

_WRITTEN: Final = re.compile(
    r"[ \t]*(?:(?:[-*+] \[(?P<box>[ xX])\] )|(?P<heading>#{1,6} )|(?P<quote>> ))(?:(?!<!--).)*"
    r"<!-- uc:(?P<kind>(?:checklist|section|note):)?(?P<id>[^\s:<>]+)(?P<done> done)? -->.*\n?"
)
_BOM: Final = "\ufeff"
_TITLE: Final = "checklist:"
_SECTION: Final = "section:"
_NOTE: Final = "note:"


class _Change(Enum):
    """What somebody did to a box in the file, in the order in which `Exported` tells it."""

    TICKED = 1
    EMPTIED = 2
    PROVED = 3


@dataclass(frozen=True, slots=True)
class Exported:
    """What a file should say.

    Attributes:
        text: all of it.
        ticked: ids of items whose box somebody ticked in the file, while nothing else says that they are done.
        emptied: ids of items whose box somebody emptied in the file, while a mark says that they are done.
        proved: ids of items whose box somebody emptied in the file, while evidence shows that they are done.
    """

    text: str
    ticked: tuple[str, ...] = ()
    emptied: tuple[str, ...] = ()
    proved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that is written here.

    Attributes:
        key: what its comment names.
        text: before the comment.
        said: behind it.
        done: whether the comment says ``done``.
        apart: whether a blank line belongs before it.
    """

    key: str
    text: str
    said: tuple[str, ...] = ()
    done: bool = False
    apart: bool = False

    def __str__(self) -> str:
        comment = f"<!-- uc:{self.key}{' done' if self.done else ''} -->"
        return " · ".join((f"{_harmless(self.text)} {comment}", *map(_harmless, self.said)))


@dataclass(slots=True)
class _Kept:
    """A line that was written here before, and what stands around it.

    Attributes:
        previous: key of the line of ours before it; "" for the first.
        lead: the blank lines before it.
        box: what is in its box.
        done: whether it was ticked here.
        after: what people wrote behind it.
    """

    previous: str
    lead: str
    box: str
    done: bool
    after: str = ""


def export(state: ChecklistState, old: str = "", zone: tzinfo | None = None, *, where: object = "-") -> Exported:
    """The file of a checklist.

    Args:
        state: how it stands.
        old: what the file says now; ends of lines as they are in the file.
        zone: of the dates in it; the machine's when None.
        where: what to call the file in messages.

    Raises:
        UsageError: ``old`` is not the file of this checklist.
    """
    bom, body = (_BOM, old[1:]) if old.startswith(_BOM) else ("", old)
    if body.strip() and not is_ours(state, body):
        raise UsageError(
            _("{where} is not a file that checklist {id} was exported to").format(where=where, id=state.checklist.id),
            hint=_("choose another name, or move the file away: what people wrote is not overwritten"),
        )
    head, kept = _read(body, _keys(state))
    changed = {one.item.id: _changed(one, kept.get(one.item.id)) for one in state.items}
    lines = tuple(_lines(state, changed, zone))
    text = bom + _merged(lines, head, kept, "\r\n" if "\r\n" in body else "\n")
    return Exported(text, *(tuple(key for key, how in changed.items() if how is what) for what in _Change))


def is_ours(state: ChecklistState, text: str) -> bool:
    """Whether ``text`` is a file of this checklist: by its title, else by the items in it."""
    keys = [_key(match) for line in text.removeprefix(_BOM).split("\n") if (match := _WRITTEN.fullmatch(line))]
    titles = [key for key in keys if key.startswith(_TITLE)]
    known = {one.item.id for one in state.items}
    return titles[:1] == [_TITLE + state.checklist.id] if titles else bool(known & set(keys))


def _keys(state: ChecklistState) -> AbstractSet[str]:
    """What the comments of a file of this checklist name."""
    sections = {_SECTION + section.id for section in state.checklist.sections}
    return {
        _TITLE + state.checklist.id,
        f"{_NOTE}how",
        f"{_NOTE}source",
        *sections,
        *(one.item.id for one in state.items),
    }


def _key(match: re.Match[str]) -> str:
    """What the comment names; "" if the line is not of the kind that it says."""
    kind = match["kind"] or ""
    expected = "box" if not kind else "quote" if kind == "note:" else "heading"
    return "" if match[expected] is None else kind + match["id"]


def _read(text: str, known: AbstractSet[str]) -> tuple[str, dict[str, _Kept]]:
    """What stands before the first line of ours, and our lines in their order, each with what stands behind it.

    A copy of a line is somebody's own text; lines that the checklist has no more get a key that nothing has.
    """
    kept, last = dict[str, _Kept](), ""
    theirs: list[str] = []
    head = ""

    def settle() -> str:
        """Leaves what was gathered with the line before; the blank lines at its end, which are handed back, go on."""
        nonlocal head
        count = len(theirs)
        while count and not theirs[count - 1].strip(" \t\r\n"):
            count -= 1
        if last:
            kept[last].after = "".join(theirs[:count])
        else:
            head = "".join(theirs[:count])
        lead = "".join(theirs[count:])
        theirs.clear()
        return lead

    for number, line in enumerate(_split(text)):
        match = _WRITTEN.fullmatch(line)
        key = _key(match) if match else ""
        if match is None or not key or key in kept:
            theirs.append(line)
            continue
        key = key if key in known else f"{key} {number}"
        kept[key] = _Kept(last, settle(), match["box"] or "", bool(match["done"]))
        last = key
    lead = settle()
    if last:
        kept[last].after += lead
    return head if last else head + lead, kept


def _split(text: str) -> Iterator[str]:
    """Lines with their ends; nothing but a line feed ends one: a form feed is somebody's text."""
    *lines, rest = text.split("\n")
    yield from (f"{line}\n" for line in lines)
    if rest:
        yield rest


def _changed(one: ItemState, kept: _Kept | None) -> _Change | None:
    if kept is None or not kept.box:
        return None
    if kept.box != " ":
        return None if kept.done or one.ticked else _Change.TICKED
    if not kept.done or not one.ticked:
        return None
    return _Change.PROVED if one.state is State.DONE else _Change.EMPTIED


def _lines(state: ChecklistState, changed: Mapping[str, _Change | None], zone: tzinfo | None) -> Iterator[_Line]:
    checklist = state.checklist
    yield _Line(_TITLE + checklist.id, f"# {_dated(str(checklist.title), checklist.due)}", apart=True)
    yield _Line(f"{_NOTE}how", f"> {_(_HOW)}", apart=True)
    if checklist.source:
        yield _Line(f"{_NOTE}source", f"> {checklist.source.text}")
    states = iter(state.items)
    for section in checklist.sections:
        yield _Line(_SECTION + section.id, f"## {_dated(str(section.title), section.due)}", apart=True)
        for number, item in enumerate(section.items):
            yield _item(next(states), changed[item.id], zone, apart=number == 0)


_HOW: Final = N_(
    "`uc plan checklist export` writes the lines with a hidden comment. What you write between them stays."
)


def _harmless(text: str) -> str:
    """One line in which no comment begins, so that none is taken for one of ours."""
    return " ".join(text.split()).replace("<!--", "&lt;!--")


def _dated(text: str, due: date | None) -> str:
    return _("{text} (by {day})").format(text=text, day=due) if due else text


def _item(one: ItemState, changed: _Change | None, zone: tzinfo | None, *, apart: bool) -> _Line:
    said = list(reasons(one, zone))
    if changed is _Change.TICKED:
        said.insert(0, _("ticked in this file, not taken over"))
    if changed is _Change.EMPTIED:
        said.insert(0, _("emptied in this file, not taken over"))
    # A box that somebody changed stays as it is until it is taken over; only evidence puts it right.
    ticked = one.ticked if changed in (None, _Change.PROVED) else changed is _Change.TICKED
    text = f"- [{'x' if ticked else ' '}] {_dated(str(one.item.text), one.item.due)}"
    return _Line(one.item.id, text, tuple(said), one.ticked, apart)


def _merged(lines: Sequence[_Line], head: str, kept: Mapping[str, _Kept], newline: str) -> str:
    head = _moved(head, kept, {line.key for line in lines})
    parts, previous, text_before = [head], "", bool(head.strip())
    for line in lines:
        there = kept.get(line.key)
        so_far = next((part for part in reversed(parts) if part), "")
        if so_far and not so_far.endswith("\n"):
            parts.append(newline)
        if there and (there.previous == previous or (text_before and there.lead)):
            parts.append(there.lead)
        elif line.apart and so_far and so_far.strip(" \t\r\n"):
            parts.append(newline)
        after = there.after if there else ""
        parts += [f"{line}{newline}", after]
        previous, text_before = line.key, bool(after.strip())
    return "".join(parts)


def _moved(head: str, kept: Mapping[str, _Kept], known: AbstractSet[str]) -> str:
    """Hands what stands behind lines that went to the line before, else to what stands before all; this, then."""
    stays = ""
    for key, there in kept.items():
        if key in known:
            stays = key
        elif there.after.strip():
            if stays:
                kept[stays].after += there.lead + there.after
            else:
                head += there.lead + there.after
    return head
