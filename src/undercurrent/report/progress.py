"""Shows progress: a bar with rate and time left on a terminal, nothing but notes where there is none."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from undercurrent.progress import Noted, Observer
from undercurrent.report.plain import plain
from undercurrent.report.terminal import is_terminal

__all__ = ["watching"]


@contextmanager
def watching(*, quiet: bool = False) -> Iterator[Observer]:
    """An observer that shows what it is told on standard error.

    Args:
        quiet: show nothing.
    """
    if quiet:
        yield lambda _event: None
        return
    if not is_terminal(sys.stderr):
        note = _once(_write)
        yield lambda event: note(event.message) if isinstance(event, Noted) else None
        return
    from undercurrent.report.bars import bars_on, moving  # noqa: PLC0415 - only terminals show them
    from undercurrent.report.drawing import console  # noqa: PLC0415

    err = console(sys.stderr)
    bars = bars_on(err)
    try:
        yield moving(bars, _once(lambda message: err.print(message, style="dim", soft_wrap=True)))
    finally:
        bars.stop()


def _write(message: str) -> None:
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()  # before what the run prints on standard output


def _once(show: Callable[[str], None]) -> Callable[[str], None]:
    """Shows a message once: a host that is down is tried again and again, for many images at once."""
    noted: set[str] = set()

    def note(message: str) -> None:
        if message not in noted:
            noted.add(message)
            show(plain(message))

    return note
