"""Runs an image as it is and then without root, capabilities and a writable root, and says what came of it."""

import platform
import time
from dataclasses import dataclass, field, replace
from typing import Final

from undercurrent.hardening.proving.checks import looked_at
from undercurrent.hardening.proving.engines import Engine
from undercurrent.hardening.proving.nouns import Answer, Built, Check, Conditions, Proof, Verdict, Writable
from undercurrent.hardening.proving.probes import Probe, compared, fitted
from undercurrent.hardening.proving.running import Patience, Run, run
from undercurrent.progress import Advanced, Finished, Observer, Started, silent

__all__ = ["DEFAULT_USER", "Proving", "completed", "is_root", "judged", "prove"]

DEFAULT_USER: Final = "10001:10001"
"""Who runs an image that says nothing of it: an identifier that no distribution gives to anybody."""


@dataclass(slots=True)
class Proving:
    """A proof under way.

    Attributes:
        engine: who runs the containers.
        after: the image that is to run without root.
        before: what it is compared with, or None.
        probe: what it is asked, or None for what its ports tell.
        probe_before: what the other is asked, if that is something else.
        patience: how long is waited.
        observer: is told of each run.
        runs: containers up to now.
    """

    engine: Engine
    after: Built
    before: Built | None = None
    probe: Probe | None = None
    probe_before: Probe | None = None
    patience: Patience = field(default_factory=Patience)
    observer: Observer = silent
    runs: int = 0

    async def run(self, image: Built, conditions: Conditions, probe: Probe, *, role: str, **more: bool) -> Run:
        """One more container."""
        self.runs += 1
        patience = self.patience if more.get("restart") else replace(self.patience, stay_s=_GLANCE_S)
        seen = await run(self.engine, image.id, conditions, probe, patience, role=role, **more)
        self.observer(Advanced(_JOB, item=role, failed=not seen.answer.ok))
        return seen


_JOB: Final = "prove"
_GLANCE_S: Final = 0.3
"""Seconds that a container has to stay up that is no proof."""


async def prove(proving: Proving, conditions: Conditions) -> Proof:
    """Proves that the image runs under ``conditions``, or finds out why not.

    Raises:
        CouldNotCheck: the engine does not do its part, or nobody could look.
    """
    began = time.monotonic()
    proving.observer(Started(_JOB))
    try:
        conditions = completed(conditions, proving.after)
        probe = fitted(proving.probe, proving.after.ports)
        before = await _as_it_was(proving, conditions)
        seen = await proving.run(proving.after, conditions, probe, role="after", restart=True)
        checks = tuple(judged(proving.after, seen, before, probe, proving.patience))
    finally:
        proving.observer(Finished(_JOB))
    good = all(check.ok for check in checks if check.needed)
    return Proof(
        Verdict.ROOTLESS if good else Verdict.FAILED,
        proving.after,
        proving.before,
        conditions,
        checks,
        kernel=platform.release(),
        engine=proving.engine.label,
        runtime=proving.engine.runtime,
        said="" if good else seen.said or seen.error,
        runs=proving.runs,
        seconds=time.monotonic() - began,
    )


def completed(conditions: Conditions, image: Built) -> Conditions:
    """The conditions with what the image says itself: its user, unless that is root; its volumes."""
    user = conditions.user or (image.user if not is_root(image.user) else DEFAULT_USER)
    declared = {one.path for one in conditions.writable}
    volumes = [Writable(path, lasting=True) for path in image.volumes if path not in declared]
    return replace(conditions, user=user, writable=tuple(sorted((*conditions.writable, *volumes))))


def is_root(user: str) -> bool:
    """Whether that USER of an image is root, or nobody."""
    name = user.partition(":")[0]
    return name in ("", "root") or (name.isdecimal() and int(name) == 0)


async def _as_it_was(proving: Proving, conditions: Conditions) -> Run | None:
    if proving.before is None:
        return None
    probe = fitted(proving.probe_before or proving.probe, proving.before.ports)
    as_ever = Conditions(
        environment=conditions.environment,
        capabilities=None,
        read_only=False,
        network=conditions.network,
        command=conditions.command,
        entrypoint=conditions.entrypoint,
        low_ports=True,
    )
    return await proving.run(proving.before, as_ever, probe, role="before")


def judged(image: Built, seen: Run, before: Run | None, probe: Probe, patience: Patience) -> list[Check]:
    """All checks of a run."""
    checks = [_image_user(image)]
    if seen.seen is not None:
        checks += looked_at(seen.seen, seen.conditions)
    else:
        checks.append(Check("seen", ok=False, seen=seen.error or "it ended before it could be looked at"))
    if _one_shot(seen, before, probe):
        expected = before.exit_code if before is not None else 0
        text = f"exit {seen.exit_code}" + (f" (before: {expected})" if before is not None else "")
        return [*checks, Check("exit-code", ok=seen.exit_code == expected, seen=text)]
    if probe.kind != "none":
        checks.append(compared(before.answer if before else None, seen.answer, probe))
    checks.append(Check("stays-up", ok=seen.stayed, seen=_stayed(seen, patience)))
    if seen.again is not None:
        again = compared(seen.answer, seen.again, probe) if probe.kind != "none" else _up(seen.again)
        checks.append(replace(again, name="restart"))
    return checks


def _image_user(image: Built) -> Check:
    """Whether the image says by itself that it does not run as root: else it depends on whoever starts it."""
    return Check("image-user", ok=not is_root(image.user), seen=f"USER {image.user or '-'}", needed=False)


def _one_shot(seen: Run, before: Run | None, probe: Probe) -> bool:
    """Whether it is a program that does its work and ends, rather than a server."""
    return probe.kind == "none" and seen.ended and (before is None or before.ended)


def _stayed(seen: Run, patience: Patience) -> str:
    return f"{patience.stay_s:g} s" if seen.stayed else f"exit {seen.exit_code}"


def _up(answer: Answer) -> Check:
    return Check("restart", ok=answer.ok, seen=answer.error or "up")
