"""URLs, drivers, and failures in words that a user can act on."""

import os
import socket
import sqlite3
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.evidence import make_record

from undercurrent.errors import (
    BadContent,
    ConfigError,
    CouldNotCheck,
    EnvironmentLacks,
    MissingExtra,
    TimedOut,
    Unreachable,
)
from undercurrent.evidence import Evidence, database, open_store, sqlitefile
from undercurrent.evidence.database import label, parse_url


def connection_of(store: Evidence) -> sqlite3.Connection:
    backend = store._backend
    assert isinstance(backend, sqlitefile.SqliteFile)
    return backend.connection


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("postgresql://db.example.com/evidence", "postgresql+psycopg"),
        ("postgres://db.example.com/evidence", "postgresql+psycopg"),
        ("mysql://db.example.com/evidence", "mysql+pymysql"),
        ("mariadb://db.example.com/evidence", "mysql+pymysql"),
    ],
)
def test_we_pick_the_driver(url: str, driver: str) -> None:
    assert parse_url(url).drivername == driver


@pytest.mark.parametrize(
    "url",
    [
        "",
        "evidence.db",
        "postgresql://u:hunter2@host:port/db",
        "oracle://u:hunter2@host/db",
        "postgresql+asyncpg://u:hunter2@host/db",
        "postgresql://u:hunter2@host",
        "sqlite://",
        "sqlite:///",
        "sqlite://host/evidence.db",
        "sqlite:evidence.db",
        "sqlite+aiosqlite:///evidence.db",
        "sqlite:///:memory:",
        "sqlite:///file.db?mode=ro",
    ],
)
def test_other_urls_are_refused_with_the_forms_that_work(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_store(url)
    assert "sqlite:///FILE" in caught.value.hint
    assert "hunter2" not in caught.value.message
    assert caught.value.__cause__ is None


def test_a_label_has_no_secret_and_no_user() -> None:
    url = parse_url("postgresql://ada:hunter2@db.example.com:5433/evidence?password=hunter2&sslmode=require")
    assert label(url) == "postgresql://db.example.com:5433/evidence"


def test_a_file_is_named_from_here_from_the_root_or_from_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for url, file in {
        "sqlite:///here.db": "here.db",
        f"sqlite:///{tmp_path}/there 100%25.db": f"{tmp_path}/there 100%25.db",
        "sqlite:///~/e.db": f"{tmp_path}/home/e.db",
    }.items():
        with open_store(url) as store:
            assert store.where == file
        assert (tmp_path / file).is_file()


@pytest.mark.parametrize(
    ("url", "package", "extra"),
    [("postgresql://h/d", "psycopg", "postgresql"), ("mysql://h/d", "pymysql", "mysql")],
)
def test_a_missing_driver_names_the_line_that_installs_it(
    url: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=package) as caught:
        open_store(url)
    assert caught.value.hint == f"pip install 'undercurrent[{extra}]'"


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_a_server_that_does_not_answer_is_unreachable(scheme: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(Unreachable) as caught:
            open_store(f"{scheme}://ada:hunter2@127.0.0.1:{port}/evidence")
    assert f"{scheme}://127.0.0.1:{port}/evidence" in caught.value.message
    assert "refused" in caught.value.message
    assert "hunter2" not in repr(caught.value)
    assert "hunter2" not in repr(caught.value.__cause__)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://127.0.0.1:1/d?colour=blue",
        "mysql://127.0.0.1:1/d?colour=blue",
        "mysql://127.0.0.1:1/d?ssl_check_hostname=blue",
    ],
)
def test_an_option_that_the_driver_does_not_know_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigError, match="option in the evidence URL"):
        open_store(url)


def test_the_password_of_mysql_may_be_in_its_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".my.cnf").write_text("[client]\npassword = from-file\nport = 1\n")
    with pytest.raises(Unreachable):
        open_store("mysql://ada@127.0.0.1/evidence")
    connecting = database._connect_args(parse_url("mysql://ada@127.0.0.1/evidence"))
    assert connecting["read_default_file"] == str(tmp_path / ".my.cnf")
    assert "read_default_file" not in database._connect_args(parse_url("mysql://ada:given@127.0.0.1/evidence"))


def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Buy milk. " * 100)
    with pytest.raises(ConfigError, match=r"notes\.txt is not an evidence store"):
        open_store(f"sqlite:///{file}")
    assert file.read_text() == "Buy milk. " * 100


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot use the evidence store"):
        open_store(f"sqlite:///{tmp_path}")


def test_a_place_where_no_file_can_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"file/evidence\.db"):
        open_store(f"sqlite:///{tmp_path}/file/evidence.db")
    with pytest.raises(ConfigError, match=r"cannot make the evidence store /proc/evidence/evidence\.db"):
        open_store("sqlite:////proc/evidence/evidence.db")


def test_a_store_that_may_only_be_read_says_so(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/evidence.db") as store:
        connection_of(store).execute("PRAGMA query_only = ON")
        with pytest.raises(ConfigError, match="readonly"):
            store.record(make_record())


def test_a_damaged_store_says_so(tmp_path: Path) -> None:
    file = tmp_path / "evidence.db"
    with open_store(f"sqlite:///{file}") as store:
        store.record(*(make_record(number) for number in range(1000)))
    content = bytearray(file.read_bytes())
    content[8192:-4096] = os.urandom(len(content) - 8192 - 4096)
    file.write_bytes(content)
    with open_store(f"sqlite:///{file}") as store, pytest.raises(BadContent, match="is damaged"):
        list(store.query())


def test_a_store_that_stays_busy_times_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlitefile, "_BUSY_S", 0.1)
    file = tmp_path / "evidence.db"
    open_store(f"sqlite:///{file}").close()
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with open_store(f"sqlite:///{file}") as store, pytest.raises(TimedOut, match="stays busy"):
        store.record(make_record())
    holder.close()


def test_a_fresh_file_that_stays_locked_times_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlitefile, "_BUSY_S", 0.1)
    file = tmp_path / "evidence.db"
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(TimedOut, match="stays busy"):
        open_store(f"sqlite:///{file}")
    holder.close()


@pytest.fixture
def read_elsewhere(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A file that another program reads: its journal mode cannot change meanwhile."""
    reader = sqlite3.connect(tmp_path / "evidence.db", isolation_level=None, check_same_thread=False)
    reader.execute("CREATE TABLE theirs (x)")
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM theirs").fetchall()
    yield reader
    reader.close()


def test_opening_waits_for_the_moment_to_change_the_mode(tmp_path: Path, read_elsewhere: sqlite3.Connection) -> None:
    later = threading.Timer(0.3, read_elsewhere.execute, ["ROLLBACK"])
    later.start()
    with open_store(f"sqlite:///{tmp_path}/evidence.db") as store:
        store.record(make_record())
    later.join()
    read_elsewhere.execute("SELECT * FROM theirs")  # notices the change
    assert read_elsewhere.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_opening_does_not_wait_for_ever(
    tmp_path: Path, read_elsewhere: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlitefile, "_BUSY_S", 0.1)
    with pytest.raises(TimedOut, match="stays busy"):
        open_store(f"sqlite:///{tmp_path}/evidence.db")


def test_a_full_disk_is_what_the_machine_lacks(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/evidence.db") as store:
        pages = connection_of(store).execute("PRAGMA page_count").fetchone()[0]
        connection_of(store).execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(EnvironmentLacks, match="no room left"):
            store.record(*(make_record(number) for number in range(1000)))
        assert list(store.query()) == []
        connection_of(store).execute("PRAGMA max_page_count = 100000")
        store.record(make_record())
        assert len(list(store.query())) == 1


def test_any_other_failure_is_never_read_as_an_answer(tmp_path: Path) -> None:
    file = tmp_path / "evidence.db"
    with open_store(f"sqlite:///{file}") as store:
        with sqlite3.connect(file) as other:
            other.execute("DROP TABLE evidence_record")
        other.close()
        with pytest.raises(CouldNotCheck, match="no such table"):
            list(store.query())


@pytest.mark.parametrize(
    "spoil",
    [
        "proof = '{'",
        "proof = x'ff'",
        "proof = '[' || replace(hex(zeroblob(100000)), '0', '[')",
        "at = 'noon'",
        "at = 5",
        "name = hex(zeroblob(1000))",
        "kind = x'00'",
    ],
)
def test_what_somebody_else_wrote_into_a_record_is_damage(tmp_path: Path, spoil: str) -> None:
    file = tmp_path / "evidence.db"
    with open_store(f"sqlite:///{file}") as store:
        store.record(make_record())
        with sqlite3.connect(file) as other:
            other.execute(f"UPDATE evidence_record SET {spoil}")  # noqa: S608
        other.close()
        with pytest.raises(BadContent, match=r"evidence\.db is damaged"):
            list(store.query())
