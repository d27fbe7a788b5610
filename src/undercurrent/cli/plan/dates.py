"""The flag that says for which day a plan is looked at."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any, Final

import click

from undercurrent.i18n import translate as _

__all__ = ["Day", "date_option"]

_DAY: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)


class Day(click.ParamType[date]):
    """A date by ISO 8601, with its hyphens: ``2025-10-22``."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:  # noqa: D102
        if isinstance(value, date):
            return value
        match = _DAY.fullmatch(value)
        if match is None:
            self.fail(_("{text!r} is not a date: write it like 2025-10-22").format(text=value), param, ctx)
        try:
            return date(*map(int, match.groups()))
        except ValueError:
            self.fail(_("{text!r} is not in the calendar").format(text=value), param, ctx)


def date_option(body: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--date``; its parameter is ``day``, None for today."""
    text = _("As of this day, like 2025-10-22, instead of today where you are (planning.time_zone).")
    return click.option("--date", "day", type=Day(), metavar="DATE", help=text)(body)
