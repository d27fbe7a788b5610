"""Options and their kinds that several commands share."""

import click

from undercurrent import i18n
from undercurrent.i18n import translate as _

__all__ = ["WholeNumber", "language_option"]


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
