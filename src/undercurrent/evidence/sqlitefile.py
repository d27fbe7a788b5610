"""Evidence in a SQLite file, by what Python brings along.

A database layer takes longer to import than most commands take.
"""

import errno
import json
import os
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from undercurrent.errors import ConfigError, UsageError
from undercurrent.evidence.backend import Backend, Wanted
from undercurrent.evidence.faults import damaged, explained_sqlite, no_room
from undercurrent.evidence.record import Record, encode_json, stored
from undercurrent.evidence.schema import FRESH, HEAD, RECORD_TABLE, VERSION_TABLE
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _

__all__ = ["SqliteFile", "connect", "make_fresh", "open_file"]

_BUSY_S: Final = 30.0
_COLUMNS: Final = tuple(field.name for field in fields(Record))
_AT: Final = _COLUMNS.index("at")
_PROOF: Final = _COLUMNS.index("proof")
_NAMED: Final = ", ".join(_COLUMNS)
_SELECT: Final = f"SELECT {_NAMED} FROM {RECORD_TABLE}"  # noqa: S608 - made of names in this package, as all here is
_INSERT: Final = (
    f"INSERT INTO {RECORD_TABLE} ({_NAMED}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
    " ON CONFLICT (id) DO NOTHING"
)


def open_file(path: Path) -> "SqliteFile":
    """The store at ``path``; made, or brought up to date, where that is needed.

    Raises:
        UndercurrentError: as `undercurrent.evidence.faults.explain_sqlite` says, or as `migrate_file` does.
    """
    _make_private(path)
    with explained_sqlite(str(path)):
        connection = connect(path)
        try:
            if _version(connection) != HEAD and not make_fresh(connection):
                from undercurrent.evidence.migrating import migrate_file  # noqa: PLC0415 - slow, and seldom needed

                migrate_file(path)
        except BaseException:
            connection.close()
            raise
    return SqliteFile(connection, str(path))


def connect(path: Path) -> sqlite3.Connection:
    """A connection that begins no transaction by itself: its own way would leave changes of tables out of them.

    Raises:
        sqlite3.Error: SQLite does not like the file.
    """
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA synchronous = NORMAL")
        _use_wal(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def make_fresh(connection: sqlite3.Connection) -> bool:
    """Makes the tables if there are none yet; says whether the newest ones are there now.

    Who comes second waits for SQLite's write lock, and then finds it done.

    Raises:
        sqlite3.Error: SQLite cannot.
    """
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if _has_table(connection, VERSION_TABLE) or _has_table(connection, RECORD_TABLE):
            return _version(connection) == HEAD
        for statement in FRESH.read_text("utf-8").split(";\n"):
            connection.execute(statement)
        return True


class SqliteFile(Backend):
    """An open file; `open_file` makes it.

    Attributes:
        connection: to it.
    """

    def __init__(self, connection: sqlite3.Connection, where: str) -> None:
        self.connection = connection
        self._where = where

    def insert(self, records: Sequence[Record]) -> None:
        """See `Backend.insert`."""
        rows = [_row(record) for record in records]
        with explained_sqlite(self._where), self.connection:
            # Who reads first and writes later fails at once, without waiting, when another process has written in
            # between: https://www.sqlite.org/isolation.html
            self.connection.execute("BEGIN IMMEDIATE")
            self.connection.executemany(_INSERT, rows)

    def page(self, wanted: Wanted, after: str, size: int) -> list[Record]:
        """See `Backend.page`."""
        conditions = [(f"{column} = ?", text) for column, text in wanted.texts.items()]
        if wanted.first_id:
            conditions.append(("id >= ?", wanted.first_id))
        if after:
            conditions.append(("id < ?" if wanted.newest else "id > ?", after))
        where = " AND ".join(["1", *(condition for condition, _value in conditions)])
        order = "DESC" if wanted.newest else "ASC"
        return self._records(
            f"{_SELECT} WHERE {where} ORDER BY id {order} LIMIT ?",
            [*(value for _condition, value in conditions), size],
        )

    def beginning_with(self, start: str, size: int) -> list[Record]:
        """See `Backend.beginning_with`."""
        return self._records(f"{_SELECT} WHERE substr(id, 1, ?) = ? LIMIT ?", [len(start), start, size])

    def close(self) -> None:
        """See `Backend.close`."""
        self.connection.close()

    def _records(self, statement: str, values: list[str | int]) -> list[Record]:
        with explained_sqlite(self._where):
            rows = self.connection.execute(statement, values).fetchall()
        try:
            return [_record(row) for row in rows]
        except (TypeError, ValueError, RecursionError, UsageError) as error:
            raise damaged(self._where, _("a record in it cannot be read")) from error


def _row(record: Record) -> list[str]:
    special = {"at": record.at.replace(tzinfo=None).isoformat(" ", "microseconds"), "proof": encode_json(record.proof)}
    return [special.get(column) or getattr(record, column) for column in _COLUMNS]


def _record(row: tuple[Any, ...]) -> Record:
    values = list(row)
    values[_AT] = datetime.fromisoformat(values[_AT]).replace(tzinfo=UTC)
    values[_PROOF] = json.loads(values[_PROOF])
    return stored(values)


def _has_table(connection: sqlite3.Connection, name: str) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [name]).fetchone() is not None


def _version(connection: sqlite3.Connection) -> str | None:
    if not _has_table(connection, VERSION_TABLE):
        return None
    found = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()  # noqa: S608
    return found[0] if found else None


def _make_private(path: Path) -> None:
    """Evidence names what its owner has, so others may not read it unless the owner lets them."""
    if os.path.exists(path):  # noqa: PTH110 - of a folder that may not be looked into, the next lines tell
        return
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise no_room(path) from error
        raise ConfigError(
            _("cannot make the evidence store {path}: {reason}").format(path=path, reason=system_reason(error)),
            hint=_("name another file with UNDERCURRENT_EVIDENCE_URL=sqlite:///FILE"),
        ) from error


def _use_wal(connection: sqlite3.Connection) -> None:
    """Readers and the writer do not wait for each other in this mode, which the file remembers.

    SQLite does not wait for the lock that this change needs, whatever the busy timeout says.
    """
    deadline = time.monotonic() + _BUSY_S
    while connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return  # a file system without shared memory keeps the old mode, which is correct, only slower
