"""Runs an image as it is and then without root, capabilities and a writable root, and says what came of it."""

import platform
import time
from dataclasses import dataclass, field, replace
from typing import Final

from undercurrent.errors import CouldNotCheck
from undercurrent.hardening.numbers import UID, is_root
from undercurrent.hardening.proving.engines import Engine
from undercurrent.hardening.proving.judging import judged, serves
from undercurrent.hardening.proving.nouns import Built, Check, Conditions, Proof, Verdict, Writable
from undercurrent.hardening.proving.probes import NOTHING, Probe, fitted
from undercurrent.hardening.proving.running import Manner, Patience, Run
from undercurrent.hardening.proving.searching import Found, searched
from undercurrent.hardening.proving.shrinking import shrunk
from undercurrent.hardening.proving.trial import Trial
from undercurrent.hardening.proving.why import explained
from undercurrent.i18n import translate as _
from undercurrent.progress import Finished, Observer, Started, silent

__all__ = ["DEFAULT_USER", "Proving", "completed", "prove"]

DEFAULT_USER: Final = f"{UID}:{UID}"
"""Who runs an image that says nothing of it: an identifier that no distribution gives to anybody."""


@dataclass(frozen=True, slots=True)
class Proving:
    """What is to be proved, and how.

    Attributes:
        engine: who runs the containers.
        after: the image that is to run without root.
        before: what it is compared with, or None.
        probe: what it is asked, or None for what its ports tell.
        probe_before: what the other is asked, if that is something else.
        patience: how long is waited.
        capabilities_before: what the other gets beside the engine's own choice.
        propose: paths that are missing are found, and tried.
        shrink: paths and capabilities that it does without are found.
        observer: is told of each run.
    """

    engine: Engine
    after: Built
    before: Built | None = None
    probe: Probe | None = None
    probe_before: Probe | None = None
    patience: Patience = field(default_factory=Patience)
    capabilities_before: tuple[str, ...] = ()
    propose: bool = True
    shrink: bool = False
    observer: Observer = silent


async def prove(proving: Proving, conditions: Conditions) -> Proof:
    """Proves that the image runs under ``conditions``, or finds out why not.

    Raises:
        CouldNotCheck: the engine does not do its part, nobody could look, or what it is compared with does not run.
    """
    began = time.monotonic()
    conditions = completed(conditions, proving.after)
    job = _("proving {name}").format(name=proving.after.name)
    probe = fitted(proving.probe, proving.after.ports)
    trial = Trial(proving.engine, proving.after, probe, proving.patience, proving.observer, job)
    proving.observer(Started(job))
    try:
        trial.before = await _as_it_was(proving, trial, conditions)
        proof = await _proved(proving, trial, conditions)
    finally:
        proving.observer(Finished(job))
    return replace(
        proof,
        kernel=platform.release(),
        engine=proving.engine.label,
        runtime=proving.engine.runtime,
        runs=trial.runs,
        seconds=time.monotonic() - began,
    )


async def _proved(proving: Proving, trial: Trial, conditions: Conditions) -> Proof:
    seen = await _tried(proving, trial, conditions)
    found = Found(conditions)
    if not _good(trial, seen) and proving.propose and not serves(seen, trial.before, trial.probe):
        found = await searched(trial, seen)
        if found.conditions != conditions:
            seen = await _tried(proving, trial, found.conditions)
    shorter: tuple[str, ...] | None = None
    if proving.shrink and _good(trial, seen):
        smaller, shorter = await shrunk(trial, seen.conditions, _fixed(proving))
        if smaller != seen.conditions:
            seen = await _tried(proving, trial, smaller)
    checks = tuple(judged(proving.after, seen, trial.before, trial.probe, proving.patience))
    proof = Proof(
        Verdict.ROOTLESS,
        proving.after,
        proving.before,
        seen.conditions,
        checks,
        tuple(one for one in found.missing if one.writable in seen.conditions.writable),
        found.refused,
        shrunk=shorter,
    )
    if _good(trial, seen):
        return proof
    if serves(seen, trial.before, trial.probe):
        _unseen(checks)
        return replace(proof, verdict=Verdict.FAILED, said=seen.said or seen.error)
    why = await explained(trial, seen, found, proving.capabilities_before, shrink=proving.shrink)
    return replace(
        proof,
        verdict=why.verdict,
        failed_call=why.call,
        needed=why.needed,
        lowest_port=why.lowest_port,
        said=seen.said or seen.error,
    )


async def _tried(proving: Proving, trial: Trial, conditions: Conditions) -> Run:
    """A whole run. What answers and then ends is compared with what stays: from then on, nothing is cut short."""
    seen = await trial.run(conditions, "after", manner=Manner(restart=True))
    if seen.answer.ok and not seen.stayed and not trial.patient:
        trial.patient = True
        if trial.probe.asks:
            trial.before = await _as_it_was(proving, trial, conditions)
    return seen


def _good(trial: Trial, seen: Run) -> bool:
    checks = judged(trial.image, seen, trial.before, trial.probe, trial.patience)
    return all(check.ok for check in checks if check.needed)


def _unseen(checks: tuple[Check, ...]) -> None:
    """A program that did its work before anybody could look is not proved to be root either."""
    if any(check.name == "seen" for check in checks):
        raise CouldNotCheck(
            _("the program ended before its process could be looked at"),
            hint=_("let it run longer, or install strace, which holds it for a moment"),
        )


def _fixed(proving: Proving) -> frozenset[str]:
    """Paths that cannot be taken away: docker makes a volume of each VOLUME of an image."""
    return frozenset(proving.after.volumes if proving.engine.name == "docker" else ())


def completed(conditions: Conditions, image: Built) -> Conditions:
    """The conditions with what the image says itself: its user, unless that is root; its volumes."""
    user = conditions.user or (image.user if not is_root(image.user) else DEFAULT_USER)
    declared = {one.path for one in conditions.writable}
    volumes = [Writable(path, lasting=True) for path in image.volumes if path not in declared]
    return replace(conditions, user=user, writable=tuple(sorted((*conditions.writable, *volumes))))


async def _as_it_was(proving: Proving, trial: Trial, conditions: Conditions) -> Run | None:
    if proving.before is None:
        return None
    probe = fitted(proving.probe_before or proving.probe, proving.before.ports)
    as_ever = Conditions(
        added=proving.capabilities_before,
        writable=tuple(Writable(path, lasting=True) for path in proving.before.volumes),
        environment=conditions.environment,
        capabilities=None,
        read_only=False,
        network=conditions.network,
        command=conditions.command,
        entrypoint=conditions.entrypoint,
    )
    seen = await trial.run(as_ever, "before", image=proving.before, probe=probe, manner=Manner(compare=True))
    if proving.probe is None and proving.probe_before is None and seen.exit_code == 0:
        # It exposes a port, and was told to do something else, which it has done.
        trial.probe = NOTHING
        return seen
    if (probe.asks and not seen.answer.ok) or seen.error or seen.exit_code:
        raise CouldNotCheck(
            _("{name} does not answer {probe} even as it is: {reason}").format(
                name=proving.before.name,
                probe=probe,
                reason=seen.answer.error.shown() or seen.error or _("exit status {code}").format(code=seen.exit_code),
            ),
            hint=seen.said or _("name what it answers with --probe, or compare with nothing: --before none"),
        )
    return seen
