from collections.abc import Iterable
from pathlib import Path

import pytest

from undercurrent.errors import BadContent, DigestMismatch, TooLarge
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import EMPTY, EMPTY_BYTES, AnyManifest, Index, Manifest, build_index, build_manifest
from undercurrent.oci.store import content_of


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout.open(tmp_path / "images", create=True)


async def image(layout: Layout, text: str) -> Manifest:
    await layout.push_blob(EMPTY, content_of(EMPTY_BYTES))
    manifest = build_manifest(EMPTY, [], annotations={"text": text})
    await layout.push_manifest(manifest)
    return manifest


async def index(layout: Layout, children: Iterable[AnyManifest]) -> Index:
    built = build_index([child.descriptor for child in children])
    await layout.push_manifest(built)
    return built


@pytest.mark.parametrize(
    ("name", "repository"),
    [
        ("app", "app"),
        ("app:1.0", "app"),
        ("ghcr.io/acme/app:1.0", "ghcr.io/acme/app"),
        ("localhost:5000/app", "localhost:5000/app"),
        ("localhost:5000/app:1@sha256:" + "a" * 64, "localhost:5000/app"),
        ("[::1]:5000/app:1", "[::1]:5000/app"),
    ],
)
def test_repository(layout: Layout, name: str, repository: str) -> None:
    assert Image(layout, name, EMPTY).repository == repository


async def test_a_plain_image_is_its_own_platform(layout: Layout) -> None:
    plain = Image(layout, "app", (await image(layout, "x")).descriptor)
    assert await plain.platforms() == (plain,)
    assert (await plain.manifest()).digest == plain.digest


async def test_platforms_are_found_through_nested_indexes(layout: Layout) -> None:
    one, two, three = [await image(layout, text) for text in "123"]
    inner = await index(layout, [two, three])
    root = Image(layout, "app", (await index(layout, [one, inner, one])).descriptor)
    assert [leaf.digest for leaf in await root.platforms()] == [one.digest, two.digest, three.digest, one.digest]
    assert {leaf.name for leaf in await root.platforms()} == {"app"}


async def test_indexes_that_are_nested_too_deeply(layout: Layout) -> None:
    inner: AnyManifest = await image(layout, "x")
    for _depth in range(4):
        inner = await index(layout, [inner])
    assert len(await Image(layout, "app", inner.descriptor).platforms()) == 1
    with pytest.raises(BadContent, match="app: indexes are nested deeper than 4"):
        await Image(layout, "app", (await index(layout, [inner])).descriptor).platforms()


async def test_indexes_that_multiply(layout: Layout) -> None:
    inner: AnyManifest = await image(layout, "x")
    for _depth in range(4):
        inner = await index(layout, [inner] * 30)
    with pytest.raises(TooLarge, match="app has more than 10000 images"):
        await Image(layout, "app", inner.descriptor).platforms()


async def test_a_changed_manifest_is_refused(layout: Layout) -> None:
    manifest = await image(layout, "x")
    path = layout.path / "blobs" / "sha256" / manifest.digest.encoded
    path.write_bytes(path.read_bytes().replace(b'"x"', b'"y"'))
    with pytest.raises(DigestMismatch):
        await Image(layout, "app", manifest.descriptor).manifest()


def test_images_are_the_same_wherever_they_are(layout: Layout, tmp_path: Path) -> None:
    other = Layout.open(tmp_path / "other", create=True)
    assert Image(layout, "app", EMPTY) == Image(other, "app", EMPTY)
    assert Image(layout, "app", EMPTY) != Image(layout, "app", Descriptor.of(b"x", EMPTY.media_type))


async def test_an_image_without_a_name_goes_by_its_digest(layout: Layout) -> None:
    manifest = await image(layout, "nameless")
    assert Image(layout, manifest.digest, manifest.descriptor).repository == manifest.digest
