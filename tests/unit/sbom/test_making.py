"""SBOMs of real images by the real syft."""

import asyncio
import gzip
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest
from tests.support.images import AMD64, ARM64, push_image, push_index, python_package

from undercurrent.errors import DigestMismatch, EnvironmentLacks, Refused, Unsupported
from undercurrent.oci.descriptor import Descriptor, Platform
from undercurrent.oci.digest import Digest
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import EMPTY, EMPTY_BYTES, AnyManifest, build_manifest
from undercurrent.oci.store import Store, content_of
from undercurrent.progress import Advanced, Event, Finished, Started
from undercurrent.sbom.document import FormatName, Package, packages
from undercurrent.sbom.making import make, slots
from undercurrent.sbom.syft import Syft, bundled_syft

ImageOf = Callable[..., Image]

TWO_PACKAGES = {**python_package("click", "8.1.0"), **python_package("rich", "13.0.0")}
DEBIAN = {
    "etc/os-release": b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
    "var/lib/dpkg/status": b"Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.2.13\n\n",
}
BOTH: Sequence[FormatName] = ("spdx", "cyclonedx")


def script(path: Path, text: str) -> Syft:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return Syft(path, "99.0.0")


def real_syft() -> Syft:
    found = bundled_syft()
    assert found is not None
    return found


def left_behind(cache: Path) -> list[Path]:
    return list(cache.glob("work-*"))


async def test_both_formats_list_the_packages_and_follow_their_schemas(
    layout: Layout, image: ImageOf, cache: Path, complaints: Callable[[bytes], list[str]]
) -> None:
    manifest = await push_image(layout, {**TWO_PACKAGES, **DEBIAN})

    spdx, cyclonedx = await make(image(manifest), BOTH, cache=cache)

    expected = {
        Package("click", "8.1.0", "pkg:pypi/click@8.1.0"),
        Package("rich", "13.0.0", "pkg:pypi/rich@13.0.0"),
        Package("zlib1g", "1.2.13", "pkg:deb/debian/zlib1g@1.2.13?arch=amd64&distro=debian-12"),
    }
    for sbom, name in ((spdx, "spdx"), (cyclonedx, "cyclonedx")):
        assert (sbom.format.name, sbom.digest, sbom.platform) == (name, manifest.digest, AMD64)
        assert sbom.package_count == 3
        assert set(packages(sbom)) == expected
        assert complaints(sbom.read()) == []
    assert spdx.format.predicate_type == "https://spdx.dev/Document"
    assert cyclonedx.format.predicate_type == "https://cyclonedx.org/bom"


async def test_documents_name_the_repository_and_the_digest(layout: Layout, image: ImageOf, cache: Path) -> None:
    manifest = await push_image(layout, TWO_PACKAGES)

    (sbom,) = await make(image(manifest), ["cyclonedx"], cache=cache)

    component = json.loads(sbom.read())["metadata"]["component"]
    assert (component["name"], component["version"]) == ("ghcr.io/acme/app", manifest.digest)
    assert str(layout.path.parent) not in sbom.read().decode()


async def test_an_index_gets_a_document_for_each_platform_and_none_for_attestations(
    layout: Layout, image: ImageOf, cache: Path
) -> None:
    attestation = await push_image(layout, {}, platform=Platform("unknown", "unknown"))
    index = await push_index(
        layout,
        {
            AMD64: await push_image(layout, python_package("only-amd64", "1"), platform=AMD64),
            ARM64: await push_image(layout, python_package("only-arm64", "1"), platform=ARM64),
            Platform("unknown", "unknown"): attestation,
        },
        "app",
    )
    seen: list[Event] = []

    sboms = await make(image(index), ["spdx"], cache=cache, observer=seen.append)

    assert {str(sbom.platform): [package.name for package in packages(sbom)] for sbom in sboms} == {
        "linux/amd64": ["only-amd64"],
        "linux/arm64": ["only-arm64"],
    }
    job = "SBOM of ghcr.io/acme/app:1.0"
    assert (seen[0], seen[-1]) == (Started(job, 2), Finished(job))
    assert {event.item for event in seen if isinstance(event, Advanced)} == {"linux/amd64", "linux/arm64"}


async def test_what_was_made_once_is_kept(layout: Layout, image: ImageOf, cache: Path, tmp_path: Path) -> None:
    manifest = await push_image(layout, TWO_PACKAGES)
    first = await make(image(manifest), BOTH, cache=cache)
    documents = [sbom.read() for sbom in first]

    never_started = Syft(tmp_path / "nowhere", real_syft().version)
    again = await make(image(manifest), BOTH, cache=cache, syft=never_started)

    assert again == first
    assert [sbom.read() for sbom in again] == documents


async def test_another_name_is_another_document(layout: Layout, image: ImageOf, cache: Path) -> None:
    manifest = await push_image(layout, TWO_PACKAGES)
    (one,) = await make(image(manifest), ["cyclonedx"], cache=cache)
    (other,) = await make(image(manifest, "quay.io/acme/app:2.0"), ["cyclonedx"], cache=cache)
    (without,) = await make(image(manifest, manifest.digest), ["cyclonedx"], cache=cache)

    names = [json.loads(sbom.read())["metadata"]["component"]["name"] for sbom in (one, other, without)]
    assert names == ["ghcr.io/acme/app", "quay.io/acme/app", manifest.digest]


async def test_a_damaged_document_in_the_cache_is_made_again(layout: Layout, image: ImageOf, cache: Path) -> None:
    manifest = await push_image(layout, TWO_PACKAGES)
    (sbom,) = await make(image(manifest), ["spdx"], cache=cache)
    sbom.path.write_bytes(sbom.read()[:100])

    (again,) = await make(image(manifest), ["spdx"], cache=cache)

    assert again.package_count == 2


async def test_concurrent_calls_make_a_document_once(
    layout: Layout, image: ImageOf, cache: Path, tmp_path: Path
) -> None:
    manifest = await push_image(layout, TWO_PACKAGES)
    syft = script(tmp_path / "syft", f'echo run >> {tmp_path}/runs; exec {real_syft().path} "$@"')
    shared = slots()

    results = await asyncio.gather(
        *(make(image(manifest), ["spdx"], cache=cache, syft=syft, running=shared) for _ in range(4))
    )

    assert len(set(results)) == 1
    assert (tmp_path / "runs").read_text() == "run\n"


async def test_the_users_own_syft_settings_change_nothing(
    layout: Layout, image: ImageOf, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".syft.yaml").write_text("exclude: ['**/click*']\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SYFT_EXCLUDE", "**/rich*")
    manifest = await push_image(layout, TWO_PACKAGES)

    (sbom,) = await make(image(manifest), ["spdx"], cache=cache)

    assert sbom.package_count == 2


async def test_content_of_a_layout_is_linked_and_not_copied(
    layout: Layout, image: ImageOf, cache: Path, tmp_path: Path
) -> None:
    manifest = await push_image(layout, TWO_PACKAGES)
    count = f"find {cache}/work-*/image/blobs -type f -links +1 | wc -l > {tmp_path}/linked"
    syft = script(tmp_path / "syft", f'{count}; exec {real_syft().path} "$@"')

    await make(image(manifest), ["spdx"], cache=cache, syft=syft)

    assert int((tmp_path / "linked").read_text()) == 2
    assert left_behind(cache) == []


class Elsewhere:
    """A store that is no layout: content has to be copied from it."""

    label = "elsewhere"

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    async def resolve(self, name: str) -> Descriptor:
        return await self._layout.resolve(name)

    async def find(self, name: str) -> AnyManifest | None:
        return await self._layout.find(name)

    async def manifest(self, descriptor: Descriptor) -> AnyManifest:
        return await self._layout.manifest(descriptor)

    def blob(self, descriptor: Descriptor) -> AsyncIterator[bytes]:
        return self._layout.blob(descriptor)

    async def content(self, descriptor: Descriptor) -> bytes:
        return await self._layout.content(descriptor)

    def names(self) -> AsyncIterator[str]:
        return self._layout.names()

    async def referrers(self, subject: Digest, artifact_type: str = "") -> tuple[Descriptor, ...]:
        return await self._layout.referrers(subject, artifact_type)


async def test_an_image_in_another_kind_of_store(layout: Layout, cache: Path) -> None:
    manifest = await push_image(layout, TWO_PACKAGES)
    store: Store = Elsewhere(layout)

    (sbom,) = await make(Image(store, "ghcr.io/acme/app:1.0", manifest.descriptor), ["spdx"], cache=cache)

    assert sbom.package_count == 2


async def test_a_flipped_byte_is_refused_before_syft_sees_it(layout: Layout, image: ImageOf, cache: Path) -> None:
    manifest = await push_image(layout, TWO_PACKAGES)
    blob = layout.path / "blobs" / "sha256" / manifest.layers[0].digest.encoded
    content = bytearray(blob.read_bytes())
    content[40] ^= 1
    blob.write_bytes(content)

    with pytest.raises(DigestMismatch):
        await make(image(manifest), ["spdx"], cache=cache)

    assert not list(cache.rglob("*.json"))
    assert left_behind(cache) == []


async def test_a_layer_that_ends_early_is_refused_in_syfts_own_words(
    layout: Layout, image: ImageOf, cache: Path
) -> None:
    cut_off = gzip.compress(b"x" * 10_000)[:-20]
    manifest = await push_image(layout, {}, layer=cut_off)

    with pytest.raises(Refused) as caught:
        await make(image(manifest), ["spdx"], cache=cache)

    version = real_syft().version
    assert caught.value.message == (f"syft {version} could not list what is in ghcr.io/acme/app: unexpected EOF")
    assert left_behind(cache) == []


async def test_an_artifact_is_no_image(layout: Layout, image: ImageOf, cache: Path) -> None:
    await layout.push_blob(EMPTY, content_of(EMPTY_BYTES))
    chart = build_manifest(EMPTY, [], artifact_type="application/vnd.cncf.helm.chart.v1+json")
    await layout.push_manifest(chart, "chart")

    with pytest.raises(Unsupported, match=r"helm\.chart"):
        await make(image(chart), ["spdx"], cache=cache)


async def test_an_index_without_images(layout: Layout, image: ImageOf, cache: Path) -> None:
    index = await push_index(layout, {}, "empty")

    with pytest.raises(Unsupported, match="no container image"):
        await make(image(index), ["spdx"], cache=cache)


async def test_a_syft_that_writes_nothing_is_refused(
    layout: Layout, image: ImageOf, cache: Path, tmp_path: Path
) -> None:
    manifest = await push_image(layout, TWO_PACKAGES)

    with pytest.raises(Refused, match="exit status 0"):
        await make(image(manifest), ["spdx"], cache=cache, syft=script(tmp_path / "syft", "exit 0"))


async def test_cancelling_ends_syft_and_leaves_nothing(
    layout: Layout, image: ImageOf, cache: Path, tmp_path: Path
) -> None:
    manifest = await push_image(layout, TWO_PACKAGES)
    syft = script(tmp_path / "syft", f"echo $$ > {tmp_path}/pid; exec sleep 600")
    task = asyncio.create_task(make(image(manifest), ["spdx"], cache=cache, syft=syft))
    while not (tmp_path / "pid").is_file() or not (tmp_path / "pid").read_text().strip():
        await asyncio.sleep(0.01)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert left_behind(cache) == []


async def test_what_a_killed_run_left_is_removed_by_the_next(layout: Layout, image: ImageOf, cache: Path) -> None:
    abandoned, fresh = cache / "work-old", cache / "work-new"
    for folder in (abandoned, fresh):
        (folder / "image").mkdir(parents=True)
    an_hour_ago = time.time() - 3600
    os.utime(abandoned, (an_hour_ago, an_hour_ago))
    manifest = await push_image(layout, TWO_PACKAGES)

    await make(image(manifest), ["spdx"], cache=cache)

    assert left_behind(cache) == [fresh]


async def test_a_cache_that_cannot_be_made(layout: Layout, image: ImageOf, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    manifest = await push_image(layout, TWO_PACKAGES)

    with pytest.raises(EnvironmentLacks, match="cannot be written"):
        await make(image(manifest), ["spdx"], cache=tmp_path / "file")
