"""``uc plan catalogue check``."""

from datetime import date
from pathlib import Path

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.plan.dates import date_option
from undercurrent.i18n import translate as _
from undercurrent.planning.loading import read_catalogues
from undercurrent.planning.windows import today
from undercurrent.report import catalogues as view
from undercurrent.report.model import Report

__all__ = ["check"]


@command("check", help=_("Read catalogues, and say what is in them, or all that is wrong with them."))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@date_option
def check(session: Session, *, files: tuple[Path, ...], day: date | None) -> Report:
    """Checks them."""
    return view.checked(read_catalogues(files), day or today(session.settings.planning.time_zone))
