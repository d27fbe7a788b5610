"""Whom a run believes: keys, identities with the root of trust that vouches for them, and who signs with notation."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from undercurrent.errors import ConfigError
from undercurrent.i18n import translate as _
from undercurrent.progress import Observer, silent
from undercurrent.settings import Settings, SigningSettings
from undercurrent.signing.checks import Trust
from undercurrent.signing.identities import IdentityPattern
from undercurrent.workflows.keys import knows_keys, trusted_keys

if TYPE_CHECKING:
    from undercurrent.signing.notation.trust import NotationTrust
    from undercurrent.signing.proofs.trustedroot import TrustedRoot

__all__ = ["believed", "notation_trust"]


async def believed(
    settings: Settings,
    identities: tuple[IdentityPattern, ...],
    annotations: Mapping[str, str],
    *,
    keys: bool,
    notation: bool,
    observer: Observer = silent,
) -> Trust:
    """Whom to believe.

    Args:
        settings: the keys, and where the root of trust is; a mirror is asked where they name no file.
        identities: a signature by any of them counts.
        annotations: what signatures must say besides.
        keys: whether a signature by one of the settings' keys counts as well.
        notation: whether one counts that the settings' trust policy of notation trusts.
        observer: is told of keys that do not count any more, of retries, and where an older root has to do.

    Raises:
        UsageError: nobody is named.
        InvalidKey, BadContent, ConfigError: a key, the root, or notation's configuration cannot be used.
        CouldNotCheck: no root for the identities can be had that counts now.
    """
    signing = settings.signing
    policy = notation_trust(signing) if notation else None
    # Keys need no root: for them, nobody is asked for one.
    root = await _root(settings, observer) if identities or signing.trusted_root else None
    return Trust(
        await trusted_keys(signing, observer=observer) if keys and (policy is None or knows_keys(signing)) else (),
        annotations,
        identities,
        root,
        policy,
    )


async def _root(settings: Settings, observer: Observer) -> "TrustedRoot":
    from undercurrent.workflows.roots import root_in_use  # noqa: PLC0415 - keys do without

    return (await root_in_use(settings, observer=observer)).root


def notation_trust(settings: SigningSettings) -> "NotationTrust | None":
    """Whom to believe of those who sign with notation; None if nothing says so.

    Raises:
        ConfigError: only half of it is named, or it cannot be used.
    """
    store, policy = settings.notation_trust_store, settings.notation_trust_policy
    if store is None and policy is None and not settings.notation_crls:
        return None
    if store is None or policy is None:
        raise ConfigError(
            _("notation's signatures are verified with a trust store and a trust policy"),
            hint=_("name both: --notation-trust-store DIR and --notation-trust-policy FILE"),
        )
    from undercurrent.signing.notation.trust import load  # noqa: PLC0415 - only where it is configured

    return load(store, policy, settings.notation_crls)
