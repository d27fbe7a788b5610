"""Brings a store to the form that this version works with, while nobody else does."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, inspect, select, text

from undercurrent.errors import EnvironmentLacks
from undercurrent.evidence.database import explained, file_engine
from undercurrent.evidence.faults import busy
from undercurrent.evidence.schema import HEAD, MIGRATIONS, VERSION_TABLE
from undercurrent.i18n import translate as _

__all__ = ["migrate", "migrate_file"]

_versions: Final = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32)))
_LOCK_KEY: Final = 0x756E646572637572  # "undercur"
_LOCK_S: Final = 60


def migrate_file(path: Path) -> None:
    """Upgrades the tables in a SQLite file.

    Raises:
        UndercurrentError: as `migrate` and `explained` do.
    """
    engine = file_engine(path)
    try:
        with explained(str(path)):
            migrate(engine, str(path))
    finally:
        engine.dispose()


def migrate(engine: Engine, where: str) -> None:
    """Makes the tables, or upgrades them, if that is needed. Who comes second waits and then finds it done.

    Args:
        engine: of the database.
        where: what messages call it.

    Raises:
        EnvironmentLacks: a newer version of Undercurrent made the store.
        TimedOut: somebody else has been upgrading it for too long.
    """
    with engine.connect() as connection:
        if _version(connection) == HEAD:
            return
    with engine.connect() as connection, _locked(connection, where):
        # Asked again: the one that held the lock may have done it all.
        if _version(connection) != HEAD:
            _upgrade(connection, where)
            # Before the lock is given back: who comes next must see it.
            connection.commit()


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.scalar(select(_versions.c.version_num))


def _upgrade(connection: Connection, where: str) -> None:
    from alembic import command  # noqa: PLC0415 - slow to import, and seldom needed
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    present = _version(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if present is not None and present not in known:
        raise EnvironmentLacks(
            _("a newer version of Undercurrent made the evidence store {where}").format(where=where),
            hint="pip install --upgrade undercurrent",
        )
    command.upgrade(config, "head")


@contextmanager
def _locked(connection: Connection, where: str) -> Iterator[None]:
    """Holds off other migrations; SQLite's write lock, held since the transaction began, does that already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT set_config('lock_timeout', :time, true)"), {"time": f"{_LOCK_S}s"})
        # Given back when the transaction ends.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        yield
    elif connection.dialect.name == "mysql":
        # Held by the session, not the transaction, because each DDL statement ends a transaction here. The name is
        # known to the whole server, so it carries the database's.
        name = connection.scalar(text("SELECT CONCAT('undercurrent.', SHA1(DATABASE()))"))
        if connection.scalar(text("SELECT GET_LOCK(:name, :seconds)"), {"name": name, "seconds": _LOCK_S}) != 1:
            raise busy(where)
        try:
            yield
        finally:
            connection.execute(text("SELECT RELEASE_LOCK(:name)"), {"name": name})
    else:
        yield
