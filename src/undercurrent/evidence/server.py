"""Evidence in a database of a server, by SQLAlchemy Core."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final, Self

from sqlalchemy import Engine, Select, insert, select
from sqlalchemy.exc import IntegrityError

from undercurrent.evidence.backend import Backend, Wanted
from undercurrent.evidence.database import explained, label, open_engine, parse_url
from undercurrent.evidence.migrating import migrate
from undercurrent.evidence.record import Record, stored
from undercurrent.evidence.tables import RECORDS

__all__ = ["Server"]

_COLUMNS: Final = tuple(RECORDS.c[field.name] for field in fields(Record))


class Server(Backend):
    """An open database; `Server.open` makes it.

    Attributes:
        where: what to call it in messages, without credentials.
        engine: what connects to it.
    """

    def __init__(self, engine: Engine, where: str) -> None:
        self.where = where
        self.engine = engine

    @classmethod
    def open(cls, url: str) -> Self:
        """The store at ``url``; made, or brought up to date, where that is needed.

        Raises:
            UndercurrentError: as `undercurrent.evidence.database` says.
        """
        parsed = parse_url(url)
        where = label(parsed)
        engine = open_engine(parsed)
        try:
            with explained(where):
                migrate(engine, where)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, where)

    def insert(self, records: Sequence[Record]) -> None:
        """See `Backend.insert`."""
        rows = [{column.name: getattr(record, column.name) for column in RECORDS.columns} for record in records]
        with explained(self.where):
            try:
                self._insert(rows)
            except IntegrityError:
                self._insert([row for row in rows if not self._has(row["id"])])

    def page(self, wanted: Wanted, after: str, size: int) -> list[Record]:
        """See `Backend.page`."""
        identifier = RECORDS.c.id
        statement = select(*_COLUMNS).where(*(RECORDS.c[column] == text for column, text in wanted.texts.items()))
        if wanted.first_id:
            statement = statement.where(identifier >= wanted.first_id)
        if after:
            statement = statement.where(identifier < after if wanted.newest else identifier > after)
        return self._records(statement.order_by(identifier.desc() if wanted.newest else identifier.asc()).limit(size))

    def beginning_with(self, start: str, size: int) -> list[Record]:
        """See `Backend.beginning_with`."""
        return self._records(select(*_COLUMNS).where(RECORDS.c.id.startswith(start, autoescape=True)).limit(size))

    def close(self) -> None:
        """See `Backend.close`."""
        self.engine.dispose()

    def _records(self, statement: Select[Any]) -> list[Record]:
        with explained(self.where), self.engine.connect() as connection:
            return [stored(row) for row in connection.execute(statement)]

    def _insert(self, rows: list[dict[str, Any]]) -> None:
        if rows:
            with self.engine.begin() as connection:
                connection.execute(insert(RECORDS), rows)

    def _has(self, record_id: str) -> bool:
        with self.engine.connect() as connection:
            return connection.scalar(select(RECORDS.c.id).where(RECORDS.c.id == record_id)) is not None
