"""The table that holds records. `migrations` is what makes it; a test compares the two."""

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import JSON, Column, DateTime, Dialect, Index, MetaData, String, Table
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeDecorator

from undercurrent.evidence.record import LIMITS

__all__ = ["METADATA", "RECORDS", "UtcDateTime"]


class UtcDateTime(TypeDecorator[datetime]):
    """An instant to the microsecond: aware in Python, UTC in databases that know no time zones."""

    impl = DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql")
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware for PostgreSQL, naive UTC for the others."""
        if value is None or dialect.name == "postgresql":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Aware UTC, whatever time zone the server's session has."""
        if not isinstance(value, datetime):
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def _text(name: str, *, primary_key: bool = False) -> Column[str]:
    return Column(name, String(LIMITS[name]), primary_key=primary_key, nullable=False)


METADATA: Final = MetaData()

RECORDS: Final = Table(
    "evidence_record",
    METADATA,
    # The time leads in the identifier, so its order is the order of time; "C" compares it byte by byte.
    Column("id", String(36).with_variant(String(36, collation="C"), "postgresql"), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    _text("kind"),
    _text("subject"),
    _text("name"),
    _text("outcome"),
    _text("tool"),
    _text("tool_version"),
    _text("run"),
    Column("proof", JSON, nullable=False),
    Index("evidence_record_kind", "kind", "id"),
    Index("evidence_record_subject", "subject", "kind", "id"),
    Index("evidence_record_name", "name", "kind", "id"),
    Index("evidence_record_run", "run", "id"),
    mysql_engine="InnoDB",
    mysql_charset="utf8mb4",
    # Names differ when one byte does.
    mysql_collate="utf8mb4_bin",
)
"""Records, one a row. The indexes serve `Evidence.query`."""
