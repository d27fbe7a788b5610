"""Which root of trust a run believes: that of a file, or what a mirror says, which is kept here with its age."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from undercurrent.errors import NotFound, TooLarge, UsageError
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.net import Client
from undercurrent.progress import Observer, silent
from undercurrent.settings import Settings, SigningSettings
from undercurrent.signing.keyless.instance import (
    MAX_TRUST_CONFIG,
    Instance,
    parse_trust_config,
    root_of_trust_config,
    with_signing_config,
)
from undercurrent.signing.proofs import trustedroot
from undercurrent.signing.proofs.trustedroot import TrustedRoot
from undercurrent.signing.roots import Roots, fetch_roots, kept_roots

__all__ = ["RootInUse", "instance_in_use", "root_in_use", "root_kept", "update_roots"]

_LARGEST_ROOT: Final = 512_000
"""Bytes of root metadata; as tuf allows."""


@dataclass(frozen=True, slots=True)
class RootInUse:
    """A root of trust, and where it is from.

    Attributes:
        root: itself.
        source: a file, or the address of a mirror.
        confirmed: when the mirror said so last; None of a file.
        expires: until when it counts; None of a file, which counts as long as it is there.
    """

    root: TrustedRoot
    source: str
    confirmed: datetime | None = None
    expires: datetime | None = None


async def root_in_use(settings: Settings, *, observer: Observer = silent) -> RootInUse:
    """The root that signatures by identities are verified with; a mirror is asked if it was not lately.

    Raises:
        UsageError, BadContent, Unsupported: a file cannot be used.
        CouldNotCheck: no root can be had that counts now.
    """
    return _of_file(settings.signing) or _of_mirror(await _fetched(settings, observer, fresh=False))


async def root_kept(settings: Settings) -> RootInUse:
    """The same, and no mirror is asked.

    Raises:
        NotFound: the mirror was never asked.
        UsageError, BadContent, Unsupported: a file cannot be used.
        CouldNotCheck: what is kept has expired.
    """
    if named := _of_file(settings.signing):
        return named
    mirror = settings.signing.tuf_mirror
    roots = await kept_roots(mirror)
    if roots is None:
        raise NotFound(
            _("nothing that {mirror} says is kept here").format(mirror=mirror), hint=_("`uc trust update` fetches it")
        )
    return _of_mirror(roots)


async def update_roots(settings: Settings, *, observer: Observer = silent) -> RootInUse:
    """Asks the mirror, whenever that was done last.

    Raises:
        UsageError: nothing is known that trust in it could begin with.
        BadContent: something is forged, or older than what was there before.
        CouldNotCheck: it does not answer, or what it says has expired.
    """
    return _of_mirror(await _fetched(settings, observer, fresh=True))


async def instance_in_use(settings: Settings, client: Client, *, observer: Observer = silent) -> Instance:
    """The instance to sign with.

    Raises:
        UsageError, BadContent, Unsupported: what describes it cannot be used.
        CouldNotCheck: no root can be had that counts now.
    """
    if file := settings.signing.trust_config:
        return parse_trust_config(_content(file, MAX_TRUST_CONFIG), str(file))
    roots = await _asked(settings.signing, client, observer, fresh=False)
    if not roots.signing_config:
        raise UsageError(
            _("{mirror} does not say which services to sign with").format(mirror=roots.mirror),
            hint=_("name them: --trust-config FILE"),
        )
    return with_signing_config(roots.root, roots.signing_config, roots.mirror)


async def _fetched(settings: Settings, observer: Observer, *, fresh: bool) -> Roots:
    async with Client(settings.net, observer=observer) as client:
        return await _asked(settings.signing, client, observer, fresh=fresh)


async def _asked(settings: SigningSettings, client: Client, observer: Observer, *, fresh: bool) -> Roots:
    first = _content(settings.tuf_root, _LARGEST_ROOT) if settings.tuf_root else None
    return await fetch_roots(client, settings.tuf_mirror, begin_with=first, fresh=fresh, observer=observer)


def _of_file(settings: SigningSettings) -> RootInUse | None:
    """The root in a file; None where none is named."""
    if file := settings.trusted_root:
        return RootInUse(trustedroot.read(file), str(file))
    if file := settings.trust_config:
        return RootInUse(root_of_trust_config(_content(file, MAX_TRUST_CONFIG), str(file)), str(file))
    return None


def _of_mirror(roots: Roots) -> RootInUse:
    return RootInUse(roots.root, roots.mirror, roots.confirmed, roots.expires)


def _content(file: Path, most: int) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(most + 1)
    except OSError as error:
        raise UsageError(_("cannot read {path}: {reason}").format(path=file, reason=system_reason(error))) from error
    if len(content) > most:
        raise TooLarge(_("{what} is larger than {limit} bytes").format(what=file, limit=most))
    return content
