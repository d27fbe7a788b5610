import random
from collections.abc import AsyncIterator

import pytest
from tests.support.registry import FakeRegistry

from undercurrent.net import Client
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.manifest import EMPTY, EMPTY_BYTES, Manifest, build_manifest
from undercurrent.oci.registry import Credential, Registry, Repository
from undercurrent.oci.registry.credentials import Fixed
from undercurrent.oci.store import content_of
from undercurrent.settings import NetSettings

MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """Waits as often as it should, but not as long."""

    async def sleep(_seconds: float) -> None:
        pass

    async with Client(NetSettings(), sleep=sleep) as running:
        yield running


@pytest.fixture
async def registry() -> AsyncIterator[FakeRegistry]:
    async with FakeRegistry() as running:
        yield running


@pytest.fixture
def repository(registry: FakeRegistry, client: Client) -> Repository:
    return open_repository(registry, client)


def open_repository(
    registry: FakeRegistry, client: Client, name: str = "acme/app", *, credential: Credential | None = None
) -> Repository:
    """A repository of ``registry``, seen by somebody new."""
    return Registry(registry.host, client, Fixed(registry.host, credential)).repository(name)


def noise(size: int) -> bytes:
    """Bytes that do not repeat, the same each time."""
    return random.Random(size).randbytes(size)  # noqa: S311 - no secret


def blob_of(data: bytes) -> Descriptor:
    return Descriptor.of(data, mediatypes.OCI_LAYER)


async def push_image(repository: Repository, tag: str = "1.0", data: bytes = b"layer") -> Manifest:
    layer = blob_of(data)
    await repository.push_blob(layer, content_of(data))
    await repository.push_blob(EMPTY, content_of(EMPTY_BYTES))
    manifest = build_manifest(EMPTY, [layer], artifact_type="application/vnd.acme.thing")
    await repository.push_manifest(manifest, tag)
    return manifest


async def read(repository: Repository, descriptor: Descriptor) -> bytes:
    return b"".join([piece async for piece in repository.blob(descriptor)])
