"""Ctrl-C and SIGTERM."""

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.fleet import Doubling, effects, journal_in

from undercurrent.errors import Interrupted
from undercurrent.fleet import LocalExecutor, Stopped, run
from undercurrent.fleet.signals import listening
from undercurrent.progress import Advanced, Event, Noted

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


def sending(number: signal.Signals, at: str) -> Callable[[Event], None]:
    """An observer that sends a signal when an item has ended."""

    def observe(event: Event) -> None:
        if isinstance(event, Advanced) and event.item == at:
            os.kill(os.getpid(), number)

    return observe


@BOTH
async def test_the_first_signal_finishes_what_is_under_way_and_says_how_to_go_on(
    tmp_path: Path, number: signal.Signals
) -> None:
    done = tmp_path / "effects"
    events: list[Event] = []
    send = sending(number, "item-1")

    def observe(event: Event) -> None:
        events.append(event)
        send(event)

    with pytest.raises(Stopped) as caught:
        await run(
            Doubling(done, seconds=0.01),
            range(100),
            journal=journal_in(tmp_path),
            executor=LocalExecutor(2),
            observer=observe,
            resume_hint="uc image sign --all",
        )
    assert isinstance(caught.value, Interrupted)
    assert caught.value.hint == "to go on: uc image sign --all"
    summary = caught.value.summary
    assert summary.interrupted
    assert 2 <= len(summary.results) <= 5
    # Everything that was taken was finished, written down, and told.
    assert effects(done) == {result.key: 1 for result in summary.results}
    assert [event.message for event in events if isinstance(event, Noted)] == [
        "stopping: 2 under way will be finished; Ctrl-C gives them up"
    ]
    going_on = await run(Doubling(done), range(100), journal=journal_in(tmp_path))
    assert going_on.resumed == len(summary.results)
    assert set(effects(done).values()) == {1}


async def test_the_second_ctrl_c_cancels_at_once(tmp_path: Path) -> None:
    cancelled: list[int] = []

    class Hanging(Doubling):
        async def _double(self, item: int) -> int:
            if item == 0:
                return await super()._double(item)
            os.kill(os.getpid(), signal.SIGINT)
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.append(item)
                raise
            raise AssertionError

    with pytest.raises(Stopped) as caught:
        await run(Hanging(tmp_path / "effects"), range(100), journal=journal_in(tmp_path), executor=LocalExecutor(2))
    assert [result.key for result in caught.value.summary.results] == ["item-0"]
    assert sorted(cancelled) == [1, 2]
    assert caught.value.hint == "run the same command again to go on"
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_sigterm_never_cancels(tmp_path: Path) -> None:
    class Twice(Doubling):
        async def _double(self, item: int) -> int:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0.01)
            os.kill(os.getpid(), signal.SIGTERM)
            return await super()._double(item)

    with pytest.raises(Stopped) as caught:
        await run(Twice(tmp_path / "effects", seconds=0.01), range(100), executor=LocalExecutor(1))
    assert len(caught.value.summary.results) == 1
    assert caught.value.hint == ""


async def test_a_signal_is_heard_while_items_are_waited_for(tmp_path: Path) -> None:
    closed = False

    async def items() -> AsyncIterator[int]:
        nonlocal closed
        yield 1
        try:
            await asyncio.Event().wait()
        finally:
            closed = True

    job = Doubling(tmp_path / "effects")
    with pytest.raises(Stopped) as caught:
        await run(job, items(), observer=sending(signal.SIGINT, "item-1"))
    assert len(caught.value.summary.results) == 1
    assert closed


async def test_a_signal_is_heard_while_what_is_done_is_passed_over(tmp_path: Path) -> None:
    job = Doubling(tmp_path / "effects", crashing=frozenset({50}))
    with pytest.raises(ZeroDivisionError):
        await run(job, range(51), journal=journal_in(tmp_path), executor=LocalExecutor(1))
    with pytest.raises(Stopped) as caught:
        await run(job, range(51), journal=journal_in(tmp_path), observer=sending(signal.SIGINT, "item-5"))
    assert len(caught.value.summary.results) < 10


async def test_a_signal_is_heard_among_items_that_repeat_for_ever(tmp_path: Path) -> None:
    job = Doubling(tmp_path / "effects")
    with pytest.raises(Stopped):
        await run(job, itertools.repeat(1), observer=sending(signal.SIGINT, "item-1"))
    assert effects(tmp_path / "effects") == {"item-1": 1}


async def test_a_signal_after_the_last_item_still_stops_what_would_come_next(tmp_path: Path) -> None:
    job = Doubling(tmp_path / "effects")
    with pytest.raises(Stopped):
        await run(job, [1], journal=journal_in(tmp_path), observer=sending(signal.SIGINT, "item-1"))
    assert (await run(job, [1], journal=journal_in(tmp_path))).resumed == 1


@BOTH
async def test_handlers_are_those_of_before_when_a_run_has_ended(tmp_path: Path, number: signal.Signals) -> None:
    heard: list[int] = []

    def handler(number: int, frame: Any) -> None:
        heard.append(number)

    previous = signal.signal(number, handler)
    try:
        await run(Doubling(tmp_path / "effects"), range(3))
        assert signal.getsignal(number) is handler
        os.kill(os.getpid(), number)
        await asyncio.sleep(0)
        assert heard == [number]
    finally:
        signal.signal(number, previous)


async def test_an_ignored_signal_stays_ignored(tmp_path: Path) -> None:
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        job = Doubling(tmp_path / "effects", seconds=0.001)
        summary = await run(job, range(20), observer=sending(signal.SIGINT, "item-1"))
        assert len(summary.results) == 20
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, previous)


async def test_runs_side_by_side_all_hear_it_and_the_last_puts_the_handlers_back(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    ended = asyncio.Event()

    async def one(name: str, count: int) -> int:
        try:
            done = len((await run(Doubling(tmp_path / name, seconds=0.01), range(count))).results)
        except Stopped:
            return -1
        ended.set()
        return done

    async def send() -> None:
        await ended.wait()
        os.kill(os.getpid(), signal.SIGINT)

    short, middle, long, _sent = await asyncio.gather(one("short", 3), one("middle", 1000), one("long", 1000), send())
    assert (short, middle, long) == (3, -1, -1)
    assert signal.getsignal(signal.SIGINT) is before


def test_outside_the_main_thread_signals_are_left_alone(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    counts: list[int] = []

    def work() -> None:
        async def watched() -> None:
            with listening(lambda _number: None):
                assert signal.getsignal(signal.SIGINT) is before
            counts.append(len((await run(Doubling(tmp_path / "effects"), range(5))).results))

        asyncio.run(watched())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert counts == [5]


def test_in_a_process_of_its_own(tmp_path: Path) -> None:
    """Under asyncio.run, whose own handler would raise KeyboardInterrupt."""
    script = """
import asyncio, sys
from pathlib import Path
from tests.support.fleet import Doubling
from undercurrent.fleet import LocalExecutor, Stopped, run

try:
    job = Doubling(Path(sys.argv[1]), seconds=0.2)
    asyncio.run(run(job, range(1000), executor=LocalExecutor(2), observer=lambda event: print(event, flush=True)))
except Stopped as stopped:
    sys.exit(stopped.exit_code)
"""
    done = tmp_path / "effects"
    with subprocess.Popen([sys.executable, "-c", script, done], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while "Advanced" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
    assert process.returncode == 130
    assert "Noted" in rest
    assert 2 <= len(effects(done)) < 1000
