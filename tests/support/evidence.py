"""Writers of evidence in processes of their own, and the records they write."""

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier, Event
from typing import Any, Final

from undercurrent.evidence import Evidence, Record, open_store

__all__ = ["NOON", "make_record", "open_at_once", "write_at_once", "write_until_killed"]

NOON: Final = datetime(2026, 3, 4, 12, 0, 0, 123456, UTC)


def make_record(number: int = 0, **changes: Any) -> Record:
    """A record like those of a real run; ``number`` sets it apart, a second each."""
    fields: dict[str, Any] = {
        "kind": "image-signed",
        "subject": f"sha256:{number:064x}",
        "outcome": "signed",
        "proof": {"formats": ["bundle", "legacy"], "log": None},
        "tool": "undercurrent",
        "tool_version": "0.1.0",
        "at": NOON + timedelta(seconds=number),
        "run": "run-1",
        "name": f"ghcr.io/acme/app:{number}",
    }
    return Record(**{**fields, **changes})


def open_at_once(url: str, *, times: int) -> None:
    """Opens the store ``times`` times in the same moment, each in a thread.

    Raises:
        Exception: what the first of them that failed raises.
    """
    barrier = threading.Barrier(times)

    def open_one(_number: int) -> None:
        barrier.wait(60)
        open_store(url).close()

    with ThreadPoolExecutor(times) as pool:
        list(pool.map(open_one, range(times)))


def write_at_once(url: str, *, writers: int, each: int, meanwhile: Callable[[], object] | None = None) -> None:
    """Opens the store in ``writers`` processes in the same moment; each writes ``each`` records, one by one.

    Args:
        url: of the store.
        writers: how many processes.
        each: how many records.
        meanwhile: what to do here again and again while they write; each keeps its last record until it was done twice.

    Raises:
        RuntimeError: a writer failed; its traceback is on stderr.
    """
    spawning = multiprocessing.get_context("spawn")
    barrier = spawning.Barrier(writers)
    seen = spawning.Event()
    processes = [
        spawning.Process(target=_write, args=(url, barrier, seen, writer, each), daemon=True)
        for writer in range(writers)
    ]
    for process in processes:
        process.start()
    if meanwhile:
        meanwhile()
        meanwhile()
    seen.set()
    while meanwhile and any(process.is_alive() for process in processes):
        meanwhile()
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        raise RuntimeError(f"exit codes of the writers: {[process.exitcode for process in processes]}")


def _write(url: str, barrier: Barrier, seen: Event, writer: int, each: int) -> None:
    barrier.wait(60)
    with open_store(url) as store:
        for number in range(each):
            if number == each - 1:
                seen.wait(60)
            store.record(make_record(number, run=f"writer-{writer}"))


def write_until_killed(url: str, batch: int) -> None:
    """Writes ``batch`` records a transaction for ever, and prints a line after each."""
    with open_store(url) as store:
        while True:
            _write_batch(store, batch)
            print("written", flush=True)  # noqa: T201 - its parent reads this


def _write_batch(store: Evidence, batch: int) -> None:
    store.record(*(make_record(number, run="killed") for number in range(batch)))
