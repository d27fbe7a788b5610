"""The smallest set of writable paths and capabilities: by delta debugging, within a number of runs.

ddmin (Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, 2002). That less is also enough
whenever more is, is not taken for granted: each set that is kept has run, and so has the last one.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from undercurrent.hardening.proving.judging import serves
from undercurrent.hardening.proving.nouns import Conditions, Writable
from undercurrent.hardening.proving.trial import Trial

__all__ = ["Suffices", "shrunk", "smallest"]

Suffices: TypeAlias = Callable[[Sequence[str]], Awaitable[bool]]
"""Whether a set is enough; it runs a container."""
_MOST_RUNS: Final = 40


async def smallest(items: Sequence[str], suffices: Suffices, *, most: int = _MOST_RUNS) -> tuple[str, ...]:
    """A part of ``items`` that is enough, and of which, if the runs last, no single item can be left out.

    Args:
        items: which are enough.
        suffices: tries a part.
        most: how often at most.
    """
    kept, parts, tried = tuple(items), 2, dict[tuple[str, ...], bool]()

    async def enough(some: tuple[str, ...]) -> bool:
        if some not in tried:
            tried[some] = len(tried) < most and await suffices(some)
        return tried[some]

    if kept and await enough(()):
        return ()
    while len(kept) > 1 and len(tried) < most:
        size = -(-len(kept) // parts)
        chunks = [kept[at : at + size] for at in range(0, len(kept), size)]
        rests = [tuple(item for item in kept if item not in chunk) for chunk in chunks]
        for candidate, granularity in [(chunk, 2) for chunk in chunks] + [(rest, max(parts - 1, 2)) for rest in rests]:
            if len(candidate) < len(kept) and await enough(candidate):
                kept, parts = candidate, granularity
                break
        else:
            if parts >= len(kept):
                break
            parts = min(len(kept), 2 * parts)
    return kept


async def shrunk(trial: Trial, conditions: Conditions, fixed: frozenset[str]) -> tuple[Conditions, tuple[str, ...]]:
    """The conditions with as few writable paths and capabilities as it serves with, and what was taken away.

    Args:
        trial: runs it.
        conditions: under which it serves.
        fixed: paths that stay.
    """
    paths = {one.path: one for one in conditions.writable if one.path not in fixed}
    items = (*(conditions.capabilities or ()), *paths)

    async def suffices(some: Sequence[str]) -> bool:
        seen = await trial.run(_with(conditions, some, paths, fixed), "shrink")
        return serves(seen, trial.before, trial.probe)

    kept = await smallest(items, suffices)
    return _with(conditions, kept, paths, fixed), tuple(item for item in items if item not in kept)


def _with(conditions: Conditions, some: Sequence[str], paths: dict[str, Writable], fixed: frozenset[str]) -> Conditions:
    writable = [one for one in conditions.writable if one.path in fixed or (one.path in paths and one.path in some)]
    capabilities = conditions.capabilities
    if capabilities is not None:
        capabilities = tuple(name for name in capabilities if name in some)
    return replace(conditions, writable=tuple(writable), capabilities=capabilities)
