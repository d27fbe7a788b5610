"""``uc plan window``."""

from datetime import date
from pathlib import Path

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.options import WholeNumber
from undercurrent.cli.plan.catalogues import catalogue_options, usable_catalogues
from undercurrent.cli.plan.dates import date_option
from undercurrent.cli.printing import put
from undercurrent.i18n import translate as _
from undercurrent.planning.windows import URGENT_DAYS
from undercurrent.report import windows as view
from undercurrent.report.model import Report
from undercurrent.workflows.windows import calendar_of, keep_calendar, look_out

__all__ = ["window"]


@command(
    "window", help=_("Say how many days are left, which windows are over and since when, and what is open instead.")
)
@date_option
@click.option("--all", "every", is_flag=True, help=_("Show windows however far they are away."))
@click.option(
    "--within",
    type=WholeNumber(0),
    metavar="N",
    default=URGENT_DAYS,
    show_default=True,
    help=_("Days before it closes from which a window is urgent."),
)
@click.option("--evidence", is_flag=True, help=_("Tell by evidence which actions are done."))
@click.option(
    "--exit-code",
    "judged",
    is_flag=True,
    help=_("End with 1 if a window is urgent, or over, and evidence does not show that its action is done; for cron."),
)
@click.option(
    "--ics",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help=_("Write a calendar (iCalendar) with the windows and reminders; - for standard output."),
)
@catalogue_options
def window(
    session: Session,
    *,
    day: date | None,
    every: bool,
    within: int,
    evidence: bool,
    judged: bool,
    ics: Path | None,
    catalogue: str | None,
    keep_going: bool,
) -> Report | None:
    """Looks out."""
    settings, found = session.settings, usable_catalogues(session, keep_going=keep_going)
    plan = found.find(catalogue or settings.planning.catalogue)
    seen = look_out(plan, found, settings, day=day, urgent=within, evidence=evidence or judged)
    if ics == Path("-") and judged:
        raise click.UsageError(_("--ics - prints a calendar and nothing else: leave out --exit-code"))
    if ics == Path("-"):
        put(calendar_of(seen))
        return None
    kept = keep_calendar(seen, ics) if ics else None
    return view.view(seen, every=every, judged=judged, kept=kept)
