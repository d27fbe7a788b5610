"""``uc plan checklist status``."""

from typing import Any

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.plan.checklist.choosing import asked_for, choice_options
from undercurrent.cli.plan.dates import date_option
from undercurrent.i18n import translate as _
from undercurrent.report import checklists as view
from undercurrent.report.model import Report
from undercurrent.workflows.checklists import look

__all__ = ["status"]


@command("status", help=_("How many items are in which state, what is overdue, and what comes next."))
@click.argument("names", nargs=-1, metavar="[ID]...")
@click.option("--exit-code", is_flag=True, help=_("End with 1 when something is overdue."))
@date_option
@choice_options
def status(session: Session, *, names: tuple[str, ...], exit_code: bool, **flags: Any) -> Report:
    """Counts them."""
    looked = look(asked_for(session, names, **flags), session.settings)
    return view.status(looked, whole=bool(names), exit_code=exit_code)
