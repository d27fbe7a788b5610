"""Whom a run believes: keys and identities, and the root of trust that vouches for identities and for times."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from undercurrent.errors import TooLarge, UsageError
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.settings import SigningSettings
from undercurrent.signing.checks import Trust
from undercurrent.signing.identities import IdentityPattern
from undercurrent.signing.proofs.trustedroot import TrustedRoot, parse
from undercurrent.workflows.keys import trusted_keys

__all__ = ["believed", "read_root"]

_LARGEST: Final = 4 * 1024 * 1024


async def believed(
    settings: SigningSettings,
    identities: tuple[IdentityPattern, ...],
    annotations: Mapping[str, str],
    *,
    keys: bool,
) -> Trust:
    """Whom to believe.

    Args:
        settings: the keys, and where the root of trust is.
        identities: a signature by any of them counts.
        annotations: what signatures must say besides.
        keys: whether a signature by one of the settings' keys counts as well.

    Raises:
        UsageError: there is no key, or no root for the identities.
        InvalidKey, BadContent: a key, or the root, cannot be used.
    """
    return Trust(
        await trusted_keys(settings) if keys else (),
        annotations,
        identities,
        read_root(settings.trusted_root) if settings.trusted_root else None,
    )


def read_root(file: Path) -> TrustedRoot:
    """The root of trust in a ``trusted_root.json``.

    Raises:
        UsageError: it cannot be read.
        BadContent: it is none.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(_("cannot read {path}: {reason}").format(path=file, reason=system_reason(error))) from error
    if len(content) > _LARGEST:
        raise TooLarge(_("{path} is too large for a root of trust").format(path=file))
    return parse(content, str(file))
