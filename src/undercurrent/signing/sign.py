"""Signs images as cosign does, in either format or both, and leaves alone what is signed already."""

import base64
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from undercurrent.errors import BadContent
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import NOTHING, Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import Index
from undercurrent.oci.store import Store, WritableStore
from undercurrent.signing import bundle, dsse, simplesigning, statement
from undercurrent.signing.checks import Format, Trust
from undercurrent.signing.concurrently import concurrently
from undercurrent.signing.examine import SIGNATURE, examine_bundle
from undercurrent.signing.identities import Maker
from undercurrent.signing.legacy import to_annotations
from undercurrent.signing.places import (
    SIGNATURES,
    Where,
    append_legacy,
    beside,
    exclusively,
    legacy_manifest,
    may_be_bundle,
    push_bundle,
    writable,
)
from undercurrent.signing.predicates import COSIGN_SIGN
from undercurrent.signing.signatory import Signatory

__all__ = ["BOTH", "Signed", "sign"]

BOTH: Final = (Format.BUNDLE, Format.LEGACY)
"""The only choice that every verifier accepts: those that read bundles, and those that do not."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What signing an image came to.

    Attributes:
        name: the image, as its user writes it.
        digest: what was signed, which is what the name meant when the image was resolved.
        maker: whose signature it is.
        added: formats that were missing.
        present: formats in which the same maker had signed it already, with the same annotations.
        platforms: the same for the images of an index, where they were asked for.
    """

    name: str
    digest: Digest
    maker: Maker
    added: tuple[Format, ...]
    present: tuple[Format, ...]
    platforms: "tuple[Signed, ...]" = ()

    @property
    def changed(self) -> bool:
        """Whether anything was added, here or to a platform."""
        return bool(self.added) or any(platform.changed for platform in self.platforms)


async def sign(
    image: Image,
    signatory: Signatory,
    *,
    formats: tuple[Format, ...] = BOTH,
    annotations: Mapping[str, str] = NOTHING,
    recursive: bool = False,
    dry_run: bool = False,
    where: Where = beside,
) -> Signed:
    """Signs an image, in each format in which the same maker has not signed it yet.

    Args:
        image: what to sign: its digest, whatever its name means by now.
        signatory: signs.
        formats: how.
        annotations: what to say besides; signed.
        recursive: also each image of an index, before the index.
        dry_run: look only; ``added`` is what would be added.
        where: in which store the signatures live.

    Raises:
        NotFound: the image is not there any more.
        Unsupported: signatures cannot be written there.
        CouldNotCheck: the store did not answer, so that nobody can say what is signed.
    """
    manifest = await image.manifest()
    platforms: tuple[Signed, ...] = ()
    if recursive and isinstance(manifest, Index):
        distinct = {platform.digest: platform for platform in await image.platforms()}
        # All at once: without a key, each waits a second for its log.
        platforms = await concurrently(
            sign(platform, signatory, formats=formats, annotations=annotations, dry_run=dry_run, where=where)
            for platform in distinct.values()
        )
    store = where(image)
    async with exclusively(store, image.digest):
        present = await _present(image, store, signatory.trust, formats, annotations)
        missing = tuple(format_ for format_ in formats if format_ not in present)
        if missing and not dry_run:
            target = writable(store)
            if Format.BUNDLE in missing:
                await _add_bundle(target, manifest.descriptor, signatory, annotations)
            if Format.LEGACY in missing:
                await _add_legacy(target, image, signatory, annotations)
    return Signed(image.name, image.digest, signatory.maker, missing, present, platforms)


async def _present(
    image: Image, store: Store, trust: Trust, formats: Collection[Format], annotations: Mapping[str, str]
) -> tuple[Format, ...]:
    checks = {Format.BUNDLE: _has_bundle, Format.LEGACY: _has_legacy}
    return tuple([format_ for format_ in formats if await checks[format_](image, store, trust, annotations)])


async def _has_bundle(image: Image, store: Store, trust: Trust, annotations: Mapping[str, str]) -> bool:
    for referrer in await store.referrers(image.digest):
        if may_be_bundle(referrer):
            check = await examine_bundle(store, referrer, image.digest, trust, COSIGN_SIGN)
            if check is not None and check.accepted and check.annotations == annotations:
                return True
    return False


async def _has_legacy(image: Image, store: Store, trust: Trust, annotations: Mapping[str, str]) -> bool:
    manifest = await legacy_manifest(store, image.digest, SIGNATURES)
    payload = simplesigning.build(image.repository, image.digest, annotations)
    digest = Digest.of(payload)
    for layer in manifest.layers if manifest else ():
        if layer.digest == digest and layer.media_type == mediatypes.SIMPLE_SIGNING:
            with suppress(BadContent):  # a damaged signature is none of ours
                signature = dsse.decode_base64(layer.annotations.get(SIGNATURE), layer.digest)
                if any(key.verify(signature, payload) for key in trust.keys):
                    return True
    return False


async def _add_bundle(
    store: WritableStore, subject: Descriptor, signatory: Signatory, annotations: Mapping[str, str]
) -> None:
    sealed = await signatory.seal(statement.build_signature(subject.digest, annotations), dsse.IN_TOTO)
    raw = bundle.dump(sealed.envelope, sealed.material)
    await push_bundle(store, subject, raw, COSIGN_SIGN, datetime.now(UTC))


async def _add_legacy(store: WritableStore, image: Image, signatory: Signatory, annotations: Mapping[str, str]) -> None:
    payload = simplesigning.build(image.repository, image.digest, annotations)
    signed = await signatory.sign(payload)
    signature = base64.b64encode(signed.signature).decode()
    layer = Descriptor.of(
        payload, mediatypes.SIMPLE_SIGNING, annotations={SIGNATURE: signature, **to_annotations(signed.material)}
    )
    await append_legacy(store, image.digest, SIGNATURES, layer, payload)
