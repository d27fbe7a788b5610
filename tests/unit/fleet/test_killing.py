"""kill -9 at any moment, and going on."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.support.fleet import ITEMS, Doubling, effects, journal_in

from undercurrent.fleet import run

KILLS = 20
LIMIT = 2


def journaled(file: Path) -> set[str]:
    """The items that the journal says were done, by its whole lines."""
    lines = file.read_bytes().splitlines(keepends=True) if file.exists() else []
    whole = [json.loads(line) for line in lines if line.endswith(b"\n")]
    return {line["key"] for line in whole if "result" in line}


async def test_what_was_done_is_never_done_again_and_everything_is_done_in_the_end(tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)  # noqa: S311
    moments = random.Random(seed)  # noqa: S311
    command = [sys.executable, "-m", "tests.support.fleet", str(tmp_path), str(LIMIT)]
    done_before: dict[str, int] = {}
    for _kill in range(KILLS):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "running\n"
            time.sleep(moments.uniform(0, 0.08))
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL, seed
        times = effects(tmp_path / "effects")
        # What the journal had at an earlier kill was not done since.
        assert {key: times[key] for key in done_before} == done_before, seed
        done = journaled(tmp_path / "journal.jsonl")
        assert done >= done_before.keys(), seed
        assert done <= times.keys(), seed
        done_before = {key: times[key] for key in done}
    assert 0 < len(done_before) < ITEMS, seed

    summary = await run(Doubling(tmp_path / "effects"), range(ITEMS), journal=journal_in(tmp_path))
    assert [result.result for result in summary.results] == [number * 2 for number in range(ITEMS)]
    assert {result.key for result in summary.results if result.resumed} == done_before.keys()
    times = effects(tmp_path / "effects")
    assert times.keys() == {f"item-{number}" for number in range(ITEMS)}
    assert {key: times[key] for key in done_before} == done_before, seed
    # Done twice was only what a kill caught between its effect and its line: at most what was under way then.
    assert times.total() - ITEMS <= KILLS * LIMIT, seed
