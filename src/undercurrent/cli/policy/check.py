"""``uc policy check``."""

from pathlib import Path

import click

from undercurrent.cli.command import Session, command
from undercurrent.i18n import translate as _
from undercurrent.report import policies as view
from undercurrent.report.model import Report
from undercurrent.workflows.policies import policy_in

__all__ = ["check"]


@command(
    "check",
    help=_("Read a policy and all that it names, and say which of its rules are about an image. No registry is asked."),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("names", nargs=-1, metavar="[IMAGE]...")
async def check(session: Session, file: Path, names: tuple[str, ...]) -> Report:
    """Checks it."""
    return view.view(await policy_in(file, session.settings, observer=session.observer), names)
