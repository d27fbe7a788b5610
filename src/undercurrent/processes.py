"""Other programs that were started: waited for, for so long, and gone however that ends."""

import asyncio

__all__ = ["answer"]


async def answer(
    process: asyncio.subprocess.Process, timeout_s: float | None, stdin: bytes | None = None
) -> tuple[bytes, bytes]:
    """What a program writes to its output and to its error output until it ends; empty for what is no pipe.

    Args:
        process: just started; it has ended when this returns or raises, killed if it has to be.
        timeout_s: seconds that it gets; None for as long as it takes.
        stdin: what it reads.

    Raises:
        TimeoutError: it takes longer.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await process.communicate(stdin)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
