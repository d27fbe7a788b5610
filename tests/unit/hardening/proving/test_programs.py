"""Programs end in time, with what they started, and what they say is safe to show."""

import asyncio
import sys
import time

import pytest

from undercurrent.errors import MissingTool, TimedOut
from undercurrent.hardening.proving.programs import call, plain, shortened


async def test_output_and_exit_status() -> None:
    ran = await call(sys.executable, "-c", "import sys; print(input()); sys.exit('no')", timeout_s=20, stdin=b"hi\n")

    assert (ran.code, ran.out, ran.said) == (1, "hi\n", "no")


async def test_what_takes_too_long_is_ended_with_its_children() -> None:
    script = "import os, time; os.fork(); open(1, 'w', closefd=False).write('x'); time.sleep(60)"
    began = time.monotonic()
    with pytest.raises(TimedOut, match="took longer"):
        await call(sys.executable, "-c", script, timeout_s=0.5)

    assert time.monotonic() - began < 20


async def test_a_cancelled_call_leaves_nothing_running() -> None:
    task = asyncio.create_task(call("sleep", "60", timeout_s=60))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_only_the_last_of_much_output_is_kept() -> None:
    ran = await call(sys.executable, "-c", "print('x' * 20_000_000 + 'end')", timeout_s=60)

    assert len(ran.out) <= 4 * 1024 * 1024
    assert ran.out.endswith("xend\n")


async def test_a_program_that_is_not_there() -> None:
    with pytest.raises(MissingTool, match="/nowhere/podman cannot be started"):
        await call("/nowhere/podman", timeout_s=1)


def test_what_a_program_says_is_safe_to_show() -> None:
    said = "\x1b[31mred\x1b[0m\x1b]0;title\x07 \u202eevil\u2066 \x00\x9b1m tab\tend\r\nnext\rover"

    assert plain(said) == "red �evil� ��1m tab\tend\nnext\nover"


def test_what_is_said_is_shortened_to_its_end() -> None:
    said = "\n".join(str(number) for number in range(100)) + "\n\n" + "y" * 1000

    lines = shortened(said).splitlines()

    assert lines[:2] == ["89", "90"]
    assert lines[-1] == "y" * 299 + "…"
