"""``uc evidence export``."""

from typing import TextIO

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.evidence.filters import criteria, filter_options
from undercurrent.evidence import open_store, write_csv, write_json, write_json_lines
from undercurrent.i18n import translate as _

__all__ = ["export"]

_WRITERS = {"json": write_json, "jsonl": write_json_lines, "csv": write_csv}


@command("export", help=_("All records, or those that you ask for, as JSON or CSV on standard output or into a file."))
@filter_options
@click.option("--format", "form", type=click.Choice(list(_WRITERS)), default="json", help=_("Of the output."))
@click.option(
    "--to",
    type=click.File("w", encoding="utf-8", atomic=True, lazy=False),
    default="-",
    metavar="FILE",
    help=_("File to write."),
)
def export(session: Session, form: str, to: TextIO, **filters: str | None) -> None:
    """Writes them as they come."""
    with open_store(session.settings.evidence.location) as store:
        _WRITERS[form](store.query(**criteria(filters)), to)
