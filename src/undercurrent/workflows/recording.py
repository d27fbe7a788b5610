"""Records the outcomes of one run as evidence."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from undercurrent import __version__
from undercurrent.evidence import JSON, Evidence, Record, new_run_id, open_store
from undercurrent.settings import Settings

__all__ = ["Recording", "recording"]


@dataclass(frozen=True, slots=True)
class Recording:
    """The evidence store, for one run."""

    evidence: Evidence
    run: str

    def add(
        self,
        kind: str,
        subject: str,
        outcome: str,
        name: str,
        *,
        tool: tuple[str, str] = ("undercurrent", __version__),
        **proof: JSON,
    ) -> None:
        """Records one outcome, now.

        Args:
            kind: what was done (``image-signed``).
            subject: a digest or a path.
            outcome: how it ended.
            name: what the subject is called.
            tool: program and version that did it.
            proof: how anybody can tell.
        """
        self.evidence.record(Record(kind, subject, outcome, proof, *tool, datetime.now(UTC), self.run, name))


@contextmanager
def recording(settings: Settings, run: str = "") -> Iterator[Recording]:
    """Opens the evidence store for one run.

    Args:
        settings: where evidence is.
        run: goes on with this run; a new one when "".
    """
    with open_store(settings.evidence.location) as evidence:
        yield Recording(evidence, run or new_run_id())
