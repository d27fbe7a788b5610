"""A store is brought up to date when it is opened."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from tests.support import freshstore
from tests.support.evidence import make_record

from undercurrent.errors import EnvironmentLacks
from undercurrent.evidence import open_store
from undercurrent.evidence.database import file_engine
from undercurrent.evidence.migrating import migrate_file
from undercurrent.evidence.schema import FRESH, HEAD, MIGRATIONS, VERSION_TABLE
from undercurrent.evidence.tables import METADATA


def test_the_newest_migration_is_the_one_that_opening_looks_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_the_migrations_make_the_tables_that_the_code_works_with(tmp_path: Path) -> None:
    migrate_file(tmp_path / "evidence.db")
    with file_engine(tmp_path / "evidence.db").connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_a_fresh_store_is_what_the_migrations_make_of_an_empty_file(tmp_path: Path) -> None:
    assert FRESH.read_text("utf-8") == freshstore.statements(tmp_path), "run python -m tests.support.freshstore"
    open_store(f"sqlite:///{tmp_path}/fresh.db").close()
    assert freshstore.tables(tmp_path / "fresh.db") == freshstore.tables(tmp_path / "migrated.db")


def test_an_old_store_is_upgraded_when_it_is_opened(tmp_path: Path) -> None:
    """From what a version wrote that did not keep its number yet, while another process has the file open."""
    url = f"sqlite:///{tmp_path}/evidence.db"
    with open_store(url) as reading:
        old = make_record(1)
        reading.record(old)
        with sqlite3.connect(tmp_path / "evidence.db") as other:
            other.execute("DELETE FROM evidence_version")
        other.close()
        with open_store(url) as store:
            store.record(make_record(2))
        assert [record.id for record in reading.query()][-1] == old.id
    assert freshstore.tables(tmp_path / "evidence.db")[-1] == (HEAD,)


def test_a_store_of_a_newer_version_says_what_opens_it(tmp_path: Path) -> None:
    file = tmp_path / "evidence.db"
    open_store(f"sqlite:///{file}").close()
    with sqlite3.connect(file) as other:
        other.execute("UPDATE evidence_version SET version_num = '9999'")
    other.close()
    with pytest.raises(EnvironmentLacks, match="a newer version of Undercurrent made") as caught:
        open_store(f"sqlite:///{file}")
    assert caught.value.hint == "pip install --upgrade undercurrent"


def test_a_migration_that_was_cut_off_is_picked_up(tmp_path: Path) -> None:
    file = tmp_path / "evidence.db"
    open_store(f"sqlite:///{file}").close()
    with sqlite3.connect(file) as other:
        other.execute("DELETE FROM evidence_version")
        other.execute("DROP INDEX evidence_record_run")
    other.close()
    with open_store(f"sqlite:///{file}") as store:
        store.record(make_record())
    with sqlite3.connect(file) as other:
        assert other.execute("SELECT version_num FROM evidence_version").fetchall() == [(HEAD,)]
        assert other.execute("SELECT count(*) FROM sqlite_master WHERE name = 'evidence_record_run'").fetchone() == (1,)
    other.close()


def test_another_programs_tables_stay_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "shared.db"
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE alembic_version (version_num TEXT)")
        other.execute("INSERT INTO alembic_version VALUES ('theirs')")
    other.close()
    open_store(f"sqlite:///{file}").close()
    with sqlite3.connect(file) as other:
        assert other.execute("SELECT version_num FROM alembic_version").fetchall() == [("theirs",)]
    other.close()


def test_a_store_in_a_file_is_made_written_and_read_without_a_database_layer(tmp_path: Path) -> None:
    script = (
        "import sys; from tests.support.evidence import *; from undercurrent.evidence import open_store\n"
        f"for number in range(2):\n with open_store('sqlite:///{tmp_path}/evidence.db') as store:\n"
        "  store.record(make_record(number)); store.get(next(store.query()).id)\n"
        "print({'alembic', 'sqlalchemy'} & set(sys.modules))"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout == "set()\n"
