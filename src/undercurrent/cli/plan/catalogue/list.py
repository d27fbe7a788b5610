"""``uc plan catalogue list``."""

from datetime import date

from undercurrent.cli.command import Session, command
from undercurrent.cli.plan.catalogues import keep_going_option, usable_catalogues
from undercurrent.cli.plan.dates import date_option
from undercurrent.i18n import translate as _
from undercurrent.planning.windows import today
from undercurrent.report import catalogues as view
from undercurrent.report.model import Report

__all__ = ["list_"]


@command("list", help=_("List the built-in catalogues and those that the setting `planning.catalogues` names."))
@date_option
@keep_going_option
def list_(session: Session, *, day: date | None, keep_going: bool) -> Report:
    """Lists them."""
    return view.view_all(
        usable_catalogues(session, keep_going=keep_going), day or today(session.settings.planning.time_zone)
    )
