"""A repository of a real registry is a store like any other, in every way that the specification has."""

import asyncio
import hashlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from tests.support.images import AMD64, ARM64, push_image, push_index
from tests.support.peers import require_peer
from tests.support.servers import RegistryServer

from undercurrent.errors import DigestMismatch, InvalidReference, NotFound, Unsupported
from undercurrent.net import Client
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.manifest import EMPTY, EMPTY_BYTES, Manifest, build_manifest
from undercurrent.oci.registry import Registry, Repository
from undercurrent.oci.registry.credentials import Fixed
from undercurrent.oci.registry.referrers import fallback_tag
from undercurrent.oci.registry.upload import CHUNK_BYTES, UploadBy
from undercurrent.oci.store import content_of, read_blob
from undercurrent.settings import NetSettings

MIB = 1024 * 1024
SBOM = "application/spdx+json"


@pytest.fixture
async def registry(registry_server: RegistryServer) -> AsyncIterator[Registry]:
    async with Client(NetSettings()) as client:
        yield Registry(registry_server.host, client, Fixed())


@pytest.fixture
def repository(registry: Registry, repository_name: str) -> Repository:
    return Repository(registry, repository_name)


def crane(*arguments: str) -> str:
    return subprocess.run(
        [require_peer("crane"), *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


def blob(data: bytes) -> Descriptor:
    return Descriptor.of(data, "application/octet-stream")


def artifact(subject: Descriptor, number: int, artifact_type: str = SBOM) -> Manifest:
    annotations = {"number": str(number)}
    return build_manifest(EMPTY, [EMPTY], artifact_type=artifact_type, subject=subject, annotations=annotations)


async def test_what_is_pushed_comes_back_and_others_see_it(repository: Repository) -> None:
    images = {one: await push_image(repository, {"motd": str(one).encode()}, platform=one) for one in (AMD64, ARM64)}
    index = await push_index(repository, images, "1.0")
    found = await repository.resolve("1.0")
    assert (found.digest, found.size, found.media_type) == (index.digest, len(index.raw), mediatypes.OCI_INDEX)
    assert (await repository.manifest(found)).raw == index.raw
    assert await repository.resolve(found.digest) == found
    layer = images[AMD64].layers[0]
    assert Digest.of(await read_blob(repository, layer, MIB)) == layer.digest
    assert crane("digest", f"{repository.label}:1.0") == index.digest
    assert crane("digest", "--platform=linux/arm64", f"{repository.label}:1.0") == images[ARM64].digest
    crane("validate", "--remote", f"{repository.label}:1.0")


@pytest.mark.parametrize("upload_by", ["one-piece", "single-post", "chunks"])
@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES * 2 + 1])
async def test_blobs_go_up_in_every_way(
    upload_by: UploadBy, size: int, registry: Registry, repository_name: str
) -> None:
    repository = Repository(registry, repository_name, upload_by=upload_by)
    data = hashlib.shake_128(repository_name.encode()).digest(size)
    assert not await repository.has(blob(data)) or size == 0
    await repository.push_blob(blob(data), content_of(data))
    assert await repository.has(blob(data))
    assert await read_blob(repository, blob(data), size) == data

    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("it is there already")
        yield b""

    assert not await repository.push_blob(blob(data), never)


@pytest.mark.parametrize("upload_by", ["one-piece", "single-post", "chunks"])
async def test_wrong_content_is_refused_and_not_kept(
    upload_by: UploadBy, registry: Registry, repository_name: str
) -> None:
    repository = Repository(registry, repository_name, upload_by=upload_by)
    claimed = blob(repository_name.encode())
    with pytest.raises(DigestMismatch):
        await repository.push_blob(claimed, content_of(b"X" * claimed.size))
    with pytest.raises(DigestMismatch):
        await repository.push_blob(claimed, content_of(b"short"))
    assert not await repository.has(claimed)


async def test_a_blob_is_mounted_from_a_neighbour(repository: Repository, registry: Registry) -> None:
    data = repository.name.encode()
    await repository.push_blob(blob(data), content_of(data))
    neighbour = Repository(registry, f"{repository.name}-neighbour")
    # The registry with referrers cannot mount; then the blob is sent.
    sent = await neighbour.push_blob(blob(data), content_of(data), mount_from=repository.name)
    assert await read_blob(neighbour, blob(data), MIB) == data
    absent = blob(b"absent" + data)
    assert await neighbour.push_blob(absent, content_of(b"absent" + data), mount_from=repository.name)
    assert not sent or registry.has_referrers is not False


async def test_tags_and_catalog_are_read_to_the_end(
    repository: Repository, registry: Registry, registry_server: RegistryServer
) -> None:
    image = await push_image(repository, {"motd": b"tagged"})
    # More than a page; the registry with referrers cuts a long list off and does not say so.
    wanted = {f"v{number}" for number in range(100 if registry_server.referrers_api else 1100)}
    async with asyncio.TaskGroup() as tasks:
        for tag in wanted:
            tasks.create_task(repository.push_manifest(image, tag))
    assert {tag async for tag in repository.names()} == wanted
    assert repository.name in {name async for name in registry.catalog()}


async def test_what_is_not_there_is_not_found(repository: Repository, registry: Registry) -> None:
    with pytest.raises(NotFound):
        await repository.resolve("1.0")
    image = await push_image(repository, {"motd": b"here"}, "1.0")
    with pytest.raises(NotFound, match=f"{repository.label}:2.0"):
        await repository.resolve("2.0")
    with pytest.raises(NotFound):
        await repository.manifest(Descriptor.of(b"absent", mediatypes.OCI_MANIFEST))
    with pytest.raises(NotFound):
        await read_blob(repository, blob(b"absent"), MIB)
    with pytest.raises(InvalidReference):
        await repository.resolve("no tag")
    assert await repository.referrers(image.digest) == ()
    assert await repository.referrers(Digest.of(b"absent")) == ()


async def test_a_tag_is_taken_away(repository: Repository, registry_server: RegistryServer) -> None:
    image = await push_image(repository, {"motd": b"here"}, "1.0")
    await repository.push_manifest(image, "2.0")
    if registry_server.name == "distribution 2.8":
        with pytest.raises(Unsupported, match="cannot take tags away"):
            await repository.delete_name("1.0")
        return
    await repository.delete_name("1.0")
    assert [tag async for tag in repository.names()] == ["2.0"]
    with pytest.raises(NotFound):
        await repository.delete_name("1.0")
    assert (await repository.resolve("2.0")).digest == image.digest


async def test_referrers_are_listed_with_their_annotations(
    repository: Repository, registry_server: RegistryServer
) -> None:
    image = await push_image(repository, {"motd": b"subject"}, "1.0")
    await repository.push_blob(EMPTY, content_of(EMPTY_BYTES))
    sbom, scan = artifact(image.descriptor, 1), artifact(image.descriptor, 2, "application/sarif+json")
    await repository.push_manifest(sbom)
    await repository.push_manifest(scan)
    listed = {entry.digest: entry for entry in await repository.referrers(image.digest)}
    assert listed.keys() == {sbom.digest, scan.digest}
    assert (listed[sbom.digest].artifact_type, listed[sbom.digest].annotations) == (SBOM, {"number": "1"})
    assert [entry.digest for entry in await repository.referrers(image.digest, SBOM)] == [sbom.digest]
    if not registry_server.referrers_api:
        fallback = json.loads(crane("manifest", f"{repository.label}:{fallback_tag(image.digest)}"))
        assert [entry["annotations"]["number"] for entry in fallback["manifests"]] == ["1", "2"]


async def test_referrers_of_many_writers_are_all_kept(registry_server: RegistryServer, repository_name: str) -> None:
    async with AsyncExitStack() as stack:
        # A client and a registry of its own each, as in processes that know nothing of each other.
        clients = [await stack.enter_async_context(Client(NetSettings())) for _writer in range(6)]
        repositories = [
            Repository(Registry(registry_server.host, client, Fixed()), repository_name) for client in clients
        ]
        image = await push_image(repositories[0], {"motd": b"subject"}, "1.0")
        await repositories[0].push_blob(EMPTY, content_of(EMPTY_BYTES))
        wanted = [artifact(image.descriptor, number) for number in range(24)]
        async with asyncio.TaskGroup() as tasks:
            for number, manifest in enumerate(wanted):
                tasks.create_task(repositories[number % 6].push_manifest(manifest))
        listed = await repositories[0].referrers(image.digest)
        assert {entry.digest for entry in listed} == {manifest.digest for manifest in wanted}


STREAM = """
import asyncio, resource, sys
from undercurrent.net import Client
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.registry import Registry, Repository
from undercurrent.oci.registry.credentials import Fixed
from undercurrent.settings import NetSettings

host, name, upload_by, digest, mib = *sys.argv[1:5], int(sys.argv[5])
piece = bytes(range(256)) * 4096

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

async def content():
    for _number in range(mib):
        yield piece

async def main():
    async with Client(NetSettings()) as client:
        repository = Repository(Registry(host, client, Fixed()), name, upload_by=upload_by)
        blob = Descriptor("application/octet-stream", Digest(digest), mib * len(piece))
        await repository.registry.ping()
        before = peak()
        assert await repository.push_blob(blob, content)
        size = 0
        async for read in repository.blob(blob):
            size += len(read)
        assert size == blob.size
        print(peak() - before)

asyncio.run(main())
"""


@pytest.mark.parametrize("upload_by", ["one-piece", "chunks"])
def test_a_large_blob_does_not_fill_the_memory(
    upload_by: str, distribution3: RegistryServer, repository_name: str
) -> None:
    size = 256
    digest = hashlib.sha256()
    for _number in range(size):
        digest.update(bytes(range(256)) * 4096)
    arguments = [distribution3.host, repository_name, upload_by, f"sha256:{digest.hexdigest()}", str(size)]
    command = [sys.executable, "-c", STREAM, *arguments]
    grown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    # Two chunks may be in memory at once.
    assert int(grown) < 48
