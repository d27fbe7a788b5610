"""Views of evidence."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from undercurrent.evidence import JSON, Record
from undercurrent.i18n import ngettext
from undercurrent.i18n import translate as _
from undercurrent.report.model import Cell, Fields, Mood, Report, Table
from undercurrent.report.units import short

__all__ = ["MOODS", "many", "one"]

MOODS: Final[Mapping[str, Mood]] = {
    "verified": "good",
    "signed": "good",
    "made": "good",
    "unsigned": "bad",
    "untrusted": "bad",
    "failed": "bad",
    "could-not-check": "unsure",
}
"""What an outcome feels like."""
_SHORTEST_ID: Final = 13
"""The part of an identifier that is the time in milliseconds."""


def many(records: Iterable[Record]) -> Report:
    """A table of records, a line each."""
    found = list(records)
    prefixes = _distinct([record.id for record in found])
    rows: list[list[Cell | str]] = [
        [
            prefixes[record.id],
            f"{record.at.astimezone():%Y-%m-%d %H:%M}",
            record.kind,
            Cell(record.outcome, MOODS.get(record.outcome, "")),
            record.name or short(record.subject),
        ]
        for record in found
    ]
    columns = [_("record"), _("when"), _("kind"), _("outcome"), _("subject")]
    table = Table(columns, rows, squeeze=frozenset({4}))
    summary = ngettext("{count} record", "{count} records", len(found)).format(count=len(found))
    data = {"records": [record.as_json() for record in found]}
    return Report("evidence", data, [table] if rows else [], summary=Cell(summary))


def _distinct(ids: Sequence[str]) -> dict[str, str]:
    """The beginning of each identifier by which it is told from the others, as `Evidence.get` takes it."""
    length = _SHORTEST_ID
    while len({one[:length] for one in ids}) < len(set(ids)):
        length += 1
    return {one: one[:length] for one in ids}


def one(record: Record) -> Report:
    """One record, with how it was proved."""
    fields = Fields(
        [
            (_("record"), record.id),
            (_("kind"), record.kind),
            (_("name"), record.name or "-"),
            (_("subject"), record.subject),
            (_("outcome"), Cell(record.outcome, MOODS.get(record.outcome, ""))),
            (_("when"), record.at.astimezone().isoformat(timespec="seconds")),
            (_("run"), record.run),
            (_("tool"), f"{record.tool} {record.tool_version}"),
        ]
    )
    proof = Fields([(key, _plain(value)) for key, value in record.proof.items()], _("how it was proved"))
    return Report("evidence-record", record.as_json(), [fields, proof])


def _plain(value: JSON) -> str:
    if isinstance(value, list):
        return ", ".join(map(_plain, value)) or "-"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_plain(item)}" for key, item in value.items()) or "-"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "-" if value in (None, "") else str(value)
