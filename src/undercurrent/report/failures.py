"""How what could not be done is shown: each once, with its reason and what to do."""

from collections.abc import Sequence
from typing import Any

from undercurrent.fleet import Failed
from undercurrent.i18n import translate as _
from undercurrent.report.model import Cell, Mood, Tree
from undercurrent.report.units import short

__all__ = ["as_data", "exit_code", "explained", "listed"]

_FINDINGS, _COULD_NOT_CHECK = 1, 4


def as_data(failures: Sequence[Failed]) -> list[dict[str, Any]]:
    """For machines."""
    return [
        {"name": failed.key, "code": failed.error.code, "message": failed.error.message, "hint": failed.error.hint}
        for failed in failures
    ]


def listed(failures: Sequence[Failed]) -> list[Tree]:
    """For people: a block, or none if nothing failed."""
    branches = [Tree(short(failed.key), explained(failed.error.message, failed.error.hint)) for failed in failures]
    return [Tree(Cell(_("could not be done"), "strong"), branches)] if branches else []


def explained(message: str, hint: str, mood: Mood = "bad") -> list[Tree]:
    """What went wrong, and what to do about it if that is known."""
    return [Tree(Cell(message, mood)), *([Tree(Cell(hint, "quiet"))] if hint else [])]


def exit_code(failures: Sequence[Failed], codes: Sequence[int] = ()) -> int:
    """What a command ends with: a sure "no" outweighs "could not check", which outweighs the rest."""
    every = {*codes, *(failed.error.exit_code for failed in failures)}
    for weightiest in (_FINDINGS, _COULD_NOT_CHECK):
        if weightiest in every:
            return weightiest
    return max(every, default=0)
