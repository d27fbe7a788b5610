"""What a long job tells whoever watches it: plain events, handed to an observer that may be silent."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Advanced", "Event", "Finished", "Noted", "Observer", "Started", "silent"]


@dataclass(frozen=True, slots=True)
class Started:
    """A job began. ``total`` is its number of steps, None while unknown; a later Started may correct it."""

    job: str
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Advanced:
    """Steps of a job were done; ``failed`` says that they ended in an error, ``size`` how many bytes were moved."""

    job: str
    steps: int = 1
    item: str = ""
    failed: bool = False
    size: int = 0


@dataclass(frozen=True, slots=True)
class Noted:
    """Something worth a line: a retry, a slow host, a resumed run. ``message`` is in the user's language."""

    message: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A job ended, well or not."""

    job: str


Event: TypeAlias = Started | Advanced | Noted | Finished
Observer: TypeAlias = Callable[[Event], None]


def silent(_event: Event) -> None:
    """Observes nothing."""
