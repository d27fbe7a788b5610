"""``uc trust update``."""

from undercurrent.cli.command import Session, command
from undercurrent.cli.trust.mirrors import mirror_options
from undercurrent.i18n import translate as _
from undercurrent.report import trust as view
from undercurrent.report.model import Report
from undercurrent.workflows.roots import update_roots

__all__ = ["update"]


@command("update", help=_("Ask the mirror for the root of trust, verify the answer, and keep it."))
@mirror_options
async def update(session: Session) -> Report:
    """Asks it."""
    return view.view(await update_roots(session.settings, observer=session.observer), updated=True)
