"""The flags that limit what a plan may use."""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import click

from undercurrent.i18n import translate as _
from undercurrent.planning.catalogue import Profile
from undercurrent.planning.portfolio import Budget

__all__ = ["Amount", "limit_options", "within"]

_LARGEST: Final = Decimal(10**12)
_PLACES: Final = 6


class Amount(click.ParamType[Decimal]):
    """An amount of 0 or more, such as ``1200`` or ``99.50``."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:  # noqa: D102
        if isinstance(value, Decimal):
            return value
        try:
            amount = Decimal(value)
        except InvalidOperation:
            self.fail(_("{text!r} is not an amount: write it like 1200 or 99.50").format(text=value), param, ctx)
        if not amount.is_finite() or not 0 <= amount <= _LARGEST or -amount.as_tuple().exponent > _PLACES:  # type: ignore[operator]
            text = _("{text!r} cannot be a limit: it takes 0 to 1,000,000,000,000, with up to 6 decimal places")
            self.fail(text.format(text=value), param, ctx)
        return amount


def limit_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--risk``, ``--money`` and ``--days``."""
    for name, text in (
        ("--days", _("Person-days to spend, at most.")),
        ("--money", _("Cost of the first year, at most.")),
        ("--risk", _("Loss to be expected in a year, at most, instead of the profile's.")),
    ):
        body = click.option(name, type=Amount(), metavar="N", help=text)(body)
    return body


def within(profile: Profile, limits: Mapping[str, Decimal | None]) -> Budget:
    """The profile's budget, with ``limits`` (``risk``, ``money``, ``days``) instead of its own where they are given."""

    def limit(name: str, own: Decimal | None) -> Decimal | None:
        given = limits[name]
        return own if given is None else given

    return Budget(limit("money", profile.money), limit("days", profile.days), limit("risk", profile.risk))
