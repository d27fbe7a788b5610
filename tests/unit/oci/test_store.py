import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercurrent.errors import BadContent, DigestMismatch, TooLarge
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.manifest import EMPTY, build_manifest
from undercurrent.oci.store import content_of, parse_verified, read_blob, verified


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def read(descriptor: Descriptor, *parts: bytes) -> list[bytes]:
    return [piece async for piece in verified(pieces(*parts), descriptor, "here")]


@given(st.lists(st.binary(max_size=20), max_size=6))
async def test_what_is_right_passes(parts: list[bytes]) -> None:
    descriptor = Descriptor.of(b"".join(parts), "text/plain")
    assert b"".join(await read(descriptor, *parts)) == b"".join(parts)


@pytest.mark.parametrize("parts", [(b"hellO",), (b"hell",), (b"hello", b"!"), (), (b"hello!",)])
async def test_what_is_wrong_does_not(parts: tuple[bytes, ...]) -> None:
    descriptor = Descriptor.of(b"hello", "text/plain")
    with pytest.raises(DigestMismatch, match="here") as raised:
        await read(descriptor, *parts)
    assert descriptor.digest in raised.value.message


async def test_no_more_than_the_size_is_handed_on() -> None:
    descriptor = Descriptor.of(b"hello", "text/plain")
    handed_on = verified(pieces(b"he", b"llo and ", b"on and on"), descriptor, "here")
    assert await anext(handed_on) == b"he"
    with pytest.raises(DigestMismatch):
        await anext(handed_on)


async def test_other_algorithms() -> None:
    digest = Digest("sha512:" + hashlib.sha512(b"hello").hexdigest())
    assert await read(Descriptor("text/plain", digest, 5), b"hello") == [b"hello"]


async def test_small_blobs_are_read_whole_and_large_ones_not_at_all(tmp_path: Path) -> None:
    layout = Layout.open(tmp_path / "images", create=True)
    blob = Descriptor.of(b"hello", "text/plain")
    await layout.push_blob(blob, content_of(b"hello"))
    assert await read_blob(layout, blob, 5) == b"hello"
    with pytest.raises(TooLarge, match=f"{blob.digest} .* has 5 bytes; at most 4 are read"):
        await read_blob(layout, blob, 4)


# Manifests

MANIFEST = build_manifest(EMPTY, [])


def test_a_manifest_is_what_its_descriptor_says() -> None:
    assert parse_verified(MANIFEST.raw, MANIFEST.descriptor, "here") == MANIFEST
    with pytest.raises(DigestMismatch, match="here delivered another manifest"):
        parse_verified(MANIFEST.raw + b" ", MANIFEST.descriptor, "here")
    with pytest.raises(DigestMismatch):
        parse_verified(MANIFEST.raw, replace(MANIFEST.descriptor, size=3), "here")
    with pytest.raises(DigestMismatch):
        parse_verified(b"no JSON", MANIFEST.descriptor, "here")
    for other in (mediatypes.OCI_INDEX, mediatypes.DOCKER_MANIFEST, "application/json"):
        with pytest.raises(BadContent):
            parse_verified(MANIFEST.raw, replace(MANIFEST.descriptor, media_type=other), "here")


def test_a_manifest_is_called_as_it_was_asked_for() -> None:
    digest = Digest("sha512:" + hashlib.sha512(MANIFEST.raw).hexdigest())
    found = parse_verified(MANIFEST.raw, replace(MANIFEST.descriptor, digest=digest), "here")
    assert found.descriptor.digest == found.digest == digest


async def test_what_a_descriptor_carries_along_is_not_asked_for(tmp_path: Path) -> None:
    layout = Layout.open(tmp_path / "images", create=True)
    assert await read_blob(layout, Descriptor.embedding(b"hello", "text/plain"), 5) == b"hello"


@pytest.mark.parametrize("data", ["aGVsbE8=", "aGVsbA==", "aGVsbG8h", ""])
async def test_other_content_than_the_digest_says_is_refused_where_it_is_carried_along(
    tmp_path: Path, data: str
) -> None:
    layout = Layout.open(tmp_path / "images", create=True)
    blob = Descriptor.of(b"hello", "text/plain")
    await layout.push_blob(blob, content_of(b"hello"))
    with pytest.raises(DigestMismatch):
        await read_blob(layout, replace(blob, extra={"data": data}), 5)


@pytest.mark.parametrize("data", ["aGVsbG8", "%", 5, ["aGVsbG8="], {}, True])
async def test_what_is_carried_along_is_base64(tmp_path: Path, data: object) -> None:
    layout = Layout.open(tmp_path / "images", create=True)
    with pytest.raises(BadContent, match="not base64"):
        await read_blob(layout, replace(Descriptor.of(b"hello", "text/plain"), extra={"data": data}), 5)
