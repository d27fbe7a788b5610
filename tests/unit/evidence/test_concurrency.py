"""Many writers lose nothing, and a killed one leaves whole records."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.support.evidence import make_record, open_at_once, write_at_once

from undercurrent.evidence import open_store

BATCH = 10


@pytest.mark.parametrize("_round", range(5))
def test_a_fresh_store_is_made_once(tmp_path: Path, _round: int) -> None:
    open_at_once(f"sqlite:///{tmp_path}/evidence.db", times=16)


def test_eight_processes_make_the_store_at_once_and_lose_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/evidence.db"
    write_at_once(url, writers=8, each=200)
    with open_store(url) as store:
        for writer in range(8):
            found = list(store.query(run=f"writer-{writer}", newest=False))
            assert [record.subject for record in found] == [make_record(number).subject for number in range(200)]


def test_a_killed_writer_leaves_a_store_that_opens_with_whole_records_only(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/evidence.db"
    seed = random.randrange(1 << 32)  # noqa: S311
    moments = random.Random(seed)  # noqa: S311
    script = f"from tests.support.evidence import *; write_until_killed({url!r}, {BATCH})"
    acknowledged = 0
    for kills in range(1, 11):
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "written\n"
            time.sleep(moments.uniform(0, 0.1))
            writer.send_signal(signal.SIGKILL)
            acknowledged += 1 + len(writer.stdout.readlines())
        with open_store(url) as store:
            found = [record.id for record in store.query(run="killed")]
        assert len(found) == len(set(found))
        # Whole transactions: those that were acknowledged, and perhaps the one under way at each kill.
        batches, rest = divmod(len(found), BATCH)
        assert rest == 0, seed
        assert acknowledged <= batches <= acknowledged + kills, seed
