"""``uc plan risk``."""

from decimal import Decimal

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.plan.catalogues import catalogue_options, chosen_catalogue
from undercurrent.cli.plan.limits import limit_options, within
from undercurrent.i18n import translate as _
from undercurrent.planning.risks import assess, profile_in
from undercurrent.report import risks as view
from undercurrent.report.model import Report

__all__ = ["risk"]


@command(
    "risk",
    help=_("Say which actions to take together, for what you are ready to put at stake, and which to leave."),
)
@click.option(
    "--profile",
    metavar="ID",
    help=_("How much may be put at stake: a profile of the catalogue, the first one if none is named."),
)
@limit_options
@click.option("--full", is_flag=True, help=_("Show every action with its reasons, and the best choice for each risk."))
@catalogue_options
def risk(
    session: Session,
    *,
    profile: str | None,
    full: bool,
    catalogue: str | None,
    keep_going: bool,
    **limits: Decimal | None,
) -> Report:
    """Chooses."""
    plan = chosen_catalogue(session, catalogue=catalogue, keep_going=keep_going)
    stake = profile_in(plan, profile)
    return view.view(assess(plan, stake, within(stake, limits), whole=full), full=full)
