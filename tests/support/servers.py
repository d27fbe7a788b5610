"""Starts real servers on free loopback ports, and stops them."""

import http.client
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from tests.support.peers import require_peer
from tests.support.tokens import TokenServer

__all__ = [
    "RegistryServer",
    "distribution",
    "free_port",
    "free_ports",
    "htpasswd",
    "referrers_registry",
    "running",
    "status_of",
]

_ENDS_WITH_US: Final = ("setpriv", "--pdeathsig", "TERM") if shutil.which("setpriv") else ()
"""Stops a server also when the tests are killed."""
_READY_S: Final = 20.0
_STOP_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class RegistryServer:
    """A registry that runs.

    Attributes:
        name: which one it is.
        host: ``127.0.0.1:port``, as references name it.
        referrers_api: whether it has the referrers API; else the fallback tag is in use.
        username: "" where anybody may do anything.
    """

    name: str
    host: str
    referrers_api: bool
    username: str = ""
    password: str = ""


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    return free_ports(1)[0]


def free_ports(count: int) -> tuple[int, ...]:
    """As many different loopback ports that nobody listens on now."""
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.socket()) for _one in range(count)]
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return tuple(listener.getsockname()[1] for listener in listeners)


@contextmanager
def running(
    command: Sequence[str | Path],
    ready: Callable[[], bool],
    *,
    log: Path,
    environ: Mapping[str, str] | None = None,
    ready_s: float = _READY_S,
    stop_s: float = _STOP_S,
) -> Iterator["subprocess.Popen[bytes]"]:
    """Runs a server from when it is ready until the block ends.

    Args:
        command: program and arguments.
        ready: tells whether it can be used.
        log: gets what it prints.
        environ: variables that it has beside this process's.
        ready_s: seconds that it gets to become ready.
        stop_s: seconds that it gets to stop, before it is killed.

    Raises:
        RuntimeError: it ended, or was not ready in time; the message has the end of its log.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*_ENDS_WITH_US, *(str(part) for part in command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**_environment(), **(environ or {})},
        )
    try:
        deadline = time.monotonic() + ready_s
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                tail = log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{command[0]} is not ready (exit status {process.poll()}): {tail}")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(stop_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def distribution(
    program: str, folder: Path, *, username: str = "", password: str = "", tokens: TokenServer | None = None
) -> Iterator[RegistryServer]:
    """Runs a registry of the distribution project.

    Args:
        program: ``docker-registry`` (Debian's 2.8) or ``registry`` (3).
        folder: an empty one of its own.
        username: who may come in; "" lets everybody in.
        password: this user's.
        tokens: knows who may do what, instead of the registry itself.
    """
    binary = require_peer(program)
    host = f"127.0.0.1:{free_port()}"
    config: dict[str, Any] = {
        "version": 0.1,
        "log": {"level": "warn"},
        "storage": {
            "filesystem": {"rootdirectory": str(folder / "content")},
            "delete": {"enabled": True},
            "maintenance": {"uploadpurging": {"enabled": False}},
        },
        "http": {"addr": host},
    }
    if tokens:
        config["auth"] = {"token": tokens.config}
    elif username:
        users = htpasswd(folder / "users", username, password)
        config["auth"] = {"htpasswd": {"realm": "tests", "path": str(users)}}
    # JSON is YAML.
    (folder / "config.yml").write_text(json.dumps(config))
    with running(
        [binary, "serve", folder / "config.yml"],
        lambda: _answers(host),
        log=folder / "log",
        environ={"OTEL_TRACES_EXPORTER": "none"},
    ):
        name = {"docker-registry": "distribution 2.8", "registry": "distribution 3"}[program]
        yield RegistryServer(name, host, referrers_api=False, username=username, password=password)


@contextmanager
def referrers_registry(folder: Path) -> Iterator[RegistryServer]:
    """Runs a registry with the referrers API; see tests/peers/go."""
    binary = require_peer("referrers-registry")
    host = f"127.0.0.1:{free_port()}"
    blobs = folder / "blobs"
    blobs.mkdir()
    command = (binary, "-address", host, "-blobs", blobs)
    with running(command, lambda: _answers(host), log=folder / "log"):
        yield RegistryServer("with referrers", host, referrers_api=True)


def htpasswd(file: Path, username: str, password: str) -> Path:
    """Writes the bcrypt password file of one user."""
    made = subprocess.run(
        [require_peer("htpasswd"), "-niB", username],
        input=password,
        capture_output=True,
        text=True,
        check=True,
    )
    file.write_text(made.stdout)
    return file


def _environment() -> dict[str, str]:
    # Distribution takes every variable that begins like this for a setting of its own, REGISTRY_AUTH_FILE too.
    return {name: value for name, value in os.environ.items() if not name.startswith("REGISTRY_")}


def status_of(place: str | Path, path: str) -> int | None:
    """The status that a server answers with on ``host:port`` or on a Unix socket; None while there is none."""
    connection = http.client.HTTPConnection(place if isinstance(place, str) else "localhost", timeout=2)
    try:
        if isinstance(place, Path):
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(str(place))
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def _answers(host: str) -> bool:
    return status_of(host, "/v2/") in {HTTPStatus.OK, HTTPStatus.UNAUTHORIZED}
