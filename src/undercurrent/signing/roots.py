"""Roots of trust from a mirror that keeps them up to date (The Update Framework), kept here, with their age.

What the mirror said last counts as long as the mirror's keepers promised: its metadata has a time when it expires.
After that, and while the mirror does not confirm it again, nobody can say whom to trust: that is "could not check".
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import quote

from undercurrent.errors import CouldNotCheck, EnvironmentLacks, TooLarge, UnexpectedAnswer, UsageError
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.net import Client, Request, redact
from undercurrent.oci.files.durable import locked, replacing
from undercurrent.progress import Noted, Observer, silent
from undercurrent.settings import cache_folder
from undercurrent.signing.keyless import adapter
from undercurrent.signing.keyless.adapter import Updated
from undercurrent.signing.keyless.asking import asking
from undercurrent.signing.proofs import trustedroot
from undercurrent.signing.proofs.trustedroot import TrustedRoot

__all__ = ["PUBLIC_MIRROR", "Roots", "fetch_roots", "kept_roots"]

PUBLIC_MIRROR: Final = "https://tuf-repo-cdn.sigstore.dev"
"""Of the public instance (https://github.com/sigstore/root-signing)."""
_TRUSTED_ROOT: Final = "trusted_root.json"
_SIGNING_CONFIG: Final = "signing_config.v0.2.json"
_TARGETS: Final = (_TRUSTED_ROOT, _SIGNING_CONFIG)
_CONFIRMED: Final = "confirmed"
_LOCK: Final = "lock"
"""Of those who use what is kept, one at a time: reading it replaces some of its files by the same ones."""
_FRESH: Final = timedelta(days=1)
"""What was confirmed so recently is not asked for again, unless somebody wants that."""
_PATIENCE_S: Final = 30.0
"""Seconds that the mirror gets for a file, retries and all."""
_LARGEST: Final = 5_000_000
"""Bytes of a file of the mirror; the same as tuf allows for the largest kind."""


@dataclass(frozen=True, slots=True)
class Roots:
    """What a mirror says.

    Attributes:
        mirror: its address.
        root: the root of trust.
        raw: the same, as ``trusted_root.json`` has it.
        signing_config: which services to sign with, JSON; empty if the mirror does not say.
        confirmed: when the mirror said so last.
        expires: until when it counts.
    """

    mirror: str
    root: TrustedRoot
    raw: bytes = field(repr=False)
    signing_config: bytes = field(repr=False)
    confirmed: datetime
    expires: datetime


async def fetch_roots(
    client: Client,
    mirror: str = PUBLIC_MIRROR,
    *,
    begin_with: bytes | None = None,
    folder: Path | None = None,
    fresh: bool = False,
    observer: Observer = silent,
) -> Roots:
    """What ``mirror`` says: asked now, unless it said so recently.

    Args:
        client: asks.
        mirror: address of a repository with ``trusted_root.json`` among its targets.
        begin_with: its root metadata (``root.json``) that is trusted; for the public mirrors, and for those that were
            used before, None will do.
        folder: keeps what was verified; the cache folder when None.
        fresh: ask in any case.
        observer: is told where something older has to do.

    Raises:
        UsageError: nothing is known that trust in this mirror could begin with.
        BadContent: something is forged, or older than what was there before.
        CouldNotCheck: the mirror does not answer, or what it says has expired, and nothing that still counts is here.
        EnvironmentLacks: the folder cannot be used.
    """
    mirror = mirror.rstrip("/")
    place = _place(mirror, folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
        async with locked(place / _LOCK):
            confirmed = _confirmed(place)
            if confirmed and not fresh and timedelta() <= datetime.now(UTC) - confirmed < _FRESH:
                with suppress(CouldNotCheck):  # it has expired meanwhile
                    return await _kept(place, mirror, confirmed)
            try:
                return await _asked(client, place, mirror, begin_with or adapter.bundled_root(mirror))
            except CouldNotCheck as error:
                if confirmed is None or fresh:
                    raise
                kept = await _instead(error, place, mirror, confirmed)
                observer(
                    Noted(_("{why}; the roots of {day} are used").format(why=error.message, day=f"{confirmed:%F}"))
                )
                return kept
    except OSError as error:
        raise EnvironmentLacks(
            _("{path} cannot be used: {reason}").format(path=error.filename or place, reason=system_reason(error))
        ) from error


async def kept_roots(mirror: str = PUBLIC_MIRROR, *, folder: Path | None = None) -> Roots | None:
    """What ``mirror`` said last, without asking it; None if it was never asked.

    Raises:
        BadContent: what is kept was tampered with.
        CouldNotCheck: it has expired.
    """
    mirror = mirror.rstrip("/")
    place = _place(mirror, folder)
    if (confirmed := _confirmed(place)) is None:
        return None
    async with locked(place / _LOCK):
        return await _kept(place, mirror, confirmed)


def _place(mirror: str, folder: Path | None) -> Path:
    return (folder or cache_folder() / "roots") / quote(mirror, safe="")


def _confirmed(place: Path) -> datetime | None:
    """When the mirror was last heard; None if never, or if that cannot be read."""
    try:
        found = datetime.fromisoformat((place / _CONFIRMED).read_text("ascii"))
    except (OSError, ValueError):
        return None
    return found if found.tzinfo else None


async def _asked(client: Client, place: Path, mirror: str, begin_with: bytes | None) -> Roots:
    if begin_with is None and not (place / "metadata" / "root.json").exists():
        raise UsageError(
            _("nothing is known that trust in {mirror} could begin with").format(mirror=redact(mirror)),
            hint=_("name its root metadata: --tuf-root FILE, from whoever runs it, over a way that you trust"),
        )
    loop = asyncio.get_running_loop()

    def fetch(url: str) -> bytes | None:
        return asyncio.run_coroutine_threadsafe(_got(client, url), loop).result()

    updated = await asyncio.to_thread(adapter.update, mirror, place, _TARGETS, fetch, begin_with)
    confirmed = datetime.now(UTC)
    roots = _roots(mirror, updated, confirmed)
    with replacing(place / _CONFIRMED, place) as file:
        file.write(confirmed.isoformat().encode())
    return roots


async def _got(client: Client, url: str) -> bytes | None:
    """What is at ``url``; None if there is nothing, which some stores of objects call forbidden."""
    try:
        async with asking(_("the mirror of the root of trust"), _PATIENCE_S):
            answer = await client.fetch(Request("GET", url), limit=_LARGEST)
    except TooLarge as error:
        raise UnexpectedAnswer(error.message) from error
    if answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN}:
        return None
    if answer.status != HTTPStatus.OK:
        raise UnexpectedAnswer(_("{url} answers with status {status}").format(url=redact(url), status=answer.status))
    return answer.body


async def _kept(place: Path, mirror: str, confirmed: datetime) -> Roots:
    """What is kept, verified as if the mirror said it now, so that what has expired does not count."""

    def fetch(url: str) -> bytes | None:
        # The only file without a version in its name: whatever else is asked for here is newer than what is kept.
        return (place / "metadata" / "timestamp.json").read_bytes() if url.endswith("/timestamp.json") else None

    return _roots(mirror, await asyncio.to_thread(adapter.update, mirror, place, _TARGETS, fetch, None), confirmed)


async def _instead(error: CouldNotCheck, place: Path, mirror: str, confirmed: datetime) -> Roots:
    """What is kept, where the mirror met ``error``.

    Raises:
        CouldNotCheck: nothing of it counts any more.
    """
    try:
        return await _kept(place, mirror, confirmed)
    except (CouldNotCheck, FileNotFoundError):
        raise CouldNotCheck(
            _("{why}; and what it said on {day} does not count any more").format(
                why=error.message, day=f"{confirmed:%F}"
            ),
            hint=error.hint,
        ) from error


def _roots(mirror: str, updated: Updated, confirmed: datetime) -> Roots:
    raw = updated.targets.get(_TRUSTED_ROOT)
    if raw is None:
        raise UnexpectedAnswer(_("{mirror} has no {name}").format(mirror=redact(mirror), name=_TRUSTED_ROOT))
    root = trustedroot.parse(raw, f"{redact(mirror)}/targets/{_TRUSTED_ROOT}")
    return Roots(mirror, root, raw, updated.targets.get(_SIGNING_CONFIG, b""), confirmed, updated.expires)
