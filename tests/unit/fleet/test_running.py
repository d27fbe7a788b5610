"""One job over many items."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from tests.support.fleet import Doubling, effects, journal_in

from undercurrent.errors import EnvironmentLacks, InvalidKey, Unreachable
from undercurrent.fleet import Failed, LocalExecutor, Succeeded, run
from undercurrent.fleet.journal import OpenJournal
from undercurrent.progress import Advanced, Event, Finished, Noted, Started


@pytest.fixture
def done(tmp_path: Path) -> Path:
    return tmp_path / "effects"


async def test_results_come_in_the_order_of_the_input(done: Path) -> None:
    class Slower(Doubling):
        async def _double(self, item: int) -> int:
            await asyncio.sleep(0.02 / (item + 1))
            return item * 2

    summary = await run(Slower(done), range(10))
    assert summary.outcomes == tuple(Succeeded(f"item-{number}", number * 2) for number in range(10))
    assert summary.results == summary.outcomes
    assert summary.failures == ()
    assert summary.resumed == 0
    assert not summary.interrupted
    assert summary.duration_s > 0


async def test_a_failure_is_listed_once_and_stops_nobody(done: Path) -> None:
    summary = await run(Doubling(done, failing=frozenset({3, 5})), range(8))
    assert [failure.key for failure in summary.failures] == ["item-3", "item-5"]
    assert summary.failures[0].error.message == "no answer about 3"
    assert [result.result for result in summary.results] == [0, 2, 4, 8, 12, 14]
    assert [isinstance(outcome, Failed) for outcome in summary.outcomes] == [number in {3, 5} for number in range(8)]


async def test_an_item_that_comes_twice_is_done_once(done: Path) -> None:
    summary = await run(Doubling(done), [1, 2, 1, 1, 2])
    assert [result.key for result in summary.results] == ["item-1", "item-2"]
    assert effects(done) == {"item-1": 1, "item-2": 1}


async def test_nothing_to_do_is_done_at_once(done: Path) -> None:
    assert (await run(Doubling(done), [])).outcomes == ()


@pytest.mark.parametrize("limit", [1, 3, 8])
async def test_no_more_than_the_limit_are_under_way_and_none_is_taken_in_advance(done: Path, limit: int) -> None:
    taken, under_way, most = 0, 0, 0

    class Watching(Doubling):
        async def _double(self, item: int) -> int:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0.001)
            assert taken <= item + limit
            under_way -= 1
            return item

    async def items() -> AsyncIterator[int]:
        nonlocal taken
        for number in range(30):
            taken += 1
            assert under_way < limit
            yield number

    summary = await run(Watching(done), items(), executor=LocalExecutor(limit))
    assert len(summary.results) == 30
    assert most == limit


def test_fewer_than_one_at_once_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="fewer than one"):
        LocalExecutor(0)


async def test_items_may_come_slowly(done: Path) -> None:
    async def items() -> AsyncIterator[int]:
        for number in range(3):
            await asyncio.sleep(0.01)
            yield number

    assert len((await run(Doubling(done), items())).results) == 3


async def test_progress_tells_of_every_item_and_corrects_the_total(done: Path) -> None:
    events: list[Event] = []
    await run(Doubling(done, failing=frozenset({2})), [1, 2, 1], observer=events.append, executor=LocalExecutor(1))
    assert events == [
        Started("double", 3),
        Advanced("double", item="item-1"),
        Advanced("double", item="item-2", failed=True),
        Started("double", 2),
        Finished("double"),
    ]


async def test_a_total_that_is_unknown_is_told_when_it_is_known(done: Path) -> None:
    events: list[Event] = []
    await run(Doubling(done), iter([1, 2]), observer=events.append, executor=LocalExecutor(2))
    assert [event for event in events if isinstance(event, Started)] == [Started("double", None), Started("double", 2)]


async def test_a_bug_ends_the_run_when_what_is_under_way_has_ended(tmp_path: Path, done: Path) -> None:
    job = Doubling(done, seconds=0.01, crashing=frozenset({1}))
    with pytest.raises(ZeroDivisionError, match="bug at 1") as caught:
        await run(job, range(100), journal=journal_in(tmp_path), executor=LocalExecutor(4))
    assert caught.value.__notes__ == ["at item-1"]
    assert effects(done) == {"item-0": 1, "item-2": 1, "item-3": 1}
    summary = await run(Doubling(done), range(5), journal=journal_in(tmp_path))
    assert summary.resumed == 3
    assert set(effects(done).values()) == {1}


async def test_several_bugs_are_all_told(done: Path) -> None:
    job = Doubling(done, seconds=0.01, crashing=frozenset({0, 1}))
    with pytest.raises(ExceptionGroup, match="2 errors in double"):
        await run(job, range(10), executor=LocalExecutor(2))


async def test_items_that_fail_to_come_end_the_run_with_their_error(tmp_path: Path, done: Path) -> None:
    def items() -> Iterator[int]:
        yield from range(3)
        raise Unreachable("the registry is gone")

    with pytest.raises(Unreachable, match="the registry is gone"):
        await run(Doubling(done), items(), journal=journal_in(tmp_path))
    assert len(effects(done)) == 3
    assert (await run(Doubling(done), range(4), journal=journal_in(tmp_path))).resumed == 3


async def test_a_time_out_of_the_items_is_no_signal(done: Path) -> None:
    async def items() -> AsyncIterator[int]:
        yield 1
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await run(Doubling(done), items())


async def test_a_job_that_does_not_open_ends_the_run(done: Path) -> None:
    class Locked(Doubling):
        def open(self, observer: object) -> Any:  # noqa: ARG002 - the protocol's
            raise InvalidKey("wrong password")

    events: list[Event] = []
    with pytest.raises(InvalidKey):
        await run(Locked(done), range(3), observer=events.append)
    assert events == [Started("double", 3), Finished("double")]


async def test_a_time_out_of_the_job_is_no_signal(done: Path) -> None:
    class Slow(Doubling):
        def open(self, observer: object) -> Any:  # noqa: ARG002 - the protocol's
            raise TimeoutError

    with pytest.raises(TimeoutError):
        await run(Slow(done), range(3))


async def test_the_source_is_closed_when_a_run_ends_early(done: Path) -> None:
    closed = False

    async def items() -> AsyncIterator[int]:
        nonlocal closed
        try:
            while True:
                yield 1
        finally:
            closed = True

    class Counting(Doubling):
        def key(self, item: int) -> str:
            raise KeyError(item)

    with pytest.raises(KeyError):
        await run(Counting(done), items())
    assert closed


async def test_cancelling_a_run_cancels_what_is_under_way_and_keeps_the_journal(tmp_path: Path, done: Path) -> None:
    class Hanging(Doubling):
        async def _double(self, item: int) -> int:
            if item == 3:
                await asyncio.Event().wait()
            return await super()._double(item)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await run(Hanging(done), range(8), journal=journal_in(tmp_path), executor=LocalExecutor(2))
    summary = await run(Doubling(done), range(8), journal=journal_in(tmp_path))
    assert summary.resumed == 7
    assert set(effects(done).values()) == {1}
    assert len(effects(done)) == 8


async def test_a_run_goes_on_where_the_last_one_stopped(tmp_path: Path, done: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        await run(
            Doubling(done, failing=frozenset({2}), crashing=frozenset({4})),
            range(10),
            journal=journal_in(tmp_path),
            executor=LocalExecutor(1),
        )
    events: list[Event] = []
    summary = await run(Doubling(done), range(10), journal=journal_in(tmp_path), observer=events.append)
    assert [result.result for result in summary.results] == [number * 2 for number in range(10)]
    assert [result.key for result in summary.results if result.resumed] == ["item-0", "item-1", "item-3"]
    assert summary.resumed == 3
    assert effects(done) == {f"item-{number}": 1 for number in range(10)}
    assert Noted("going on where the last run stopped; 3 done already") in events
    assert sum(isinstance(event, Advanced) for event in events) == 10


async def test_a_finished_run_is_not_continued(tmp_path: Path, done: Path) -> None:
    for times in (1, 2):
        summary = await run(Doubling(done, failing=frozenset({1})), range(3), journal=journal_in(tmp_path))
        assert summary.resumed == 0
        assert effects(done) == {"item-0": times, "item-2": times}


async def test_a_result_that_is_not_json_is_a_bug_told_after_the_rest(tmp_path: Path, done: Path) -> None:
    class Opaque(Doubling):
        def encode(self, result: int) -> Any:
            return {1, 2} if result == 0 else result

    with pytest.raises(TypeError, match="not JSON serializable"):
        await run(Opaque(done, seconds=0.01), range(10), journal=journal_in(tmp_path), executor=LocalExecutor(2))
    lines = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text().splitlines()]
    assert [line["key"] for line in lines if "key" in line] == ["item-1"]


async def test_a_disk_that_fills_up_ends_the_run_with_whole_lines(
    tmp_path: Path, done: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = OpenJournal.append

    def append(self: OpenJournal, line: Any) -> None:
        if line.get("key") == "item-2":
            raise EnvironmentLacks("no room")
        whole(self, line)

    monkeypatch.setattr(OpenJournal, "append", append)
    with pytest.raises(EnvironmentLacks, match="no room"):
        await run(Doubling(done), range(10), journal=journal_in(tmp_path), executor=LocalExecutor(1))
    monkeypatch.undo()
    assert (await run(Doubling(done), range(10), journal=journal_in(tmp_path))).resumed == 2


async def test_what_a_journal_holds_is_what_the_job_decodes(tmp_path: Path, done: Path) -> None:
    class Strict(Doubling):
        def decode(self, encoded: Any) -> int:
            assert encoded == {"doubled": 0}
            return cast("int", encoded["doubled"])

    with pytest.raises(ZeroDivisionError):
        await run(
            Strict(done, crashing=frozenset({1})), range(2), journal=journal_in(tmp_path), executor=LocalExecutor(1)
        )
    assert (await run(Strict(done), range(2), journal=journal_in(tmp_path))).resumed == 1
