"""Puts a new key in the place of an old one; the old pair stays, because it verifies what it signed."""

import os
from contextlib import suppress
from pathlib import Path

from undercurrent.errors import EnvironmentLacks
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.signing.keys import KeyKind, NewPassword, PrivateKey, load_public, public_beside, write_key_pair

__all__ = ["rotate"]


def rotate(private: Path, kind: KeyKind, password: NewPassword) -> tuple[PrivateKey, Path]:
    """Replaces a key pair by a new one.

    The old files get names that carry the old key's fingerprint (``cosign-1f2e3d4c5b6a.key`` and ``.pub``)
    before anything is replaced, so that no moment is without them.

    Args:
        private: the private key file; its public half is beside it with the suffix ``.pub``.
        kind: of the new key.
        password: to encrypt the new key with.

    Returns:
        The new key, and where the old private one is now.

    Raises:
        InvalidKey: there is no public half to name the old key by.
        EnvironmentLacks: the files cannot be written.
    """
    public = public_beside(private)
    name = f"{private.stem}-{load_public(public).fingerprint[:12]}"
    kept = private.with_name(name + private.suffix)
    secret = password if isinstance(password, bytes) else password()
    try:
        for old, new in ((private, kept), (public, public_beside(kept))):
            with suppress(FileExistsError):  # an earlier rotation was cut off here
                os.link(old, new)
    except OSError as error:
        raise EnvironmentLacks(
            _("{path} cannot be kept as {kept}: {reason}").format(path=private, kept=kept, reason=system_reason(error))
        ) from error
    key = PrivateKey.generate(kind)
    write_key_pair(key, private, secret, force=True)
    return key, kept
