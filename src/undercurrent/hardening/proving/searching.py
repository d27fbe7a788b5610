"""Finds the paths that have to be writable: each round adds what the last one lacked, and tries again."""

from dataclasses import dataclass, replace
from typing import Final

from undercurrent.hardening.proving.contents import looking_into
from undercurrent.hardening.proving.judging import serves
from undercurrent.hardening.proving.missing import Look, by_calls, by_logs, by_writing
from undercurrent.hardening.proving.nouns import Conditions, FailedCall, Missing
from undercurrent.hardening.proving.running import Manner, Run
from undercurrent.hardening.proving.tracing import can_trace
from undercurrent.hardening.proving.trial import Trial

__all__ = ["Found", "searched"]

_ROUNDS: Final = 8


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    Attributes:
        conditions: with all that was missing.
        missing: those paths.
        refused: the calls that the last run was refused; empty without a trace.
        last: that run; None if there was none.
    """

    conditions: Conditions
    missing: tuple[Missing, ...] = ()
    refused: tuple[FailedCall, ...] = ()
    last: Run | None = None


async def searched(trial: Trial, seen: Run) -> Found:
    """The conditions under which it serves, or all that could be found.

    Where calls can be traced, one path is added a round while the program ends by itself: the last one that it was
    refused, at which it most likely ended. So what it can do without is not proposed. A program that goes on and does
    not answer, and one that cannot be traced, gets all of them at once.
    """
    traced = can_trace(trial.engine)
    found = Found(seen.conditions, last=None if traced else seen)
    async with looking_into(trial.engine, trial.image.id) as look:
        for number in range(_ROUNDS):
            if traced:
                last = await trial.run(found.conditions, "traced", manner=Manner(trace=True))
                found = replace(found, last=last, refused=last.refused)
            elif found.missing:
                found = replace(found, last=await trial.run(found.conditions, "again"))
            if found.last is None or serves(found.last, trial.before, trial.probe):
                break
            new = await _lacking(trial, found, look, found.last)
            if not new:
                break
            if traced and found.last.ended and number < _ROUNDS // 2:
                new = new[:1]
            paths = {one.writable.path: one.writable for one in (*found.missing, *new)}
            writable = {one.path: one for one in found.conditions.writable} | paths
            conditions = replace(found.conditions, writable=tuple(sorted(writable.values())))
            found = replace(found, conditions=conditions, missing=(*found.missing, *new))
    return found


async def _lacking(trial: Trial, found: Found, look: Look, last: Run) -> tuple[Missing, ...]:
    """What is missing and was not proposed before."""
    declared = found.conditions.writable
    new = await by_calls(found.refused, declared, look)
    if not new and not found.refused:
        new = await by_logs(last.said, declared, look)
        if not new and trial.before is not None:
            new = await by_writing(trial.before.written, declared, look)
    known = {one.path for one in declared}
    return tuple(one for one in new if one.writable.path not in known)
