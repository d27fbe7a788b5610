"""``uc image tree``."""

from typing import Any

from undercurrent.cli.command import Session, command
from undercurrent.cli.image.choosing import choice_options, chosen
from undercurrent.cli.trusting import trust_of, trust_options
from undercurrent.errors import UsageError
from undercurrent.i18n import translate as _
from undercurrent.report import hanging as view
from undercurrent.report.model import Report
from undercurrent.signing.checks import Trust
from undercurrent.workflows.hanging import look_at_images

__all__ = ["tree"]


async def _trust(session: Session, flags: dict[str, Any]) -> Trust | None:
    """Whom to believe; nobody where no key is known, because a tree is of use without one."""
    settings = session.settings.signing
    named = (
        settings.public_keys
        or settings.notation_trust_store
        or settings.notation_trust_policy
        or settings.notation_crls
        or any(flags[name] for name in flags if name.startswith("certificate"))
    )
    try:
        return await trust_of(session, flags)
    except UsageError:
        if named:
            raise
        return None


@command("tree", help=_("What hangs on images: platforms, signatures in each format, attestations, SBOMs, by whom."))
@choice_options
@trust_options
async def tree(session: Session, **flags: Any) -> Report:
    """Looks at them."""
    trust = await _trust(session, flags)
    async with chosen(session, flags) as (found, _asked):
        summary = await look_at_images(found, trust, session.settings, observer=session.observer)
    return view.view(summary)
