from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

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

    def client(self, **settings: object) -> AbstractAsyncContextManager[Client]:
        return Client(NetSettings.model_validate(settings), sleep=self.sleep, observer=self.events.append)


@pytest.fixture
def patience() -> Patience:
    return Patience()


ClientMaker = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture
async def client(patience: Patience) -> AsyncIterator[Client]:
    async with patience.client() as running:
        yield running
