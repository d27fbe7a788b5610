"""Runs a job over many items: each once, none stopping the others, and from where the last run was cut off."""

import asyncio
import signal
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Sized
from contextlib import aclosing, nullcontext
from typing import Any, Final, Generic, TypeVar, cast, overload

from undercurrent.errors import UndercurrentError
from undercurrent.fleet.job import Executor, Job, JournaledJob
from undercurrent.fleet.journal import Journal, OpenJournal
from undercurrent.fleet.local import LocalExecutor
from undercurrent.fleet.outcome import Crashed, Ended, Failed, Outcome, Stopped, Succeeded, Summary
from undercurrent.fleet.signals import hear_what_came, listening
from undercurrent.i18n import translate as _
from undercurrent.progress import Advanced, Finished, Noted, Observer, Started, silent

__all__ = ["EIGHT_AT_ONCE", "run"]

Item = TypeVar("Item")
Result = TypeVar("Result")

EIGHT_AT_ONCE: Final = LocalExecutor(8)


@overload
async def run(
    job: JournaledJob[Item, Result],
    items: AsyncIterable[Item] | Iterable[Item],
    *,
    journal: Journal | None,
    executor: Executor = ...,
    observer: Observer = ...,
    resume_hint: str = ...,
) -> Summary[Result]: ...


@overload
async def run(
    job: Job[Item, Result],
    items: AsyncIterable[Item] | Iterable[Item],
    *,
    journal: None = None,
    executor: Executor = ...,
    observer: Observer = ...,
    resume_hint: str = ...,
) -> Summary[Result]: ...


async def run(
    job: Job[Item, Result],
    items: AsyncIterable[Item] | Iterable[Item],
    *,
    journal: Journal | None = None,
    executor: Executor = EIGHT_AT_ONCE,
    observer: Observer = silent,
    resume_hint: str = "",
) -> Summary[Result]:
    """Does ``job`` to each of ``items``.

    With a journal, an item that ended well is not done again by a later run of the same job that goes on with it,
    even if this process is killed: what may be done twice is only what was under way at that moment. Items that
    failed are tried again. A journal whose run came to its end, with or without failures, is not continued.

    The first Ctrl-C, or SIGTERM, stops taking items and finishes those under way; the next Ctrl-C cancels these.

    Args:
        job: what is done to each.
        items: what it is done to; taken one by one, when there is room. One whose key came before is passed over.
        journal: where to write down what is done; None keeps nothing.
        executor: where and how many at once.
        observer: hears of the start, of each item and of the end.
        resume_hint: the command line that goes on after an interruption.

    Raises:
        Stopped: the user interrupted it.
        UndercurrentError: the job could not be opened, ``items`` raised it, or the journal cannot be used.
        Exception: a bug showed at an item, or in ``items``; raised when what was under way has ended. Of several,
            an ExceptionGroup.
    """
    started = time.monotonic()
    with journal.opened(job.name) if journal else nullcontext() as log:
        course = _Course(job, log, observer)
        await course.follow(executor, items)
        summary = Summary(course.outcomes(), course.interrupted, time.monotonic() - started)
        if course.interrupted:
            raise _stopped(summary, resume_hint, resumable=log is not None)
        if log:
            log.finished()
        return summary


def _stopped(summary: Summary[Any], resume_hint: str, *, resumable: bool) -> Stopped:
    if resume_hint:
        hint = _("to go on: {command}").format(command=resume_hint)
    else:
        hint = _("run the same command again to go on") if resumable else ""
    message = _("stopped before the end; {done} done, {failed} failed").format(
        done=len(summary.results), failed=len(summary.failures)
    )
    return Stopped(message, hint=hint, summary=summary)


class _Course(Generic[Item, Result]):
    """One run under way: hands out items, and takes in how they ended."""

    def __init__(self, job: Job[Item, Result], log: OpenJournal | None, observer: Observer) -> None:
        self.interrupted = False
        self._job = job
        # The overloads of `run` ask for one where there is a journal.
        self._codec = cast("JournaledJob[Item, Result]", job)
        self._log = log
        self._observer = observer
        self._ends: dict[str, Outcome[Result] | None] = {}
        self._errors: list[Exception] = []
        self._stopping = False
        # Time-outs without a time. Letting one expire cancels what waits inside it, and nothing else.
        self._patience = asyncio.timeout(None)
        self._waiting: asyncio.Timeout | None = None

    async def follow(self, executor: Executor, items: AsyncIterable[Item] | Iterable[Item]) -> None:
        """Lets ``executor`` do the items until all have ended, or a signal cancels them.

        Raises:
            Exception: what ended the run early, other than a signal.
        """
        total = len(items) if isinstance(items, Sized) else None
        self._observer(Started(self._job.name, total))
        if self._log and (count := len(self._log.done)):
            self._observer(Noted(_("going on where the last run stopped; {count} done already").format(count=count)))
        try:
            async with self._patience, aclosing(self._taken(items, total)) as taken:
                with listening(self._hear):
                    await executor.work(self._job, taken, self._enter, self._observer)
                    await hear_what_came()
        except TimeoutError:
            if not self._patience.expired():
                raise
        finally:
            self._observer(Finished(self._job.name))
        # A journal that cannot be written to fails for each item that ends, and has to be said once.
        errors = [error for error in self._errors if not isinstance(error, UndercurrentError)] or self._errors[:1]
        if len(errors) > 1:
            raise ExceptionGroup(f"{len(errors)} errors in {self._job.name}", errors)
        if errors:
            raise errors[0]

    def outcomes(self) -> tuple[Outcome[Result], ...]:
        """How the items ended that did, in the order in which they were taken."""
        return tuple(end for end in self._ends.values() if end is not None)

    async def _taken(
        self, items: AsyncIterable[Item] | Iterable[Item], total: int | None
    ) -> AsyncGenerator[Item, None]:
        source = aiter(items) if isinstance(items, AsyncIterable) else _each(items)
        try:
            while not self._stopping:
                item = await self._next(source)
                key = self._job.key(item)
                if key not in self._ends:
                    self._ends[key] = None
                    if not (self._log and key in self._log.done):
                        yield item
                        continue
                    self._end(Succeeded(key, self._codec.decode(self._log.done[key]), resumed=True))
                # Where items are passed over, nothing else may wait, and a signal is only heard while something does.
                await asyncio.sleep(0)
        except StopAsyncIteration:
            if total != len(self._ends):
                self._observer(Started(self._job.name, len(self._ends)))
        except Exception as error:  # noqa: BLE001 - raised by `follow`, when what is under way has ended
            if not (isinstance(error, TimeoutError) and self._stopping):
                self._fail(error)
        finally:
            if isinstance(source, AsyncGenerator):
                await source.aclose()

    async def _next(self, source: AsyncIterator[Item]) -> Item:
        """The next item; TimeoutError if the run is to stop before there is one."""
        try:
            async with asyncio.timeout(None) as self._waiting:
                return await anext(source)
        finally:
            self._waiting = None

    def _enter(self, ended: Ended[Result]) -> None:
        if isinstance(ended, Crashed):
            ended.error.add_note(f"at {ended.key}")
            self._fail(ended.error)
            return
        try:
            if self._log and isinstance(ended, Succeeded):
                self._log.succeeded(ended.key, self._codec.encode(ended.result))
            elif self._log and isinstance(ended, Failed):
                self._log.failed(ended.key, ended.error)
            self._end(ended)
        except Exception as error:  # noqa: BLE001 - likewise; an executor must not see it
            self._fail(error)

    def _end(self, outcome: Outcome[Result]) -> None:
        self._ends[outcome.key] = outcome
        self._observer(Advanced(self._job.name, item=outcome.key, failed=isinstance(outcome, Failed)))

    def _fail(self, error: Exception) -> None:
        self._errors.append(error)
        self._stop()

    def _stop(self) -> None:
        self._stopping = True
        if self._waiting and self._waiting.when() is None:
            _expire(self._waiting)

    def _hear(self, number: signal.Signals) -> None:
        if not self.interrupted:
            self.interrupted = True
            count = len(self._ends) - len(self.outcomes())
            self._observer(
                Noted(_("stopping: {count} under way will be finished; Ctrl-C gives them up").format(count=count))
            )
            self._stop()
        elif number is signal.SIGINT and self._patience.when() is None:
            _expire(self._patience)


def _expire(timeout: asyncio.Timeout) -> None:
    timeout.reschedule(asyncio.get_running_loop().time())


async def _each(items: Iterable[Item]) -> AsyncGenerator[Item, None]:
    for item in items:
        yield item
