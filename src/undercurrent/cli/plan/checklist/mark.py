"""``uc plan checklist mark``."""

from typing import Any

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.plan.checklist.choosing import asked_for, choice_options
from undercurrent.i18n import translate as _
from undercurrent.planning.marks import login_name
from undercurrent.report import checklists as view
from undercurrent.report.model import Report
from undercurrent.workflows.checklists import mark as make
from undercurrent.workflows.checklists import zone_in

__all__ = ["mark"]


@command(
    "mark", help=_("Say by hand that items are done. ITEM is CHECKLIST/ITEM, or the item alone if only one has it.")
)
@click.argument("items", nargs=-1, required=True, metavar="ITEM...")
@click.option("--open", "opened", is_flag=True, help=_("Say that they are open again."))
@click.option("--note", default="", metavar="TEXT", help=_("Why, in your words."))
@click.option("--by", metavar="NAME", help=_("Who says so; the name you are logged in with unless given."))
@click.option("-n", "--dry-run", is_flag=True, help=_("Only show how they would stand."))
@choice_options
def mark(
    session: Session, *, items: tuple[str, ...], opened: bool, note: str, by: str | None, dry_run: bool, **flags: Any
) -> Report:
    """Marks them."""
    asked, who = asked_for(session, (), **flags), by or login_name()
    made = make(asked, items, session.settings, by=who, done=not opened, note=note, dry_run=dry_run)
    return view.marked(made, zone_in(session.settings), dry_run=dry_run)
