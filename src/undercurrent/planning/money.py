"""Amounts of money as people read them."""

from decimal import ROUND_HALF_UP, Context, Decimal
from types import MappingProxyType
from typing import Final

__all__ = ["SIGNS", "exact", "exact_if_known", "shown"]

SIGNS: Final = MappingProxyType({"CNY": "¥", "EUR": "€", "GBP": "£", "JPY": "¥", "USD": "$"})
"""By ISO 4217 code; an amount of another currency begins with its code."""

_CENT: Final = Decimal("0.01")
_WIDE: Final = Context(prec=60)
"""More digits than sums of amounts have."""


def shown(amount: Decimal, currency: str) -> str:
    """``¥11,200``, ``-¥3``, ``$0.60``, ``CHF 5``: rounded half up to cents, which are shown where there are some."""
    rounded = amount.quantize(_CENT, ROUND_HALF_UP, _WIDE)
    whole = rounded == rounded.to_integral_value()
    size = rounded.copy_abs()  # abs() would round to the digits of the context
    digits = f"{size:,.0f}" if whole else f"{size:,.2f}"
    return f"{'-' if rounded < 0 else ''}{SIGNS.get(currency, currency + ' ')}{digits}"


def exact(amount: Decimal) -> str:
    """``0.6``, ``1000``: for machines, which get amounts as text, so that nothing makes a float of them."""
    return f"{amount:f}"


def exact_if_known(amount: Decimal | None) -> str | None:
    """As `exact`; None where there is no amount."""
    return None if amount is None else exact(amount)
