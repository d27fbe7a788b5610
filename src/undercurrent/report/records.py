"""Views of evidence."""

from collections.abc import Iterable

from undercurrent.evidence import Record
from undercurrent.i18n import translate as _
from undercurrent.report.model import Cell, Fields, Mood, Report, Table

__all__ = ["many", "one"]

_MOODS: dict[str, Mood] = {
    "verified": "good",
    "signed": "good",
    "made": "good",
    "unsigned": "bad",
    "untrusted": "bad",
    "failed": "bad",
    "could-not-check": "unsure",
}
_SHORT = 19  # sha256: and 12 digits


def many(records: Iterable[Record]) -> Report:
    """A table of records, a line each."""
    found = list(records)
    rows: list[list[Cell | str]] = [
        [
            record.id,
            f"{record.at.astimezone():%Y-%m-%d %H:%M:%S}",
            record.kind,
            record.name or record.subject[:_SHORT],
            Cell(record.outcome, _MOODS.get(record.outcome, "")),
        ]
        for record in found
    ]
    table = Table([_("record"), _("when"), _("kind"), _("subject"), _("outcome")], rows)
    summary = _("{count} records").format(count=len(found))
    return Report("evidence", {"records": [record.as_json() for record in found]}, [table], summary=Cell(summary))


def one(record: Record) -> Report:
    """One record, with how it was proved."""
    fields = Fields(
        [
            (_("record"), record.id),
            (_("kind"), record.kind),
            (_("name"), record.name or "-"),
            (_("subject"), record.subject),
            (_("outcome"), Cell(record.outcome, _MOODS.get(record.outcome, ""))),
            (_("when"), record.at.astimezone().isoformat(timespec="seconds")),
            (_("run"), record.run),
            (_("tool"), f"{record.tool} {record.tool_version}"),
        ]
    )
    proof = Fields([(key, str(value)) for key, value in record.proof.items()], _("how it was proved"))
    return Report("evidence-record", record.as_json(), [fields, proof])
