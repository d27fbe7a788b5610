"""One container: made under given conditions, started, looked at, and gone at the end whatever happens."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from undercurrent.errors import CouldNotCheck, UndercurrentError
from undercurrent.hardening.proving import procfs
from undercurrent.hardening.proving.engines import Engine, run_engine, whole
from undercurrent.hardening.proving.leftovers import own_name, removal
from undercurrent.hardening.proving.nouns import Conditions
from undercurrent.i18n import translate as _
from undercurrent.processes import Ran, plain

__all__ = ["Container", "State", "arguments", "container", "ends"]

_TMPFS: Final = "rw,nosuid,nodev,noexec,mode=1777"
"""What Docker's ``--tmpfs`` gives by itself; Kubernetes' emptyDir gives more, so what runs here runs there."""
_LOOK_S: Final = 0.05
_PIDS: Final = 4096


@dataclass(frozen=True, slots=True)
class State:
    """What the engine says of a container."""

    status: str
    pid: int
    exit_code: int
    error: str
    out_of_memory: bool

    @property
    def runs(self) -> bool:
        """Its first process is there."""
        return self.status == "running" and self.pid > 0


def arguments(engine: Engine, conditions: Conditions) -> Iterator[str]:
    """The options of ``create`` that make the conditions hold."""
    yield f"--network={conditions.network}"
    if conditions.user:
        yield f"--user={conditions.user}"
    if conditions.capabilities is not None:
        yield "--cap-drop=ALL"
        yield from (f"--cap-add={name}" for name in conditions.capabilities)
        yield "--security-opt=no-new-privileges"
        yield f"--sysctl=net.ipv4.ip_unprivileged_port_start={conditions.lowest_port}"
    else:
        yield from (f"--cap-add={name}" for name in conditions.added)
    if conditions.read_only:
        yield "--read-only"
    if engine.name == "podman":
        # By itself podman makes /tmp, /run and /var/tmp writable: here only what is declared is.
        yield "--read-only-tmpfs=false"
        yield "--image-volume=ignore"
    else:
        yield f"--pids-limit={_PIDS}"
    for one in conditions.writable:
        if one.lasting:
            yield f"--volume={one.path}"
        else:
            yield f"--tmpfs={one.path}:{_tmpfs(engine, one.options, conditions.user)}"
    for name, value in conditions.environment.items():
        yield f"--env={name}" if value is None else f"--env={name}={value}"
    if conditions.entrypoint is not None:
        yield f"--entrypoint={conditions.entrypoint}"


def _tmpfs(engine: Engine, wanted: str, user: str) -> str:
    """Options of a tmpfs: one that is wanted comes in place of the usual one of its kind.

    The owner is said too: runc before 1.1.8 gives a tmpfs the mode of the folder that it is over, whatever it is told
    (https://github.com/opencontainers/runc/releases/tag/v1.1.8).
    """
    asked = [option for option in wanted.split(",") if option]
    if engine.name == "podman":
        # It would copy into it what the image has there, which Docker and Kubernetes do not.
        owner: tuple[str, ...] = ("U", "notmpcopyup")
    else:
        numbers = zip(("uid", "gid"), (part for part in user.split(":") if part.isdecimal()), strict=False)
        owner = tuple(f"{name}={number}" for name, number in numbers)
    kinds = {_kind(option) for option in asked}
    return ",".join((*(one for one in (*_TMPFS.split(","), *owner) if _kind(one) not in kinds), *asked))


def _kind(option: str) -> str:
    return option.partition("=")[0].removeprefix("no")


@dataclass(frozen=True, slots=True)
class Container:
    """A container of this proof."""

    engine: Engine
    name: str
    id: str

    async def prepare(self) -> int:
        """Makes podman set up everything but the program's start; returns the waiting process."""
        await whole(run_engine(self.engine, "init", self.name))
        return (await self.state()).pid

    def owns(self, pid: int) -> bool:
        """Whether process ``pid`` of this machine is this container's, and not one of another machine's number."""
        for name in ("cgroup", "mountinfo"):
            with suppress(OSError):
                if self.id in Path(f"/proc/{pid}/{name}").read_text(errors="replace"):
                    return True
        return False

    async def start(self) -> Ran:
        """Starts it; a program that cannot be started is told in what this returns."""
        return await whole(run_engine(self.engine, "start", self.name, check=False))

    async def state(self) -> State:
        """What the engine says of it.

        Raises:
            CouldNotCheck: it says nothing that can be understood, or the process is not on this machine.
        """
        ran = await run_engine(self.engine, "inspect", "--format", "{{json .State}}", "--type=container", self.name)
        try:
            told = json.loads(ran.out)
            state = State(
                status=str(told["Status"]),
                pid=int(told["Pid"]),
                exit_code=int(told["ExitCode"]),
                error=plain(str(told.get("Error") or "")),
                out_of_memory=bool(told.get("OOMKilled")),
            )
        except (ValueError, LookupError, TypeError) as error:
            raise CouldNotCheck(
                _("{engine} does not say how its container is: {reason}").format(
                    engine=self.engine.name, reason=str(error) or type(error).__name__
                )
            ) from error
        return state

    async def logs(self) -> str:
        """The last that it said, both streams."""
        ran = await run_engine(self.engine, "logs", "--tail=200", self.name, check=False)
        return plain(ran.out + ran.err)

    async def written(self) -> tuple[str, ...]:
        """Paths of its root file system that were added or changed; volumes and tmpfs are not among them."""
        ran = await run_engine(self.engine, "diff", self.name, check=False)
        return tuple(
            path for kind, _space, path in (line.partition(" ") for line in ran.out.splitlines()) if kind in "AC"
        )

    async def execute(self, *command: str, timeout_s: float) -> Ran:
        """Runs a program in it, as its user."""
        return await run_engine(self.engine, "exec", self.name, *command, timeout_s=timeout_s, check=False)

    async def restart(self, within_s: int) -> Ran:
        """Asks it to end, ends it if it does not within so many seconds, and starts it again, as `start` does."""
        return await whole(run_engine(self.engine, "restart", f"--time={within_s}", self.name, check=False))


@asynccontextmanager
async def container(engine: Engine, image: str, conditions: Conditions, role: str) -> AsyncIterator[Container]:
    """A container of ``image``, made and not started; it is gone when the block ends.

    Args:
        engine: who makes it.
        image: its id.
        conditions: under which it runs.
        role: part of its name.

    Raises:
        CouldNotCheck: the engine cannot make it.
    """
    name = f"{own_name()}-{role}"
    try:
        options = (f"--name={name}", "--pull=never", *arguments(engine, conditions))
        made = await whole(run_engine(engine, "create", *options, image, *conditions.command))
        yield Container(engine, name, made.out.split()[-1] if made.out.split() else "")
    finally:
        with suppress(UndercurrentError):
            await whole(run_engine(engine, *removal(engine, name), check=False))


async def ends(pid: int, within_s: float) -> bool:
    """Whether process ``pid`` is gone within so many seconds."""
    deadline = asyncio.get_running_loop().time() + within_s
    try:
        born = procfs.started_at(pid)
        while asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(_LOOK_S)
            if procfs.started_at(pid) != born:
                return True
    except OSError:
        return True
    return False
