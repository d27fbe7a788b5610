"""``uc plan catalogue show``."""

from datetime import date

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.plan.catalogues import keep_going_option, usable_catalogues
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
    planning, found = session.settings.planning, usable_catalogues(session, keep_going=keep_going)
    return view.view(found.find(catalogue or planning.catalogue), day or today(planning.time_zone))
