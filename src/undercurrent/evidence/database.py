"""Databases of servers: which one a URL means, an engine for it, and its failures in words that a user can act on."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from undercurrent.errors import (
    ConfigError,
    CouldNotCheck,
    MissingExtra,
    NotFound,
    Unauthorized,
    UndercurrentError,
    Unreachable,
)
from undercurrent.evidence.faults import busy, explain_sqlite
from undercurrent.evidence.record import encode_json
from undercurrent.evidence.sqlitefile import connect
from undercurrent.i18n import translate as _

__all__ = ["explained", "file_engine", "label", "open_engine", "parse_url"]

_CONNECT_S: Final = 10
_DRIVERS: Final = MappingProxyType(
    {
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
        url: ``postgresql://…``, ``mysql://…`` or ``mariadb://…``.

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
    if not parsed.database:
        raise ConfigError(_("the evidence URL names no database"), hint=hint)
    return parsed.set(drivername=driver)


def label(url: URL) -> str:
    """What messages call the database: no user, no password, no options."""
    port = f":{url.port}" if url.port else ""
    return f"{url.get_backend_name()}://{url.host or ''}{port}/{url.database}"


def open_engine(url: URL) -> Engine:
    """An engine that has connected once.

    Raises:
        MissingExtra: the driver is not installed.
        ConfigError: the driver does not know an option of the URL.
        UndercurrentError: as `explained` says.
    """
    backend, where = url.get_backend_name(), label(url)
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


def file_engine(path: Path) -> Engine:
    """An engine for a SQLite file, whose transactions hold the write lock from the start: for migrations."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        creator=lambda: connect(path),
        poolclass=NullPool,
        hide_parameters=True,
    )
    event.listen(engine, "begin", _begin_writing)
    return engine


def _begin_writing(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _make_engine(url: URL) -> Engine:
    return create_engine(
        url,
        connect_args=_connect_args(url),
        pool_pre_ping=True,
        # An error's text would else repeat what was to be stored.
        hide_parameters=True,
        json_serializer=encode_json,
    )


def _connect_args(url: URL) -> dict[str, Any]:
    backend = url.get_backend_name()
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


@contextmanager
def explained(where: str) -> Iterator[None]:
    """Turns what a driver raises into an `UndercurrentError` that names ``where`` (a `label`).

    Raises:
        NotFound: the server has no such database.
        Unauthorized, Unreachable, TimedOut, CouldNotCheck: the server, or another writer, is in the way.
        UndercurrentError: as `explain_sqlite` says, of a file that is migrated.
    """
    try:
        yield
    except DBAPIError as error:
        cause = error.orig
        if isinstance(cause, sqlite3.Error):
            raise explain_sqlite(cause, where) from error
        raise _explain_server(cause, where) from error


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
