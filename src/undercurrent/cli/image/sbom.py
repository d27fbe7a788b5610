"""``uc image sbom``."""

from pathlib import Path
from typing import Any

import click

from undercurrent.cli.command import Session, command, setting
from undercurrent.cli.image.choosing import choice_options, chosen
from undercurrent.cli.printing import put
from undercurrent.i18n import translate as _
from undercurrent.report import sboms as view
from undercurrent.report.model import Report
from undercurrent.workflows.sboms import documents, make_sboms, written

__all__ = ["sbom"]


@command("sbom", help=_("List what is in images, with syft: a document for each platform and format, kept by digest."))
@choice_options
@setting(
    "--format",
    of=("sbom", "formats"),
    multiple=True,
    type=click.Choice(["spdx", "cyclonedx"]),
    help=_("Of the documents; may be given twice."),
)
@click.option(
    "--to",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FOLDER|FILE|-",
    help=_("Write the documents there; one document alone may go into a file, or to standard output."),
)
async def sbom(session: Session, to: Path | None, **flags: Any) -> Report | None:
    """Makes them."""
    async with chosen(session, flags, engine_first=True) as (found, _asked):
        summary = await make_sboms(found, session.settings, observer=session.observer)
    if to == Path("-") and not summary.failures:
        for document in documents(summary):
            put(document.read())
        return None
    return view.view(summary, written(summary, to) if to else {})
