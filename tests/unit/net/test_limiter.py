"""Concurrency that grows while a host copes, and halves when it pushes back."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from undercurrent.net.limiter import Limiter


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limiter(clock: Clock) -> Limiter:
    return Limiter(32, clock=clock, sleep=clock.sleep)


async def saturate(limiter: Limiter) -> AsyncExitStack:
    stack = AsyncExitStack()
    while limiter.busy < limiter.limit:
        await stack.enter_async_context(limiter.slot())
    return stack


async def cope(limiter: Limiter, clock: Clock, times: int, latency_s: float = 0.01) -> None:
    for _time in range(times):
        async with await saturate(limiter):
            limiter.coped(clock.now, latency_s)


async def test_it_starts_small_and_grows_to_the_ceiling(limiter: Limiter, clock: Clock) -> None:
    assert limiter.limit == 4
    await cope(limiter, clock, 5)
    assert limiter.limit == 9
    await cope(limiter, clock, 100)
    assert limiter.limit == 32


async def test_a_ceiling_below_the_start_holds() -> None:
    assert Limiter(1).limit == 1


async def test_success_without_need_proves_nothing(limiter: Limiter, clock: Clock) -> None:
    async with limiter.slot():
        for _time in range(100):
            limiter.coped(clock.now, 0.01)
    assert limiter.limit == 4


async def test_push_back_halves_once_a_batch_and_then_growth_is_slow(limiter: Limiter, clock: Clock) -> None:
    await cope(limiter, clock, 12)
    assert limiter.limit == 16
    began = clock.now
    clock.now += 1
    for _answer in range(10):
        limiter.pushed_back(began)
    assert limiter.limit == 8
    limiter.pushed_back(clock.now)
    assert limiter.limit == 4
    await cope(limiter, clock, 4)
    assert limiter.limit == 4
    await cope(limiter, clock, 2)
    assert limiter.limit == 5


async def test_one_slot_always_remains(limiter: Limiter, clock: Clock) -> None:
    for _time in range(20):
        clock.now += 1
        limiter.pushed_back(clock.now)
    assert limiter.limit == 1


async def test_a_latency_spike_is_push_back(limiter: Limiter, clock: Clock) -> None:
    await cope(limiter, clock, 28, latency_s=0.1)
    assert limiter.limit == 32
    limiter.coped(clock.now, 5.0)
    assert limiter.limit == 16


async def test_a_slow_host_is_no_spike(limiter: Limiter, clock: Clock) -> None:
    await cope(limiter, clock, 28, latency_s=5.0)
    assert limiter.limit == 32


async def test_a_fast_host_that_varies_is_no_spike(limiter: Limiter, clock: Clock) -> None:
    await cope(limiter, clock, 28, latency_s=0.001)
    limiter.coped(clock.now, 0.5)
    assert limiter.limit == 32


async def test_nobody_begins_before_the_host_said(limiter: Limiter, clock: Clock) -> None:
    limiter.pushed_back(clock.now, pause_s=30)
    clock.now += 10
    async with limiter.slot():
        assert clock.slept == [20]
    async with limiter.slot():
        assert clock.slept == [20]


async def test_who_feeds_another_request_does_not_wait(limiter: Limiter) -> None:
    async with await saturate(limiter), limiter.slot(wait=False):
        assert limiter.busy == 5
    assert limiter.busy == 0


async def test_slots_are_handed_on_in_order(limiter: Limiter) -> None:
    order = []

    async def take(number: int) -> None:
        async with limiter.slot():
            order.append(number)

    async with asyncio.TaskGroup() as group, await saturate(limiter):
        for number in range(10):
            group.create_task(take(number))
        await asyncio.sleep(0)
        assert order == []
    assert order == list(range(10))
    assert limiter.busy == 0


@pytest.mark.parametrize("release_first", [True, False])
async def test_who_gives_up_waiting_loses_no_slot(limiter: Limiter, release_first: bool) -> None:
    async def take() -> None:
        async with limiter.slot():
            pass

    held = await saturate(limiter)
    waiting = asyncio.create_task(take())
    await asyncio.sleep(0)
    if release_first:
        await held.aclose()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await held.aclose()
    assert limiter.busy == 0
    await asyncio.wait_for(take(), 1)
