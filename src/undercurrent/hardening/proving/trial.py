"""The runs of one proof: one image, one question, one thing to compare with."""

from dataclasses import dataclass, field, replace
from typing import Final

from undercurrent.hardening.proving.engines import Engine
from undercurrent.hardening.proving.nouns import Built, Conditions
from undercurrent.hardening.proving.probes import Probe
from undercurrent.hardening.proving.running import PLAIN, Manner, Patience, Run, run
from undercurrent.hardening.proving.tracing import can_trace
from undercurrent.progress import Advanced, Observer, silent

__all__ = ["Trial"]

_GLANCE_S: Final = 0.3
"""Seconds that a container has to stay up whose run only tries something."""


@dataclass(slots=True)
class Trial:
    """What all runs have in common.

    Attributes:
        engine: who runs them.
        image: what is run.
        probe: what it is asked.
        patience: how long is waited.
        observer: is told of each run.
        job: under this name.
        before: what the answers are compared with; None for nothing.
        patient: also a run that only tries something has to stay up as long as a proof.
        runs: how many there were.
    """

    engine: Engine
    image: Built
    probe: Probe
    patience: Patience
    observer: Observer = silent
    job: str = ""
    before: Run | None = None
    patient: bool = False
    runs: int = field(default=0)

    async def run(
        self,
        conditions: Conditions,
        role: str,
        *,
        image: Built | None = None,
        probe: Probe | None = None,
        manner: Manner = PLAIN,
    ) -> Run:
        """One more container; what is no proof yet is watched for a shorter time."""
        self.runs += 1
        asked = probe or self.probe
        whole = self.patient or manner.restart or (image is not None and not asked.asks)
        wait = self.patience if whole else replace(self.patience, stay_s=min(_GLANCE_S, self.patience.stay_s))
        if asked.kind == "exit" or (not asked.asks and self.before is not None and self.before.ended):
            # What does its work and ends is often gone before anybody could look.
            hold = manner.restart and can_trace(self.engine)
            manner = replace(manner, to_the_end=True, restart=False, hold=hold)
        seen = await run(self.engine, (image or self.image).id, conditions, asked, wait, role=role, manner=manner)
        self.observer(Advanced(self.job, item=role, failed=not seen.answer.ok))
        return seen
