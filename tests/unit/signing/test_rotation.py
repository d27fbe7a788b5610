"""A key that was replaced says itself until when it counts, and is not trusted a moment longer."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st

from undercurrent.errors import InvalidKey, RetiredKey
from undercurrent.progress import Event, Noted
from undercurrent.settings import SigningSettings
from undercurrent.signing.keys import (
    KeyKind,
    PrivateKey,
    load_any,
    load_public,
    load_retired,
    load_signer,
    public_beside,
    write_key_pair,
)
from undercurrent.signing.retirement import Retirement
from undercurrent.signing.rotation import postpone, rotate, under_way
from undercurrent.workflows.keys import trusted_keys

PASSWORD = b"secret"
NOW = datetime.now(UTC).replace(microsecond=0)
LATER = NOW + timedelta(days=30)
P256 = KeyKind.ECDSA_P256


@pytest.fixture
def private(tmp_path: Path) -> Path:
    write_key_pair(PrivateKey.generate(), tmp_path / "cosign.key", PASSWORD)
    return tmp_path / "cosign.key"


def test_the_old_pair_is_kept_and_says_until_when_it_counts(private: Path) -> None:
    old = load_public(public_beside(private))

    new, rotation = rotate(private, P256, PASSWORD, LATER)

    assert (rotation.old, rotation.new, rotation.until) == (old, new.public, LATER)
    assert load_public(rotation.kept) == old
    assert load_retired(rotation.kept) == (old, Retirement(LATER, new.public.fingerprint))
    assert load_signer(rotation.kept.with_suffix(".key"), PASSWORD).public == old
    assert load_signer(private, PASSWORD).public == load_public(public_beside(private)) == new.public
    assert rotation.kept.read_text().startswith(f"Trusted-Until: {LATER.isoformat()}\nReplaced-By: ")
    load_pem_public_key(rotation.kept.read_bytes())  # other programs skip what is above the key


def test_when_its_time_is_over_it_does_not_verify_any_more(private: Path) -> None:
    new, rotation = rotate(private, P256, PASSWORD, NOW)

    with pytest.raises(RetiredKey, match="was replaced, and has not been trusted since") as caught:
        load_public(rotation.kept)
    assert new.public.fingerprint in caught.value.hint
    assert load_any(rotation.kept) == rotation.old  # to be shown


async def test_among_trusted_keys_it_is_left_out_with_a_word(private: Path) -> None:
    new, rotation = rotate(private, P256, PASSWORD, LATER)
    both = SigningSettings(public_keys=(str(public_beside(private)), str(rotation.kept)))
    events: list[Event] = []

    assert await trusted_keys(both, observer=events.append) == (new.public, rotation.old)
    assert events == []
    postpone(rotation, NOW)
    assert await trusted_keys(both, observer=events.append) == (new.public,)
    (event,) = events
    assert isinstance(event, Noted)
    assert "has not been trusted since" in event.message
    with pytest.raises(RetiredKey):
        await trusted_keys(SigningSettings(public_keys=(str(rotation.kept),)))


def test_a_rotation_is_under_way_as_long_as_the_old_key_counts(private: Path) -> None:
    assert under_way(private) is None
    _new, rotation = rotate(private, P256, PASSWORD, LATER)

    assert under_way(private) == rotation
    assert under_way(private.with_name("other.key")) is None
    assert postpone(rotation, NOW).until == NOW
    assert under_way(private) is None


def test_a_rotation_that_was_cut_off_is_none_and_can_be_done_again(
    private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = load_public(public_beside(private))
    with monkeypatch.context() as patch:
        patch.setattr("undercurrent.signing.rotation.write_key_pair", lambda *_arguments, **_more: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            rotate(private, P256, PASSWORD, LATER)

    assert load_signer(private, PASSWORD).public == load_public(public_beside(private)) == old
    assert under_way(private) is None
    new, rotation = rotate(private, P256, PASSWORD, LATER)
    assert under_way(private) == rotation
    assert load_retired(rotation.kept) == (old, Retirement(LATER, new.public.fingerprint))


BY = "ab" * 32


@pytest.mark.parametrize(
    "head",
    [
        "Trusted-Until: 2026-12-25T00:00:00+00:00\n",
        f"Replaced-By: {BY}\n",
        f"Trusted-Until: some day\nReplaced-By: {BY}\n",
        f"Trusted-Until: 2026-12-25T00:00:00\nReplaced-By: {BY}\n",
        "Trusted-Until: 2026-12-25T00:00:00+00:00\nReplaced-By: me\n",
        f"Trusted-Until: 2026-12-25T00:00:00+00:00\nTrusted-Until: 2099-12-25T00:00:00+00:00\nReplaced-By: {BY}\n",
    ],
)
def test_what_is_not_understood_is_not_taken_for_forever(private: Path, head: str) -> None:
    public = public_beside(private)
    public.write_text(head + public.read_text())

    with pytest.raises(InvalidKey, match="is not understood"):
        load_public(public)


def test_words_below_a_key_and_other_words_above_it_say_nothing(private: Path) -> None:
    public = public_beside(private)
    public.write_text(f"The key of the shop.\n{public.read_text()}Trusted-Until: never\n")

    assert load_retired(public)[1] is None


@given(st.datetimes(timezones=st.just(UTC)).map(lambda time: time.replace(microsecond=0)))
def test_any_time_is_read_as_it_was_written(until: datetime) -> None:
    retirement = Retirement(until, BY)

    assert Retirement.read(retirement.above("-----BEGIN PUBLIC KEY-----").encode(), "it") == retirement
