"""Exports that other programs read."""

import csv
import io
import json
from collections.abc import Iterator

import pytest
from tests.support.evidence import make_record

from undercurrent.evidence import Record, write_csv, write_json, write_json_lines
from undercurrent.evidence.exporting import COLUMNS

RECORDS = [make_record(1), make_record(2, name='quoted "name", with\nall of it', proof={"界": ["é"]})]


def test_a_json_document_has_a_version_and_every_field() -> None:
    stream = io.StringIO()
    write_json(RECORDS, stream)
    document = json.loads(stream.getvalue())
    assert document == {"version": 1, "records": [record.as_json() for record in RECORDS]}
    assert tuple(document["records"][0]) == COLUMNS


def test_an_empty_json_document_is_one() -> None:
    stream = io.StringIO()
    write_json([], stream)
    assert json.loads(stream.getvalue()) == {"version": 1, "records": []}


def test_json_lines_are_one_record_a_line() -> None:
    stream = io.StringIO()
    write_json_lines(RECORDS, stream)
    lines = stream.getvalue().splitlines()
    assert [json.loads(line) for line in lines] == [record.as_json() for record in RECORDS]
    assert "界" in lines[1]


def test_csv_reads_back_as_it_was() -> None:
    stream = io.StringIO(newline="")
    write_csv(RECORDS, stream)
    rows = list(csv.DictReader(io.StringIO(stream.getvalue(), newline="")))
    for row, record in zip(rows, RECORDS, strict=True):
        shown = record.as_json()
        assert json.loads(row.pop("proof")) == shown.pop("proof")
        assert row == shown


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_spreadsheet_runs_a_name(start: str) -> None:
    stream = io.StringIO(newline="")
    write_csv([make_record(name=f"{start}cmd|' /C calc'!A0")], stream)
    (row,) = csv.DictReader(io.StringIO(stream.getvalue(), newline=""))
    assert row["name"] == f"'{start}cmd|' /C calc'!A0"


@pytest.mark.parametrize("write", [write_csv, write_json, write_json_lines])
def test_exports_stream(write: object) -> None:
    """Each record is written before the next one is asked for."""
    stream = io.StringIO()

    def records() -> Iterator[Record]:
        yield RECORDS[0]
        assert RECORDS[0].id in stream.getvalue()
        yield RECORDS[1]

    assert callable(write)
    write(records(), stream)
