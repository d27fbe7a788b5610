"""Evidence in real PostgreSQL and MariaDB servers."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from tests.support.databases import PASSWORD, PLAIN_PASSWORD, DatabaseServer, mariadb, postgresql
from tests.support.evidence import NOON, make_record, open_at_once, write_at_once
from tests.support.servers import free_port

from undercurrent.errors import EnvironmentLacks, NotFound, TimedOut, Unauthorized, UndercurrentError, Unreachable
from undercurrent.evidence import migrating, open_store
from undercurrent.evidence import store as store_module
from undercurrent.evidence.database import open_engine, parse_url
from undercurrent.evidence.schema import HEAD, VERSION_TABLE
from undercurrent.evidence.server import Server
from undercurrent.evidence.tables import METADATA
from undercurrent.planning.catalogue import Measure
from undercurrent.report.page.page import page
from undercurrent.settings import EvidenceSettings, PlanningSettings, Settings
from undercurrent.workflows.pages import sheet

BATCH = 10


@dataclass(frozen=True, slots=True)
class Database:
    """An empty database of a user ``ada``."""

    server: DatabaseServer
    name: str

    def url(self, *, password: str = PASSWORD, name: str = "", user: str = "ada", scheme: str = "") -> str:
        secret = f":{quote(password, safe='')}" if password else ""
        place = f"127.0.0.1:{self.server.port}/{name or self.name}"
        return f"{scheme or self.server.scheme}://{user}{secret}@{place}"

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Runs SQL in it, as the administrator."""
        return self.server.execute(statement, self.name)


@pytest.fixture(scope="module")
def postgresql_server() -> Iterator[DatabaseServer]:
    with postgresql() as server:
        yield server


@pytest.fixture(scope="module")
def mariadb_server() -> Iterator[DatabaseServer]:
    with mariadb() as server:
        yield server


@pytest.fixture(params=["postgresql", "mariadb"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """One in each server in turn."""
    server: DatabaseServer = request.getfixturevalue(f"{request.param}_server")
    name = f"evidence_{time.monotonic_ns()}"
    if server.scheme == "postgresql":
        server.execute(f"CREATE DATABASE {name} OWNER ada", "")
    else:
        server.execute(f"CREATE DATABASE {name}", "")
        server.execute(f"GRANT ALL ON {name}.* TO ada@'%', grace@'%'", "")
    yield Database(server, name)
    server.execute(f"DROP DATABASE {name}", "")


def test_what_was_recorded_comes_back_whole(database: Database) -> None:
    record = make_record(
        subject="路径/ファイル.txt",
        proof={"nested": {"list": [1, 2.5, None, True, "\0 é 😀 'quoted\" \\ %s :name"]}, "big": 2**53},
    )
    with open_store(database.url()) as store:
        store.record(record)
        store.record(record, make_record(1))
        assert store.get(record.id) == record
        assert len(list(store.query())) == 2
    with open_store(database.url()) as store:
        assert store.get(record.id) == record


def test_conditions_and_order_are_those_of_sqlite(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_PAGE", 4)
    records = [make_record(number, at=NOON + timedelta(microseconds=number // 2)) for number in range(20)]
    with open_store(database.url()) as store:
        store.record(*records)
        assert list(store.query(newest=False)) == records
        assert list(store.query(limit=9)) == records[:10:-1]
        assert list(store.query(since=records[6].at, newest=False)) == records[6:]
        assert list(store.query(name=records[3].name, kind="image-signed")) == [records[3]]
        assert list(store.query(name=records[3].name.upper())) == []
        assert list(store.query(outcome="untrusted")) == []


@pytest.mark.parametrize("_round", range(3))
def test_a_fresh_store_is_made_once(database: Database, _round: int) -> None:
    open_at_once(database.url(), times=16)
    assert database.execute("SELECT version_num FROM evidence_version") == [(HEAD,)]


def test_eight_processes_make_the_store_at_once_and_lose_nothing(database: Database) -> None:
    write_at_once(database.url(), writers=8, each=200)
    with open_store(database.url()) as store:
        for writer in range(8):
            found = list(store.query(run=f"writer-{writer}", newest=False))
            assert [record.subject for record in found] == [make_record(number).subject for number in range(200)]


def test_a_killed_writer_leaves_whole_transactions(database: Database) -> None:
    seed = random.randrange(1 << 32)  # noqa: S311
    moments = random.Random(seed)  # noqa: S311
    script = f"from tests.support.evidence import *; write_until_killed({database.url()!r}, {BATCH})"
    for _kill in range(5):
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "written\n"
            time.sleep(moments.uniform(0, 0.1))
            writer.send_signal(signal.SIGKILL)
            acknowledged = 1 + len(writer.stdout.readlines())
        with open_store(database.url()) as store:
            batches, rest = divmod(len(list(store.query(run="killed"))), BATCH)
        assert rest == 0, seed
        assert batches >= acknowledged, seed


def test_the_migrations_make_the_tables_that_the_code_works_with(database: Database) -> None:
    open_store(database.url()).close()
    engine = open_engine(parse_url(database.url()))
    with engine.connect() as connection:
        options = {"version_table": VERSION_TABLE, "compare_type": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), METADATA) == []
    engine.dispose()


def test_a_migration_that_was_cut_off_is_picked_up(database: Database) -> None:
    open_store(database.url()).close()
    database.execute("DELETE FROM evidence_version")
    on_table = " ON evidence_record" if database.server.scheme == "mysql" else ""
    database.execute(f"DROP INDEX evidence_record_run{on_table}")
    with open_store(database.url()) as store:
        store.record(make_record())
    assert database.execute("SELECT version_num FROM evidence_version") == [(HEAD,)]
    with pytest.raises(Exception, match=r"already exists|Duplicate key name"):
        database.execute("CREATE INDEX evidence_record_run ON evidence_record (run)")


def test_an_upgrade_that_never_ends_is_not_waited_for_for_ever(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "_LOCK_S", 1)
    engine = open_engine(parse_url(database.url()))
    with (
        engine.connect() as connection,
        migrating._locked(connection, "it"),
        pytest.raises(TimedOut, match="stays busy"),
    ):
        open_store(database.url())
    engine.dispose()


def test_a_store_of_a_newer_version_says_what_opens_it(database: Database) -> None:
    open_store(database.url()).close()
    database.execute("UPDATE evidence_version SET version_num = '9999'")
    with pytest.raises(EnvironmentLacks, match="a newer version of Undercurrent"):
        open_store(database.url())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"password": "hunter2"}, Unauthorized),
        ({"password": ""}, Unauthorized),
        ({"user": "nobody"}, Unauthorized),
    ],
)
def test_who_may_not_come_in_is_told_so(
    database: Database, changes: dict[str, str], expected: type[UndercurrentError]
) -> None:
    with pytest.raises(expected) as caught:
        open_store(database.url(**changes))
    assert_no_secret(caught.value)


def test_a_database_that_is_not_there_is_not_found(database: Database) -> None:
    missing = f"{database.name}_2"
    if database.server.scheme == "mysql":
        database.server.execute(f"GRANT ALL ON {missing}.* TO ada@'%'", "")
    with pytest.raises(NotFound, match=f"there is no database .*/{missing}") as caught:
        open_store(database.url(name=missing))
    assert_no_secret(caught.value)


def test_who_may_not_make_tables_is_told_so(database: Database) -> None:
    if database.server.scheme == "mysql":
        database.server.execute(f"REVOKE ALL ON {database.name}.* FROM ada@'%'", "")
        database.server.execute(f"GRANT SELECT ON {database.name}.* TO ada@'%'", "")
    else:
        database.server.execute(f"ALTER DATABASE {database.name} OWNER TO admin", "")
    with pytest.raises(Unauthorized) as caught:
        open_store(database.url())
    assert_no_secret(caught.value)


def test_a_server_that_is_not_there_is_unreachable(database: Database) -> None:
    port = free_port()
    with pytest.raises(Unreachable) as caught:
        open_store(database.url().replace(str(database.server.port), str(port)))
    assert_no_secret(caught.value)


def test_a_password_in_the_databases_own_file_is_found(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".pgpass").write_text(f"127.0.0.1:*:*:grace:{PLAIN_PASSWORD}\n")
    (tmp_path / ".pgpass").chmod(0o600)
    (tmp_path / ".my.cnf").write_text(f'[client]\npassword = "{PLAIN_PASSWORD}"\n')
    with open_store(database.url(password="", user="grace")) as store:
        store.record(make_record())


def test_both_have_another_name(database: Database) -> None:
    scheme = {"mysql": "mariadb", "postgresql": "postgres"}[database.server.scheme]
    with open_store(database.url(scheme=scheme)) as store:
        store.record(make_record())


def test_a_lost_connection_is_opened_again(database: Database) -> None:
    with open_store(database.url()) as store:
        store.record(make_record(1))
        end_connections(database)
        store.record(make_record(2))
        assert len(list(store.query())) == 2


def test_a_connection_lost_in_the_middle_is_could_not_check(database: Database) -> None:
    with open_store(database.url()) as store:
        backend = store._backend
        assert isinstance(backend, Server)
        backend.engine.pool._pre_ping = False
        end_connections(database)
        with pytest.raises(Unreachable) as caught:
            store.record(make_record())
        assert_no_secret(caught.value)


def end_connections(database: Database) -> None:
    if database.server.scheme == "postgresql":
        database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ada'")
    else:
        database.execute("KILL USER ada")


def assert_no_secret(error: UndercurrentError) -> None:
    chain: BaseException | None = error
    while chain is not None:
        for secret in (PASSWORD, quote(PASSWORD, safe=""), "hunter2"):
            assert secret not in f"{chain!r} {chain}"
        chain = chain.__cause__ or chain.__context__


def test_eight_processes_write_while_pages_are_made_and_nothing_is_lost(database: Database) -> None:
    known = Settings(evidence=EvidenceSettings(url=database.url()), planning=PlanningSettings(time_zone="UTC"))
    counted: list[int] = []

    def look() -> None:
        made = sheet(known)
        assert page(made, "en").endswith("</html>\n")
        found = made.standing.coverage
        share = found.shares[Measure.IMAGES_SIGNED]
        assert share.done == share.of == found.images, "whole records only"
        counted.append(found.records)

    write_at_once(database.url(), writers=8, each=100, meanwhile=look)
    look()

    assert counted == sorted(counted), "what was seen once is seen again"
    assert counted[-1] == 800
