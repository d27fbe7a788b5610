"""How what could not be done is shown: each once, with its reason and what to do."""

from collections.abc import Sequence
from typing import Any

from undercurrent.fleet import Failed
from undercurrent.i18n import translate as _
from undercurrent.report.model import Cell, Fields

__all__ = ["as_data", "exit_code", "listed"]

_FINDINGS, _COULD_NOT_CHECK = 1, 4


def as_data(failures: Sequence[Failed]) -> list[dict[str, Any]]:
    """For machines."""
    return [
        {"name": failed.key, "code": failed.error.code, "message": failed.error.message, "hint": failed.error.hint}
        for failed in failures
    ]


def listed(failures: Sequence[Failed]) -> list[Fields]:
    """For people: a block, or none if nothing failed."""
    rows = [
        (failed.key, Cell("\n".join(filter(None, (failed.error.message, failed.error.hint))), "bad"))
        for failed in failures
    ]
    return [Fields(rows, _("could not be done"))] if rows else []


def exit_code(failures: Sequence[Failed], codes: Sequence[int] = ()) -> int:
    """What a command ends with: a sure "no" outweighs "could not check", which outweighs the rest."""
    every = {*codes, *(failed.error.exit_code for failed in failures)}
    for weightiest in (_FINDINGS, _COULD_NOT_CHECK):
        if weightiest in every:
            return weightiest
    return max(every, default=0)
