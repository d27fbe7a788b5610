"""Marks are evidence: what goes in comes out, the newest counts, and writers at the same time lose none."""

import getpass
import multiprocessing
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
from tests.support.checklists import NOW, mark
from tests.support.evidence import make_record

from undercurrent.errors import UsageError
from undercurrent.evidence import open_store
from undercurrent.planning.marks import KIND, login_name, mark_of, newest


def test_a_mark_is_kept_as_evidence(tmp_path: Path) -> None:
    made = mark("a", note="签完了")
    with open_store(f"sqlite:///{tmp_path}/evidence.db") as store:
        store.record(made.as_record("run-1"), make_record(1))
        found = [mark_of(record) for record in store.query(kind=KIND)]

    assert len(found) == 1
    assert found[0] is not None
    assert (found[0].subject, found[0].done, found[0].by, found[0].note) == ("mine/a", True, "ann", "签完了")
    assert found[0].at == NOW
    assert found[0].record


@pytest.mark.parametrize("changes", [{"kind": "image-signed"}, {"outcome": "maybe"}])
def test_what_is_no_mark_is_none(changes: dict[str, str]) -> None:
    fields: dict[str, Any] = {"kind": KIND, "subject": "mine/a", "outcome": "done", "proof": {}}

    assert mark_of(make_record(**fields)) is not None
    assert mark_of(make_record(**{**fields, **changes})) is None


def test_the_newest_counts_in_whatever_order_they_come() -> None:
    first, second = mark("a"), mark("a", done=False, at=NOW + timedelta(microseconds=1))

    assert newest([first, second]) == newest([second, first]) == {"mine/a": second}


def test_nobody_without_a_name_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise OSError

    monkeypatch.setattr(getpass, "getuser", nobody)

    with pytest.raises(UsageError, match="nobody knows who you are") as error:
        login_name()
    assert "--by" in error.value.hint


def test_marks_made_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/evidence.db"
    spawning = multiprocessing.get_context("spawn")
    barrier = spawning.Barrier(2)
    processes = [spawning.Process(target=_mark_many, args=(url, barrier, by)) for by in ("ann", "bo")]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    with open_store(url) as store:
        kept = [found for record in store.query(kind=KIND) if (found := mark_of(record))]

    assert [process.exitcode for process in processes] == [0, 0]
    assert sorted((one.subject, one.by) for one in kept) == sorted(
        (f"mine/{number}", by) for by in ("ann", "bo") for number in range(20)
    )
    assert len(newest(kept)) == 20


def _mark_many(url: str, barrier: Barrier, by: str) -> None:
    barrier.wait(60)
    with open_store(url) as store:
        for number in range(20):
            store.record(mark(str(number), by=by, at=datetime.now(UTC)).as_record("run"))
