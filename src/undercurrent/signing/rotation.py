"""Puts a new key in the place of an old one. The old pair stays, and its public half says until when it counts."""

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from undercurrent.errors import EnvironmentLacks
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.signing.keys import (
    KeyKind,
    NewPassword,
    PrivateKey,
    PublicKey,
    load_any,
    load_retired,
    public_beside,
    write_key_pair,
    write_retired,
)
from undercurrent.signing.retirement import Retirement

__all__ = ["Rotation", "postpone", "rotate", "under_way"]


@dataclass(frozen=True, slots=True)
class Rotation:
    """That one key took the place of another.

    Attributes:
        old: what was replaced.
        new: what took its place.
        kept: the public key file of the old one; its private half is beside it.
        until: aware; from then on, the old one does not count any more.
    """

    old: PublicKey
    new: PublicKey
    kept: Path
    until: datetime


def rotate(private: Path, kind: KeyKind, password: NewPassword, until: datetime) -> tuple[PrivateKey, Rotation]:
    """Replaces a key pair by a new one.

    The old files get names that carry the old key's fingerprint (``cosign-1f2e3d4c5b6a.key`` and ``.pub``)
    before anything is replaced, so that no moment is without them.

    Args:
        private: the private key file; its public half is beside it with the suffix ``.pub``.
        kind: of the new key.
        password: to encrypt the new key with.
        until: when the old key stops to count.

    Raises:
        InvalidKey: there is no public half to name the old key by.
        EnvironmentLacks: the files cannot be written.
    """
    public = public_beside(private)
    old, _retirement = load_retired(public)
    kept = private.with_name(f"{private.stem}-{old.fingerprint[:12]}{private.suffix}")
    secret = password if isinstance(password, bytes) else password()
    key = PrivateKey.generate(kind)
    try:
        for there, name in ((private, kept), (public, public_beside(kept))):
            with suppress(FileExistsError):  # an earlier rotation was cut off here
                os.link(there, name)
    except OSError as error:
        raise EnvironmentLacks(
            _("{path} cannot be kept as {kept}: {reason}").format(path=private, kept=kept, reason=system_reason(error))
        ) from error
    write_retired(old, public_beside(kept), Retirement(until, key.public.fingerprint))
    write_key_pair(key, private, secret, force=True)
    return key, Rotation(old, key.public, public_beside(kept), until)


def under_way(private: Path) -> Rotation | None:
    """How the key in ``private`` took another one's place, while that one still counts; else None.

    Raises:
        InvalidKey: a key file beside it cannot be read.
    """
    public = public_beside(private)
    if not public.is_file():
        return None
    new = load_any(public)
    for path in sorted(private.parent.glob(f"{private.stem}-*{public.suffix}")):
        old, retirement = load_retired(path)
        if retirement and retirement.by == new.fingerprint and not retirement.over:
            return Rotation(old, new, path, retirement.until)
    return None


def postpone(rotation: Rotation, until: datetime) -> Rotation:
    """Lets the old key count until another moment, later or sooner.

    Raises:
        EnvironmentLacks: its file cannot be written.
    """
    write_retired(rotation.old, rotation.kept, Retirement(until, rotation.new.fingerprint))
    return Rotation(rotation.old, rotation.new, rotation.kept, until.astimezone(UTC))
