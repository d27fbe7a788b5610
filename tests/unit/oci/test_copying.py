import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.support.memory import LITTLE, peak_memory

from undercurrent.errors import BadContent, DigestMismatch, NotFound, TooLarge, Unreachable
from undercurrent.oci import mediatypes
from undercurrent.oci.copying import copy
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import (
    EMPTY,
    EMPTY_BYTES,
    AnyManifest,
    Index,
    Manifest,
    build_index,
    build_manifest,
)
from undercurrent.oci.store import Content, WritableStore, content_of, read_blob
from undercurrent.progress import Advanced, Event, Finished, Started


async def put(
    layout: WritableStore, text: str, *, name: str = "", subject: Descriptor | None = None, shared: str = "base"
) -> Manifest:
    layers = [Descriptor.of(content.encode(), mediatypes.OCI_LAYER) for content in (shared, text)]
    for layer, content in zip(layers, (shared, text), strict=True):
        await layout.push_blob(layer, content_of(content.encode()))
    await layout.push_blob(EMPTY, content_of(EMPTY_BYTES))
    manifest = build_manifest(EMPTY, layers, artifact_type="test/x", subject=subject)
    await layout.push_manifest(manifest, name)
    return manifest


async def image(layout: Layout, name: str) -> Image:
    return Image(layout, name, await layout.resolve(name))


def blobs(layout: Layout) -> set[str]:
    return {path.name for path in (layout.path / "blobs" / "sha256").iterdir()}


class Watched(Layout):
    """A layout that notes what is done to it, in order."""

    def watch(self) -> list[str]:
        self.pushed: list[str] = []
        self.at_once = self.most_at_once = 0
        return self.pushed

    async def push_blob(
        self, descriptor: Descriptor, content: Content, *, mount_from: str = "", fresh: bool = False
    ) -> bool:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        moved = await super().push_blob(descriptor, content, mount_from=mount_from, fresh=fresh)
        self.at_once -= 1
        if moved:
            self.pushed.append(f"blob {descriptor.digest}")
        return moved

    async def push_manifest(self, manifest: AnyManifest, name: str = "") -> None:
        await super().push_manifest(manifest, name)
        self.pushed.append(f"manifest {manifest.digest} {name}".strip())


@pytest.fixture
def source(tmp_path: Path) -> Layout:
    return Layout.open(tmp_path / "source", create=True)


@pytest.fixture
def target(tmp_path: Path) -> Watched:
    Layout.open(tmp_path / "target", create=True)
    layout = Watched(tmp_path / "target")
    layout.watch()
    return layout


async def test_an_image_comes_over_byte_for_byte(source: Layout, target: Watched) -> None:
    manifest = await put(source, "hello", name="app:1")
    events: list[Event] = []
    assert await copy(await image(source, "app:1"), target, "copy:1", observer=events.append) == manifest.descriptor
    copied = await target.manifest(await target.resolve("copy:1"))
    assert copied.raw == manifest.raw
    assert blobs(target) == blobs(source)
    assert events[0] == Started("copy")
    assert events[-1] == Finished("copy")
    assert sum(isinstance(event, Advanced) for event in events) == 3


async def test_without_a_name_it_is_there_by_its_digest(source: Layout, target: Watched) -> None:
    manifest = await put(source, "hello", name="app:1")
    await copy(await image(source, "app:1"), target, "")
    assert [name async for name in target.names()] == [manifest.digest]


async def multi(layout: Layout) -> Index:
    children = [(await put(layout, f"for {architecture}")).descriptor for architecture in ("amd64", "arm64", "riscv64")]
    inner = build_index(children[2:])
    await layout.push_manifest(inner)
    index = build_index([*children[:2], children[0], inner.descriptor])
    await layout.push_manifest(index, "multi")
    return index


async def test_children_come_before_their_index_and_blobs_once(source: Layout, target: Watched) -> None:
    index = await multi(source)
    await copy(await image(source, "multi"), target, "multi")
    assert blobs(target) == blobs(source)
    assert len(target.pushed) == len(set(target.pushed)) == len(blobs(source)) + 5
    assert target.pushed[-1] == f"manifest {index.digest} multi"
    places = {line.split()[1]: place for place, line in enumerate(target.pushed)}
    for child in index.manifests:
        manifest = await source.manifest(child)
        inside = manifest.manifests if isinstance(manifest, Index) else manifest.layers
        assert all(places[item.digest] < places[child.digest] < places[index.digest] for item in inside)


async def test_what_is_there_is_not_moved_again(source: Layout, target: Watched) -> None:
    await multi(source)
    await copy(await image(source, "multi"), target, "multi")
    before = (target.path / "index.json").stat()
    pushed = target.watch()
    await copy(await image(source, "multi"), target, "multi")
    assert [line for line in pushed if line.startswith("blob")] == []
    assert (target.path / "index.json").stat() == before


async def test_a_lost_blob_is_brought_again(source: Layout, target: Watched) -> None:
    manifest = await put(source, "hello", name="app")
    await copy(await image(source, "app"), target, "app")
    (target.path / "blobs/sha256" / manifest.layers[1].digest.encoded).unlink()
    await copy(await image(source, "app"), target, "app")
    assert blobs(target) == blobs(source)


async def test_blobs_move_at_once_but_not_all_of_them(source: Layout, target: Watched) -> None:
    layers = [Descriptor.of(str(number).encode(), mediatypes.OCI_LAYER) for number in range(50)]
    for number, layer in enumerate(layers):
        await source.push_blob(layer, content_of(str(number).encode()))
    await source.push_blob(EMPTY, content_of(EMPTY_BYTES))
    await source.push_manifest(build_manifest(EMPTY, layers), "wide")
    await copy(await image(source, "wide"), target, "wide")
    assert 2 <= target.most_at_once <= 8


async def test_layers_from_elsewhere_stay_there(source: Layout, target: Watched) -> None:
    foreign = Descriptor.of(b"windows", "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")
    foreign = Descriptor(foreign.media_type, foreign.digest, 7, extra={"urls": ["https://example.org/windows.tar.gz"]})
    await source.push_blob(EMPTY, content_of(EMPTY_BYTES))
    manifest = build_manifest(EMPTY, [foreign])
    await source.push_manifest(manifest, "windows")
    await copy(await image(source, "windows"), target, "windows")
    assert await target.has(manifest.descriptor)
    assert not await target.has(foreign)


async def test_an_index_may_list_other_things_than_manifests(source: Layout, target: Watched) -> None:
    note = Descriptor.of(b"note", "text/plain")
    await source.push_blob(note, content_of(b"note"))
    await source.push_manifest(build_index([note]), "notes")
    await copy(await image(source, "notes"), target, "notes")
    assert await target.has(note)


async def test_indexes_nested_too_deeply(source: Layout, target: Watched) -> None:
    inner = (await put(source, "x")).descriptor
    for depth in range(1, 6):
        index = build_index([inner])
        await source.push_manifest(index, f"depth-{depth}")
        inner = index.descriptor
    await copy(await image(source, "depth-4"), target, "depth-4")
    with pytest.raises(BadContent, match="nested deeper than 4"):
        await copy(await image(source, "depth-5"), target, "depth-5")
    assert [name async for name in target.names()] == ["depth-4"]


# Referrers


async def test_what_hangs_on_an_image_comes_along(source: Layout, target: Watched) -> None:
    index = await multi(source)
    sbom = await put(source, "sbom", subject=index.manifests[0])
    signature = await put(source, "signature of index", subject=index.descriptor)
    signature_of_sbom = await put(source, "signature of sbom", subject=sbom.descriptor)
    legacy = await put(source, "legacy", name=f"sha256-{index.digest.encoded}.sig")
    await put(source, "signature of another image", subject=(await put(source, "another")).descriptor)
    await copy(await image(source, "multi"), target, "multi", referrers=True)
    assert await target.referrers(index.digest) == (signature.referrer,)
    assert await target.referrers(index.manifests[0].digest) == (sbom.referrer,)
    assert await target.referrers(sbom.digest) == (signature_of_sbom.referrer,)
    assert await target.resolve(f"sha256-{index.digest.encoded}.sig") == legacy.descriptor
    assert target.pushed[-1] == f"manifest {index.digest} multi"
    assert len(blobs(source) - blobs(target)) == 4  # the other image, its signature, and a layer of each
    pushed, before = target.watch(), blobs(target)
    await copy(await image(source, "multi"), target, "multi", referrers=True)
    assert blobs(target) == before
    assert not any(line.startswith("blob") for line in pushed)


async def test_signatures_that_the_target_has_stay_there(source: Layout, target: Watched) -> None:
    manifest = await put(source, "x", name="app")
    name = f"sha256-{manifest.digest.encoded}.sig"
    theirs = await put(source, "theirs", name=name)
    ours = await put(target, "ours", name=name)
    await copy(await image(source, "app"), target, "app", referrers=True)
    both = await target.manifest(await target.resolve(name))
    assert isinstance(both, Manifest)
    assert both.layers == (*ours.layers, theirs.layers[1])
    config = json.loads(await read_blob(target, both.config, 2**20))
    assert config["rootfs"]["diff_ids"] == [layer.digest for layer in both.layers]
    pushed = target.watch()
    await copy(await image(source, "app"), target, "app", referrers=True)
    assert pushed == [f"manifest {manifest.digest} app"]
    assert await target.resolve(name) == both.descriptor


async def test_an_image_of_absurdly_many_manifests(
    source: Layout, target: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("undercurrent.oci.copying.MAX_DESCRIPTORS", 4)
    await multi(source)
    with pytest.raises(TooLarge, match="more than 4 manifests"):
        await copy(await image(source, "multi"), target, "multi")


async def test_they_stay_unless_asked_for(source: Layout, target: Watched) -> None:
    manifest = await put(source, "x", name="app")
    await put(source, "signature", subject=manifest.descriptor)
    await copy(await image(source, "app"), target, "app")
    assert await target.referrers(manifest.digest) == ()


async def test_referrers_that_go_round_in_circles_end(source: Layout, target: Watched) -> None:
    """A fallback tag can claim that an image refers to itself."""
    manifest = await put(source, "x", name="app")
    await source.push_manifest(build_index([manifest.descriptor]), f"sha256-{manifest.digest.encoded}")
    await copy(await image(source, "app"), target, "app", referrers=True)
    assert await target.resolve("app") == manifest.descriptor


async def test_a_long_chain_of_referrers_is_refused(source: Layout, target: Watched) -> None:
    link = await put(source, "x", name="app")
    for number in range(10):
        link = await put(source, str(number), subject=link.descriptor)
    with pytest.raises(BadContent, match="nested deeper"):
        await copy(await image(source, "app"), target, "app", referrers=True)


# Faults


class Faulty(Layout):
    """A source that fails for one digest."""

    def fail(self, digest: Digest, error: Exception) -> "Faulty":
        self._digest, self._error = digest, error
        return self

    async def blob(self, descriptor: Descriptor) -> AsyncIterator[bytes]:
        if descriptor.digest == self._digest:
            raise self._error
        async for piece in super().blob(descriptor):
            yield piece


async def test_the_error_comes_out_as_it_is_and_nothing_gets_a_name(source: Layout, target: Watched) -> None:
    index = await multi(source)
    child = await source.manifest(index.manifests[0])
    assert isinstance(child, Manifest)
    faulty = Faulty(source.path).fail(child.layers[1].digest, Unreachable("the line went dead"))
    with pytest.raises(Unreachable, match="the line went dead"):
        await copy(Image(faulty, "multi", index.descriptor), target, "multi")
    assert [name async for name in target.names()] == []
    assert not await target.has(child.descriptor)


async def test_damaged_and_missing_content(source: Layout, target: Watched) -> None:
    manifest = await put(source, "hello", name="app")
    path = source.path / "blobs/sha256" / manifest.layers[1].digest.encoded
    path.write_bytes(b"hellO")
    with pytest.raises(DigestMismatch):
        await copy(await image(source, "app"), target, "app")
    path.unlink()
    with pytest.raises(NotFound, match="lacks"):
        await copy(await image(source, "app"), target, "app")
    assert [name async for name in target.names()] == []
    assert not any(path.name.endswith(".tmp") for path in target.path.iterdir())


# Registries


class Shelf(Layout):
    """Stands for a repository: part of a registry, refusing tags that are written twice."""

    def __init__(self, path: Path, registry: object, name: str) -> None:
        super().__init__(path)
        self.registry, self.name = registry, name
        self.mounts: set[str] = set()
        self.written: list[str] = []
        self.asked_for: list[Digest] = []

    async def push_blob(
        self, descriptor: Descriptor, content: Content, *, mount_from: str = "", fresh: bool = False
    ) -> bool:
        if descriptor.media_type not in mediatypes.MANIFESTS:  # a layout keeps them beside the blobs
            self.mounts.add(mount_from)
            self.asked_for.append(descriptor.digest)
        return await super().push_blob(descriptor, content, fresh=fresh)

    async def push_manifest(self, manifest: AnyManifest, name: str = "") -> None:
        assert name not in self.written
        if name:
            self.written.append(name)
        await super().push_manifest(manifest, name)


@pytest.fixture
def shelves(tmp_path: Path) -> Iterator[tuple[Shelf, Shelf]]:
    registry = object()
    for name in ("one", "two"):
        Layout.open(tmp_path / name, create=True)
    return Shelf(tmp_path / "one", registry, "one"), Shelf(tmp_path / "two", registry, "two")  # type: ignore[return-value]


async def test_blobs_are_mounted_within_a_registry(shelves: tuple[Shelf, Shelf], target: Watched) -> None:
    one, two = shelves
    manifest = await put(one, "hello", name="app")
    await copy(Image(one, "app", manifest.descriptor), two, "app")
    assert two.mounts == {"one"}
    two.registry = object()
    await copy(Image(one, "app", manifest.descriptor), two, "app:2")
    other = await put(target, "other", name="app")
    await copy(Image(target, "app", other.descriptor), two, "app:3")
    assert two.mounts == {"one", ""}


async def test_what_a_registry_has_is_asked_for_once(shelves: tuple[Shelf, Shelf]) -> None:
    one, two = shelves
    manifest = await put(one, "hello", name="app")
    await put(one, "signature", subject=manifest.descriptor)
    for _time in range(2):
        await copy(Image(one, "app", manifest.descriptor), two, "app", referrers=True)
    assert len(two.asked_for) == len(set(two.asked_for)) == 4
    assert two.written == ["app"]


# Memory

GIBIBYTE = 2**30
OF_ZEROS = "sha256:49bc20df15e412a64472421e13fe86ff1c5165e18b2afccf160d4dc19fe68a14"


def test_a_large_blob_is_copied_in_little_memory(tmp_path: Path) -> None:
    """1 GiB of zeros; what is sparse on disk is whole to whoever reads it."""
    script = """
import asyncio, sys
from pathlib import Path
from undercurrent.oci.copying import copy
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.image import Image
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.manifest import build_manifest

folder, size = Path(sys.argv[1]), int(sys.argv[2])
layer = Descriptor("application/vnd.oci.image.layer.v1.tar", Digest(sys.argv[3]), size)
source, target = (Layout.open(folder / name, create=True) for name in ("source", "target"))
with (source.path / "blobs" / "sha256" / layer.digest.encoded).open("wb") as file:
    file.truncate(size)
manifest = build_manifest(layer, [layer])

async def main():
    await source.push_manifest(manifest, "large")
    await copy(Image(source, "large", manifest.descriptor), target, "large")
    assert await target.has(layer)

asyncio.run(main())
"""
    size = GIBIBYTE
    if os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize < 2 * size:
        pytest.skip("there is no room for 1 GiB here")
    assert peak_memory(script, str(tmp_path), str(size), OF_ZEROS) < LITTLE
