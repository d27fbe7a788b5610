"""Whom a run believes: keys, identities with the root of trust that vouches for them, and who signs with notation."""

from collections.abc import Mapping

from undercurrent.errors import ConfigError
from undercurrent.i18n import translate as _
from undercurrent.progress import Observer, silent
from undercurrent.settings import SigningSettings
from undercurrent.signing.checks import Trust
from undercurrent.signing.identities import IdentityPattern
from undercurrent.signing.notation.trust import NotationTrust, load
from undercurrent.signing.proofs import trustedroot
from undercurrent.workflows.keys import knows_keys, trusted_keys

__all__ = ["believed", "notation_trust"]


async def believed(
    settings: SigningSettings,
    identities: tuple[IdentityPattern, ...],
    annotations: Mapping[str, str],
    *,
    keys: bool,
    notation: bool,
    observer: Observer = silent,
) -> Trust:
    """Whom to believe.

    Args:
        settings: the keys, and where the root of trust is.
        identities: a signature by any of them counts.
        annotations: what signatures must say besides.
        keys: whether a signature by one of the settings' keys counts as well.
        notation: whether one counts that the settings' trust policy of notation trusts.
        observer: is told of keys that do not count any more.

    Raises:
        UsageError: nobody is named, or no root for the identities.
        InvalidKey, BadContent, ConfigError: a key, the root, or notation's configuration cannot be used.
    """
    policy = notation_trust(settings) if notation else None
    return Trust(
        await trusted_keys(settings, observer=observer) if keys and (policy is None or knows_keys(settings)) else (),
        annotations,
        identities,
        trustedroot.read(settings.trusted_root) if settings.trusted_root else None,
        policy,
    )


def notation_trust(settings: SigningSettings) -> NotationTrust | None:
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
    return load(store, policy, settings.notation_crls)
