"""Starts real database servers on free loopback ports, and stops them."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.peers import require_peer
from tests.support.servers import free_port, running

__all__ = ["PASSWORD", "PLAIN_PASSWORD", "DatabaseServer", "mariadb", "postgresql"]

PASSWORD: Final = "correct horse/é@:"
"""Of ``ada``; awkward in a URL on purpose."""

PLAIN_PASSWORD: Final = "correct horse"
"""Of ``grace``: PyMySQL reads no other from a file."""


@dataclass(frozen=True, slots=True)
class DatabaseServer:
    """A server that runs.

    Attributes:
        scheme: of the evidence URL.
        port: on 127.0.0.1.
        execute: runs SQL as the administrator, in a database ("" for none in particular).
    """

    scheme: str
    port: int
    execute: Callable[[str, str], list[tuple[object, ...]]]


@contextmanager
def postgresql() -> Iterator[DatabaseServer]:
    """Runs PostgreSQL with the users ``ada`` and ``grace``."""
    import psycopg  # noqa: PLC0415 - an extra

    line = "apt-get install postgresql"
    initdb, postgres = (require_peer(program, line) for program in ("initdb", "postgres"))
    port = free_port()

    def execute(statement: str, database: str) -> list[tuple[object, ...]]:
        with psycopg.connect(
            host="127.0.0.1", port=port, user="admin", password=PASSWORD, dbname=database or "postgres", autocommit=True
        ) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    with _folder_of("postgres") as (folder, as_user):
        password = folder / "password"
        password.write_text(PASSWORD)
        data = folder / "data"
        made: list[str | Path] = [
            initdb,
            "--pgdata",
            data,
            "--username=admin",
            f"--pwfile={password}",
            "--encoding=UTF8",
        ]
        _run([*as_user, *made, "--auth=scram-sha-256", "--no-sync", "--locale=C"])
        options = ("fsync=off", f"unix_socket_directories={folder}", "max_connections=50", "log_timezone=UTC")
        settings = [part for option in (*options, "timezone=Asia/Shanghai") for part in ("-c", option)]
        command: list[str | Path] = [*as_user, postgres, "-D", data, "-h", "127.0.0.1", "-p", str(port), *settings]
        with running(command, lambda: _answers(port, lambda: execute("SELECT 1", "")), log=folder / "log"):
            execute(f"CREATE USER ada PASSWORD '{PASSWORD}'", "")
            execute(f"CREATE USER grace PASSWORD '{PLAIN_PASSWORD}' IN ROLE ada", "")
            yield DatabaseServer("postgresql", port, execute)


@contextmanager
def mariadb() -> Iterator[DatabaseServer]:
    """Runs MariaDB with the users ``ada`` and ``grace``."""
    import pymysql  # noqa: PLC0415 - an extra

    line = "apt-get install mariadb-server"
    install, server = (require_peer(program, line) for program in ("mariadb-install-db", "mariadbd"))
    port = free_port()

    with _folder_of("mysql") as (folder, as_user):

        def execute(statement: str, database: str) -> list[tuple[object, ...]]:
            connection = pymysql.connect(
                unix_socket=str(folder / "socket"), user="root", database=database or None, autocommit=True
            )
            with connection, connection.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall())

        data = f"--datadir={folder / 'data'}"
        _run([*as_user, install, "--no-defaults", data, "--auth-root-authentication-method=normal", "--skip-test-db"])
        # Another time zone, case-blind names and the old default character set: none of it may matter.
        options = ("--default-time-zone=+08:00", "--character-set-server=latin1", "--innodb-flush-log-at-trx-commit=2")
        places = (f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}", "--bind-address=127.0.0.1")
        command: list[str | Path] = [*as_user, server, "--no-defaults", data, *places, f"--port={port}", *options]
        with running(command, lambda: _answers(port, lambda: execute("SELECT 1", "")), log=folder / "log"):
            execute(f"CREATE USER ada@'%' IDENTIFIED BY '{PASSWORD}'", "")
            execute(f"CREATE USER grace@'%' IDENTIFIED BY '{PLAIN_PASSWORD}'", "")
            yield DatabaseServer("mysql", port, execute)


@contextmanager
def _folder_of(user: str) -> Iterator[tuple[Path, list[str]]]:
    """A folder that ``user`` may use, and what runs a command as that user: servers refuse to run as root."""
    folder = Path(tempfile.mkdtemp(prefix="uc-"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, user, user)
        as_user = [str(require_peer("setpriv")), f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    try:
        yield folder, as_user
    finally:
        shutil.rmtree(folder)


def _run(command: list[str | Path]) -> None:
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, cwd="/")
    if ended.returncode:
        raise RuntimeError(f"{command} failed: {ended.stdout}{ended.stderr}")


def _answers(port: int, ask: Callable[[], object]) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        ask()
    except Exception:  # noqa: BLE001 - each driver has its own
        return False
    return True
