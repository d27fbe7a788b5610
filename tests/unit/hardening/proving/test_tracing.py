"""What a runtime prepares is stopped before it becomes the program, and nothing else is."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from undercurrent.hardening.proving import Engine
from undercurrent.hardening.proving.containers import Container
from undercurrent.hardening.proving.tracing import _caught, can_trace
from undercurrent.processes import started

NAMED = """
import ctypes, os, sys, time
def call_itself(name):
    ctypes.CDLL(None).prctl(15, name.encode(), 0, 0, 0)
call_itself("runc:[1:CHILD]")
pid = os.fork()
if pid:
    print(pid, flush=True)
else:
    call_itself(sys.argv[1])
time.sleep(60)
"""
"""As nsexec.c does it: a process has runc's name from its first moment on."""
DOCKER = Engine("docker", "docker", "1", "runc 1.1")
MADE = Container(DOCKER, "ours", "0123456789abcdef")


@asynccontextmanager
async def called(name: str) -> AsyncIterator[int]:
    async with started(sys.executable, "-c", NAMED, name) as process:
        assert process.stdout is not None
        yield int(await process.stdout.readline())


@asynccontextmanager
async def watching() -> AsyncIterator[tuple[asyncio.Task[int | None], threading.Event]]:
    over = threading.Event()
    task = asyncio.create_task(asyncio.to_thread(_caught, MADE, over))
    await asyncio.sleep(0.1)
    try:
        yield task, over
    finally:
        over.set()
        await task


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


async def test_the_containers_process_is_stopped_while_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    # Others may start containers meanwhile: ours are those of this test, by their words.
    monkeypatch.setattr(Container, "owns", lambda _, pid: NAMED.encode() in Path(f"/proc/{pid}/cmdline").read_bytes())

    async with watching() as (caught, _over), called("runc:[1:CHILD]") as child, called("runc:[2:INIT]") as init:
        assert await asyncio.wait_for(asyncio.shield(caught), 20) == init
        for _turn in range(100):
            if state(init) == "T":
                break
            await asyncio.sleep(0.02)
        assert (state(init), state(child)) == ("T", "S")


async def test_that_of_another_container_goes_on() -> None:
    async with watching() as (caught, over), called("runc:[2:INIT]") as other:
        await asyncio.sleep(0.2)
        over.set()
        assert await caught is None
        assert state(other) == "S"


@pytest.mark.parametrize(
    ("engine", "runtime", "there"),
    [
        ("podman", "crun 1.8", True),
        ("docker", "runc 1.1", True),
        ("docker", "kata-runtime 3", False),
        ("docker", "runc 1.1", False),
    ],
)
def test_where_calls_can_be_traced(tmp_path: Path, engine: str, runtime: str, there: bool) -> None:
    strace = tmp_path / "strace"
    strace.touch(0o755)
    strace.chmod(0o755 if there or runtime.startswith("kata") else 0o644)

    found = Engine(engine, engine, "1", runtime, environ={"PATH": str(tmp_path)})  # type: ignore[arg-type]

    assert can_trace(found) is there
