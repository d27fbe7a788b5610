"""An executor in other processes fits the protocol: the same rules hold, and no caller changes."""

import os
import signal
from pathlib import Path

import pytest
from tests.support.fleet import Doubling, PoolExecutor, effects, journal_in

from undercurrent.errors import MissingExtra, RemoteFault
from undercurrent.fleet import Executor, Stopped, run
from undercurrent.progress import Advanced, Event

POOL: Executor = PoolExecutor(2)


async def test_results_failures_and_progress_come_home(tmp_path: Path) -> None:
    job = Doubling(tmp_path / "effects", failing=frozenset({3}), lacking=frozenset({4}))
    events: list[Event] = []
    summary = await run(job, range(6), executor=POOL, observer=events.append)
    assert [result.result for result in summary.results] == [0, 2, 4, 10]
    fault, lack = (failure.error for failure in summary.failures)
    assert isinstance(fault, RemoteFault)
    assert (fault.message, fault.hint) == ("no answer about 3", "ask again")
    assert isinstance(lack, MissingExtra)
    assert lack.hint == "pip install 'undercurrent[counting]'"
    assert sum(isinstance(event, Advanced) for event in events) == 6


async def test_a_bug_in_a_worker_ends_the_run_which_then_goes_on_from_its_journal(tmp_path: Path) -> None:
    done = tmp_path / "effects"
    with pytest.raises(ZeroDivisionError, match="bug at 5"):
        await run(Doubling(done, crashing=frozenset({5})), range(100), executor=POOL, journal=journal_in(tmp_path))
    summary = await run(Doubling(done), range(10), executor=POOL, journal=journal_in(tmp_path))
    assert len(summary.results) == 10
    assert summary.resumed >= 5
    assert set(effects(done).values()) == {1}


async def test_a_signal_lets_the_workers_finish(tmp_path: Path) -> None:
    done = tmp_path / "effects"

    def observe(event: Event) -> None:
        if isinstance(event, Advanced) and event.item == "item-1":
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Stopped) as caught:
        await run(Doubling(done, seconds=0.05), range(100), executor=POOL, observer=observe)
    assert effects(done) == {result.key: 1 for result in caught.value.summary.results}
