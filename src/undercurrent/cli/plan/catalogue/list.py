"""``uc plan catalogue list``."""

from undercurrent.cli.command import Session, command
from undercurrent.cli.plan.catalogues import keep_going_option, usable_catalogues
from undercurrent.i18n import translate as _
from undercurrent.planning.windows import today
from undercurrent.report import catalogues as view
from undercurrent.report.model import Report

__all__ = ["list_"]


@command("list", help=_("List the built-in catalogues and those that the setting `planning.catalogues` names."))
@keep_going_option
def list_(session: Session, *, keep_going: bool) -> Report:
    """Lists them."""
    return view.view_all(usable_catalogues(session, keep_going=keep_going), today(session.settings.planning.time_zone))
