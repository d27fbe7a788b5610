"""``uc image tree``."""

from typing import Any

from undercurrent.cli.command import Session, command, setting
from undercurrent.cli.image.choosing import choice_options, chosen
from undercurrent.errors import UsageError
from undercurrent.i18n import translate as _
from undercurrent.report import hanging as view
from undercurrent.report.model import Report
from undercurrent.settings import SigningSettings
from undercurrent.signing.checks import Trust
from undercurrent.workflows.hanging import look_at_images
from undercurrent.workflows.keys import trusted_keys

__all__ = ["tree"]


async def _trust(settings: SigningSettings) -> Trust | None:
    """Whom to believe; nobody where no key is known, because a tree is of use without one."""
    try:
        return Trust(await trusted_keys(settings))
    except UsageError:
        if settings.public_keys:
            raise
        return None


@command("tree", help=_("What hangs on images: platforms, signatures in each format, attestations, SBOMs, by whom."))
@choice_options
@setting(
    "--key",
    of=("signing", "public_keys"),
    multiple=True,
    metavar="FILE",
    help=_("Public key to verify signatures with; several may be named."),
)
async def tree(session: Session, **flags: Any) -> Report:
    """Looks at them."""
    settings = session.settings
    async with chosen(session, flags) as (found, _asked):
        summary = await look_at_images(found, await _trust(settings.signing), settings, observer=session.observer)
    return view.view(summary)
