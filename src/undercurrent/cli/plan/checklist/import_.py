"""``uc plan checklist import``."""

from pathlib import Path

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.printing import put
from undercurrent.i18n import translate as _
from undercurrent.planning.windows import today
from undercurrent.report import checklists as view
from undercurrent.report.model import Report
from undercurrent.workflows.checklistfiles import import_list

__all__ = ["import_"]


@command(
    "import",
    help=_("Make a catalogue (TOML) of anybody's list in Markdown: headings, nested lists, boxes as they are, dates."),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("The catalogue to write; standard output unless given."),
)
@click.option("-n", "--dry-run", is_flag=True, help=_("Only show what would be written."))
def import_(session: Session, *, file: Path, to: Path | None, dry_run: bool) -> Report | None:
    """Reads it."""
    found, text = import_list(file, to, today(session.settings.planning.time_zone), dry_run=dry_run)
    if to is None:
        put(text)
        return None
    return view.imported(found, to, dry_run=dry_run)
