"""``uc key images``."""

import re
from typing import Final

import click

from undercurrent.cli.command import Session, command
from undercurrent.errors import RetiredKey, UsageError
from undercurrent.i18n import translate as _
from undercurrent.report import keyimages as view
from undercurrent.report.model import Report
from undercurrent.signing.keys import PublicKey
from undercurrent.signing.signers import public_key
from undercurrent.workflows.keyimages import check_now, images_of
from undercurrent.workflows.keys import knows_keys, trusted_keys

__all__ = ["images"]

_FINGERPRINT: Final = re.compile(r"[0-9a-f]{12,64}")


@command(
    "images",
    help=_(
        "What evidence says a key signed, and which of these images no other trusted key signed: for a key that was "
        "lost or leaked. KEY is a key, or the beginning of a fingerprint."
    ),
)
@click.argument("key", default="cosign.pub")
@click.option("--check", is_flag=True, help=_("Verify each of them now, with the other trusted keys alone."))
async def images(session: Session, key: str, check: bool) -> Report:
    """Looks into evidence."""
    settings = session.settings
    fingerprint = key if _FINGERPRINT.fullmatch(key) else (await public_key(key)).fingerprint
    others = await _others(session, fingerprint)
    found = images_of(fingerprint, others, settings)
    if not check or not found:
        return view.view(fingerprint, found)
    if not others:
        raise UsageError(_("no other key is trusted"), hint=_("name those that are in signing.public_keys"))
    return view.view(fingerprint, *await check_now(found, others, settings, observer=session.observer))


async def _others(session: Session, fingerprint: str) -> tuple[PublicKey, ...]:
    """The trusted keys, without the one that was lost."""
    settings = session.settings.signing
    try:
        keys = await trusted_keys(settings, observer=session.observer) if knows_keys(settings) else ()
    except RetiredKey:
        keys = ()
    return tuple(key for key in keys if not key.fingerprint.startswith(fingerprint))
