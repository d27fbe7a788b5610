"""``uc plan checklist export``."""

from pathlib import Path
from typing import Any

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.plan.checklist.choosing import asked_for, choice_options
from undercurrent.cli.printing import put
from undercurrent.i18n import translate as _
from undercurrent.planning.marks import login_name
from undercurrent.report import checklists as view
from undercurrent.report.model import Report
from undercurrent.workflows.checklistfiles import texts, write_lists
from undercurrent.workflows.checklists import look

__all__ = ["export"]


@command("export", help=_("Markdown with boxes, ticked as the items stand. What you write between the items stays."))
@click.argument("names", nargs=-1, metavar="[ID]...")
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help=_("A file, or a folder for ID.md of each; standard output unless given."),
)
@click.option(
    "--adopt", is_flag=True, help=_("Take over boxes that somebody changed in the files, as marks made by hand.")
)
@click.option("--by", metavar="NAME", help=_("Who takes them over; the name you are logged in with unless given."))
@click.option("-n", "--dry-run", is_flag=True, help=_("Only show what would be written."))
@choice_options
def export(
    session: Session,
    *,
    names: tuple[str, ...],
    to: Path | None,
    adopt: bool,
    by: str | None,
    dry_run: bool,
    **flags: Any,
) -> Report | None:
    """Writes them."""
    looked = look(asked_for(session, names, **flags), session.settings)
    if to is None:
        put(texts(looked))
        return None
    who = (by or login_name()) if adopt else ""
    return view.written(write_lists(looked, to, session.settings, adopt_by=who, dry_run=dry_run), dry_run=dry_run)
