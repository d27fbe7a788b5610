"""The store of records: one table in SQLite, PostgreSQL, MySQL or MariaDB.

Its calls are synchronous, on purpose, in a library that is otherwise async: a record is one short transaction (a
write to a local file, or one round trip), and a synchronous call cannot be cut in two by a cancellation. Records
are written when an item is done, so nothing that streams waits for them. A caller who records to a slow server from
a busy loop batches: ``record(*many)`` is one transaction.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final

from undercurrent.errors import ConfigError, NotFound, UsageError
from undercurrent.evidence.backend import Backend, Wanted
from undercurrent.evidence.record import Record, first_id
from undercurrent.evidence.sqlitefile import open_file
from undercurrent.i18n import translate as _

__all__ = ["Evidence", "open_store"]

_PAGE: Final = 500
"""Records that a query has in memory at once."""

_SQLITE: Final = "sqlite://"


def open_store(url: str) -> "Evidence":
    """Opens the store at ``url``; makes it, or brings it up to date, where that is needed.

    Processes that open a fresh store at the same time wait for the one that makes it.

    Args:
        url: ``sqlite:///FILE`` (``sqlite:////…`` for an absolute path), ``postgresql://…``, ``mysql://…`` or
            ``mariadb://…``; `EvidenceSettings.location` is one.

    Raises:
        ConfigError: a URL of nothing that is supported, or a file that is no store or cannot be used.
        MissingExtra: the database's driver is not installed.
        EnvironmentLacks: a newer version of Undercurrent made the store.
        CouldNotCheck: the server does not answer, or not to us. No message holds a password.
    """
    if url.startswith(_SQLITE):
        path = _file_of(url)
        return Evidence(open_file(path), str(path))
    from undercurrent.evidence.server import Server  # noqa: PLC0415 - SQLite does without a database layer

    server = Server.open(url)
    return Evidence(server, server.where)


def _file_of(url: str) -> Path:
    hint = _("write sqlite:///FILE, postgresql://HOST/DATABASE, mysql://HOST/DATABASE or mariadb://HOST/DATABASE")
    name, options, _rest = url.removeprefix(_SQLITE).partition("?")
    if options:
        raise ConfigError(_("the evidence URL of a SQLite file takes no options"), hint=hint)
    if not name.startswith("/") or name[1:] in {"", ":memory:"}:
        raise ConfigError(_("the evidence URL names no database"), hint=hint)
    return Path(name[1:]).expanduser()


class Evidence(AbstractContextManager["Evidence"]):
    """An open store; `open_store` makes it, and leaving its context closes it.

    Every method raises an `UndercurrentError` that names the store where the database fails. Any number of
    processes may have the same store open; within one process, each thread or forked child opens its own.

    Attributes:
        where: what to call it in messages, without credentials.
    """

    def __init__(self, backend: Backend, where: str) -> None:
        self.where = where
        self._backend = backend

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the database. Calling it again does nothing."""
        self._backend.close()

    def record(self, *records: Record) -> None:
        """Keeps ``records``: all of them, or none if this raises or the process dies.

        What is there already is left alone, so a writer that does not know whether its commit went through may
        write again. SQLite survives a killed process whole; the newest records of the last moments before a power
        failure may be missing (``synchronous=NORMAL``).
        """
        if records:
            self._backend.insert(records)

    def query(
        self,
        *,
        kind: str | None = None,
        subject: str | None = None,
        outcome: str | None = None,
        run: str | None = None,
        name: str | None = None,
        since: datetime | None = None,
        limit: int | None = None,
        newest: bool = True,
        after: str = "",
    ) -> Iterator[Record]:
        """Records that fit everything that is given, read page by page.

        No transaction stays open between pages, so a slow reader holds up nobody; records that are written meanwhile
        may be among the results or not.

        Args:
            kind: exactly this one; likewise ``subject``, ``outcome``, ``run`` and ``name``.
            subject: a digest or a path.
            outcome: how it ended.
            run: the run that it belongs to.
            name: what the subject was called.
            since: aware; this instant or later.
            limit: at most so many.
            newest: newest first; else oldest first.
            after: go on after the record with this identifier, in that order.
        """
        texts = {"kind": kind, "subject": subject, "outcome": outcome, "run": run, "name": name}
        given = {column: text for column, text in texts.items() if text is not None}
        return self._pages(Wanted(given, "" if since is None else first_id(since), newest), limit, after)

    def get(self, record_id: str) -> Record:
        """The record with this identifier, or the only one whose identifier begins like this.

        Raises:
            NotFound: there is none.
            UsageError: there are several.
        """
        # Identifiers are ASCII; other text could not even be asked for everywhere.
        found = self._backend.beginning_with(record_id, 2) if record_id.isascii() else []
        if len(found) > 1 and record_id:
            raise UsageError(
                _("several records of {where} begin with {id}").format(where=self.where, id=record_id),
                hint=_("write more of it; `uc evidence list --json` has it whole"),
            )
        if not found or not record_id:
            raise NotFound(
                _("{where} has no record {id}").format(where=self.where, id=record_id),
                hint=_("`uc evidence list` shows which there are"),
            )
        return found[0]

    def _pages(self, wanted: Wanted, limit: int | None, after: str) -> Iterator[Record]:
        left, last = limit, after
        while left is None or left > 0:
            size = _PAGE if left is None else min(_PAGE, left)
            records = self._backend.page(wanted, last, size)
            yield from records
            if len(records) < size:
                return
            last = records[-1].id
            left = None if left is None else left - size
