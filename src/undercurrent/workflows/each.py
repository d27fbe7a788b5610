"""Does one thing to each image that was found; all share the stores and the record, and none stops the others."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from undercurrent.errors import UndercurrentError
from undercurrent.fleet import LocalExecutor, Summary, run
from undercurrent.oci.stores import Stores
from undercurrent.progress import Observer, Started
from undercurrent.settings import Settings
from undercurrent.workflows.estate import Found, Lost, Target
from undercurrent.workflows.recording import Recording, recording

__all__ = ["Begin", "Failure", "ImageJob", "Search", "ahead", "each", "key_of", "shared"]

Result = TypeVar("Result")

Begin: TypeAlias = Callable[[Stores, Recording], Callable[[Target], Awaitable[Result]]]
"""Takes what a whole run shares, and gives what does one image."""

Failure: TypeAlias = Callable[[Recording, Found, UndercurrentError], None]
"""Takes what could not be done, and why."""


@dataclass(frozen=True, slots=True)
class Search(AsyncIterable[Found]):
    """Images that are looked for in stores which stay open: what is done to them then goes on in the same ones.

    So a registry is greeted once, and its token and its connections serve for all of a run.
    """

    found: AsyncIterable[Found]
    stores: Stores

    def __aiter__(self) -> AsyncIterator[Found]:
        """What is found."""
        return aiter(self.found)


async def each(
    name: str,
    found: AsyncIterable[Found],
    begin: Begin[Result],
    settings: Settings,
    *,
    failed: Failure | None = None,
    observer: Observer,
) -> Summary[Result]:
    """Does it, as many at once as the settings say. Nothing is kept of it: the next run does it again.

    Args:
        name: what progress calls it.
        found: the images; what was lost becomes a failure. Of a `Search` the stores are used, too.
        begin: called once for each process that takes part.
        settings: where things are.
        failed: told of each image that could not be done, to record that.
        observer: is told what happens.

    Raises:
        Stopped: the user interrupted it.
    """
    executor, items = LocalExecutor(settings.fleet.concurrency), ahead(name, found, observer)
    job = ImageJob(name, begin, settings, failed, shared(found, settings))
    return await run(job, items, executor=executor, observer=observer)


def shared(found: AsyncIterable[Found], settings: Settings) -> Stores | None:
    """The stores that are open already, if they are what ``settings`` would make."""
    return found.stores if isinstance(found, Search) and found.stores.settings == settings else None


async def ahead(name: str, found: AsyncIterable[Found], observer: Observer) -> AsyncGenerator[Found, None]:
    """Looks for images while others are worked on, so that progress soon knows how many there are.

    Args:
        name: what progress calls the job.
        found: the images.
        observer: is told their number as soon as it is known.
    """
    waiting: asyncio.Queue[Found | None] = asyncio.Queue()

    async def look() -> None:
        keys = set()
        try:
            async for item in found:
                keys.add(key_of(item))
                waiting.put_nowait(item)
            observer(Started(name, len(keys)))
        finally:
            waiting.put_nowait(None)

    looking = asyncio.create_task(look())
    try:
        while (item := await waiting.get()) is not None:
            yield item
        await looking
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


def key_of(item: Found) -> str:
    """Tells what was found from everything else that was."""
    return item.place if isinstance(item, Lost) else item.key


@dataclass(frozen=True, slots=True)
class ImageJob(Generic[Result]):
    """One thing that is done to each image, as `undercurrent.fleet` takes it.

    Attributes:
        name: what progress calls it.
        begin: gives what does it.
        settings: where things are.
        failed: told of each image that could not be done.
        stores: the ones to use, which somebody else closes; else each process opens its own.
    """

    name: str
    begin: Begin[Result]
    settings: Settings
    failed: Failure | None = None
    stores: Stores | None = None

    def key(self, item: Found) -> str:
        """See `Job.key`."""
        return key_of(item)

    @asynccontextmanager
    async def open(self, observer: Observer) -> AsyncIterator[Callable[[Found], Awaitable[Result]]]:
        """See `Job.open`."""
        with recording(self.settings) as record:
            async with AsyncExitStack() as closing:
                stores = self.stores
                if stores is None:
                    stores = await closing.enter_async_context(Stores(self.settings, observer=observer))
                do = self.begin(stores, record)

                async def one(found: Found) -> Result:
                    try:
                        if isinstance(found, Lost):
                            raise found.error
                        return await do(found)
                    except UndercurrentError as error:
                        if self.failed:
                            self.failed(record, found, error)
                        raise

                yield one
