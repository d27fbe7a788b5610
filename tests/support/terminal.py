"""A terminal, for programs that ask."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

__all__ = ["converse"]

_PATIENCE_S: Final = 60.0


def converse(
    command: Sequence[str | Path], answers: Sequence[tuple[str, str]], *, env: Mapping[str, str], cwd: Path
) -> tuple[int, str]:
    """Runs ``command`` on a terminal of its own.

    Args:
        command: program and arguments.
        answers: for each question, a part of it and what to type then, without the end of line.
        env: all of its variables.
        cwd: where to run it.

    Returns:
        Its exit code and all that it wrote, questions and output, lines ending as usual.
    """
    ours, theirs = pty.openpty()
    # The first terminal that the leader of a new session opens is its own; there, getpass asks.
    start = 'tty=$1; shift; exec "$@" <"$tty" >"$tty" 2>&1'
    with subprocess.Popen(
        ["sh", "-c", start, "sh", os.ttyname(theirs), *command],
        env=dict(env),
        cwd=cwd,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
    ) as process:
        shown = b""
        for question, answer in answers:
            shown += _read(ours, process, until=question.encode())
            os.write(ours, answer.encode() + b"\n")
        shown += _read(ours, process)
    os.close(theirs)
    os.close(ours)
    return process.returncode, shown.decode().replace("\r\n", "\n")


def _read(terminal: int, process: "subprocess.Popen[bytes]", *, until: bytes = b"") -> bytes:
    """What is written until it has the question in it, or until the program has ended."""
    shown, deadline = b"", time.monotonic() + _PATIENCE_S
    while not (until and until in shown):
        ended = process.poll() is not None
        ready, _out, _bad = select.select([terminal], [], [], 0.02)
        if ready:
            shown += os.read(terminal, 65536)
        elif ended:
            break
        elif time.monotonic() > deadline:
            process.kill()
            raise TimeoutError(f"nothing like {until!r} after {_PATIENCE_S} s: {shown!r}")
    return shown
