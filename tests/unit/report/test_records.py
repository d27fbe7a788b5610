"""Evidence as people read it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from tests.support.evidence import make_record

from undercurrent.evidence import JSON, Record
from undercurrent.report.markdown import markdown
from undercurrent.report.model import Table
from undercurrent.report.records import many, one

NOTHING: Mapping[str, JSON] = {}
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def record(at: datetime, identifier: str = "", proof: Mapping[str, JSON] = NOTHING) -> Record:
    return Record("image-signed", "sha256:1f", "signed", proof, "undercurrent", "1.0", at, "run", id=identifier)


def shown_ids(*records: Record) -> list[object]:
    (table,) = many(records).blocks
    assert isinstance(table, Table)
    return [row[0] for row in table.rows]


def test_identifiers_are_as_short_as_they_can_be() -> None:
    first, second = record(NOON), record(NOON + timedelta(milliseconds=1))
    twin = record(NOON, first.id[:19] + ("0000" if first.id[19:23] != "0000" else "1111") + first.id[23:])

    assert shown_ids(first, second) == [first.id[:13], second.id[:13]]
    assert len(set(shown_ids(first, second, twin))) == 3
    assert first.id.startswith(str(shown_ids(first, twin)[0]))
    assert shown_ids(first, first) == [first.id[:13]] * 2


def test_a_subject_without_a_name_is_shown_by_its_short_digest() -> None:
    assert "sha256:000000000000… |" in markdown(many([make_record(0, name="")]))


def test_an_empty_store_has_no_table() -> None:
    report = many([])

    assert report.blocks == []
    assert report.summary
    assert report.summary.text == "0 records"


def test_a_proof_reads_like_text_and_not_like_python() -> None:
    proof: dict[str, JSON] = {
        "formats": ["bundle", "legacy"],
        "log": None,
        "keys": [],
        "dry": False,
        "moved": {"to": "b"},
        "n": 3,
    }

    text = markdown(one(record(NOON, proof=proof)))

    assert [line for line in text.splitlines() if line.startswith("- ")][-6:] == [
        "- formats: bundle, legacy",
        "- log: -",
        "- keys: -",
        "- dry: no",
        "- moved: to: b",
        "- n: 3",
    ]


def test_machines_get_the_record_as_it_is() -> None:
    whole = make_record(1)

    assert many([whole]).data == {"records": [whole.as_json()]}
    assert one(whole).data == whole.as_json()
