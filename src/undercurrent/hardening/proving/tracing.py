"""Notes which system calls of a container the kernel refuses, by strace on the host.

podman can set a container up without starting its program: its runtime then waits in the process that will become the
program. strace is attached to that, and so sees the program from its first instruction, whatever seccomp filter,
namespaces and users it has. Docker starts it in one go: runc's process is stopped by a signal as soon as it is there,
which is a good while before it becomes the program, and goes on once strace is attached.
"""

import asyncio
import os
import shutil
import signal
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from undercurrent.errors import MissingTool
from undercurrent.hardening.proving import procfs
from undercurrent.hardening.proving.containers import Container
from undercurrent.hardening.proving.engines import Engine
from undercurrent.hardening.proving.leftovers import own_folder
from undercurrent.hardening.proving.nouns import FailedCall
from undercurrent.hardening.proving.refusals import parse_trace
from undercurrent.i18n import translate as _

__all__ = ["CALLS", "Traced", "can_trace", "tracing"]

CALLS: Final = (
    *("%file", "bind", "socket", "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups"),
    *("setfsuid", "setfsgid", "capset", "fchown", "fchmod", "unshare", "setns", "clone", "clone3", "sethostname"),
    *("setdomainname", "setsockopt", "ioctl", "ptrace", "kill", "setpriority", "sched_setscheduler", "setrlimit"),
    *("prlimit64", "mlock", "mlockall", "bpf", "perf_event_open", "keyctl", "reboot", "settimeofday", "ftruncate"),
    *("clock_settime", "init_module", "finit_module", "delete_module", "iopl", "ioperm", "quotactl", "syslog"),
    *("vhangup", "fsetxattr", "process_vm_readv", "process_vm_writev", "connect", "mmap", "mprotect"),
)
"""What may be refused for want of a privilege or of a writable path."""
_ATTACHED_S: Final = 10.0
_LOOK_S: Final = 0.02
_CATCH_S: Final = 0.001
_WAITING: Final = "runc:[2:INIT]"
"""What runc calls the process that is to become the program: libcontainer/nsenter/nsexec.c"""
_HELD_US: Final = 700_000
_MOST: Final = 64 * 1024 * 1024
"""Bytes of a trace that are read."""


@dataclass(frozen=True, slots=True)
class Traced:
    """A trace that is being written, or nothing.

    Attributes:
        file: where; None for no trace.
        held: the program is held for a moment at its first instruction, so that it can be looked at.
    """

    file: Path | None = None
    held: bool = False

    def refused(self) -> tuple[FailedCall, ...]:
        """The calls that were refused up to now."""
        if self.file is None:
            return ()
        with suppress(OSError), self.file.open("rb") as file:
            return parse_trace(file.read(_MOST).decode(errors="replace"))
        return ()


def can_trace(engine: Engine) -> bool:
    """Whether calls of its containers can be traced here."""
    waits = engine.name == "podman" or engine.runtime.startswith("runc")
    return waits and shutil.which("strace", path=engine.environ.get("PATH")) is not None


@asynccontextmanager
async def tracing(made: Container, *, wanted: bool, hold: bool = False) -> AsyncIterator[Traced]:
    """Traces the container that is started within the block.

    Args:
        made: the container, not started.
        wanted: whether it is.
        hold: the program is held for a moment at its first instruction, so that it can be looked at.

    Raises:
        MissingTool: there is no strace, or it cannot be attached.
    """
    if not wanted:
        yield Traced()
        return
    strace = shutil.which("strace", path=made.engine.environ.get("PATH"))
    if strace is None:
        raise MissingTool(_("strace is not installed; it tells which calls are refused"), hint="apt-get install strace")
    with own_folder() as folder:
        file = folder / "trace"
        command = (
            *(strace, "-f", "-q", "-yy", "-s", "256", "-o", str(file), f"--trace={','.join(CALLS)},execve,exit_group"),
            *(("-e", f"inject=execve:delay_exit={_HELD_US}:when=1") if hold else ()),
        )
        if made.engine.name == "podman":
            async with _attaching(command, await made.prepare()):
                yield Traced(file, held=hold)
        else:
            async with _following(command, made):
                yield Traced(file, held=hold)


@asynccontextmanager
async def _attaching(command: Sequence[str], pid: int) -> AsyncIterator[None]:
    """Has strace attached to ``pid`` within the block."""
    process = await asyncio.create_subprocess_exec(
        *(*command, "-p", str(pid)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        process_group=0,
    )
    try:
        await _attached(process, pid)
        yield
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGTERM)
            await process.wait()


@asynccontextmanager
async def _following(command: Sequence[str], made: Container) -> AsyncIterator[None]:
    """Has strace attached to the container that is started within the block, if its beginning was not missed."""
    over = threading.Event()
    async with AsyncExitStack() as closing:

        async def follow() -> None:
            pid = await asyncio.to_thread(_caught, made, over)
            if pid is not None:
                try:
                    await closing.enter_async_context(_attaching(command, pid))
                finally:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGCONT)

        following = asyncio.create_task(follow())
        try:
            yield
        finally:
            over.set()
            await following


def _caught(made: Container, over: threading.Event) -> int | None:
    """The process that will become the container's program, stopped; None if there is none before it is ``over``."""
    known = set(procfs.pids())
    while not over.wait(_CATCH_S):
        for pid in set(procfs.pids()) - known:
            with suppress(OSError):
                if not _name(pid).startswith("runc"):
                    known.add(pid)
                elif _name(pid) == _WAITING and made.owns(pid):
                    os.kill(pid, signal.SIGSTOP)
                    if _name(pid) == _WAITING:
                        return pid
                    os.kill(pid, signal.SIGCONT)
                    return None
    return None


def _name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().rstrip("\n")


async def _attached(process: asyncio.subprocess.Process, pid: int) -> None:
    """Waits until all threads of ``pid`` are traced.

    Raises:
        MissingTool: strace says no.
    """
    deadline = asyncio.get_running_loop().time() + _ATTACHED_S
    while asyncio.get_running_loop().time() < deadline and process.returncode is None:
        if _traced_by(process.pid, pid):
            return
        await asyncio.sleep(_LOOK_S)
    if process.returncode is None:
        process.kill()
    said = (await process.stderr.read(4096)).decode(errors="replace").strip() if process.stderr else ""
    raise MissingTool(
        _("strace cannot be attached: {reason}").format(reason=said or "?"),
        hint=_("run this as root, or allow ptrace (kernel.yama.ptrace_scope=1)"),
    )


def _traced_by(tracer: int, pid: int) -> bool:
    """Whether all threads of ``pid`` are."""
    with suppress(OSError):
        tasks = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/status")]
        return bool(tasks) and all(f"TracerPid:\t{tracer}\n" in status for status in tasks)
    return False
