"""Which form of the tables this version works with."""

from pathlib import Path
from typing import Final

__all__ = ["FRESH", "HEAD", "MIGRATIONS", "RECORD_TABLE", "VERSION_TABLE"]

HEAD: Final = "0001"
"""The newest revision in `MIGRATIONS`, so that a store that is up to date opens without Alembic being imported."""

MIGRATIONS: Final = Path(__file__).parent / "migrations"

FRESH: Final = MIGRATIONS / "fresh.sql"
"""What the migrations make of an empty SQLite file, so that a new store does without Alembic too. A test compares
the two, and says how to write this file again."""

RECORD_TABLE: Final = "evidence_record"

VERSION_TABLE: Final = "evidence_version"
"""Not Alembic's usual name: a team's database may hold other programs' tables beside ours."""
