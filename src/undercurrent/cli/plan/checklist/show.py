"""``uc plan checklist show``."""

from typing import Any

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.plan.checklist.choosing import asked_for, choice_options
from undercurrent.cli.plan.dates import date_option
from undercurrent.i18n import translate as _
from undercurrent.report import checklists as view
from undercurrent.report.model import Report
from undercurrent.workflows.checklists import look

__all__ = ["show"]


@command("show", help=_("All items of a checklist, with what evidence and marks say of them."))
@click.argument("name", metavar="ID")
@date_option
@choice_options
def show(session: Session, *, name: str, **flags: Any) -> Report:
    """Shows it."""
    return view.one(look(asked_for(session, (name,), **flags), session.settings))
