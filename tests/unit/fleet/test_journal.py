"""The file that a run goes on from."""

import errno
import fcntl
import json
import multiprocessing
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.fleet import journal_in

from undercurrent import __version__
from undercurrent.errors import BadContent, ConfigError, EnvironmentLacks, Refused, RemoteFault
from undercurrent.fleet import Journal, fingerprint_of
from undercurrent.fleet import journal as journal_module


@pytest.fixture
def unfinished(tmp_path: Path) -> Path:
    """A journal of one item that was done and one that failed."""
    with journal_in(tmp_path).opened("double") as log:
        log.succeeded("good", {"answer": [42, "é\ud800"]})
        log.failed("bad", RemoteFault("no answer", hint="ask again"))
    return tmp_path / "journal.jsonl"


def done_in(journal: Journal) -> dict[str, Any]:
    with journal.opened("double") as log:
        return dict(log.done)


def test_its_lines_can_be_read_by_anybody(unfinished: Path) -> None:
    header, opened, good, bad = (json.loads(line) for line in unfinished.read_text().splitlines())
    assert header["journal"] == 1
    assert header["job"] == "double"
    assert header["undercurrent"] == __version__
    assert header["fingerprint"] == fingerprint_of("double", "double them")
    assert opened["opened"]["pid"] == os.getpid()
    assert good == {"key": "good", "result": {"answer": [42, "é\ud800"]}}
    assert bad == {"key": "bad", "error": {"code": "remote-fault", "message": "no answer", "hint": "ask again"}}
    assert stat.S_IMODE(unfinished.stat().st_mode) == 0o600


def test_only_what_ended_well_is_done(tmp_path: Path, unfinished: Path) -> None:
    assert done_in(journal_in(tmp_path)) == {"good": {"answer": [42, "é\ud800"]}}


def test_what_failed_and_then_went_well_is_done(tmp_path: Path, unfinished: Path) -> None:
    with journal_in(tmp_path).opened("double") as log:
        log.succeeded("bad", None)
    assert set(done_in(journal_in(tmp_path))) == {"good", "bad"}


def test_another_question_begins_anew(tmp_path: Path, unfinished: Path) -> None:
    assert done_in(journal_in(tmp_path, asked="something else")) == {}
    assert done_in(journal_in(tmp_path)) == {}


def test_another_version_begins_anew(tmp_path: Path, unfinished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "__version__", "999")
    assert done_in(journal_in(tmp_path)) == {}


def test_it_begins_anew_where_that_is_asked_for(tmp_path: Path, unfinished: Path) -> None:
    assert done_in(journal_in(tmp_path, resume=False)) == {}


def test_a_finished_one_begins_anew(tmp_path: Path, unfinished: Path) -> None:
    with journal_in(tmp_path).opened("double") as log:
        log.finished()
    assert done_in(journal_in(tmp_path)) == {}


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_torn_last_line_is_cut_off(tmp_path: Path, unfinished: Path, cut: int) -> None:
    whole = unfinished.read_bytes()
    assert len(whole.splitlines()[-1]) > cut
    unfinished.write_bytes(whole[:-cut])
    with journal_in(tmp_path).opened("double") as log:
        assert set(log.done) == {"good"}
        log.succeeded("next", 1)
    assert all(json.loads(line) for line in unfinished.read_text().splitlines())
    assert set(done_in(journal_in(tmp_path))) == {"good", "next"}


@pytest.mark.parametrize("length", [0, 1, 5, 11, 30])
def test_a_torn_header_is_no_obstacle(tmp_path: Path, unfinished: Path, length: int) -> None:
    unfinished.write_bytes(unfinished.read_bytes()[:length])
    assert done_in(journal_in(tmp_path)) == {}


@pytest.mark.parametrize("damage", [b"\0\0\0\n", b"[1]\n", b'{"result": 1}\n', b"7\n"])
def test_a_damaged_line_in_the_middle_is_named(tmp_path: Path, unfinished: Path, damage: bytes) -> None:
    lines = unfinished.read_bytes().splitlines(keepends=True)
    content = b"".join([*lines[:3], damage, *lines[3:]])
    unfinished.write_bytes(content)
    if damage == b"[1]\n":
        assert set(done_in(journal_in(tmp_path))) == {"good"}
        return
    with pytest.raises(BadContent, match="line 4 of the journal"):
        done_in(journal_in(tmp_path))
    assert unfinished.read_bytes() == content


def test_a_file_that_is_no_journal_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Buy milk.\n")
    with pytest.raises(ConfigError, match=r"notes\.txt is not a journal"):
        done_in(Journal(file, "f"))
    assert file.read_text() == "Buy milk.\n"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file" / "journal.jsonl"):
        with pytest.raises(ConfigError, match="cannot use the journal"):
            done_in(Journal(path, "f"))


def hold(folder: Path, held: Any, let_go: Any) -> None:
    with journal_in(folder).opened("double"):
        held.set()
        let_go.wait(60)


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[int]:
    """The id of another process that holds the journal."""
    forking = multiprocessing.get_context("fork")
    held, let_go = forking.Event(), forking.Event()
    process = forking.Process(target=hold, args=(tmp_path, held, let_go), daemon=True)
    process.start()
    assert held.wait(60)
    assert process.pid is not None
    yield process.pid
    let_go.set()
    process.join()


def test_a_second_run_is_told_who_holds_it(tmp_path: Path, holder: int) -> None:
    before = (tmp_path / "journal.jsonl").read_bytes()
    with pytest.raises(Refused, match=f"under way already: process {holder} on ") as caught:
        done_in(journal_in(tmp_path))
    assert f"kill {holder}" in caught.value.hint
    assert (tmp_path / "journal.jsonl").read_bytes() == before


def test_a_second_run_in_the_same_process_is_refused_too(tmp_path: Path, unfinished: Path) -> None:
    with journal_in(tmp_path).opened("double"), pytest.raises(Refused, match=f"process {os.getpid()} on "):
        done_in(journal_in(tmp_path))
    assert set(done_in(journal_in(tmp_path))) == {"good"}


def test_a_file_system_without_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(ConfigError, match="No locks available"):
        done_in(journal_in(tmp_path))


def test_a_line_that_does_not_fit_on_the_disk_leaves_no_trace(
    tmp_path: Path, unfinished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    with journal_in(tmp_path).opened("double") as log:
        monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:7]))
        with pytest.raises(EnvironmentLacks, match="No space left on device"):
            log.succeeded("next", 1)
        monkeypatch.undo()
        log.succeeded("after", 1)
    assert set(done_in(journal_in(tmp_path))) == {"good", "after"}


def test_a_fingerprint_names_what_was_asked() -> None:
    assert fingerprint_of("sign", {"a": 1, "b": [2]}) == fingerprint_of("sign", {"b": [2], "a": 1})
    assert fingerprint_of("sign", {"a": 1}) != fingerprint_of("verify", {"a": 1})
    assert fingerprint_of("sign", {"a": 1}) != fingerprint_of("sign", {"a": 2})


def test_the_usual_place_is_in_the_users_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    journal = Journal.at_home("sign", ["app:1.0"], resume=False)
    assert journal.path == tmp_path / "undercurrent" / "runs" / f"{journal.fingerprint}.jsonl"
    assert not journal.resume
    with journal.opened("sign"):
        assert stat.S_IMODE(journal.path.parent.stat().st_mode) == 0o700
