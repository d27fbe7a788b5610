"""The executor of one process: tasks on the event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TypeVar

from undercurrent.fleet.job import Job, attempt
from undercurrent.fleet.outcome import Ended
from undercurrent.progress import Observer

__all__ = ["LocalExecutor"]

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class LocalExecutor:
    """Works on at most ``limit`` items at once, in this process."""

    limit: int

    def __post_init__(self) -> None:
        if self.limit < 1:
            raise ValueError("nothing can be done by fewer than one at once")

    async def work(
        self,
        job: Job[Item, Result],
        items: AsyncIterator[Item],
        report: Callable[[Ended[Result]], None],
        observer: Observer,
    ) -> None:
        """See `Executor.work`."""
        room = asyncio.Semaphore(self.limit)
        async with job.open(observer) as work, asyncio.TaskGroup() as tasks:

            async def do(item: Item) -> None:
                try:
                    report(await attempt(job, work, item))
                finally:
                    room.release()

            await room.acquire()
            async for item in items:
                tasks.create_task(do(item), name=f"{job.name} {job.key(item)}")
                await room.acquire()
