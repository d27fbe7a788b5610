"""``uc plan checklist list``."""

from undercurrent.cli.command import Session, command
from undercurrent.cli.plan.checklist.choosing import asked_for, choice_options
from undercurrent.i18n import translate as _
from undercurrent.report import checklists as view
from undercurrent.report.model import Report
from undercurrent.workflows.checklists import look

__all__ = ["list_"]


@command("list", help=_("The checklists of the catalogues, and how much of each is ticked."))
@choice_options
def list_(session: Session, *, catalogue: str | None, keep_going: bool) -> Report:
    """Lists them."""
    return view.every(look(asked_for(session, (), catalogue=catalogue, keep_going=keep_going), session.settings))
