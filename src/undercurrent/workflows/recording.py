"""Records the outcomes of one run as evidence."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from undercurrent import __version__
from undercurrent.settings import Settings
from undercurrent.signing.identities import Maker, described

if TYPE_CHECKING:
    from undercurrent.evidence import JSON, Evidence

__all__ = ["Recording", "recording"]


class Recording:
    """The evidence store, for one run; a run that only looks does not open it, and leaves nothing."""

    def __init__(self, settings: Settings, closing: ExitStack) -> None:
        self._settings = settings
        self._closing = closing
        self._evidence: Evidence | None = None
        self.run = ""

    def open(self) -> "Evidence":
        """Opens the store now: one that cannot be used should stop a run before anything is done.

        Raises:
            UndercurrentError: as `undercurrent.evidence.open_store` does.
        """
        from undercurrent.evidence import new_run_id, open_store  # noqa: PLC0415 - not for a run that only looks

        if self._evidence is None:
            self._evidence = self._closing.enter_context(open_store(self._settings.evidence.location))
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
        """Records one outcome, now.

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
        from undercurrent.evidence import Record  # noqa: PLC0415 - not for a run that only looks

        evidence = self.open()
        proof |= described(maker) if maker else {}
        evidence.record(Record(kind, subject, outcome, proof, *tool, datetime.now(UTC), self.run, name))


@contextmanager
def recording(settings: Settings) -> Iterator[Recording]:
    """The evidence store that ``settings`` name, for one run."""
    with ExitStack() as closing:
        yield Recording(settings, closing)
