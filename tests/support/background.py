"""Serves from this process while a test waits for a program that talks to the server."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Final, TypeVar

__all__ = ["in_background"]

Server = TypeVar("Server")
_PATIENCE_S: Final = 30.0


@contextmanager
def in_background(server: AbstractAsyncContextManager[Server]) -> Iterator[Server]:
    """Runs ``server`` on an event loop in a thread of its own until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        entered = asyncio.run_coroutine_threadsafe(_entered(server), loop).result(_PATIENCE_S)
        try:
            yield entered
        finally:
            asyncio.run_coroutine_threadsafe(_left(server), loop).result(_PATIENCE_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _entered(server: AbstractAsyncContextManager[Server]) -> Server:
    return await server.__aenter__()


async def _left(server: AbstractAsyncContextManager[Server]) -> None:
    await server.__aexit__(None, None, None)
