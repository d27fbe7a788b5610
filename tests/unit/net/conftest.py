import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

import pytest
from tests.support.registry import FakeRegistry

from undercurrent.net import Client
from undercurrent.progress import Event
from undercurrent.settings import NetSettings


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
async def registry() -> AsyncIterator[FakeRegistry]:
    async with FakeRegistry() as running:
        yield running


class Patience:
    """Counts the seconds that a client would have slept."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.events: list[Event] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def client(self, **settings: Any) -> AbstractAsyncContextManager[Client]:
        return Client(NetSettings(**settings), sleep=self.sleep, observer=self.events.append)


@pytest.fixture
def patience() -> Patience:
    return Patience()


@pytest.fixture
async def client(patience: Patience) -> AsyncIterator[Client]:
    async with patience.client() as running:
        yield running


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(talk: Talk) -> AsyncIterator[int]:
    """The port of a server that holds ``talk`` with whoever connects; all of it has ended when the block has."""
    talks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        try:
            await talk(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*talks)
