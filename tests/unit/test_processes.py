"""Other programs, waited for."""

import asyncio
import sys
from asyncio.subprocess import PIPE

import pytest

from undercurrent.processes import answer


async def started(program: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdin=PIPE, stdout=PIPE, stderr=PIPE)


async def test_what_it_says_to_both_outputs_comes_back() -> None:
    process = await started("import sys; print(sys.stdin.read(), end=''); print('hm', file=sys.stderr)")

    assert await answer(process, None, b"so") == (b"so", b"hm\n")
    assert process.returncode == 0


async def test_it_is_gone_when_it_takes_too_long() -> None:
    process = await started("import time; time.sleep(60)")

    with pytest.raises(TimeoutError):
        await answer(process, 0.05)
    assert process.returncode is not None


async def test_it_is_gone_when_nobody_waits_any_more() -> None:
    process = await started("import time; time.sleep(60)")
    waiting = asyncio.create_task(answer(process, None))
    await asyncio.sleep(0)
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert process.returncode is not None
