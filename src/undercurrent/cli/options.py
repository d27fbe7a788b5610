"""Options and their kinds that several commands share."""

import re
from datetime import timedelta
from typing import Any, Final

import click

from undercurrent import i18n
from undercurrent.i18n import translate as _

__all__ = ["Duration", "WholeNumber", "language_option"]


_DURATION: Final = re.compile(r"(?P<count>[0-9]{1,4})(?P<unit>[hdw])")
_HOURS: Final = {"h": 1, "d": 24, "w": 7 * 24}


class Duration(click.ParamType[timedelta]):
    """A time span: ``12h``, ``30d``, ``4w``, or ``0``."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:  # noqa: D102
        if isinstance(value, timedelta):
            return value
        match = _DURATION.fullmatch("0h" if value == "0" else value)
        if match is None:
            self.fail(_("{text!r} is not a time span: write it like 12h, 30d or 4w").format(text=value), param, ctx)
        return timedelta(hours=int(match["count"]) * _HOURS[match["unit"]])


class WholeNumber(click.IntRange):
    """A whole number, which messages call so in the user's language."""

    def __init__(self, least: int) -> None:
        super().__init__(least)
        self.name = _("whole number")


def language_option() -> click.Option:
    """``--lang``. It was obeyed before anything was parsed; what is left to do is to refuse what nobody speaks."""
    return click.Option(
        ["--lang"],
        metavar="en|zh",
        expose_value=False,
        is_eager=True,
        callback=_refuse_unknown,
        help=_("Language of messages; the locale decides where none is given."),
    )


def _refuse_unknown(_context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value is not None and i18n.match(value) is None:
        raise click.BadParameter(_("{text!r} is not a language spoken here: choose en or zh").format(text=value))
