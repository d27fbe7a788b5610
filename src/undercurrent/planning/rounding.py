"""Exact amounts become decimals: rounded once, half away from zero, as money is."""

from decimal import Decimal
from fractions import Fraction

__all__ = ["rounded"]


def rounded(value: Fraction, places: int = 2) -> Decimal:
    """``value`` with so many decimals, and never "-0"."""
    whole = int(abs(value) * 10**places + Fraction(1, 2))
    return Decimal((int(value < 0 < whole), tuple(map(int, str(whole))), -places))
