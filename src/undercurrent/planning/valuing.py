"""What evidence is worth: things that were counted, times what each of them returns."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from undercurrent.planning.catalogue import Measure

__all__ = ["Part", "Worth"]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that was measured.

    Attributes:
        measure: what was counted.
        done: how many; of ``bytes-copied``, the sum of a year.
        of: out of how many that are known.
        yearly: what that returns in a year.
        as_of: the newest evidence.
        records: ids of some of it.
    """

    measure: Measure
    done: int
    of: int
    yearly: Decimal
    as_of: datetime | None = None
    records: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Worth:
    """What stands for an action's benefits where they are measured."""

    parts: tuple[Part, ...]

    @property
    def yearly(self) -> Decimal:
        """What all of it returns in a year."""
        return sum((item.yearly for item in self.parts), Decimal(0))

    @property
    def as_of(self) -> datetime | None:
        """The newest evidence of all."""
        return max((item.as_of for item in self.parts if item.as_of), default=None)
