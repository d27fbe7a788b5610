"""Which keys a run uses: those that are set, else ``cosign.key`` and ``cosign.pub`` in the working directory."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from undercurrent.errors import InvalidKey, RetiredKey, UsageError
from undercurrent.i18n import translate as _
from undercurrent.progress import Noted, Observer, silent
from undercurrent.settings import SigningSettings
from undercurrent.signing.keys import Password, PublicKey, load_public, load_retired, public_beside
from undercurrent.signing.retirement import Retirement
from undercurrent.signing.signers import is_file, public_key

__all__ = ["knows_keys", "public_half", "signing_key", "trusted_keys"]

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


def knows_keys(settings: SigningSettings) -> bool:
    """Whether there is any key for `trusted_keys` to look at."""
    return bool(settings.public_keys or settings.key) or Path(_PUBLIC).is_file()


async def trusted_keys(settings: SigningSettings, *, observer: Observer = silent) -> tuple[PublicKey, ...]:
    """The public keys to believe: those that are set; else the public half of the signing key.

    The public half is read from the ``.pub`` file beside the private one, so that verifying asks for no password.
    A key that was replaced counts until its time is over; then ``observer`` is told that it does not.

    Raises:
        UsageError: there is none.
        RetiredKey: none of those that are set counts any more.
        InvalidKey: a file holds none.
        UndercurrentError: a token or a plug-in does not say which it is.
    """
    if settings.public_keys:
        return await _current(settings.public_keys, observer)
    if settings.key and not is_file(settings.key):
        return (await public_key(settings.key),)
    private = Path(settings.key or _PRIVATE)
    beside = public_beside(private)
    if settings.key and not beside.is_file():
        return (await public_key(settings.key),)
    if beside.is_file():
        return (load_public(beside),)
    raise UsageError(
        _("there is no key to verify with"), hint=_("name a public key with --key, such as --key cosign.pub")
    )


async def public_half(source: str, password: Password) -> tuple[PublicKey, Retirement | None]:
    """The public half of any key, to be shown, and until when it counts if it was replaced.

    Args:
        source: as `public_key` takes it; of a private key's file, the public one beside it is looked at as well.
        password: as there.

    Raises:
        UndercurrentError: as there.
    """
    key = await public_key(source, password)
    for path in (Path(source), public_beside(Path(source))) if is_file(source) else ():
        with suppress(InvalidKey):  # the one is a private key, or the other is not there
            found, retirement = load_retired(path)
            if found == key:
                return key, retirement
    return key, None


async def _current(sources: Sequence[str], observer: Observer) -> tuple[PublicKey, ...]:
    keys, retired = list[PublicKey](), list[RetiredKey]()
    for source in sources:
        try:
            keys.append(await _public(source))
        except RetiredKey as error:
            retired.append(error)
    if not keys:
        raise retired[0]
    for one in retired:
        observer(Noted(_("{problem}; {hint}").format(problem=one.message, hint=one.hint)))
    return tuple(keys)


async def _public(source: str) -> PublicKey:
    """A public key; a file with a private one is a mistake, not a key to trust."""
    return load_public(source) if is_file(source) or source.startswith("env://") else await public_key(source)
