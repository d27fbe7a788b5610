"""``uc report``."""

from pathlib import Path

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.plan.catalogues import catalogue_options, usable_catalogues
from undercurrent.cli.printing import put
from undercurrent.i18n import language
from undercurrent.i18n import translate as _
from undercurrent.report.model import Report
from undercurrent.report.page import result
from undercurrent.report.page.page import page
from undercurrent.workflows.keeping import keep
from undercurrent.workflows.pages import sheet

__all__ = ["report"]


@command(
    "report",
    has_output=False,
    help=_("Write where you stand as one HTML file that needs nothing else: for a browser, a mail, a printer."),
)
@click.option(
    "-o",
    "--output",
    "target",
    required=True,
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE",
    help=_("File to write, in place of what it holds; - for standard output."),
)
@catalogue_options
def report(session: Session, target: Path, catalogue: str | None, *, keep_going: bool) -> Report | None:
    """Reads the evidence once."""
    found = sheet(session.settings, catalogues=usable_catalogues(session, keep_going=keep_going), only=catalogue)
    text = page(found, language())
    if str(target) == "-":
        put(text)
        return None
    keep(text, target)
    return result.view(target, text, found)
