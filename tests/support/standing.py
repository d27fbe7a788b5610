"""How the images of a repository stand: signed by whom and how often, and whether all is there that is named."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from tests.support.images import AMD64

from undercurrent.net import Client
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import Index, Manifest, build_manifest
from undercurrent.oci.registry import Registry, Repository
from undercurrent.oci.registry.credentials import Credential, Fixed
from undercurrent.oci.store import Store, WritableStore, content_of, is_derived, read_blob
from undercurrent.settings import NetSettings
from undercurrent.signing.attached import Kind, attached
from undercurrent.signing.checks import Format, Trust
from undercurrent.signing.keys import PublicKey

__all__ = ["check_signed_once", "check_whole", "images_in", "push_fleet", "repository_at"]

Item = TypeVar("Item")

_AT_ONCE: Final = 16
_LARGEST: Final = 4 * 1024 * 1024


@asynccontextmanager
async def repository_at(host: str, name: str, credential: Credential | None = None) -> AsyncIterator[Repository]:
    """A repository, through a client of its own; nothing that others know of it is known here."""
    async with Client(NetSettings()) as client:
        yield Repository(Registry(host, client, Fixed(host, credential)), name)


async def push_fleet(store: WritableStore, names: Iterable[str]) -> None:
    """A tiny image under each name, each with a digest of its own, at one request each."""
    config = json.dumps({**AMD64.to_dict(), "rootfs": {"type": "layers", "diff_ids": []}}).encode()
    layer = store.label.encode()
    blobs = {Descriptor.of(config, mediatypes.OCI_CONFIG): config, Descriptor.of(layer, mediatypes.OCI_LAYER): layer}
    for descriptor, content in blobs.items():
        await store.push_blob(descriptor, content_of(content))
    named, *layers = blobs

    async def push(name: str) -> None:
        await store.push_manifest(build_manifest(named, layers, annotations={"name": f"{store.label} {name}"}), name)

    await _each(push, names)


async def images_in(store: Store) -> list[Image]:
    """All images in a store; what hangs on others is none."""
    names = [name async for name in store.names() if not is_derived(name)]
    return [Image(store, name, await store.resolve(name)) for name in names]


async def check_signed_once(store: Store, key: PublicKey, images: int, *, attested: bool = False) -> None:
    """Every one of ``images`` images is signed once in each format, by ``key``, and nothing else hangs on it.

    Args:
        store: where the images are.
        key: whose signatures.
        images: how many images there are.
        attested: whether one attestation in each format hangs on each, too.
    """
    kinds = (Kind.SIGNATURE, Kind.ATTESTATION) if attested else (Kind.SIGNATURE,)
    once = {(kind, format_): 1 for kind in kinds for format_ in (Format.BUNDLE, Format.LEGACY)}

    async def check(image: Image) -> None:
        hanging = await attached(image, trust=Trust((key,)))
        assert not hanging.problems, (image.name, hanging.problems)
        there = Counter((item.kind, item.format) for item in hanging.attachments)
        assert there == once, (image.name, hanging.attachments)
        assert all(item.check and item.check.accepted for item in hanging.attachments), image.name

    found = await images_in(store)
    assert len(found) == images
    await _each(check, found)


async def check_whole(store: Store) -> None:
    """All content that a name, a manifest or a list of referrers leads to is there, and is what it is called."""
    seen: set[str] = set()

    async def check(descriptor: Descriptor) -> None:
        if descriptor.digest in seen:
            return
        seen.add(descriptor.digest)
        manifest = await store.manifest(descriptor)
        assert isinstance(manifest, Manifest | Index)
        if isinstance(manifest, Manifest):
            for part in {manifest.config, *manifest.layers}:
                if part.digest not in seen:
                    seen.add(part.digest)
                    await read_blob(store, part, _LARGEST)
        for child in (
            *(manifest.manifests if isinstance(manifest, Index) else ()),
            *await store.referrers(descriptor.digest),
        ):
            await check(child)

    async def check_name(name: str) -> None:
        await check(await store.resolve(name))

    await _each(check_name, [name async for name in store.names()])


async def _each(do: Callable[[Item], Awaitable[None]], items: Iterable[Item]) -> None:
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(item: Item) -> None:
        async with room:
            await do(item)

    async with asyncio.TaskGroup() as tasks:
        for item in items:
            tasks.create_task(one(item))
