"""``uc image copy``."""

import click

from undercurrent.cli.command import Session, command
from undercurrent.i18n import translate as _
from undercurrent.report import copying as view
from undercurrent.report.model import Report
from undercurrent.workflows.copying import copy_image

__all__ = ["copy"]


@command("copy", help=_("Copy an image from anywhere to a registry or a layout (oci:FOLDER:NAME), byte for byte."))
@click.argument("source", metavar="IMAGE")
@click.argument("goal", metavar="TO")
@click.option("--bare", is_flag=True, help=_("Leave behind what hangs on it: signatures, attestations, SBOMs."))
async def copy(session: Session, source: str, goal: str, bare: bool) -> Report:
    """Copies it."""
    return view.view(await copy_image(source, goal, session.settings, referrers=not bare, observer=session.observer))
