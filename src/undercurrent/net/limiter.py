"""How many requests one host gets at once: few at first, more while it copes, half as soon as it pushes back.

Additive increase, multiplicative decrease, as in TCP congestion control (RFC 5681), with its slow start.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

__all__ = ["Limiter"]

_FIRST: Final = 4.0
_SPIKE_FACTOR: Final = 8.0
_SPIKE_AT_LEAST_S: Final = 2.0
_WEIGHT: Final = 0.1


class Limiter:
    """The slots of one host.

    Args:
        ceiling: slots at most.
        clock: monotonic seconds.
        sleep: waits.
    """

    def __init__(
        self,
        ceiling: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._ceiling = float(ceiling)
        self._clock = clock
        self._sleep = sleep
        self._limit = min(_FIRST, self._ceiling)
        self._slow_start = True
        self._busy = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._halved_at = float("-inf")
        self._closed_until = float("-inf")
        self._usual_s = 0.0

    @property
    def limit(self) -> int:
        """Slots at present."""
        return int(self._limit)

    @property
    def busy(self) -> int:
        """Slots that are taken."""
        return self._busy

    @asynccontextmanager
    async def slot(self, *, wait: bool = True) -> AsyncIterator[None]:
        """Holds a slot.

        Args:
            wait: False for a request that feeds the body of another one, which already holds a slot: were it to
                wait for a slot, all slots could be held by such waiters.
        """
        if wait:
            await self._acquire()
        else:
            self._busy += 1
        try:
            if wait and (pause := self._closed_until - self._clock()) > 0:
                await self._sleep(pause)
            yield
        finally:
            self._busy -= 1
            self._wake()

    def coped(self, began: float, latency_s: float | None) -> None:
        """The host answered a request that was sent at ``began``.

        Args:
            began: by the limiter's clock.
            latency_s: seconds to the answer; None where the time says nothing about the host.
        """
        if latency_s is not None and self._is_spike(latency_s):
            self.pushed_back(began)
            return
        if self._busy < self.limit:
            return  # the limit was not what held requests back, so its success proves nothing
        self._limit = min(self._ceiling, self._limit + (1.0 if self._slow_start else 1.0 / self._limit))
        self._wake()

    def pushed_back(self, began: float, pause_s: float = 0.0) -> None:
        """The host is overloaded, by its own word (429, 503) or by its latency.

        Args:
            began: when the request was sent. One batch of requests that meets one overload halves once.
            pause_s: seconds that the host asked for; no request begins before.
        """
        now = self._clock()
        self._closed_until = max(self._closed_until, now + pause_s)
        self._slow_start = False
        if began >= self._halved_at:
            self._limit = max(1.0, self._limit / 2)
            self._halved_at = now

    def _is_spike(self, latency_s: float) -> bool:
        usual = self._usual_s or latency_s
        self._usual_s = usual + _WEIGHT * (latency_s - usual)
        return latency_s > max(_SPIKE_AT_LEAST_S, _SPIKE_FACTOR * usual)

    async def _acquire(self) -> None:
        if self._busy < self.limit and not self._waiting:
            self._busy += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._busy -= 1  # the slot came together with the cancellation
                self._wake()
            else:
                self._waiting.remove(turn)
            raise

    def _wake(self) -> None:
        while self._waiting and self._busy < self.limit:
            turn = self._waiting.popleft()
            if not turn.done():
                self._busy += 1
                turn.set_result(None)
