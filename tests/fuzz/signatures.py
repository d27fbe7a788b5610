"""Targets that examine signatures as verification does: what is spoilt is a blob of a store that is in memory."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.fuzz import seeds

from undercurrent.errors import NotFound
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.manifest import EMPTY, AnyManifest, build_manifest, parse
from undercurrent.oci.store import Store
from undercurrent.signing.checks import Check, Trust
from undercurrent.signing.examine import (
    LEGACY_PREDICATE_TYPE,
    SIGNATURE,
    examine_bundle,
    examine_legacy_attestation,
    examine_legacy_signature,
)
from undercurrent.signing.keys import PublicKey, load_public

__all__ = ["attested", "signed"]

_IMAGE = Descriptor.of(b"an image", mediatypes.OCI_MANIFEST)


class _Memory(Store):
    """One blob, and a referrer that holds it."""

    def __init__(self, content: bytes, layer: Descriptor) -> None:
        self._content = content
        self.listed = build_manifest(EMPTY, [layer], artifact_type=mediatypes.SIGSTORE_BUNDLE, subject=_IMAGE)

    @property
    def label(self) -> str:
        return "memory"

    async def resolve(self, name: str) -> Descriptor:
        raise NotFound(name)

    async def manifest(self, descriptor: Descriptor) -> AnyManifest:  # noqa: ARG002 - the protocol's
        return parse(self.listed.raw)

    async def blob(self, descriptor: Descriptor) -> AsyncIterator[bytes]:  # noqa: ARG002 - the protocol's
        yield self._content

    async def names(self) -> AsyncIterator[str]:
        names: tuple[str, ...] = ()
        for name in names:
            yield name

    async def referrers(self, subject: Digest, artifact_type: str = "") -> tuple[Descriptor, ...]:  # noqa: ARG002 - the protocol's
        return (self.listed.referrer,)


@cache
def _key() -> PublicKey:
    return load_public(seeds.RECORDED / "keys" / "cosign.pub")


@dataclass(frozen=True, slots=True)
class _Examined:
    examine: Callable[[bytes], list[Check | None]]
    seeds: Callable[[], tuple[bytes, ...]]

    def run(self, data: bytes) -> None:
        for check in self.examine(data):
            # Whatever was made of it here is over another image than the recorded ones.
            assert check is None or not check.accepted
            assert check is None or check.reason is None or check.message


def _bundles(data: bytes) -> list[Check | None]:
    layer = Descriptor.of(data, mediatypes.SIGSTORE_BUNDLE)
    store = _Memory(data, layer)
    trusts = (Trust((_key(),)), None)
    return [
        asyncio.run(examine_bundle(store, store.listed.referrer, _IMAGE.digest, trust, wanted))
        for trust in trusts
        for wanted in ("", "https://sigstore.dev/cosign/sign/v1")
    ]


def _layers(data: bytes) -> list[Check | None]:
    """The part before the first line feed is the layer's signature or predicate type, and its certificate."""
    head, _feed, content = data.partition(b"\n")
    said = head.decode("utf-8", "replace")
    annotations = {
        SIGNATURE: said,
        LEGACY_PREDICATE_TYPE: said,
        "dev.sigstore.cosign/certificate": said.replace("|", "\n"),
    }
    found: list[Check | None] = []
    for trust in (Trust((_key(),)), None):
        layer = Descriptor.of(content, mediatypes.SIMPLE_SIGNING, annotations=annotations)
        found.append(asyncio.run(examine_legacy_signature(_Memory(content, layer), 0, layer, _IMAGE.digest, trust)))
        layer = Descriptor.of(content, mediatypes.DSSE_ENVELOPE, annotations=annotations)
        found.append(asyncio.run(examine_legacy_attestation(_Memory(content, layer), 0, layer, _IMAGE.digest, trust)))
    return found


def _layer_seeds() -> tuple[bytes, ...]:
    with tempfile.TemporaryDirectory() as folder:
        certificates = seeds.certificates(Path(folder))
    pems = [x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in certificates[:4]]
    heads = (b"MEUCIQDy", b"https://spdx.dev/Document", *(pem.replace(b"\n", b"|") for pem in pems))
    contents = [blob for blob in seeds.blobs() if b"docker-manifest-digest" in blob or b'"payloadType"' in blob]
    return tuple(head + b"\n" + content for head in heads for content in contents)


signed = _Examined(_bundles, seeds.bundles)
attested = _Examined(_layers, _layer_seeds)
