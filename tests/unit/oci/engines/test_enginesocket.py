"""Which socket is asked, and what is said when none answers."""

import asyncio
import errno
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from undercurrent.errors import ConfigError, EnvironmentLacks, MissingTool, Unreachable
from undercurrent.oci.engines import enginesocket
from undercurrent.oci.engines.enginesocket import EngineKind, EngineName, EngineSocket, answering, candidates


@pytest.fixture(autouse=True)
def no_system_sockets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """This machine's own engines stay out of the tests."""
    for engine in enginesocket.SYSTEM_SOCKETS:
        monkeypatch.setitem(enginesocket.SYSTEM_SOCKETS, engine, tmp_path / f"{engine}.sock")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the whole PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
async def docker_socket(tmp_path: Path) -> AsyncIterator[Path]:
    """A living service in docker's place."""
    path = tmp_path / "docker.sock"
    server = await asyncio.start_unix_server(lambda _reader, writer: writer.close(), path)
    async with server:
        yield path


def environ_of(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "run"), **more}


def dead(path: Path) -> Path:
    """A socket that nobody listens on any more, as a killed service leaves it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
    return path


def test_places_are_those_of_the_engines_own_clients(tmp_path: Path) -> None:
    places = candidates("auto", environ_of(tmp_path))
    assert [(place.engine, str(place.path.relative_to(tmp_path))) for place in places] == [
        ("docker", "docker.sock"),
        ("docker", "run/docker.sock"),
        ("docker", ".docker/run/docker.sock"),
        ("podman", "run/podman/podman.sock"),
        ("podman", "podman.sock"),
    ]


@pytest.mark.parametrize(("name", "variable"), [("docker", "DOCKER_HOST"), ("podman", "CONTAINER_HOST")])
def test_a_variable_decides(name: EngineKind, variable: str, tmp_path: Path) -> None:
    environ = environ_of(tmp_path, **{variable: "unix:///some/where.sock"})
    expected = (EngineSocket(name, Path("/some/where.sock")),)
    assert candidates(name, environ) == candidates("auto", environ) == expected


@pytest.mark.parametrize("value", ["tcp://10.0.0.1:2375", "ssh://ada@build", "unix://", "/run/docker.sock"])
def test_engines_of_other_machines_are_refused(value: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="DOCKER_HOST=") as caught:
        candidates("docker", environ_of(tmp_path, DOCKER_HOST=value))
    assert "unix:///" in caught.value.hint


async def test_auto_passes_over_what_is_dead(docker_socket: Path, tmp_path: Path) -> None:
    docker_socket.rename(tmp_path / "alive.sock")
    dead(docker_socket)
    environ = environ_of(tmp_path)
    (tmp_path / "run" / "podman").mkdir(parents=True)
    (tmp_path / "alive.sock").rename(tmp_path / "run" / "podman" / "podman.sock")
    assert (await answering("auto", environ)).engine == "podman"


async def test_a_dead_socket_is_unreachable(tmp_path: Path) -> None:
    path = dead(tmp_path / "podman.sock")
    with pytest.raises(Unreachable, match=rf"podman does not answer at {path}: Connection refused") as caught:
        await answering("podman", environ_of(tmp_path))
    assert caught.value.hint == f"start it: podman system service --time 0 unix://{path} &"


async def test_a_socket_of_others_is_unreachable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def forbidden(path: Path) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    # Root may use every socket, so no real one can be closed to it.
    monkeypatch.setattr(asyncio, "open_unix_connection", forbidden)
    with pytest.raises(Unreachable, match=r"docker does not answer at .*: Permission denied") as caught:
        await answering("docker", environ_of(tmp_path))
    assert "access" in caught.value.hint


async def test_a_service_that_does_not_run_is_told_from_no_engine(programs: Path, tmp_path: Path) -> None:
    (programs / "podman").touch(mode=0o755)
    with pytest.raises(EnvironmentLacks, match="podman is installed") as caught:
        await answering("auto", environ_of(tmp_path))
    assert f"unix://{tmp_path}/run/podman/podman.sock" in caught.value.hint
    with pytest.raises(MissingTool, match="docker is not installed"):
        await answering("docker", environ_of(tmp_path))


@pytest.mark.parametrize(
    ("name", "message", "install"),
    [
        ("auto", "neither podman nor docker is installed", "apt-get install podman"),
        ("podman", "podman is not installed", "apt-get install podman"),
        ("docker", "docker is not installed", "apt-get install docker.io"),
    ],
)
async def test_without_an_engine_the_error_says_what_installs_one(
    name: EngineName, message: str, install: str, programs: Path, tmp_path: Path
) -> None:
    with pytest.raises(MissingTool, match=message) as caught:
        await answering(name, environ_of(tmp_path))
    assert (caught.value.hint, caught.value.exit_code) == (install, 3)
