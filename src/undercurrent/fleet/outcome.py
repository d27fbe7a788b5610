"""How items and runs end."""

from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from undercurrent.errors import Interrupted, UndercurrentError

__all__ = ["Crashed", "Ended", "Failed", "Outcome", "Stopped", "Succeeded", "Summary"]

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Succeeded(Generic[Result]):
    """An item that was done; ``resumed`` if an earlier run did it, and its journal told."""

    key: str
    result: Result
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """An item that could not be done, and why."""

    key: str
    error: UndercurrentError


@dataclass(frozen=True, slots=True)
class Crashed:
    """An item at which a bug showed; `run` raises the error."""

    key: str
    error: Exception


Outcome: TypeAlias = Succeeded[Result] | Failed
"""How an item ended, in a summary."""

Ended: TypeAlias = Succeeded[Result] | Failed | Crashed
"""How an item ended, as an executor reports it."""


@dataclass(frozen=True, slots=True)
class Summary(Generic[Result]):
    """A run, at its end.

    Attributes:
        outcomes: of each item once, in the order of the input; items that did not end are not among them.
        interrupted: whether the user stopped it before its end.
        duration_s: seconds from start to end.
    """

    outcomes: tuple[Outcome[Result], ...]
    interrupted: bool
    duration_s: float

    @property
    def results(self) -> tuple[Succeeded[Result], ...]:
        """What was done, now or in an earlier run, in the order of the input."""
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, Succeeded))

    @property
    def failures(self) -> tuple[Failed, ...]:
        """What could not be done, in the order of the input."""
        return tuple(outcome for outcome in self.outcomes if isinstance(outcome, Failed))

    @property
    def resumed(self) -> int:
        """How many an earlier run had done."""
        return sum(result.resumed for result in self.results)


class Stopped(Interrupted):
    """The user stopped a run; ``summary`` says how far it came."""

    def __init__(self, message: str, *, hint: str = "", summary: Summary[Any]) -> None:
        super().__init__(message, hint=hint)
        self.summary = summary
