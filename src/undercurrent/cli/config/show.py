"""``uc config show``."""

from undercurrent.cli.command import Session, command
from undercurrent.i18n import translate as _
from undercurrent.report import configuration
from undercurrent.report.model import Report

__all__ = ["show"]


@command("show", help=_("Every setting, its value, and where it came from: default, file, environment or flag."))
def show(session: Session) -> Report:
    """Shows what was loaded."""
    return configuration.view(session.loaded)
