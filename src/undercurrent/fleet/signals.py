"""Ctrl-C and SIGTERM while a run goes on."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

__all__ = ["Listener", "hear_what_came", "listening"]

Listener: TypeAlias = Callable[[signal.Signals], None]

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
# A thread runs one event loop at a time, and only the main thread gets here: so one list and one memory will do.
_listeners: Final[list[Listener]] = []
_previous: Final[dict[signal.Signals, Any]] = {}


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Calls ``listener`` on the event loop for each SIGINT and SIGTERM until the block ends.

    Runs that go on at the same time, or one inside another, all hear each signal. When the last of them ends, the
    handlers are again those that were there before. A signal that the process was started to ignore (``nohup``, a
    background job of a shell) stays ignored. Outside the main thread, where Python handles no signals, this does
    nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    if not _listeners:
        _install()
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
        if not _listeners:
            _restore()


async def hear_what_came() -> None:
    """Lets signals be heard that came while the loop was busy: its next turns notice, read and handle them."""
    for _turn in range(3):
        await asyncio.sleep(0)


def _install() -> None:
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        handler = signal.getsignal(number)
        if handler is not signal.SIG_IGN:
            _previous[number] = handler
            loop.add_signal_handler(number, _tell, number)


def _restore() -> None:
    loop = asyncio.get_running_loop()
    while _previous:
        number, handler = _previous.popitem()
        loop.remove_signal_handler(number)
        # asyncio puts Python's own handler in place, not that of asyncio.run.
        if handler is not None:
            signal.signal(number, handler)


def _tell(number: signal.Signals) -> None:
    for listener in tuple(_listeners):
        listener(number)
