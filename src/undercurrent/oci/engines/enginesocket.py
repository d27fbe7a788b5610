"""Where podman and docker listen, and which of them answers.

The places are those that their own clients look at: https://docs.docker.com/reference/cli/docker/ (DOCKER_HOST),
https://docs.podman.io/en/latest/markdown/podman-system-service.1.html.
"""

import asyncio
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

from undercurrent.errors import ConfigError, EnvironmentLacks, MissingTool, UndercurrentError, Unreachable
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _

__all__ = ["SYSTEM_SOCKETS", "EngineKind", "EngineName", "EngineSocket", "answering", "candidates"]

EngineKind: TypeAlias = Literal["docker", "podman"]
EngineName: TypeAlias = Literal["auto"] | EngineKind

SYSTEM_SOCKETS: Final[dict[EngineKind, Path]] = {
    "docker": Path("/var/run/docker.sock"),
    "podman": Path("/run/podman/podman.sock"),
}
"""Where a service that everybody shares listens."""

_VARIABLES: Final[dict[EngineKind, str]] = {"docker": "DOCKER_HOST", "podman": "CONTAINER_HOST"}
_PATIENCE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class EngineSocket:
    """A place where an engine may listen."""

    engine: EngineKind
    path: Path


def candidates(name: EngineName, environ: Mapping[str, str] = os.environ) -> tuple[EngineSocket, ...]:
    """Where to look for an engine, best first; with ``auto``, what a variable names comes before the rest.

    Raises:
        ConfigError: a variable names something that is no socket of this machine.
    """
    engines: tuple[EngineKind, ...] = ("docker", "podman") if name == "auto" else (name,)
    named = [engine for engine in engines if environ.get(_VARIABLES[engine])]
    sockets = [EngineSocket(engine, _named_socket(_VARIABLES[engine], environ)) for engine in named]
    if sockets:
        return tuple(sockets)
    return tuple(EngineSocket(engine, path) for engine in engines for path in _usual_places(engine, environ))


def _named_socket(variable: str, environ: Mapping[str, str]) -> Path:
    url = urlsplit(environ[variable])
    if url.scheme != "unix" or not url.path:
        raise ConfigError(
            _("{name}={value} is not a socket of this machine").format(name=variable, value=environ[variable]),
            hint=_("write unix:///path/to/socket, or save the image there and read it as docker-archive:FILE"),
        )
    return Path(url.path)


def _usual_places(engine: EngineKind, environ: Mapping[str, str]) -> Iterator[Path]:
    user = Path(environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}")
    if engine == "podman":
        yield user / "podman" / "podman.sock"
        yield SYSTEM_SOCKETS[engine]
    else:
        yield SYSTEM_SOCKETS[engine]
        yield user / "docker.sock"
        yield Path(environ.get("HOME", "/root")) / ".docker" / "run" / "docker.sock"


async def answering(name: EngineName, environ: Mapping[str, str] = os.environ) -> EngineSocket:
    """The first of the `candidates` that takes a connection.

    Raises:
        MissingTool: there is no engine here.
        EnvironmentLacks: there is one, but its service does not run.
        Unreachable: a socket is there, and nobody answers.
        ConfigError: as `candidates`.
    """
    places = candidates(name, environ)
    problem: UndercurrentError | None = None
    for place in places:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                _reader, writer = await asyncio.open_unix_connection(place.path)
        except FileNotFoundError:
            continue
        except OSError as error:
            problem = problem or _silent(place, error)
            continue
        writer.close()
        return place
    raise problem or _nobody(name, places)


def _silent(place: EngineSocket, error: OSError) -> Unreachable:
    hint = _start_line(place)
    if isinstance(error, PermissionError):
        hint = _("ask for access to it, or run this as a user who has it")
    reason = system_reason(error) if error.strerror else _("it takes too long to answer")
    return Unreachable(
        _("{engine} does not answer at {path}: {reason}").format(engine=place.engine, path=place.path, reason=reason),
        hint=hint,
    )


def _nobody(name: EngineName, places: tuple[EngineSocket, ...]) -> EnvironmentLacks:
    for place in places:
        if shutil.which(place.engine):
            return EnvironmentLacks(
                _("{engine} is installed, but its service does not run").format(engine=place.engine),
                hint=_start_line(place),
            )
    if name == "docker":
        return MissingTool(_("docker is not installed"), hint="apt-get install docker.io")
    what = _("podman is not installed") if name == "podman" else _("neither podman nor docker is installed")
    return MissingTool(what, hint="apt-get install podman")


def _start_line(place: EngineSocket) -> str:
    if place.engine == "podman":
        return _("start it: {command}").format(command=f"podman system service --time 0 unix://{place.path} &")
    return _("start it: {command}").format(command="systemctl start docker")
