"""``uc status``."""

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.plan.catalogues import catalogue_options, usable_catalogues
from undercurrent.i18n import translate as _
from undercurrent.report import standing as view
from undercurrent.report.model import Report
from undercurrent.workflows.looks import remember_look
from undercurrent.workflows.standing import standing

__all__ = ["status"]


@command("status", help=_("Where your images stand, what changed since you looked, and what to do next."))
@catalogue_options
@click.option("--exit-code", is_flag=True, help=_("End with 1 if something is wrong."))
@click.option("--no-remember", is_flag=True, help=_("Go on comparing with the look before this one."))
def status(session: Session, catalogue: str | None, exit_code: bool, *, keep_going: bool, no_remember: bool) -> Report:
    """Reads the evidence once."""
    found = standing(
        session.settings,
        catalogues=usable_catalogues(session, keep_going=keep_going),
        only=catalogue,
        deep=False,
    )
    if not (no_remember or exit_code or session.output != "human"):
        remember_look(found.where, found.at, session.observer)
    return view.view(found, exit_code=exit_code)
