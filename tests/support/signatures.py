"""Stores that do not answer, and signatures as an attacker would leave them."""

import base64
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Any

from undercurrent.errors import UndercurrentError
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import EMPTY, EMPTY_BYTES, AnyManifest, Manifest, build_manifest
from undercurrent.oci.store import Change, WritableStore, content_of
from undercurrent.signing import dsse
from undercurrent.signing.examine import SIGNATURE
from undercurrent.signing.keys import Signer
from undercurrent.signing.places import legacy_name

__all__ = [
    "FailingLayout",
    "Failure",
    "legacy_layer",
    "push_legacy",
    "push_older_referrer",
    "push_referrer",
    "signed_bundle",
    "store_of",
]

Failure = Callable[[str, str], UndercurrentError | None]
"""The error for a call: by method, and the name or digest that it is about."""


class FailingLayout(Layout):
    """A layout of which some calls fail, and which counts them.

    Attributes:
        failure: says which.
        calls: method and argument of each call so far.
    """

    failure: Failure = staticmethod(lambda _method, _about: None)

    def __init__(self, layout: Layout, failure: Failure) -> None:
        super().__init__(layout.path)
        self.failure = failure
        self.calls: list[tuple[str, str]] = []

    def _called(self, method: str, about: str) -> None:
        self.calls.append((method, about))
        if error := self.failure(method, about):
            raise error

    async def resolve(self, name: str) -> Descriptor:
        self._called("resolve", name)
        return await super().resolve(name)

    async def manifest(self, descriptor: Descriptor) -> AnyManifest:
        self._called("manifest", descriptor.digest)
        return await super().manifest(descriptor)

    async def blob(self, descriptor: Descriptor) -> AsyncIterator[bytes]:
        self._called("blob", descriptor.digest)
        async for piece in super().blob(descriptor):
            yield piece

    async def referrers(self, subject: Digest, artifact_type: str = "") -> tuple[Descriptor, ...]:
        self._called("referrers", subject)
        return await super().referrers(subject, artifact_type)

    async def push_manifest(self, manifest: AnyManifest, name: str = "") -> None:
        self._called("push_manifest", name or manifest.digest)
        await super().push_manifest(manifest, name)

    async def amend(self, name: str, change: Change) -> None:
        self._called("push_manifest", name)
        await super().amend(name, change)


def store_of(image: Image) -> WritableStore:
    """The store of an image, to write to."""
    assert isinstance(image.store, WritableStore)
    return image.store


async def legacy_layer(payload: bytes, signer: Signer, media_type: str = mediatypes.SIMPLE_SIGNING) -> Descriptor:
    """A layer with a true signature over ``payload``, whatever that is."""
    signature = base64.b64encode(await signer.sign(payload)).decode()
    return Descriptor.of(payload, media_type, annotations={SIGNATURE: signature})


async def push_legacy(image: Image, ending: str, *layers: tuple[Descriptor, bytes]) -> None:
    """Puts ``layers`` under a legacy name of ``image``, in place of what is there."""
    store = store_of(image)
    for descriptor, content in layers:
        await store.push_blob(replace(descriptor, annotations={}), content_of(content))
    config = Descriptor.of(EMPTY_BYTES, mediatypes.OCI_CONFIG)
    await store.push_blob(config, content_of(EMPTY_BYTES))
    manifest = build_manifest(config, [descriptor for descriptor, _content in layers])
    await store.push_manifest(manifest, legacy_name(image.digest, ending))


async def signed_bundle(payload: bytes, signer: Signer, *, payload_type: str = dsse.IN_TOTO, **changes: Any) -> bytes:
    """A bundle with a true signature over ``payload``, whatever that is, and ``changes`` at its top."""
    envelope = await dsse.seal(payload, payload_type, signer)
    document = {
        "mediaType": mediatypes.SIGSTORE_BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": signer.public.hint}},
        "dsseEnvelope": envelope.to_json(),
    }
    return json.dumps(document | changes).encode()


async def push_referrer(
    image: Image,
    content: bytes,
    annotations: Mapping[str, str] | None = None,
    *,
    subject: Image | None = None,
    artifact_type: str = mediatypes.SIGSTORE_BUNDLE,
    layer_type: str = mediatypes.SIGSTORE_BUNDLE,
    config_type: str = mediatypes.OCI_EMPTY,
) -> Manifest:
    """Attaches ``content`` to ``image``, as a bundle unless said otherwise."""
    store = image.store
    assert isinstance(store, WritableStore)
    layer = Descriptor.of(content, layer_type)
    await store.push_blob(EMPTY, content_of(EMPTY_BYTES))
    await store.push_blob(layer, content_of(content))
    described = (subject or image).descriptor
    manifest = build_manifest(
        replace(EMPTY, media_type=config_type),
        [layer],
        artifact_type=artifact_type,
        subject=Descriptor(described.media_type, described.digest, described.size),
        annotations=annotations or {},
    )
    await store.push_manifest(manifest)
    return manifest


async def push_older_referrer(
    image: Image,
    *layers: tuple[Descriptor, bytes],
    subject: Image | None = None,
    artifact_type: str = mediatypes.COSIGN_SIGNATURE,
    config_type: str = mediatypes.COSIGN_SIGNATURE,
) -> Manifest:
    """Attaches ``layers`` to ``image`` in the format that cosign tried between its tags and its bundles."""
    store = store_of(image)
    for descriptor, content in layers:
        await store.push_blob(replace(descriptor, annotations={}), content_of(content))
    config = Descriptor.of(EMPTY_BYTES, config_type)
    await store.push_blob(config, content_of(EMPTY_BYTES))
    described = (subject or image).descriptor
    manifest = build_manifest(
        config,
        [descriptor for descriptor, _content in layers],
        artifact_type=artifact_type,
        subject=Descriptor(described.media_type, described.digest, described.size),
    )
    await store.push_manifest(manifest)
    return manifest
