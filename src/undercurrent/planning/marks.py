"""Marks made by hand on items of checklists: records of evidence, so that none is lost, and the newest counts."""

import getpass
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from undercurrent import __version__
from undercurrent.errors import UsageError
from undercurrent.evidence import Record
from undercurrent.i18n import translate as _

__all__ = ["KIND", "Mark", "login_name", "mark_of", "newest", "subject"]

KIND: Final = "checklist-marked"
"""Of the records that are marks."""
_DONE: Final = "done"
_OPEN: Final = "open"


@dataclass(frozen=True, slots=True)
class Mark:
    """What somebody said about an item.

    Attributes:
        subject: the checklist and the item: ``2025-q4/sign-50``.
        done: whether it is said to be done; else it was opened again.
        by: who said so.
        at: when; aware.
        note: why, in their words.
        record: identifier of the record; "" as long as there is none.
    """

    subject: str
    done: bool
    by: str
    at: datetime
    note: str = ""
    record: str = ""

    def as_record(self, run: str) -> Record:
        """The mark as evidence.

        Args:
            run: which it belongs to.

        Raises:
            UsageError: a text is longer than evidence keeps, or no database can hold it.
        """
        proof = {"by": self.by, "note": self.note}
        outcome = _DONE if self.done else _OPEN
        return Record(KIND, self.subject, outcome, proof, "undercurrent", __version__, self.at, run)


def subject(checklist: str, item: str) -> str:
    """What a mark is about, for evidence."""
    return f"{checklist}/{item}"


def mark_of(record: Record) -> Mark | None:
    """The mark that ``record`` is; None if it is something else, or a mark of a kind that is not known here."""
    if record.kind != KIND or record.outcome not in (_DONE, _OPEN):
        return None
    by, note = (str(record.proof.get(name) or "") for name in ("by", "note"))
    return Mark(record.subject, record.outcome == _DONE, by, record.at, note, record.id)


def newest(marks: Iterable[Mark]) -> Mapping[str, Mark]:
    """The mark that counts for each subject, whatever order ``marks`` have."""
    found: dict[str, Mark] = {}
    for mark in marks:
        before = found.get(mark.subject)
        if before is None or (mark.at, mark.record) > (before.at, before.record):
            found[mark.subject] = mark
    return found


def login_name() -> str:
    """Who is logged in.

    Raises:
        UsageError: this machine does not say.
    """
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError) as error:  # KeyError, ImportError: before Python 3.13
        raise UsageError(
            _("nobody knows who you are here: the user has no name"), hint=_("say it with --by NAME")
        ) from error
