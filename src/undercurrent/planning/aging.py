"""How old what a catalogue says is: dates and prices change, and nobody tells a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from undercurrent.planning.catalogue import Catalogue, Source

__all__ = ["STALE_DAYS", "Read", "oldest", "read_in", "stale"]

STALE_DAYS: Final = 180
"""What was read longer ago than this may have changed."""


@dataclass(frozen=True, slots=True)
class Read:
    """Something that was read, and what it is about.

    Attributes:
        what: ``catalogue``, ``window``, ``checklist`` or ``claim``.
        id: of that thing.
        source: where and when it was read.
    """

    what: str
    id: str
    source: Source

    def days(self, day: date) -> int:
        """How long ago, on ``day``."""
        return (day - self.source.read).days


def read_in(catalogue: Catalogue) -> Iterator[Read]:
    """Everything with a source, the catalogue itself first; what has that of the catalogue is not told again."""
    yield Read("catalogue", catalogue.id, catalogue.source)
    for what, things in (
        ("window", catalogue.windows),
        ("checklist", catalogue.checklists),
        ("claim", catalogue.claims),
    ):
        for thing in things:
            if thing.source and thing.source != catalogue.source:
                yield Read(what, thing.id, thing.source)


def stale(catalogue: Catalogue, day: date) -> tuple[Read, ...]:
    """What was read more than `STALE_DAYS` days before ``day``, the oldest first.

    What ended before ``day`` is not looked at again; what began before goes on, and may have been amended.
    """
    ended = {window.id for window in catalogue.windows if window.day < day and window.kind != "begins"}
    found = [
        read
        for read in read_in(catalogue)
        if read.days(day) > STALE_DAYS and not (read.what == "window" and read.id in ended)
    ]
    return tuple(sorted(found, key=lambda read: read.source.read))


def oldest(catalogue: Catalogue) -> Read:
    """What was read first."""
    return min(read_in(catalogue), key=lambda read: read.source.read)
