"""Where signatures and attestations live: under names made from the image's digest, and as referrers.

Legacy: an image manifest under ``sha256-<hex>.sig`` or ``.att``, a layer for each signature or attestation
(https://github.com/sigstore/cosign/blob/v3.1.3/pkg/oci/remote/remote.go). Now: one referrer for each, with a
sigstore bundle as its only layer (https://github.com/sigstore/cosign/blob/v3.1.3/pkg/oci/remote/write.go).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, TypeAlias
from weakref import WeakValueDictionary

from undercurrent.errors import BadContent, TooLarge, Unsupported
from undercurrent.i18n import translate as _
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.image import Image
from undercurrent.oci.legacy import ATTESTATIONS, SBOM, SIGNATURES, legacy_name, with_layers
from undercurrent.oci.manifest import EMPTY, EMPTY_BYTES, AnyManifest, Manifest, build_manifest
from undercurrent.oci.store import Amended, Store, WritableStore, content_of
from undercurrent.signing import bundle

__all__ = [
    "ATTESTATIONS",
    "MAX_LAYERS",
    "PREDICATE_TYPE",
    "SBOM",
    "SIGNATURES",
    "Where",
    "append_legacy",
    "beside",
    "exclusively",
    "legacy_manifest",
    "legacy_name",
    "may_be_bundle",
    "push_bundle",
    "writable",
]

PREDICATE_TYPE: Final = "dev.sigstore.bundle.predicateType"
"""Annotation of a bundle's manifest: what the bundle is. A hint, not signed."""
MAX_LAYERS: Final = 1000
"""As in cosign."""

Where: TypeAlias = Callable[[Image], Store]
"""Says in which store an image's signatures live. COSIGN_REPOSITORY moves them out of the image's own."""


def beside(image: Image) -> Store:
    """In the image's own store."""
    return image.store


def writable(store: Store) -> WritableStore:
    """``store``, to write to.

    Raises:
        Unsupported: it can only be read.
    """
    if isinstance(store, WritableStore):
        return store
    raise Unsupported(
        _("{store} cannot hold signatures").format(store=store.label),
        hint=_("copy the image to a registry or to an OCI layout, and sign it there"),
    )


# Two tasks that see the same thing missing would both add it.
_locks: "WeakValueDictionary[tuple[int, str, Digest], asyncio.Lock]" = WeakValueDictionary()


@asynccontextmanager
async def exclusively(store: Store, digest: Digest) -> AsyncIterator[None]:
    """Only one task of this process at a time looks at an image's signatures and adds to them."""
    key = (id(asyncio.get_running_loop()), store.label, digest)
    async with _locks.setdefault(key, asyncio.Lock()):
        yield


async def legacy_manifest(store: Store, digest: Digest, ending: str) -> Manifest | None:
    """The manifest that holds an image's legacy signatures or attestations; None if there is none.

    Raises:
        BadContent, CouldNotCheck: it cannot be read, or is something else.
        TooLarge: it has more than MAX_LAYERS layers.
    """
    name = legacy_name(digest, ending)
    manifest = await store.find(name)
    return None if manifest is None else _legacy(manifest, name, store)


def _legacy(manifest: AnyManifest, name: str, store: Store) -> Manifest:
    if not isinstance(manifest, Manifest):
        raise BadContent(_("{name} in {store} is an index").format(name=name, store=store.label))
    if len(manifest.layers) > MAX_LAYERS:
        raise TooLarge(
            _("{name} in {store} has more than {limit} layers").format(name=name, store=store.label, limit=MAX_LAYERS)
        )
    return manifest


async def append_legacy(store: WritableStore, digest: Digest, ending: str, layer: Descriptor, content: bytes) -> None:
    """Adds a layer to an image's legacy signatures or attestations, and keeps those that are there or come meanwhile.

    Raises:
        TooLarge: there are MAX_LAYERS layers already.
        CouldNotCheck: the store did not answer, or others kept overwriting the layer.
    """
    await store.push_blob(layer, content_of(content), fresh=True)
    name = legacy_name(digest, ending)

    def change(manifest: AnyManifest | None) -> Amended | None:
        current = None if manifest is None else _legacy(manifest, name, store)
        if current and len(current.layers) == MAX_LAYERS and layer not in current.layers:
            raise TooLarge(
                _("{name} in {store} has {limit} layers already").format(name=name, store=store.label, limit=MAX_LAYERS)
            )
        return with_layers(current, [layer])

    await store.amend(name, change)


def may_be_bundle(descriptor: Descriptor) -> bool:
    """Whether a listed referrer can be a bundle.

    Older writers left the type to the configuration's, which is the empty one, and some listings lack it
    (https://github.com/kyverno/kyverno/issues/16664): only the manifest tells then.
    """
    kind = descriptor.artifact_type
    return kind.startswith(bundle.PREFIX) or kind in {"", mediatypes.OCI_EMPTY, mediatypes.OCI_CONFIG}


async def push_bundle(
    store: WritableStore, subject: Descriptor, raw: bytes, predicate_type: str, created: datetime
) -> Manifest:
    """Stores a bundle as a referrer of ``subject``, as cosign does; the manifest carries it along, if it is small.

    Whoever verifies has one question less to ask. It is one that costs: many registries send it on to an object store,
    and distribution takes 4 MiB of memory to answer it.

    Args:
        store: where.
        subject: the image.
        raw: the bundle.
        predicate_type: what it is.
        created: aware; written in UTC.
    """
    layer = Descriptor.embedding(raw, mediatypes.SIGSTORE_BUNDLE)
    await store.push_blob(EMPTY, content_of(EMPTY_BYTES), fresh=True)
    await store.push_blob(layer, content_of(raw), fresh=True)
    manifest = build_manifest(
        # Both fields, because Kyverno looks at this one.
        replace(EMPTY, artifact_type=mediatypes.SIGSTORE_BUNDLE),
        [layer],
        artifact_type=mediatypes.SIGSTORE_BUNDLE,
        subject=Descriptor(subject.media_type, subject.digest, subject.size),
        annotations={
            "dev.sigstore.bundle.content": "dsse-envelope",
            PREDICATE_TYPE: predicate_type,
            "org.opencontainers.image.created": f"{created.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        },
    )
    await store.push_manifest(manifest)
    return manifest
