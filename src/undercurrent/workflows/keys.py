"""Which keys a run uses: those that are set, else ``cosign.key`` and ``cosign.pub`` in the working directory."""

from pathlib import Path
from typing import Final

from undercurrent.errors import UsageError
from undercurrent.i18n import translate as _
from undercurrent.settings import SigningSettings
from undercurrent.signing.keys import PublicKey, load_any, load_public, public_beside

__all__ = ["signing_key", "trusted_keys"]

_PRIVATE: Final = "cosign.key"
_PUBLIC: Final = "cosign.pub"


def signing_key(settings: SigningSettings) -> str:
    """The private key to sign with.

    Raises:
        UsageError: none is set, and there is no ``cosign.key`` here.
    """
    if settings.key or Path(_PRIVATE).is_file():
        return settings.key or _PRIVATE
    raise UsageError(
        _("there is no key to sign with"),
        hint=_("make one with `uc key generate`, or name one with --key or COSIGN_KEY"),
    )


def trusted_keys(settings: SigningSettings) -> tuple[PublicKey, ...]:
    """The public keys to believe: those that are set; else the public half of the signing key.

    The public half is read from the ``.pub`` file beside the private one, so that verifying asks for no password.

    Raises:
        UsageError: there is none.
        InvalidKey: a file holds none.
    """
    if settings.public_keys:
        return tuple(load_public(path) for path in settings.public_keys)
    private = Path(settings.key or _PRIVATE)
    beside = public_beside(private)
    if settings.key and not beside.is_file():
        return (load_any(settings.key),)
    if beside.is_file():
        return (load_public(beside),)
    raise UsageError(
        _("there is no key to verify with"), hint=_("name a public key with --key, such as --key cosign.pub")
    )
