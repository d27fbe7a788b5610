"""A job whose doings can be counted, an executor in other processes, and a run to be killed."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from undercurrent.errors import MissingExtra, RemoteFault
from undercurrent.fleet import Ended, Job, Journal, LocalExecutor, attempt, fingerprint_of, run
from undercurrent.progress import Observer, silent

if TYPE_CHECKING:
    from undercurrent.evidence import JSON

__all__ = ["ITEMS", "Doubling", "PoolExecutor", "effects", "journal_in", "run_to_be_killed"]

Item = TypeVar("Item")
Result = TypeVar("Result")

ITEMS: Final = 100


@dataclass(frozen=True, slots=True)
class Doubling:
    """Doubles numbers, and writes a line to ``effects`` for each that was doubled."""

    effects: Path
    seconds: float = 0.0
    failing: frozenset[int] = frozenset()
    lacking: frozenset[int] = frozenset()
    crashing: frozenset[int] = frozenset()
    name: str = "double"

    def key(self, item: int) -> str:
        return f"item-{item}"

    @asynccontextmanager
    async def open(self, observer: Observer) -> AsyncIterator[Callable[[int], Awaitable[int]]]:  # noqa: ARG002 - the protocol's
        yield self._double

    def encode(self, result: int) -> "JSON":
        return {"doubled": result}

    def decode(self, encoded: "JSON") -> int:
        return int(cast("dict[str, Any]", encoded)["doubled"])

    async def _double(self, item: int) -> int:
        await asyncio.sleep(self.seconds)
        if item in self.failing:
            raise RemoteFault(f"no answer about {item}", hint="ask again")
        if item in self.lacking:
            raise MissingExtra("abacus", "counting", f"nothing to double {item} with")
        if item in self.crashing:
            raise ZeroDivisionError(f"bug at {item}")
        append_line(self.effects, self.key(item))
        return item * 2


def append_line(file: Path, line: str) -> None:
    """One write to a file that is opened for appending: whole, whoever else writes."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(descriptor, f"{line}\n".encode())
    os.close(descriptor)


def effects(file: Path) -> Counter[str]:
    """How often each item was done."""
    return Counter(file.read_text().split()) if file.exists() else Counter()


def journal_in(folder: Path, *, asked: str = "double them", resume: bool = True) -> Journal:
    """A journal in ``folder``."""
    return Journal(folder / "journal.jsonl", fingerprint_of("double", asked), resume)


@dataclass(frozen=True, slots=True)
class PoolExecutor:
    """Does items in other processes: what has to be pickled is pickled, and nothing is shared."""

    workers: int

    async def work(
        self,
        job: Job[Item, Result],
        items: AsyncIterator[Item],
        report: Callable[[Ended[Result]], None],
        observer: Observer,  # noqa: ARG002 - stays here: it cannot be pickled
    ) -> None:
        loop = asyncio.get_running_loop()
        room = asyncio.Semaphore(self.workers)
        with ProcessPoolExecutor(self.workers, get_context("spawn"), _ignore_interrupts) as pool:
            async with asyncio.TaskGroup() as tasks:

                async def do(item: Item) -> None:
                    try:
                        report(await loop.run_in_executor(pool, _do, job, item))
                    finally:
                        room.release()

                await room.acquire()
                async for item in items:
                    tasks.create_task(do(item))
                    await room.acquire()


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _do(job: Job[Item, Result], item: Item) -> Ended[Result]:
    async def once() -> Ended[Result]:
        async with job.open(silent) as work:
            return await attempt(job, work, item)

    return asyncio.run(once())


def run_to_be_killed(folder: Path, limit: int) -> None:
    """Doubles `ITEMS` numbers with effects and journal in ``folder``; says when it begins."""
    job = Doubling(folder / "effects", seconds=0.02)
    print("running", flush=True)  # noqa: T201 - its parent waits for this
    asyncio.run(run(job, range(ITEMS), journal=journal_in(folder), executor=LocalExecutor(limit)))


if __name__ == "__main__":
    run_to_be_killed(Path(sys.argv[1]), int(sys.argv[2]))
