"""Decides which key takes the place of which: a new pair, one that was made already, or one that is elsewhere."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from undercurrent.errors import UsageError
from undercurrent.i18n import translate as _
from undercurrent.progress import Noted, Observer
from undercurrent.settings import Settings
from undercurrent.signing.algorithms import PublicKey, Signer
from undercurrent.signing.keys import (
    KeyKind,
    NewPassword,
    Password,
    PrivateKey,
    load_retired,
    public_beside,
    write_retired,
)
from undercurrent.signing.retirement import Retirement
from undercurrent.signing.rotation import Rotation, postpone, rotate, under_way
from undercurrent.signing.signers import is_file, open_signer, public_key
from undercurrent.workflows.rotating import record_rotation

__all__ = ["Succession", "Wish", "succession"]

_GRACE: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user wants of a rotation.

    Attributes:
        key: the key to rotate, or the new one if ``old`` is named.
        old: the old public key, if the new one is there already; "" if it is to be made.
        kind: of a key to be made.
        grace: how long the old one still counts; 30 days if nobody says.
        images: whether images are to be signed again.
        recorded: whether only those that evidence knows are.
        again: make another key, even while an old one still counts.
        dry_run: make nothing.

    Raises:
        UsageError: it contradicts itself.
    """

    key: str
    old: str
    kind: KeyKind
    grace: timedelta | None
    images: bool
    recorded: bool
    again: bool
    dry_run: bool

    def __post_init__(self) -> None:
        if self.images and self.grace == timedelta() and not self.recorded:
            raise UsageError(
                _("with --grace 0 the old key proves nothing: whoever has it can have signed anything"),
                hint=_("say --recorded, too: then only what evidence says it signed here is signed again"),
            )
        if not self.old and not is_file(self.key):
            raise UsageError(
                _("{key} is not a file, so that no new key can be put in its place").format(key=self.key),
                hint=_("make the new key where it belongs; then name the old public key with --from"),
            )
        if self.old and not self.images:
            raise UsageError(
                _("with --from, nothing is made: only images are signed again"),
                hint=_("name them with --image, or say --all"),
            )

    def until(self) -> datetime:
        """When the old key stops to count, if its time begins to run out now."""
        return datetime.now(UTC).replace(microsecond=0) + (_GRACE if self.grace is None else self.grace)


@dataclass(frozen=True, slots=True)
class Succession:
    """One key in the place of another.

    Attributes:
        old: what is replaced.
        signer: what takes its place.
        kept: public key file of the old one; None if it is in none, or would be written in a real run.
        until: when the old one stops to count; None if nothing says so.
        made: whether the new key was made now.
    """

    old: PublicKey
    signer: Signer
    kept: Path | None
    until: datetime | None
    made: bool = False

    def how_to_go_on(self, key: str) -> str:
        """How the user goes on with what is left: ``key`` is the new one, as it was named.

        A key whose time is over already is not taken for one that is being replaced; it has to be named.
        """
        if self.kept and self.until and self.until <= datetime.now(UTC):
            text = _("go on with: uc key rotate {key} --from {old} --recorded, and the same images")
            return text.format(key=key, old=self.kept)
        return _("the same command goes on where this one stopped; it makes no other key")


@asynccontextmanager
async def succession(
    wish: Wish, password: Password, new_password: NewPassword, settings: Settings, *, observer: Observer
) -> AsyncIterator[Succession]:
    """Brings about what ``wish`` says, if it is not so already.

    Args:
        wish: which key, in the place of which.
        password: opens the new key, if it is there already.
        new_password: encrypts the new key, if it is to be made.
        settings: where evidence is.
        observer: is told what the user should know.

    Raises:
        UndercurrentError: a key cannot be read, opened or written, or evidence cannot.
    """
    if wish.old:
        async with open_signer(wish.key, password, observer=observer) as signer:
            yield await _named(wish, signer, observer)
        return
    private = Path(wish.key)
    running = under_way(private) if wish.images and not wish.again else None
    if running is not None:
        observer(
            Noted(
                _("{key} took the place of {old} already: this goes on with that, and makes no other key").format(
                    key=private, old=running.kept
                )
            )
        )
        if wish.grace is not None and not wish.dry_run:
            running = postpone(running, wish.until())
        async with open_signer(private, password, observer=observer) as signer:
            yield Succession(running.old, signer, running.kept, running.until)
    elif wish.dry_run:
        old, _retirement = load_retired(public_beside(private))
        yield Succession(old, PrivateKey.generate(wish.kind), None, wish.until())
    else:
        key, rotation = rotate(private, wish.kind, new_password, wish.until())
        record_rotation(rotation, str(private), settings)
        yield _made(key, rotation)


async def _named(wish: Wish, signer: Signer, observer: Observer) -> Succession:
    """Takes the old key that the user names; if it is in a file, that says from now on until when it counts."""
    if not is_file(wish.old):
        text = _("nothing can say until when {key} counts: take it out of public_keys yourself")
        observer(Noted(text.format(key=wish.old)))
        return Succession(await public_key(wish.old), signer, None, None)
    old, retirement = load_retired(wish.old)
    if retirement and retirement.by == signer.public.fingerprint and wish.grace is None:
        return Succession(old, signer, Path(wish.old), retirement.until)
    until = wish.until()
    if not wish.dry_run:
        write_retired(old, Path(wish.old), Retirement(until, signer.public.fingerprint))
    return Succession(old, signer, Path(wish.old), until)


def _made(key: PrivateKey, rotation: Rotation) -> Succession:
    return Succession(rotation.old, key, rotation.kept, rotation.until, made=True)
