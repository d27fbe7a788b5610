"""``uc doctor``."""

import click

from undercurrent.cli.command import Session, command
from undercurrent.i18n import translate as _
from undercurrent.report import doctor as view
from undercurrent.report.model import Report
from undercurrent.workflows.doctor.examine import choose, examine

__all__ = ["doctor"]


@command("doctor", help=_("What this machine has, what it lacks, and what installs that."))
@click.option("--require", multiple=True, metavar="NAME[,NAME…]", help=_("End with 3 if one of these is missing."))
async def doctor(session: Session, require: tuple[str, ...]) -> Report:  # noqa: ARG001 - nothing to set
    """Examines everything, and shows all of it or what is required."""
    found = await examine()
    names = [name.strip() for names in require for name in names.split(",") if name.strip()]
    return view.view(choose(found, names) if names else found, required=bool(names))
