"""Records as text that other programs read: JSON, JSON lines and CSV. Each is written as it is read."""

import csv
from collections.abc import Iterable
from typing import Final, TextIO

from undercurrent.evidence.record import Record, encode_json

__all__ = ["COLUMNS", "EXPORT_VERSION", "write_csv", "write_json", "write_json_lines"]

EXPORT_VERSION: Final = 1
"""Version of the JSON document; fields may be added without it being raised."""

COLUMNS: Final = ("id", "at", "kind", "subject", "name", "outcome", "tool", "tool_version", "run", "proof")
"""Of the CSV file, in order: the keys of `Record.as_json`."""

_STARTS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_json(records: Iterable[Record], stream: TextIO) -> None:
    """Writes one JSON document: ``{"version": 1, "records": […]}``, a record a line."""
    stream.write(f'{{"version": {EXPORT_VERSION}, "records": [')
    separator = "\n"
    for record in records:
        stream.write(separator + encode_json(record.as_json()))
        separator = ",\n"
    stream.write("\n]}\n")


def write_json_lines(records: Iterable[Record], stream: TextIO) -> None:
    """Writes one JSON object a line (https://jsonlines.org), as `Record.as_json` makes it."""
    stream.writelines(encode_json(record.as_json()) + "\n" for record in records)


def write_csv(records: Iterable[Record], stream: TextIO) -> None:
    """Writes a header and one row a record, each cell in quotes, lines ended by a line feed.

    Names and proofs come from outside, and spreadsheets run what looks like a formula. A cell that does gets a
    leading apostrophe (https://owasp.org/www-community/attacks/CSV_Injection); take JSON where the exact text
    matters.

    Args:
        records: what to write.
        stream: opened with ``newline=""``.
    """
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(COLUMNS)
    for record in records:
        fields = {**record.as_json(), "proof": encode_json(record.proof)}
        writer.writerow([_as_text(str(fields[column])) for column in COLUMNS])


def _as_text(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_STARTS_FORMULA) else cell
