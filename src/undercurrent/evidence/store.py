"""The store of records: one table in SQLite, PostgreSQL, MySQL or MariaDB.

Its calls are synchronous, on purpose, in a library that is otherwise async: a record is one short transaction (a
write to a local file, or one round trip), and a synchronous call cannot be cut in two by a cancellation. Records
are written when an item is done, so nothing that streams waits for them. A caller who records to a slow server from
a busy loop batches: ``record(*many)`` is one transaction.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from types import TracebackType
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, Row, insert, select
from sqlalchemy.exc import IntegrityError

from undercurrent.errors import NotFound, UsageError
from undercurrent.evidence.database import WRITING, explained, label, open_engine, parse_url
from undercurrent.evidence.migrating import migrate
from undercurrent.evidence.record import Record, first_id
from undercurrent.evidence.tables import RECORDS
from undercurrent.i18n import translate as _

__all__ = ["Evidence", "open_store"]

_PAGE: Final = 500
"""Records that a query has in memory at once."""


def open_store(url: str) -> "Evidence":
    """Opens the store at ``url``; makes it, or brings it up to date, where that is needed.

    Processes that open a fresh store at the same time wait for the one that makes it.

    Args:
        url: as `undercurrent.evidence.database.parse_url` takes it; `EvidenceSettings.location` is one.

    Raises:
        ConfigError: a URL of nothing that is supported, or a file that is no store or cannot be used.
        MissingExtra: the database's driver is not installed.
        EnvironmentLacks: a newer version of Undercurrent made the store.
        CouldNotCheck: the server does not answer, or not to us. No message holds a password.
    """
    parsed = parse_url(url)
    where = label(parsed)
    engine = open_engine(parsed)
    try:
        with explained(where):
            migrate(engine)
    except BaseException:
        engine.dispose()
        raise
    return Evidence(engine, where)


class Evidence(AbstractContextManager["Evidence"]):
    """An open store; `open_store` makes it, and leaving its context closes it.

    Every method raises what `undercurrent.evidence.database.explained` says where the database fails. Any number of
    processes may have the same store open; within one process, each thread or forked child opens its own.

    Attributes:
        where: what to call it in messages, without credentials.
    """

    def __init__(self, engine: Engine, where: str) -> None:
        self.where = where
        self._engine = engine

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the database. Calling it again does nothing."""
        self._engine.dispose()

    def record(self, *records: Record) -> None:
        """Keeps ``records``: all of them, or none if this raises or the process dies.

        What is there already is left alone, so a writer that does not know whether its commit went through may
        write again. SQLite survives a killed process whole; the newest records of the last moments before a power
        failure may be missing (``synchronous=NORMAL``).
        """
        if not records:
            return
        rows = [{column.name: getattr(record, column.name) for column in RECORDS.columns} for record in records]
        with explained(self.where):
            try:
                self._insert(rows)
            except IntegrityError:
                there = {record.id for record in records if self._find(record.id)}
                self._insert([row for row in rows if row["id"] not in there])

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
        """
        wanted = {"kind": kind, "subject": subject, "outcome": outcome, "run": run, "name": name}
        conditions: list[ColumnElement[bool]] = [
            RECORDS.c[column] == value for column, value in wanted.items() if value is not None
        ]
        if since is not None:
            conditions.append(RECORDS.c.id >= first_id(since))
        return self._pages(conditions, limit, newest=newest)

    def get(self, record_id: str) -> Record:
        """The record with this identifier, or the only one whose identifier begins like this.

        Raises:
            NotFound: there is none.
            UsageError: there are several.
        """
        beginning = RECORDS.c.id.startswith(record_id, autoescape=True)
        with explained(self.where), self._engine.connect() as connection:
            found = [_record(row) for row in connection.execute(select(RECORDS).where(beginning).limit(2))]
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

    def _insert(self, rows: list[dict[str, Any]]) -> None:
        if rows:
            with self._engine.connect().execution_options(**WRITING) as connection, connection.begin():
                connection.execute(insert(RECORDS), rows)

    def _find(self, record_id: str) -> Record | None:
        with self._engine.connect() as connection:
            row = connection.execute(select(RECORDS).where(RECORDS.c.id == record_id)).one_or_none()
        return None if row is None else _record(row)

    def _pages(self, conditions: list[ColumnElement[bool]], limit: int | None, *, newest: bool) -> Iterator[Record]:
        order = RECORDS.c.id.desc() if newest else RECORDS.c.id.asc()
        left, last = limit, ""
        while left is None or left > 0:
            size = _PAGE if left is None else min(_PAGE, left)
            statement = select(RECORDS).where(*conditions).order_by(order).limit(size)
            if last:
                statement = statement.where(RECORDS.c.id < last if newest else RECORDS.c.id > last)
            with explained(self.where), self._engine.connect() as connection:
                records = [_record(row) for row in connection.execute(statement)]
            yield from records
            if len(records) < size:
                return
            last = records[-1].id
            left = None if left is None else left - size


def _record(row: Row[Any]) -> Record:
    return Record(**row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name
