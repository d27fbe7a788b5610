"""``uc plan roi``."""

from pathlib import Path
from typing import Any

import click

from undercurrent.cli.command import Session, command, setting
from undercurrent.cli.options import WholeNumber
from undercurrent.cli.plan.actions import actions_option
from undercurrent.cli.plan.catalogues import catalogue_options, chosen_catalogue
from undercurrent.i18n import translate as _
from undercurrent.report import returns as view
from undercurrent.report.model import Report
from undercurrent.workflows.returns import plan_return, study, track

__all__ = ["roi"]

_TRACK = _("Also write planned against actual to this Markdown file; what people wrote in it stays.")


@command(
    "roi",
    help=_("What actions cost and return, as in the plan; --full tells what that leaves out, --evidence what is true."),
)
@actions_option
@click.option("--full", is_flag=True, help=_("Also show labour, claims, pay-back, present value, and uncertainty."))
@click.option("--evidence", is_flag=True, help=_("Replace what is assumed by what evidence shows."))
@click.option("--track", "tracker", type=click.Path(path_type=Path), metavar="FILE", help=_TRACK)
@click.option(
    "--years", type=click.IntRange(1, 100), metavar="N", default=3, show_default=True, help=_("How far --full looks.")
)
@click.option(
    "--seed", type=WholeNumber(0), metavar="N", default=1, show_default=True, help=_("Of the simulation in --full.")
)
@click.option(
    "--runs",
    type=click.IntRange(1, 10**6),
    metavar="N",
    default=10_000,
    show_default=True,
    help=_("Of the simulation in --full."),
)
@setting("--day-rate", of=("planning", "day_rate"), metavar="VALUE", help=_("What a person-day costs."))
@setting("--discount-rate", of=("planning", "discount_rate"), metavar="VALUE", help=_("Of a year: 0.08 for 8 %."))
@catalogue_options
def roi(
    session: Session,
    *,
    actions: tuple[str, ...] | None,
    full: bool,
    evidence: bool,
    tracker: Path | None,
    catalogue: str | None,
    keep_going: bool,
    **simulation: Any,
) -> Report:
    """Reckons it."""
    source = chosen_catalogue(session, catalogue=catalogue, keep_going=keep_going)
    planned = plan_return(source, actions, session.settings, evidence=evidence or tracker is not None)
    studied = study(planned, session.settings, **simulation) if full else None
    return view.view(planned, studied, track(planned, tracker) if tracker else None)
