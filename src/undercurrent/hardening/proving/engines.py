"""The engine that builds and runs: podman or docker, by their commands, which take the same words for nearly all."""

import asyncio
import json
import os
import shutil
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from undercurrent.errors import CouldNotCheck, EnvironmentLacks, MissingTool, NotFound, UndercurrentError
from undercurrent.hardening.proving.nouns import Built
from undercurrent.i18n import translate as _
from undercurrent.processes import Ran, call

__all__ = ["Engine", "EngineName", "find_engine", "image_of", "run_engine", "version_numbers", "whole"]

EngineName: TypeAlias = Literal["auto", "podman", "docker"]
_ANSWER_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that answers.

    Attributes:
        name: which one.
        program: its command.
        version: of the engine.
        runtime: what starts its containers: ``runc 1.1.5``.
        builder: version of buildah within podman; of docker the engine's own.
        environ: variables that its command gets beside this process's.
        rootless: it runs as an ordinary user.
    """

    name: Literal["podman", "docker"]
    program: str
    version: str
    runtime: str
    builder: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)
    rootless: bool = False

    @property
    def label(self) -> str:
        """For people."""
        return f"{self.name} {self.version}"


async def find_engine(name: EngineName = "auto", environ: Mapping[str, str] = os.environ) -> Engine:
    """The engine called ``name``; with ``auto``, podman if it answers, else docker.

    Args:
        name: which one is wanted.
        environ: where ``PATH`` is, and what its command is given.

    Raises:
        MissingTool: it is not installed.
        EnvironmentLacks: it is, and does not answer, or its containers are out of this user's sight.
    """
    problem: UndercurrentError | None = None
    for candidate in ("podman", "docker") if name == "auto" else (name,):
        program = shutil.which(candidate, path=environ.get("PATH"))
        if program is None:
            continue
        try:
            return await (_podman if candidate == "podman" else _docker)(program, environ)
        except UndercurrentError as error:
            problem = problem or error
    if problem is not None:
        raise problem
    what = _("neither podman nor docker is installed") if name == "auto" else _("{engine} is not installed")
    raise MissingTool(what.format(engine=name), hint=_ADVICE["podman" if name == "auto" else name])


_ADVICE: Final[Mapping[str, str]] = {"podman": "apt-get install podman", "docker": "apt-get install docker.io"}


async def _podman(program: str, environ: Mapping[str, str]) -> Engine:
    told = await _told(program, ("info", "--format", "json"), environ)
    host, version = told.get("host") or {}, told.get("version") or {}
    if host.get("serviceIsRemote"):
        raise _far("podman")
    runtime = host.get("ociRuntime") or {}
    words = str(runtime.get("version") or "").splitlines()
    return Engine(
        "podman",
        program,
        str(version.get("Version") or "?"),
        _runtime(str(runtime.get("name") or ""), words[0] if words else ""),
        str(host.get("buildahVersion") or ""),
        dict(environ),
        bool((host.get("security") or {}).get("rootless")),
    )


async def _docker(program: str, environ: Mapping[str, str]) -> Engine:
    told = await _told(program, ("info", "--format", "{{json .}}"), environ)
    if told.get("ServerErrors"):
        raise EnvironmentLacks(
            _("{engine} does not answer: {reason}").format(engine="docker", reason="; ".join(told["ServerErrors"])),
            hint=_("start it: {command}").format(command="systemctl start docker"),
        )
    rootless = any("rootless" in option for option in told.get("SecurityOptions") or ())
    if not rootless and os.geteuid() != 0:
        raise EnvironmentLacks(
            _("the processes of docker's containers belong to root, and only root may look at them"),
            hint=_("run this as root, or with --engine podman, which works as an ordinary user"),
        )
    version = str(told.get("ServerVersion") or "?")
    commit = str((told.get("RuncCommit") or {}).get("ID") or "")
    runtime = _runtime(str(told.get("DefaultRuntime") or ""), commit)
    return Engine("docker", program, version, runtime, version, dict(environ), rootless)


def _runtime(name: str, version: str) -> str:
    """``runc 1.1.5``, of a name and what the runtime says of its version."""
    short = version.removeprefix(f"{name} version ").strip()
    return f"{name} {short}".strip()


async def _told(program: str, arguments: tuple[str, ...], environ: Mapping[str, str]) -> dict[str, Any]:
    name = Path(program).name
    ran = await call(program, *arguments, timeout_s=_ANSWER_S, environ=environ)
    try:
        told = json.loads(ran.out)
    except ValueError:
        told = None
    if ran.code != 0 or not isinstance(told, dict):
        raise EnvironmentLacks(
            _("{engine} does not answer: {reason}").format(
                engine=name, reason=ran.said or _("exit status {code}").format(code=ran.code)
            ),
            hint=_("see whether `{command}` works").format(command=f"{name} info"),
        )
    return told


def _far(name: str) -> EnvironmentLacks:
    return EnvironmentLacks(
        _("{engine} runs on another machine, and what runs there cannot be looked at").format(engine=name),
        hint=_("run this on the machine where the containers run"),
    )


def version_numbers(version: str) -> tuple[int, ...]:
    """``1.28.2`` as numbers; what follows them is left out."""
    numbers = []
    for part in version.split("."):
        digits = part[: next((at for at, sign in enumerate(part) if not sign.isdecimal()), len(part))]
        if not digits:
            break
        numbers.append(int(digits))
        if digits != part:
            break
    return tuple(numbers)


async def run_engine(
    engine: Engine, *arguments: str | Path, timeout_s: float = 0, check: bool = True, folder: Path | None = None
) -> Ran:
    """Runs the engine's command.

    Args:
        engine: whose.
        arguments: of it.
        timeout_s: seconds that its user gives it; 0 for as many as a short answer may take.
        check: it must not fail.
        folder: its working directory.

    Raises:
        CouldNotCheck: it fails, and ``check`` says that this matters.
        TimedOut: it takes too long.
    """
    ran = await call(
        engine.program,
        *arguments,
        timeout_s=timeout_s or _ANSWER_S,
        environ=engine.environ,
        folder=folder,
        longer=_("give it more with --timeout") if timeout_s else "",
    )
    if check and ran.code != 0:
        raise CouldNotCheck(
            _("{engine} {verb} fails: {reason}").format(
                engine=engine.name, verb=arguments[0], reason=ran.said or _("exit status {code}").format(code=ran.code)
            )
        )
    return ran


async def whole(work: Coroutine[Any, Any, Ran]) -> Ran:
    """What ``work`` of an engine returns; a cancellation waits for its end.

    An engine that is killed in the middle of a start leaves a process that it knows nothing of, and a container that
    is not removed runs on.
    """
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = True
        except UndercurrentError:
            break
    if cancelled:
        task.exception()  # nobody else asks for it
        raise asyncio.CancelledError
    return task.result()


async def image_of(engine: Engine, name: str, *, timeout_s: float, built: bool = False) -> Built:
    """The image called ``name``, pulled by the engine if it is not there.

    Raises:
        NotFound: it is nowhere.
    """
    ran = await run_engine(engine, "image", "inspect", name, check=False)
    if ran.code != 0 and not built:
        pulled = await run_engine(engine, "pull", name, timeout_s=timeout_s, check=False)
        if pulled.code != 0:
            raise NotFound(
                _("{engine} has no image {name}, and cannot pull it: {reason}").format(
                    engine=engine.name, name=name, reason=pulled.said
                ),
                hint=_("name a Dockerfile, the folder it is in, or an image that `{command}` lists").format(
                    command=f"{engine.name} images"
                ),
            )
        ran = await run_engine(engine, "image", "inspect", name)
    try:
        told = json.loads(ran.out)[0]
        config = told.get("Config") or {}
        known = str(told.get("Digest") or "") if engine.name == "podman" else ""
        repositories = tuple(str(one) for one in told.get("RepoDigests") or ())
        return Built(
            id="sha256:" + str(told["Id"]).removeprefix("sha256:"),
            manifest=known or next((one.partition("@")[2] for one in repositories), ""),
            name=name,
            user=str(config.get("User") or ""),
            volumes=tuple(sorted(config.get("Volumes") or ())),
            ports=tuple(sorted(config.get("ExposedPorts") or ())),
            repositories=repositories,
            built=built,
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise CouldNotCheck(
            _("{engine} does not say what is in {name}: {reason}").format(
                engine=engine.name, name=name, reason=str(error) or type(error).__name__
            )
        ) from error
