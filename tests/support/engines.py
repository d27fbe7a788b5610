"""Starts real podman and docker services that share nothing with the machine's own."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Final

from tests.support.peers import require_peer
from tests.support.servers import running, status_of

__all__ = ["CONTAINERS_CONF", "EngineServer", "docker", "podman"]

CONTAINERS_CONF: Final = """
[containers]
default_ulimits = []
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
"""
"""What podman needs where it may not raise its limits and no systemd runs."""


@dataclass(frozen=True, slots=True)
class EngineServer:
    """An engine that runs.

    Attributes:
        engine: ``podman`` or ``docker``.
        socket: where its API is.
        client: its command, up to the subcommand.
        storage: options that make buildah and podman use this engine's storage; empty for docker.
        environ: variables that its clients need beside this process's.
    """

    engine: str
    socket: Path
    client: tuple[str, ...]
    storage: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str | Path) -> str:
        """Runs the engine's command; returns what it prints."""
        return self.call(*self.client, *arguments)

    def buildah(self, *arguments: str | Path) -> str:
        """Runs buildah on this engine's storage; returns what it prints."""
        return self.call(str(require_peer("buildah")), *self.storage, *arguments)

    def call(self, *command: str | Path) -> str:
        """Runs a command with this engine's variables; returns what it prints."""
        environ = {**os.environ, **self.environ}
        done = subprocess.run(command, env=environ, check=True, capture_output=True, text=True)
        return done.stdout.strip()


@contextmanager
def podman() -> Iterator[EngineServer]:
    """Runs podman's service with storage of its own."""
    require_peer("runc")
    with _folder() as folder:
        (folder / "containers.conf").write_text(CONTAINERS_CONF)
        environ = {"CONTAINERS_CONF": str(folder / "containers.conf")}
        storage = (
            *("--root", str(folder / "root"), "--runroot", str(folder / "runroot")),
            *("--storage-driver", "vfs"),
        )
        client = (str(require_peer("podman")), *storage, "--tmpdir", str(folder / "tmp"))
        socket = folder / "podman.sock"
        command = (*client, "system", "service", "--time", "0", f"unix://{socket}")
        with running(command, lambda: _answers(socket), log=folder / "log", environ=environ):
            yield EngineServer("podman", socket, client, storage, environ)


@contextmanager
def docker() -> Iterator[EngineServer]:
    """Runs Docker's daemon with storage of its own and without network."""
    with _folder() as folder:
        socket = folder / "docker.sock"
        command = (
            *(require_peer("dockerd"), "--host", f"unix://{socket}", "--pidfile", folder / "pid"),
            *("--data-root", folder / "data", "--exec-root", folder / "exec"),
            *("--storage-driver", "vfs", "--iptables=false", "--bridge=none"),
        )
        with running(command, lambda: _answers(socket), log=folder / "log"):
            yield EngineServer("docker", socket, (str(require_peer("docker")), "--host", f"unix://{socket}"))


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder with a short name: podman wants its runroot in 50 characters, and sockets have about 100."""
    with tempfile.TemporaryDirectory(prefix="uc-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _answers(socket: Path) -> bool:
    return status_of(socket, "/_ping") == HTTPStatus.OK
