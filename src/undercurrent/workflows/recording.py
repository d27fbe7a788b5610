"""Records the outcomes of one run as evidence."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from undercurrent import __version__
from undercurrent.errors import UndercurrentError
from undercurrent.settings import Settings
from undercurrent.signing.identities import Maker, described

if TYPE_CHECKING:
    from undercurrent.evidence import JSON, Evidence, Record

__all__ = ["Recording", "recording"]

_TOGETHER: Final = 50
"""Records that wait at most."""
_WAIT_S: Final = 0.1
"""Seconds that a record waits at most."""


class Recording:
    """The evidence store, for one run; a run that only looks does not open it, and leaves nothing."""

    def __init__(self, settings: Settings, closing: ExitStack) -> None:
        self._settings = settings
        self._closing = closing
        self._evidence: Evidence | None = None
        self._waiting: list[Record] = []
        self._timer: asyncio.TimerHandle | None = None
        self.run = ""

    def open(self) -> "Evidence":
        """Opens the store now: one that cannot be used should stop a run before anything is done.

        Raises:
            UndercurrentError: as `undercurrent.evidence.open_store` does.
        """
        from undercurrent.evidence import new_run_id, open_store  # noqa: PLC0415 - not for a run that only looks

        if self._evidence is None:
            self._evidence = self._closing.enter_context(open_store(self._settings.evidence.location))
            self._closing.callback(self._write)
            self.run = new_run_id()
        return self._evidence

    def add(
        self,
        kind: str,
        subject: str,
        outcome: str,
        name: str,
        *,
        tool: tuple[str, str] = ("undercurrent", __version__),
        maker: Maker | None = None,
        **proof: "JSON",
    ) -> None:
        """Records one outcome, now; whatever waits is written with it.

        Args:
            kind: what was done (``image-signed``).
            subject: a digest or a path.
            outcome: how it ended.
            name: what the subject is called.
            tool: program and version that did it.
            maker: who signed; becomes part of the proof.
            proof: how anybody can tell.

        Raises:
            UndercurrentError: as `open` and `Evidence.record` do.
        """
        proof |= described(maker) if maker else {}
        self._wait(kind, subject, outcome, name, tool, proof)
        self._write()

    def add_soon(self, kind: str, subject: str, outcome: str, name: str, **proof: "JSON") -> None:
        """Records one outcome with others that come at about the same time: one transaction for them all.

        A killed process loses what waits. That is for outcomes that nobody builds on before the run has ended:
        verdicts, which the next run comes to anew. Arguments and errors are those of `add`.
        """
        self._wait(kind, subject, outcome, name, ("undercurrent", __version__), proof)
        if len(self._waiting) >= _TOGETHER:
            self._write()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_WAIT_S, self._write_in_time)

    def _wait(
        self, kind: str, subject: str, outcome: str, name: str, tool: tuple[str, str], proof: dict[str, "JSON"]
    ) -> None:
        from undercurrent.evidence import Record  # noqa: PLC0415 - not for a run that only looks

        self.open()
        self._waiting.append(Record(kind, subject, outcome, proof, *tool, datetime.now(UTC), self.run, name))

    def _write_in_time(self) -> None:
        self._timer = None
        with suppress(UndercurrentError):  # what could not be written waits on; whoever writes next says why
            self._write()

    def _write(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._evidence is not None and self._waiting:
            self._evidence.record(*self._waiting)
            self._waiting.clear()


@contextmanager
def recording(settings: Settings) -> Iterator[Recording]:
    """The evidence store that ``settings`` name, for one run."""
    with ExitStack() as closing:
        yield Recording(settings, closing)
