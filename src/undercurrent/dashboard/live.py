"""Where you stand now, reckoned again when something has happened, and not for every question."""

import threading
import time
from collections.abc import Callable
from datetime import date
from typing import Final

from undercurrent.evidence import open_store
from undercurrent.planning.windows import today
from undercurrent.settings import Settings
from undercurrent.workflows.pages import Sheet

__all__ = ["Live"]

_FRESH_S: Final = 30.0
"""A catalogue may be changed, and a record with an old date come in: after so long it is reckoned again anyway."""


class Live:
    """Reckons one sheet at a time, however many ask.

    Args:
        settings: where evidence is.
        reckon: makes a sheet.
    """

    def __init__(self, settings: Settings, reckon: Callable[[], Sheet]) -> None:
        self._settings = settings
        self._reckon = reckon
        self._lock = threading.Lock()
        self._known: tuple[tuple[str, date], float, Sheet] | None = None

    def __call__(self) -> Sheet:
        """Where you stand now.

        Raises:
            UndercurrentError: evidence or a catalogue cannot be read.
        """
        with self._lock:
            state = (self._newest(), today(self._settings.planning.time_zone))
            if self._known and self._known[0] == state and time.monotonic() - self._known[1] < _FRESH_S:
                return self._known[2]
            sheet = self._reckon()
            self._known = (state, time.monotonic(), sheet)
            return sheet

    def _newest(self) -> str:
        with open_store(self._settings.evidence.location) as store:
            return next((record.id for record in store.query(limit=1)), "")
