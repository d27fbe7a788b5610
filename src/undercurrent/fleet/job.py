"""What is done to each item, and what does it: the two protocols between which everything else here stands."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol, TypeVar

from undercurrent.errors import UndercurrentError
from undercurrent.fleet.outcome import Crashed, Ended, Failed, Succeeded
from undercurrent.progress import Observer

if TYPE_CHECKING:
    from undercurrent.evidence import JSON  # not at run time: a job that records nothing does without

__all__ = ["Executor", "Job", "JournaledJob", "attempt"]

Item = TypeVar("Item")
Item_contra = TypeVar("Item_contra", contravariant=True)
Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


class Job(Protocol[Item_contra, Result_co]):
    """What is done to each of many items. A noun that can be pickled: an executor may send it to other processes.

    Programs that the work starts should be in a process group of their own (``process_group=0``): Ctrl-C on a
    terminal goes to the whole group, and would end what should be finished.
    """

    @property
    def name(self) -> str:
        """What progress and messages call it: ``sign``."""
        ...

    def key(self, item: Item_contra) -> str:
        """What tells one item from another, the same in every run."""
        ...

    def open(self, observer: Observer) -> AbstractAsyncContextManager[Callable[[Item_contra], Awaitable[Result_co]]]:
        """Opens what the work needs (connections, keys), once a run or once a worker; gives what does one item.

        What it gives raises `UndercurrentError` for an item that cannot be done; the others go on. Any other
        exception is a bug, and ends the run. An item may be done again if a run was killed while it was under way.
        """
        ...


class JournaledJob(Job[Item_contra, Result], Protocol):
    """A job whose results can be written to a journal, and read from it when a run goes on."""

    def encode(self, result: Result) -> "JSON":
        """The result as JSON."""
        ...

    def decode(self, encoded: "JSON") -> Result:
        """What `encode` made JSON of."""
        ...


class Executor(Protocol):
    """Where and how many at once. One is here (`LocalExecutor`); one that spans machines fits the same protocol."""

    async def work(
        self,
        job: Job[Item, Result],
        items: AsyncIterator[Item],
        report: Callable[[Ended[Result]], None],
        observer: Observer,
    ) -> None:
        """Does ``job`` to all ``items``, and returns when all of them have ended.

        Args:
            job: opened here, or in each worker.
            items: asked for the next one only when there is room for it, by one task at a time. It never raises,
                and it ends early where the run is to stop: then what was taken is finished as always.
            report: to be called with what `attempt` gives for each item, in any order, in the thread of the event
                loop. It never raises.
            observer: where ``job`` may say things. A worker elsewhere passes them on, or is silent.

        Raises:
            Exception: what opening the job raises; nothing that an item raises.
            CancelledError: after everything that was under way was cancelled and has ended.
        """
        ...


async def attempt(job: Job[Item, Result], work: Callable[[Item], Awaitable[Result]], item: Item) -> Ended[Result]:
    """Does one item, and says how it ended; executors call this where the work is done."""
    key = job.key(item)
    try:
        return Succeeded(key, await work(item))
    except UndercurrentError as error:
        return Failed(key, error)
    except Exception as error:  # noqa: BLE001 - a bug; `run` raises it when what is under way has ended
        return Crashed(key, error)
