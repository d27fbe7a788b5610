"""``uc plan claims``."""

from datetime import date

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.plan.catalogues import catalogue_options, usable_catalogues
from undercurrent.cli.plan.dates import date_option
from undercurrent.i18n import translate as _
from undercurrent.planning.catalogue import Status
from undercurrent.planning.windows import today
from undercurrent.report import claims as view
from undercurrent.report.model import Report

__all__ = ["claims"]


@command("claims", help=_("List what others say, what is known of it, and where that was read: of all catalogues."))
@click.option(
    "--status", "statuses", type=click.Choice([str(status) for status in Status]), multiple=True, help=_("Only these.")
)
@date_option
@catalogue_options
def claims(
    session: Session, *, statuses: tuple[str, ...], catalogue: str | None, day: date | None, keep_going: bool
) -> Report:
    """Lists them."""
    found = usable_catalogues(session, keep_going=keep_going)
    chosen = [found.find(catalogue)] if catalogue else found.all
    return view.view(chosen, day or today(session.settings.planning.time_zone), [Status(status) for status in statuses])
