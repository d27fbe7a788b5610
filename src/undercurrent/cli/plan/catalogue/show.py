"""``uc plan catalogue show``."""

from datetime import date

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.plan.catalogues import chosen_catalogue, keep_going_option
from undercurrent.cli.plan.dates import date_option
from undercurrent.i18n import translate as _
from undercurrent.planning.windows import today
from undercurrent.report import catalogues as view
from undercurrent.report.model import Report

__all__ = ["show"]


@command("show", help=_("Show everything that a catalogue says: the one that is set, or ID."))
@click.argument("catalogue", required=False, metavar="[ID]")
@date_option
@keep_going_option
def show(session: Session, *, catalogue: str | None, day: date | None, keep_going: bool) -> Report:
    """Shows it."""
    return view.view(
        chosen_catalogue(session, catalogue=catalogue, keep_going=keep_going),
        day or today(session.settings.planning.time_zone),
    )
