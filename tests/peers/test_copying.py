"""Copies between layouts and real registries, with all that hangs on an image."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.images import AMD64, ARM64, push_image, push_index
from tests.support.servers import RegistryServer

from undercurrent.net import Client
from undercurrent.oci.copying import copy
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.oci.legacy import SIGNATURES, legacy_name
from undercurrent.oci.manifest import EMPTY, EMPTY_BYTES, AnyManifest, Index, build_manifest
from undercurrent.oci.registry import Registry, Repository
from undercurrent.oci.registry.credentials import Fixed
from undercurrent.oci.store import Content, WritableStore, content_of
from undercurrent.settings import NetSettings


class Watched(Repository):
    """A repository that counts what is written to it."""

    moved = manifests = 0

    async def push_blob(
        self, descriptor: Descriptor, content: Content, *, mount_from: str = "", fresh: bool = False
    ) -> bool:
        moved = await super().push_blob(descriptor, content, mount_from=mount_from, fresh=fresh)
        self.moved += moved
        return moved

    async def push_manifest(self, manifest: AnyManifest, name: str = "") -> None:
        await super().push_manifest(manifest, name)
        self.manifests += 1


@pytest.fixture
async def registry(registry_server: RegistryServer) -> AsyncIterator[Registry]:
    async with Client(NetSettings()) as client:
        yield Registry(registry_server.host, client, Fixed())


async def signed(store: WritableStore, name: str) -> AnyManifest:
    """An index of two images with a legacy signature; a referrer on it, one on that, and one on an image."""
    images = {
        platform: await push_image(store, {"motd": f"{name} {platform}".encode()}, platform=platform)
        for platform in (AMD64, ARM64)
    }
    index = await push_index(store, images, name)
    await store.push_blob(EMPTY, content_of(EMPTY_BYTES))
    hanging = [index.descriptor, images[AMD64].descriptor]
    for number, subject in enumerate(hanging):
        referrer = build_manifest(EMPTY, [EMPTY], artifact_type=f"test/{number}", subject=subject)
        await store.push_manifest(referrer)
        if number == 0:
            hanging.append(referrer.descriptor)  # so the loop goes on to it
    await store.push_manifest(build_manifest(EMPTY, [EMPTY]), legacy_name(index.digest, SIGNATURES))
    return index


async def everything(store: WritableStore, name: str) -> dict[str, set[str]]:
    """The digests under a name, each with those of its referrers; and what the legacy name means."""
    root = await store.resolve(name)
    index = await store.manifest(root)
    assert isinstance(index, Index)
    waiting, found = [root.digest, *(child.digest for child in index.manifests)], {}
    while waiting:
        digest = waiting.pop()
        referrers = {item.digest for item in await store.referrers(digest)}
        found[str(digest)] = {str(item) for item in referrers}
        waiting += referrers
    return found | {"legacy": {str((await store.resolve(legacy_name(root.digest, SIGNATURES))).digest)}}


async def test_there_and_on_and_back(registry: Registry, repository_name: str, tmp_path: Path) -> None:
    layout = Layout.open(tmp_path / "layout", create=True)
    index = await signed(layout, "app:1")
    wanted = await everything(layout, "app:1")
    assert sorted(map(len, wanted.values())) == [0, 0, 0, 1, 1, 1, 1]

    there = Watched(registry, f"{repository_name}/there")
    await copy(Image(layout, "app:1", index.descriptor), there, "1", referrers=True)
    assert await everything(there, "1") == wanted
    # Two layers, two configurations, and the empty one: where all repositories share their blobs, it may be there.
    assert there.moved in {4, 5}

    there.moved = there.manifests = 0
    await copy(Image(layout, "app:1", index.descriptor), there, "1", referrers=True)
    assert (there.moved, there.manifests) == (0, 0)

    on = Watched(registry, f"{repository_name}/on")
    await copy(Image(there, "1", await there.resolve("1")), on, "1", referrers=True)
    assert await everything(on, "1") == wanted
    assert on.moved == 0  # all of it was mounted

    back = Layout.open(tmp_path / "back", create=True)
    await copy(Image(on, "1", await on.resolve("1")), back, "app:1", referrers=True)
    assert await everything(back, "app:1") == wanted
    blobs = "blobs/sha256"
    assert {path.name for path in (back.path / blobs).iterdir()} == {
        path.name for path in (layout.path / blobs).iterdir()
    }


async def test_a_tag_that_moved_is_moved(registry: Registry, repository_name: str, tmp_path: Path) -> None:
    layout = Layout.open(tmp_path / "layout", create=True)
    repository = Watched(registry, repository_name)
    for text in ("one", "two"):
        index = await signed(layout, text)
        await copy(Image(layout, text, index.descriptor), repository, "1")
        assert (await repository.resolve("1")).digest == index.digest
        assert await repository.referrers(index.digest) == ()
