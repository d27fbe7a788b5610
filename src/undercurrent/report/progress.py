"""Shows progress: a bar with rate and time left on a terminal, nothing but notes where there is none."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from undercurrent.progress import Noted, Observer
from undercurrent.report.human import console
from undercurrent.report.plain import plain

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
    err = console(sys.stderr)
    note = _notes(err)
    if not err.is_terminal:
        yield lambda event: note(event.message) if isinstance(event, Noted) else None
        return
    from undercurrent.report.bars import bars_on, moving  # noqa: PLC0415 - only terminals show them

    bars = bars_on(err)
    try:
        yield moving(bars, note)
    finally:
        bars.stop()


def _notes(err: Console) -> Callable[[str], None]:
    """Prints a message once: a host that is down is tried again and again, for many images at once."""
    noted: set[str] = set()

    def note(message: str) -> None:
        if message not in noted:
            noted.add(message)
            err.print(plain(message), style="dim", soft_wrap=True)

    return note
