"""Windows as a calendar that other programs read: all-day events with reminders.

Source: RFC 5545 (iCalendar), https://www.rfc-editor.org/rfc/rfc5545; the name of the calendar is from RFC 7986. All-day
events need a page of it; a library for the whole brings more code along than this layer has.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from undercurrent import __version__
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import language, listed
from undercurrent.i18n import translate as _
from undercurrent.planning.catalogue import Action, Catalogue, Window, WindowKind

__all__ = ["REMINDERS", "calendar"]

REMINDERS: Final = ("-P14D", "-PT15H")
"""Two weeks before the day begins, and at nine in the morning of the day before."""

_OCTETS: Final = 75
"""Of a line, at most, without its end; what is longer is folded (section 3.1)."""
_CONTROLS: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_KINDS: Final[Mapping[WindowKind, str]] = MappingProxyType(
    {"last-day": N_("last day to act"), "begins": N_("begins"), "ends": N_("ends")}
)


def calendar(catalogues: Iterable[Catalogue], made: datetime) -> bytes:
    """An iCalendar file with an event for each window of the catalogues, in the language spoken now.

    An event keeps its identifier as long as its window and catalogue keep theirs, so that a client which reads the
    calendar again changes events instead of adding them.

    Args:
        catalogues: where the windows are.
        made: when; aware.
    """
    name = _text(_("Windows"))
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//Undercurrent//uc {__version__}//EN",
        "CALSCALE:GREGORIAN",
        f"NAME:{name}",
        f"X-WR-CALNAME:{name}",  # what clients read that do not know RFC 7986
        *(line for catalogue in catalogues for window in catalogue.windows for line in _event(catalogue, window, made)),
        "END:VCALENDAR",
    ]
    return b"".join(map(_folded, lines))


def _event(catalogue: Catalogue, window: Window, made: datetime) -> Iterator[str]:
    actions = [catalogue.by_id[name] for name in window.actions]
    tag = language().replace("_", "-")
    title = _text(_title(window, actions))
    yield "BEGIN:VEVENT"
    yield f"UID:{window.id}.{catalogue.id}@undercurrent"
    yield f"DTSTAMP:{made.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    # Without an end, an event that begins on a date lasts that day (section 3.6.1).
    yield f"DTSTART;VALUE=DATE:{window.day.isoformat().replace('-', '')}"
    yield f"SUMMARY;LANGUAGE={tag}:{title}"
    yield f"DESCRIPTION;LANGUAGE={tag}:{_text(chr(10).join(_about(catalogue, window, actions)))}"
    yield f"CATEGORIES;LANGUAGE={tag}:{_text(str(catalogue.title))}"
    yield "TRANSP:TRANSPARENT"  # nobody is busy all day because of it
    for trigger in REMINDERS:
        yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"TRIGGER:{trigger}", f"DESCRIPTION:{title}", "END:VALARM")
    yield "END:VEVENT"


def _title(window: Window, actions: Iterable[Action]) -> str:
    names = listed(f"{action.number} {action.name}".strip() for action in actions)
    return f"{names}: {window.name}" if names and window.kind == "last-day" else str(window.name)


def _about(catalogue: Catalogue, window: Window, actions: Iterable[Action]) -> Iterator[str]:
    yield f"{_(_KINDS[window.kind])}: {window.day}"
    for action in actions:
        name = f"{action.number} {action.name}".strip()
        yield f"{name}: {action.first}" if action.first else name
    if window.binds:
        yield _("binds: {whom}").format(whom=window.binds)
    source = window.source or catalogue.source
    yield _("read {date}: {source}").format(date=source.read, source=source.text)


def _text(text: str) -> str:
    """``text`` as a value of type TEXT (section 3.3.11)."""
    escaped = re.sub(r"([\\;,])", r"\\\1", _CONTROLS.sub("", text))
    return escaped.replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """The line with its end, in pieces of 75 octets at most; none ends inside a character."""
    pieces, room, piece = [], _OCTETS, b""
    for character in line:
        octets = character.encode()
        if len(piece) + len(octets) > room:
            pieces.append(piece)
            piece, room = b"", _OCTETS - 1  # the next one begins with a space
        piece += octets
    return b"\r\n ".join([*pieces, piece]) + b"\r\n"
