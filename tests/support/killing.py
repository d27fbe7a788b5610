"""Kills a run that keeps a journal, again and again, at random moments, and lets the last one come to its end."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.support.cli import Result, UcRunner, command_line_environment
from tests.support.seeds import seeded

from undercurrent.evidence import open_store

__all__ = ["check_evidence", "finish", "journaled", "kill_again_and_again", "start", "wait_until"]


def start(run_uc: UcRunner, command: Sequence[str]) -> "subprocess.Popen[str]":
    """Starts ``uc`` in a process of its own, to be killed."""
    return subprocess.Popen(
        [Path(sys.executable).with_name("uc"), *command],
        cwd=run_uc.folder,
        env=command_line_environment(run_uc.home, COSIGN_PASSWORD=""),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def journaled(run_uc: UcRunner) -> int:
    """How many images the journal says are done."""
    journals = list((run_uc.home / ".local/state/undercurrent/runs").glob("*.jsonl"))
    return sum(line.count(b'"result"') for journal in journals for line in journal.read_bytes().splitlines())


def wait_until(reached: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    """Waits until something has come about, or the process has ended."""
    while process.poll() is None and not reached():
        time.sleep(0.001)


def kill_again_and_again(run_uc: UcRunner, command: Sequence[str], *, images: int, kills: int) -> int:
    """Starts the run ``kills`` times, and kills it each time it has come a little further.

    The moments are random; ``UC_KILLING_SEED`` names them again. Each next run goes on with the journal.

    Args:
        run_uc: where.
        command: what to run; it signs ``images`` images.
        images: how many.
        kills: how often.

    Returns:
        How many images were done when the last one was killed.
    """
    moments, done = seeded("UC_KILLING_SEED"), 0
    # Far enough from the end: what is under way when the last goal is reached must not be all that is left.
    for goal in sorted(moments.sample(range(images * 3 // 4), kills)):
        with start(run_uc, command) as process:
            wait_until(lambda goal=goal: journaled(run_uc) >= goal, process)  # type: ignore[misc]
            time.sleep(moments.uniform(0, 0.05))
            process.kill()
        assert process.returncode == -signal.SIGKILL, "it ended by itself"
        assert journaled(run_uc) >= done, "the journal has lost something"
        done = journaled(run_uc)
    return done


def finish(run_uc: UcRunner, command: Sequence[str], images: int) -> Result:
    """Runs it to its end; all ``images`` images are done then."""
    result = run_uc(*command, env={"COSIGN_PASSWORD": ""})
    assert result.exit_code == 0, result.stderr
    assert result.json["data"]["failures"] == []
    assert len(result.json["data"]["images"]) == images
    return result


def check_evidence(run_uc: UcRunner, images: int) -> None:
    """The store opens; each image was signed, and each record says all there is to say."""
    with open_store(f"sqlite:///{run_uc.home}/.local/share/undercurrent/evidence.db") as store:
        records = list(store.query(kind="image-signed"))
    assert len({record.subject for record in records}) == images
    for record in records:
        assert record.outcome in {"signed", "already-signed"}
        assert record.proof["formats"] == ["bundle", "legacy"]
        assert record.name
