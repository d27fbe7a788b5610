"""``uc report`` writes the page where it is told to, whole or not at all."""

import os
import stat
import threading
from pathlib import Path

import pytest
from tests.support.cli import UcRunner
from tests.support.sheets import filled_store

URL = {"UNDERCURRENT_EVIDENCE_URL": "sqlite:///evidence.db"}


@pytest.fixture
def folder(run_uc: UcRunner) -> Path:
    filled_store(run_uc.folder / "evidence.db", 60)
    return run_uc.folder


def test_it_writes_a_page(run_uc: UcRunner, folder: Path) -> None:
    done = run_uc("report", "-o", "standing.html", env=URL)

    assert done.exit_code == 0, done.stderr
    assert "standing.html" in done.stdout
    text = (folder / "standing.html").read_text("utf-8")
    assert text.startswith('<!DOCTYPE html>\n<html lang="en"')
    assert sorted(path.name for path in folder.iterdir() if path.suffix not in {".db-shm", ".db-wal"}) == [
        "evidence.db",
        "standing.html",
    ]


def test_the_language_decides_how_it_begins(run_uc: UcRunner, folder: Path) -> None:
    assert run_uc("report", "-o", "standing.html", "--lang", "zh", env=URL).exit_code == 0

    assert (folder / "standing.html").read_text("utf-8").startswith('<!DOCTYPE html>\n<html lang="zh-CN"')


def test_machines_are_told_what_was_written(run_uc: UcRunner, folder: Path) -> None:
    done = run_uc("report", "-o", "standing.html", "--json", env=URL)

    assert done.json["kind"] == "report"
    data = done.json["data"]
    assert data["file"] == "standing.html"
    assert data["bytes"] == (folder / "standing.html").stat().st_size
    assert data["records"] == 60


def test_a_dash_is_standard_output(run_uc: UcRunner, folder: Path) -> None:
    done = run_uc("report", "-o", "-", env=URL)

    assert done.exit_code == 0
    assert done.stdout.startswith("<!DOCTYPE html>")
    assert done.stdout.endswith("</html>\n")
    assert not (folder / "-").exists()


def test_what_was_there_stays_where_nothing_can_be_written(run_uc: UcRunner, folder: Path) -> None:
    done = run_uc("report", "-o", "missing/standing.html", env=URL)
    assert done.exit_code == 3
    assert "missing/standing.html" in done.stderr
    assert not (folder / "missing").exists()

    (folder / "standing.html").write_text("before")
    done = run_uc("report", "-o", "standing.html", env=URL | {"UNDERCURRENT_EVIDENCE_URL": "sqlite:////dev/null/x.db"})
    assert done.exit_code in {2, 3}
    assert (folder / "standing.html").read_text() == "before"


def test_a_pipe_is_written_to_and_stays_one(run_uc: UcRunner, folder: Path) -> None:
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()

    assert run_uc("report", "-o", "pipe", env=URL).exit_code == 0
    reader.join(20)
    assert read
    assert read[0].startswith(b"<!DOCTYPE html>")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_file_has_to_be_named(run_uc: UcRunner) -> None:
    done = run_uc("report")

    assert done.exit_code == 2
    assert "--output" in done.stderr


def test_a_bad_catalogue_stops_it_unless_it_may_be_left_out(run_uc: UcRunner, folder: Path) -> None:
    (folder / "own.toml").write_text("nonsense = 1\n")
    env = URL | {"UNDERCURRENT_PLANNING_CATALOGUES": "own.toml"}

    stopped = run_uc("report", "-o", "standing.html", env=env)
    assert stopped.exit_code == 2
    assert "own.toml" in stopped.stderr
    assert not (folder / "standing.html").exists()
    assert run_uc("report", "-o", "standing.html", "--keep-going", env=env).exit_code == 0
