"""The table of records."""

# ruff: noqa: INP001 - Alembic loads these files by path; they are no package

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision: Final = "0001"
down_revision: Final = None

TABLE: Final = "evidence_record"
INDEXES: Final = {
    "evidence_record_kind": ["kind", "id"],
    "evidence_record_subject": ["subject", "kind", "id"],
    "evidence_record_name": ["name", "kind", "id"],
    "evidence_record_run": ["run", "id"],
}


def upgrade() -> None:
    """Makes what is missing: MySQL commits each of these statements by itself, so an upgrade can be cut off halfway."""
    inspector = sa.inspect(op.get_bind())
    if not inspector.has_table(TABLE):
        op.create_table(
            TABLE,
            sa.Column("id", sa.String(36).with_variant(sa.String(36, collation="C"), "postgresql"), primary_key=True),
            sa.Column(
                "at",
                sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql"),
                nullable=False,
            ),
            sa.Column("kind", sa.String(64), nullable=False),
            sa.Column("subject", sa.String(512), nullable=False),
            sa.Column("name", sa.String(512), nullable=False),
            sa.Column("outcome", sa.String(64), nullable=False),
            sa.Column("tool", sa.String(64), nullable=False),
            sa.Column("tool_version", sa.String(128), nullable=False),
            sa.Column("run", sa.String(64), nullable=False),
            sa.Column("proof", sa.JSON, nullable=False),
            mysql_engine="InnoDB",
            mysql_charset="utf8mb4",
            mysql_collate="utf8mb4_bin",
        )
    there = {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(TABLE)}
    for name, columns in INDEXES.items():
        if name not in there:
            op.create_index(name, TABLE, columns)
