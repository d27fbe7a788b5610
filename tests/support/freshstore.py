"""What the migrations make of an empty SQLite file, as SQL: ``python -m tests.support.freshstore`` writes it down."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from undercurrent.evidence.migrating import migrate_file
from undercurrent.evidence.schema import FRESH, VERSION_TABLE

__all__ = ["statements", "tables"]


def tables(file: Path) -> list[tuple[str, ...]]:
    """All that is in a SQLite file, in the order in which it was made, and its version."""
    with closing(sqlite3.connect(file)) as connection:
        connection.create_function("tidy", 1, lambda sql: sql and "\n".join(map(str.rstrip, sql.splitlines())))
        made = connection.execute("SELECT type, name, tbl_name, tidy(sql) FROM sqlite_master ORDER BY rowid").fetchall()
        return made + connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchall()  # noqa: S608


def statements(folder: Path) -> str:
    """The SQL; ``folder`` is an empty one."""
    file = folder / "migrated.db"
    migrate_file(file)
    return ";\n".join(_statements(tables(file))) + "\n"


def _statements(made: list[tuple[str, ...]]) -> Iterator[str]:
    for what in made:
        match what:
            case (_kind, _name, _table, str(sql)):  # an index that comes with a primary key has none
                yield sql
            case (version,):
                yield f"INSERT INTO {VERSION_TABLE} VALUES ('{version}')"  # noqa: S608


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        FRESH.write_text(statements(Path(scratch)), "utf-8")
