"""What SQLite says when it fails, in words that a user can act on."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from undercurrent.errors import BadContent, ConfigError, CouldNotCheck, EnvironmentLacks, TimedOut, UndercurrentError
from undercurrent.i18n import translate as _

__all__ = ["busy", "damaged", "explain_sqlite", "explained_sqlite", "no_room"]


@contextmanager
def explained_sqlite(where: str) -> Iterator[None]:
    """Turns what SQLite raises into an `UndercurrentError` that names the file ``where``.

    Raises:
        UndercurrentError: as `explain_sqlite` says.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise explain_sqlite(error, where) from error


def explain_sqlite(cause: sqlite3.Error, where: str) -> UndercurrentError:
    """The error that says what happened to the file ``where``.

    Returns:
        ConfigError: not a database, or a file that cannot be opened or written. BadContent: a damaged one.
        EnvironmentLacks: no room, or a disk that fails. TimedOut: another writer is in the way. CouldNotCheck: all
        else.
    """
    # The low byte is the primary code: https://www.sqlite.org/rescode.html
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_NOTADB:
        return ConfigError(
            _("{path} is not an evidence store").format(path=where),
            hint=_("name another file with UNDERCURRENT_EVIDENCE_URL=sqlite:///FILE"),
        )
    if code == sqlite3.SQLITE_CORRUPT:
        return damaged(where, str(cause))
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return busy(where)
    if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}:
        return no_room(where) if code == sqlite3.SQLITE_FULL else _disk_fails(where, cause)
    if code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}:
        return ConfigError(
            _("cannot use the evidence store {path}: {reason}").format(path=where, reason=cause),
            hint=_("check that it is a file, and that you may write it and its folder"),
        )
    return CouldNotCheck(_("the evidence store {path} failed: {reason}").format(path=where, reason=cause))


def damaged(where: str, reason: str) -> BadContent:
    """What the file holds is no evidence."""
    return BadContent(
        _("the evidence store {path} is damaged: {reason}").format(path=where, reason=reason),
        hint=_("bring it back from a backup, or move it away; 'sqlite3 FILE .recover' saves what is left"),
    )


def no_room(where: str | Path) -> EnvironmentLacks:
    """The disk is full."""
    return EnvironmentLacks(
        _("there is no room left for the evidence store {path}").format(path=where), hint=_("make room on its disk")
    )


def _disk_fails(where: str, cause: BaseException) -> EnvironmentLacks:
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
