"""What evidence is worth: things that were counted, times what each of them returns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final

from undercurrent.planning.catalogue import Action, Measure, Valued
from undercurrent.planning.coverage import Share
from undercurrent.planning.rounding import rounded

__all__ = ["GIGABYTE", "Part", "Worth", "worth_of", "worths"]

GIGABYTE: Final = 10**9
"""Bytes, as clouds count them."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that was measured.

    Attributes:
        share: what was counted; of `Measure.BYTES_COPIED`, in a year.
        yearly: what that returns in a year.
    """

    share: Share
    yearly: Decimal


@dataclass(frozen=True, slots=True)
class Worth:
    """What stands for an action's benefits where they are measured."""

    parts: tuple[Part, ...]

    @property
    def yearly(self) -> Decimal:
        """What all of it returns in a year."""
        return sum((part.yearly for part in self.parts), Decimal(0))

    @property
    def as_of(self) -> datetime | None:
        """The newest evidence of all."""
        return max((part.share.as_of for part in self.parts if part.share.as_of), default=None)


def worths(
    actions: Iterable[Action], shares: Mapping[Measure, Share], egress_price: Decimal | None = None
) -> dict[str, Worth]:
    """What evidence makes of the benefits of ``actions``, by id; those of which it says nothing are left out.

    Args:
        actions: any number.
        shares: what was counted; bytes are those of a year.
        egress_price: what a gigabyte costs that leaves a cloud, instead of what the catalogue says.
    """
    return {action.id: worth for action in actions if (worth := worth_of(action, shares, egress_price))}


def worth_of(action: Action, shares: Mapping[Measure, Share], egress_price: Decimal | None = None) -> Worth | None:
    """What evidence makes of the benefits of ``action``; None where it says nothing of any of them."""
    parts = tuple(
        Part(share, _amount(valued, share, egress_price))
        for valued in action.valued
        if (share := shares.get(valued.measure)) is not None and share.of
    )
    return Worth(parts) if parts else None


def _amount(valued: Valued, share: Share, egress_price: Decimal | None) -> Decimal:
    each, unit = Fraction(valued.each), Fraction(valued.unit)
    if valued.measure == Measure.BYTES_COPIED and egress_price is not None:
        each, unit = Fraction(egress_price), Fraction(GIGABYTE)
    return rounded(each * share.done / unit)
