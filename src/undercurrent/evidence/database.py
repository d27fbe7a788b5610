"""Which database a URL means, an engine for it, and its failures in words that a user can act on."""

import errno
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from undercurrent.errors import (
    BadContent,
    ConfigError,
    CouldNotCheck,
    EnvironmentLacks,
    MissingExtra,
    NotFound,
    TimedOut,
    Unauthorized,
    UndercurrentError,
    Unreachable,
)
from undercurrent.evidence.record import encode_json
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _

__all__ = ["WRITING", "busy", "explained", "label", "open_engine", "parse_url"]

WRITING: Final = MappingProxyType({"undercurrent_writing": True})
"""Execution options of a connection that will write. SQLite takes its write lock at the start then: a transaction
that reads first and writes later fails at once, without waiting, when another process has written in between
(https://www.sqlite.org/isolation.html)."""

_BUSY_S: Final = 30.0
_CONNECT_S: Final = 10
_DRIVERS: Final = MappingProxyType(
    {
        "sqlite": "sqlite",
        "postgresql": "postgresql+psycopg",
        "postgres": "postgresql+psycopg",
        "mysql": "mysql+pymysql",
        "mariadb": "mysql+pymysql",
    }
)
_EXTRAS: Final = MappingProxyType({"postgresql": ("psycopg", "postgresql"), "mysql": ("pymysql", "mysql")})


def parse_url(url: str) -> URL:
    """What ``url`` means, with the driver that we bring.

    Args:
        url: ``sqlite:///FILE`` (``sqlite:////…`` for an absolute path), ``postgresql://…``, ``mysql://…`` or
            ``mariadb://…``.

    Raises:
        ConfigError: it is none of these. The message does not repeat the URL, which may hold a password.
    """
    hint = _("write sqlite:///FILE, postgresql://HOST/DATABASE, mysql://HOST/DATABASE or mariadb://HOST/DATABASE")
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigError(_("the evidence URL is not a URL of a database"), hint=hint) from None
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None:
        raise ConfigError(_("evidence cannot be kept in {scheme}://").format(scheme=parsed.drivername), hint=hint)
    if not parsed.database or parsed.database == ":memory:":
        raise ConfigError(_("the evidence URL names no database"), hint=hint)
    if driver == "sqlite":
        if parsed.query:
            raise ConfigError(_("the evidence URL of a SQLite file takes no options"), hint=hint)
        return URL.create(driver, database=str(Path(parsed.database).expanduser()))
    return parsed.set(drivername=driver)


def label(url: URL) -> str:
    """What messages call the database: no user, no password, no options."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    port = f":{url.port}" if url.port else ""
    return f"{url.get_backend_name()}://{url.host or ''}{port}/{url.database}"


def open_engine(url: URL) -> Engine:
    """An engine that has connected once.

    Raises:
        MissingExtra: the driver is not installed.
        ConfigError: a SQLite file cannot be made, or the driver does not know an option of the URL.
        UndercurrentError: as `explained` says.
    """
    backend, where = url.get_backend_name(), label(url)
    if backend == "sqlite":
        _make_private_file(Path(where))
    try:
        engine = _make_engine(url)
        with explained(where):
            engine.connect().close()
    except ImportError as error:
        package, extra = _EXTRAS[backend]
        raise MissingExtra(
            package, extra, _("evidence in {database} needs {package}").format(database=where, package=package)
        ) from error
    except (TypeError, ValueError) as error:  # how SQLAlchemy and PyMySQL refuse an option
        raise ConfigError(
            _("an option in the evidence URL cannot be used: {reason}").format(reason=error),
            hint=_("see the driver's documentation for the options of a connection"),
        ) from error
    return engine


def _make_engine(url: URL) -> Engine:
    is_sqlite = url.get_backend_name() == "sqlite"
    engine = create_engine(
        url,
        connect_args=_connect_args(url),
        pool_pre_ping=not is_sqlite,
        # An error's text would else repeat what was to be stored.
        hide_parameters=True,
        json_serializer=encode_json,
    )
    if is_sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _connect_args(url: URL) -> dict[str, Any]:
    backend = url.get_backend_name()
    if backend == "sqlite":
        return {"timeout": _BUSY_S}
    if backend == "postgresql":
        return {"connect_timeout": _CONNECT_S}
    arguments: dict[str, Any] = {"connect_timeout": _CONNECT_S, "charset": "utf8mb4"}
    # libpq reads ~/.pgpass by itself; PyMySQL has to be told of the file that MySQL's own programs read.
    options = Path("~/.my.cnf").expanduser()
    if url.password:
        # PyMySQL encodes text as Latin-1; servers hash the UTF-8 form.
        arguments["password"] = url.password.encode()
    elif "read_default_file" not in url.query and options.is_file():
        arguments["read_default_file"] = str(options)
    return arguments


def _make_private_file(path: Path) -> None:
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
            raise _no_room(path) from error
        raise ConfigError(
            _("cannot make the evidence store {path}: {reason}").format(path=path, reason=system_reason(error)),
            hint=_("name another file with UNDERCURRENT_EVIDENCE_URL=sqlite:///FILE"),
        ) from error


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # `_begin_sqlite` begins transactions; the driver's own way would leave DDL out of them.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")
    _use_wal(connection)


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


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("undercurrent_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turns what a driver raises into an `UndercurrentError` that names ``where`` (a `label`).

    Raises:
        ConfigError: not a database, or a file that cannot be opened or written.
        BadContent: a damaged SQLite file.
        EnvironmentLacks: no room, or a disk that fails.
        NotFound: the server has no such database.
        Unauthorized, Unreachable, TimedOut, CouldNotCheck: the server, or another writer, is in the way.
    """
    try:
        yield
    except DBAPIError as error:
        cause = error.orig
        explain = _explain_sqlite if isinstance(cause, sqlite3.Error) else _explain_server
        raise explain(cause, where) from error


def _explain_sqlite(cause: BaseException | None, where: str) -> UndercurrentError:
    # The low byte is the primary code: https://www.sqlite.org/rescode.html
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_NOTADB:
        return ConfigError(
            _("{path} is not an evidence store").format(path=where),
            hint=_("name another file with UNDERCURRENT_EVIDENCE_URL=sqlite:///FILE"),
        )
    if code == sqlite3.SQLITE_CORRUPT:
        return BadContent(
            _("the evidence store {path} is damaged: {reason}").format(path=where, reason=cause),
            hint=_("bring it back from a backup, or move it away; 'sqlite3 FILE .recover' saves what is left"),
        )
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return busy(where)
    if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
        return _no_room(where) if code == sqlite3.SQLITE_FULL else _disk_fails(where, cause)
    if code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}:
        return ConfigError(
            _("cannot use the evidence store {path}: {reason}").format(path=where, reason=cause),
            hint=_("check that it is a file, and that you may write it and its folder"),
        )
    return CouldNotCheck(_("the evidence store {path} failed: {reason}").format(path=where, reason=cause))


def _no_room(where: str | Path) -> EnvironmentLacks:
    return EnvironmentLacks(
        _("there is no room left for the evidence store {path}").format(path=where), hint=_("make room on its disk")
    )


def _disk_fails(where: str, cause: BaseException | None) -> EnvironmentLacks:
    """Of a full disk, too: not all that SQLite writes is something that it expects to find no room for."""
    return EnvironmentLacks(
        _("the evidence store {path} cannot be read or written: {reason}").format(path=where, reason=cause),
        hint=_("see whether its disk is full, or fails"),
    )


def busy(where: str) -> TimedOut:
    """Somebody else held a lock for as long as we wait."""
    return TimedOut(
        _("the evidence store {where} stays busy").format(where=where),
        hint=_("another program works with it; try again when it is done"),
    )


_PG_NO_ACCESS: Final = re.compile(r"authentication failed|no password supplied|no pg_hba\.conf entry")
_PG_NO_DATABASE: Final = re.compile(r'database "[^"]*" does not exist')
_PG_BAD_OPTION: Final = re.compile(r"invalid connection option|invalid URI query parameter")
_PG_LOCK_TIMEOUT: Final = "55P03"
_MYSQL_LOCK_TIMEOUT: Final = 1205
_MYSQL_NO_ACCESS: Final = frozenset({1044, 1045, 1142, 1227, 1698})
_MYSQL_NO_DATABASE: Final = 1049
_MYSQL_NO_CONNECTION: Final = frozenset({2002, 2003, 2005, 2006, 2013})


def _explain_server(cause: BaseException | None, where: str) -> UndercurrentError:
    """Explains by number or SQLSTATE; a failed connection of psycopg has none, only text for people."""
    arguments = cause.args if cause is not None else ()
    number = arguments[0] if arguments and isinstance(arguments[0], int) else 0
    reason = " ".join(str(arguments[-1] if number else cause).split())
    state = getattr(cause, "sqlstate", None) or ""
    if number in _MYSQL_NO_ACCESS or state.startswith("28") or state == "42501" or _PG_NO_ACCESS.search(reason):
        return Unauthorized(
            _("{database} does not let us in: {reason}").format(database=where, reason=reason),
            hint=_("check the user; a password belongs in ~/.pgpass or ~/.my.cnf"),
        )
    if number == _MYSQL_NO_DATABASE or state == "3D000" or _PG_NO_DATABASE.search(reason):
        return NotFound(
            _("there is no database {database}").format(database=where), hint=_("create it, then try again")
        )
    if state == _PG_LOCK_TIMEOUT or number == _MYSQL_LOCK_TIMEOUT:
        return busy(where)
    if _PG_BAD_OPTION.search(reason):
        return ConfigError(_("an option in the evidence URL cannot be used: {reason}").format(reason=reason))
    if number in _MYSQL_NO_CONNECTION or state.startswith(("08", "57P")) or not (number or state):
        return Unreachable(
            _("{database} cannot be reached: {reason}").format(database=where, reason=reason),
            hint=_("check the address, and that the server runs"),
        )
    return CouldNotCheck(_("{database} failed: {reason}").format(database=where, reason=reason))
