"""Programs end in time, with what they started, and what they say is safe to show."""

import asyncio
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from undercurrent.errors import MissingTool, TimedOut
from undercurrent.processes import call, plain, shortened, started

FORKS = """
import os, sys, time
if os.fork() == 0:
    if sys.argv[2:] == ["daemon"]:
        os.setsid()
    open(sys.argv[1], "w").write(str(os.getpid()))
    time.sleep(60)
while not os.path.exists(sys.argv[1]) or not open(sys.argv[1]).read():
    time.sleep(0.01)
"""
"""A program that ends at once, and whose child holds its output open."""


def runs(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


async def gone(pid: int) -> bool:
    for _turn in range(100):
        if not runs(pid):
            return True
        await asyncio.sleep(0.05)
    return False


async def test_output_and_exit_status() -> None:
    ran = await call(sys.executable, "-c", "import sys; print(input()); sys.exit('no')", timeout_s=20, stdin=b"hi\n")

    assert (ran.code, ran.out, ran.said, ran.cut) == (1, "hi\n", "no", False)


async def test_one_that_reads_nothing_of_what_it_is_given() -> None:
    ran = await call(sys.executable, "-c", "import os; os.close(0)", timeout_s=None, stdin=b"x" * 1_000_000)

    assert ran.code == 0


async def test_one_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    script = FORKS + "time.sleep(60)"
    began = time.monotonic()
    with pytest.raises(TimedOut, match=r"python\S* took longer than 3 s") as caught:
        await call(sys.executable, "-c", script, str(tmp_path / "child"), timeout_s=3, longer="wait")

    assert time.monotonic() - began < 20
    assert caught.value.hint == "wait"
    assert await gone(int((tmp_path / "child").read_text()))


async def test_a_child_that_outlives_its_parent_is_ended_too(tmp_path: Path) -> None:
    with pytest.raises(TimedOut):
        await call(sys.executable, "-c", FORKS, str(tmp_path / "child"), timeout_s=3)

    assert await gone(int((tmp_path / "child").read_text()))


async def test_a_daemon_that_keeps_the_output_open_is_not_waited_for(tmp_path: Path) -> None:
    began = time.monotonic()
    try:
        with pytest.raises(TimedOut):
            await call(sys.executable, "-c", FORKS, str(tmp_path / "child"), "daemon", timeout_s=3)
        assert time.monotonic() - began < 20
    finally:
        os.kill(int((tmp_path / "child").read_text()), 9)


async def test_a_cancelled_call_leaves_nothing_running(tmp_path: Path) -> None:
    child = tmp_path / "child"
    task = asyncio.create_task(call(sys.executable, "-c", FORKS, str(child), timeout_s=60))
    while not child.exists() or not child.read_text():
        await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await gone(int(child.read_text()))


async def test_one_of_which_only_the_beginning_is_read_ends_with_the_block() -> None:
    async with started("yes") as process:
        assert process.stdout is not None
        assert await process.stdout.read(2) == b"y\n"

    assert process.returncode == -9


async def test_only_the_last_of_much_output_is_kept() -> None:
    ran = await call(sys.executable, "-c", "print('x' * 20_000_000 + 'end')", timeout_s=60)

    assert len(ran.out) == 4 * 1024 * 1024
    assert ran.out.endswith("xend\n")
    assert ran.cut


@pytest.mark.parametrize(("length", "cut"), [(10, False), (11, True)])
async def test_what_is_kept_has_a_limit(length: int, cut: bool) -> None:
    ran = await call(sys.executable, "-c", f"print('x' * {length}, end='')", timeout_s=60, kept=10)

    assert (ran.stdout, ran.cut) == (b"x" * 10, cut)


async def test_a_program_that_is_not_there() -> None:
    with pytest.raises(MissingTool, match="/nowhere/podman cannot be started") as caught:
        await call("/nowhere/podman", timeout_s=1, install="install it")
    assert caught.value.hint == "install it"


async def test_a_message_has_the_verb_and_no_option() -> None:
    with pytest.raises(TimedOut, match=r"sleep 60 took longer than 0\.1 s"):
        await call("sleep", "60", timeout_s=0.1)
    with pytest.raises(TimedOut, match=r"tail took longer"):
        await call("tail", "--follow", os.devnull, timeout_s=0.1)


def test_what_a_program_says_is_safe_to_show() -> None:
    said = "\x1b[31mred\x1b[0m\x1b]0;title\x07 \u202eevil\u2066 \x00\x9b1m tab\tend\r\nnext\rover"

    assert plain(said) == "red �evil� ��1m tab\tend\nnext\nover"


def test_what_is_said_is_shortened_to_its_end() -> None:
    said = "\n".join(str(number) for number in range(100)) + "\n\n" + "y" * 1000

    lines = shortened(said).splitlines()

    assert lines[:2] == ["89", "90"]
    assert lines[-1] == "y" * 299 + "…"
