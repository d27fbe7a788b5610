"""Roots of trust from real repositories of The Update Framework: what is new counts, what is old or forged does not."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from securesystemslib.signer import CryptoSigner
from tests.support.tufmirror import TufMirror, tuf_mirror

from undercurrent.errors import BadContent, CouldNotCheck, UnexpectedAnswer, Unreachable, UsageError
from undercurrent.net import Client
from undercurrent.progress import Event, Noted
from undercurrent.settings import NetSettings
from undercurrent.signing.roots import PUBLIC_MIRROR, Roots, fetch_roots, kept_roots

ROOT = json.dumps({"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}).encode()
TARGETS = {"trusted_root.json": ROOT, "signing_config.v0.2.json": b"{}"}
PAST = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[TufMirror]:
    folder = tmp_path / "mirror"
    folder.mkdir()
    with tuf_mirror(folder) as running:
        running.publish(TARGETS)
        yield running


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client(NetSettings(retries=0)) as running:
        yield running


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "kept"


def place_of(mirror: TufMirror, kept: Path) -> Path:
    return kept / quote(mirror.url, safe="")


def let_days_pass(mirror: TufMirror, kept: Path, days: int = 2) -> None:
    """As if the mirror was asked so many days ago."""
    (place_of(mirror, kept) / "confirmed").write_text((datetime.now(UTC) - timedelta(days=days)).isoformat())


def expire(mirror: TufMirror, kept: Path) -> None:
    """As if all that time had passed for which the mirror's keepers had confirmed what it says."""
    mirror.publish_timestamp(PAST)
    expired = (mirror.folder / "timestamp.json").read_bytes()
    (place_of(mirror, kept) / "metadata" / "timestamp.json").write_bytes(expired)


async def ask(client: Client, mirror: TufMirror, kept: Path, *, fresh: bool = False) -> Roots:
    return await fetch_roots(client, mirror.url, begin_with=mirror.first_root, folder=kept, fresh=fresh)


async def test_roots_are_fetched_once_a_day(client: Client, mirror: TufMirror, kept: Path) -> None:
    roots = await ask(client, mirror, kept)
    assert (roots.raw, roots.signing_config) == (ROOT, b"{}")
    assert datetime.now(UTC) - roots.confirmed < timedelta(minutes=1)
    assert timedelta(days=360) < roots.expires - datetime.now(UTC)

    mirror.asked.clear()
    for again in (await ask(client, mirror, kept), await kept_roots(mirror.url, folder=kept)):
        assert again is not None
        assert (again.raw, again.confirmed, again.expires) == (ROOT, roots.confirmed, roots.expires)
    assert mirror.asked == []

    let_days_pass(mirror, kept)
    assert (await ask(client, mirror, kept)).confirmed > roots.confirmed
    assert "/timestamp.json" in mirror.asked


async def test_what_is_new_replaces_what_was_kept(client: Client, mirror: TufMirror, kept: Path) -> None:
    await ask(client, mirror, kept)
    newer = ROOT + b"\n"
    mirror.publish({"trusted_root.json": newer})
    assert (await ask(client, mirror, kept)).raw == ROOT
    assert (await ask(client, mirror, kept, fresh=True)).raw == newer


async def test_a_rotated_root_is_followed_and_an_unsigned_one_is_not(
    client: Client, mirror: TufMirror, kept: Path
) -> None:
    await ask(client, mirror, kept)
    mirror.signers = {role: CryptoSigner.generate_ecdsa() for role in mirror.signers}
    mirror.publish(TARGETS)
    assert (await ask(client, mirror, kept, fresh=True)).raw == ROOT

    mirror.usurp()
    mirror.publish({"trusted_root.json": ROOT + b" "})
    with pytest.raises(BadContent, match="does not prove"):
        await ask(client, mirror, kept, fresh=True)
    roots = await kept_roots(mirror.url, folder=kept)
    assert roots is not None
    assert roots.raw == ROOT


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets"])
async def test_what_has_expired_is_could_not_check(role: str, client: Client, mirror: TufMirror, kept: Path) -> None:
    mirror.publish(TARGETS, expires={role: PAST})
    with pytest.raises(CouldNotCheck, match=rf"has expired: .*{role}"):
        await ask(client, mirror, kept)
    assert await kept_roots(mirror.url, folder=kept) is None


async def test_a_mirror_that_stands_still_is_believed_until_its_word_expires(
    client: Client, mirror: TufMirror, kept: Path
) -> None:
    """Whoever holds back what is new gains no more time than the keepers gave."""
    await ask(client, mirror, kept)
    expire(mirror, kept)
    for fresh in (False, True):
        with pytest.raises(CouldNotCheck, match=r"expired|does not count any more"):
            await ask(client, mirror, kept, fresh=fresh)


async def test_without_the_mirror_what_is_kept_counts_until_it_expires(
    client: Client, mirror: TufMirror, kept: Path
) -> None:
    roots = await ask(client, mirror, kept)
    mirror.gone()
    let_days_pass(mirror, kept)
    noted: list[Event] = []
    offline = await fetch_roots(client, mirror.url, folder=kept, observer=noted.append)
    assert (offline.raw, offline.expires) == (roots.raw, roots.expires)
    assert ["are used" in event.message for event in noted if isinstance(event, Noted)] == [True], noted

    with pytest.raises(Unreachable):
        await ask(client, mirror, kept, fresh=True)
    expire(mirror, kept)
    with pytest.raises(CouldNotCheck, match="does not count any more"):
        await ask(client, mirror, kept)


async def test_without_a_mirror_nothing_is_trusted(client: Client, mirror: TufMirror, kept: Path) -> None:
    first = mirror.first_root
    mirror.gone()
    with pytest.raises(Unreachable):
        await fetch_roots(client, mirror.url, begin_with=first, folder=kept)


async def test_an_older_state_is_refused(client: Client, mirror: TufMirror, kept: Path) -> None:
    older = (mirror.folder / "timestamp.json").read_bytes()
    mirror.publish(TARGETS)
    await ask(client, mirror, kept)
    (mirror.folder / "timestamp.json").write_bytes(older)
    with pytest.raises(BadContent, match="does not prove"):
        await ask(client, mirror, kept, fresh=True)


async def test_a_changed_target_is_refused(client: Client, mirror: TufMirror, kept: Path) -> None:
    for target in (mirror.folder / "targets").glob("*.trusted_root.json"):
        target.write_bytes(ROOT.replace(b"0.1", b"0.2"))
    with pytest.raises(BadContent, match="does not prove"):
        await ask(client, mirror, kept)


async def test_a_kept_target_that_was_changed_is_fetched_again(client: Client, mirror: TufMirror, kept: Path) -> None:
    await ask(client, mirror, kept)
    (place_of(mirror, kept) / "targets" / "trusted_root.json").write_bytes(b"{}")
    assert (await ask(client, mirror, kept)).raw == ROOT


async def test_trust_begins_with_a_root_that_is_named(
    client: Client, mirror: TufMirror, kept: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="could begin with") as error:
        await fetch_roots(client, mirror.url, folder=kept)
    assert "--tuf-root" in error.value.hint
    strange = tmp_path / "strange"
    strange.mkdir()
    with tuf_mirror(strange) as other:
        other.publish(TARGETS)
        with pytest.raises(BadContent):
            await fetch_roots(client, mirror.url, begin_with=other.first_root, folder=kept)


@pytest.mark.parametrize(
    ("targets", "kind"),
    [({"something.json": b"{}"}, UnexpectedAnswer), ({"trusted_root.json": b"{}"}, BadContent)],
    ids=["missing", "no root"],
)
async def test_a_mirror_without_a_usable_root_is_refused(
    targets: dict[str, bytes], kind: type[Exception], client: Client, mirror: TufMirror, kept: Path
) -> None:
    mirror.publish(targets)
    with pytest.raises(kind):
        await ask(client, mirror, kept)


async def test_nothing_is_said_of_a_mirror_that_was_never_asked(kept: Path) -> None:
    assert await kept_roots(PUBLIC_MIRROR, folder=kept) is None
