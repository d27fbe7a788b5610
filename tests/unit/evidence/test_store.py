"""The store on SQLite: what is kept, found, and in which order."""

import json
import sqlite3
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.evidence import NOON, make_record

from undercurrent.errors import NotFound, UsageError
from undercurrent.evidence import Evidence, open_store
from undercurrent.evidence import store as store_module


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "evidence.db"


@pytest.fixture
def store(file: Path) -> Iterator[Evidence]:
    with open_store(f"sqlite:///{file}") as opened:
        yield opened


def test_what_was_recorded_comes_back_whole(store: Evidence) -> None:
    record = make_record(
        subject="路径/ファイル.txt ",
        proof={"nested": {"list": [1, 2.5, None, True, "\0 é 😀"]}, "big": 2**53},
    )
    store.record(record)
    assert store.get(record.id) == record
    assert list(store.query()) == [record]


def test_the_newest_comes_first_unless_the_oldest_is_asked_for(store: Evidence) -> None:
    records = [make_record(number) for number in (2, 0, 1)]
    store.record(*records)
    by_time = sorted(records, key=lambda record: record.at)
    assert list(store.query(newest=False)) == by_time
    assert list(store.query()) == by_time[::-1]
    assert list(store.query(limit=2)) == by_time[:0:-1]
    assert list(store.query(limit=0)) == []


def test_reading_goes_on_after_a_record(store: Evidence) -> None:
    records = [make_record(number) for number in range(6)]
    store.record(*records)
    assert list(store.query(newest=False, after=records[3].id)) == records[4:]
    assert list(store.query(after=records[3].id)) == records[2::-1]
    assert list(store.query(after=records[3].id, limit=2)) == records[2:0:-1]
    assert list(store.query(after=records[0].id)) == []


def test_every_condition_narrows(store: Evidence) -> None:
    wanted = make_record(5, kind="image-verified", outcome="untrusted", run="run-2")
    others = [make_record(number) for number in range(10) if number != 5]
    store.record(wanted, *others)
    assert list(store.query(kind="image-verified")) == [wanted]
    assert list(store.query(outcome="untrusted")) == [wanted]
    assert list(store.query(run="run-2")) == [wanted]
    assert list(store.query(subject=wanted.subject)) == [wanted]
    assert list(store.query(name=wanted.name)) == [wanted]
    assert list(store.query(kind="image-verified", outcome="signed")) == []
    assert list(store.query(name=wanted.name.upper())) == []
    assert len(list(store.query(kind="image-signed"))) == 9


def test_since_includes_its_instant_to_the_microsecond(store: Evidence) -> None:
    instants = [NOON + timedelta(microseconds=offset) for offset in (-1, 0, 1)]
    before, exactly, after = (make_record(at=at) for at in instants)
    store.record(before, exactly, after)
    assert list(store.query(since=NOON, newest=False)) == [exactly, after]


@pytest.mark.parametrize("newest", [True, False])
@pytest.mark.parametrize("limit", [None, 1, 7, 8, 20])
def test_pages_neither_lose_nor_repeat(
    store: Evidence, monkeypatch: pytest.MonkeyPatch, limit: int | None, newest: bool
) -> None:
    monkeypatch.setattr(store_module, "_PAGE", 4)
    # All of one instant, which is what a batch of a fast run looks like.
    records = [make_record(name=f"name-{number}", at=NOON) for number in range(16)]
    store.record(*records)
    assert list(store.query(limit=limit, newest=newest)) == (records[::-1] if newest else records)[:limit]


def test_a_reader_that_stops_halfway_holds_up_nobody(
    store: Evidence, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_PAGE", 2)
    store.record(*(make_record(number) for number in range(10)))
    reading = store.query()
    next(reading)
    with sqlite3.connect(file, timeout=0) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert other.execute("DELETE FROM evidence_record").rowcount == 10
    other.close()
    assert len(list(reading)) == 1


def test_recording_again_changes_nothing(store: Evidence) -> None:
    old, new = make_record(1), make_record(2)
    store.record(old)
    store.record(old, new)
    store.record(old, new)
    assert list(store.query(newest=False)) == [old, new]
    store.record()


def test_a_record_that_is_not_there_is_not_found(store: Evidence) -> None:
    with pytest.raises(NotFound, match="has no record nonsense"):
        store.get("nonsense")


def test_the_beginning_of_an_identifier_will_do_while_it_is_the_only_one(store: Evidence) -> None:
    early, late = make_record(1), make_record(2)
    store.record(early, late)

    assert store.get(late.id[:13]) == late
    with pytest.raises(UsageError, match=f"several records of .* begin with {early.id[:4]}"):
        store.get(early.id[:4])
    for typed in ("", "%", "_" * 36):
        with pytest.raises(NotFound):
            store.get(typed)


def test_the_file_is_for_its_owner_only(store: Evidence, file: Path) -> None:
    store.record(make_record())
    assert {stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()} == {0o600}
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_the_file_is_in_wal_mode_and_its_columns_are_what_they_say(store: Evidence, file: Path) -> None:
    record = make_record()
    store.record(record)
    with sqlite3.connect(file) as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        at, proof = other.execute("SELECT at, proof FROM evidence_record").fetchone()
    other.close()
    assert at == "2026-03-04 12:00:00.123456"
    assert json.loads(proof) == record.proof


@pytest.mark.parametrize("condition", ["kind = 'a'", "run = 'a'", "subject = 'a' AND kind = 'b'", "1"])
def test_the_common_queries_read_an_index_in_order(store: Evidence, file: Path, condition: str) -> None:
    statement = f"EXPLAIN QUERY PLAN SELECT * FROM evidence_record WHERE {condition} ORDER BY id DESC"  # noqa: S608
    with sqlite3.connect(file) as other:
        plan = " ".join(row[-1] for row in other.execute(statement))
    other.close()
    assert "USING INDEX" in plan
    assert "B-TREE" not in plan


def test_closing_twice_is_fine(store: Evidence) -> None:
    store.close()
    store.close()
