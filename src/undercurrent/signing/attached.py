"""What hangs on an image: its platforms, signatures, attestations, SBOMs and other referrers, and by whom they are."""

from collections.abc import AsyncIterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from undercurrent.errors import CouldNotCheck, NotFound, Refused
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor, Platform
from undercurrent.oci.digest import Digest
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import Index, Manifest
from undercurrent.oci.store import Store
from undercurrent.signing.checks import Check, Format, Trust
from undercurrent.signing.dsse import IN_TOTO
from undercurrent.signing.examine import (
    LEGACY_PREDICATE_TYPE,
    examine_legacy_attestation,
    examine_legacy_signature,
)
from undercurrent.signing.places import (
    ATTESTATIONS,
    PREDICATE_TYPE,
    SBOM,
    SIGNATURES,
    Where,
    beside,
    legacy_manifest,
    legacy_name,
    may_be_bundle,
)
from undercurrent.signing.predicates import COSIGN_SIGN, is_sbom
from undercurrent.signing.referrers import examine_referrer
from undercurrent.signing.verify import Problem

__all__ = ["Attached", "Attachment", "Glance", "Kind", "attached", "glance", "names_in"]

_ENDINGS: Final = (SIGNATURES, ATTESTATIONS, SBOM)
_BESIDE: Final = mediatypes.NOTATION_SIGNATURE
"""What is beside an image also where its signatures live elsewhere: notation knows no other place."""
_SBOM_TYPES: Final = ("spdx", "cyclonedx", "syft", "cosign.artifact.sbom")
"""What the media types of plain SBOMs have in them; there are a dozen spellings."""


class Kind(StrEnum):
    """What something is that hangs on an image."""

    SIGNATURE = "signature"
    ATTESTATION = "attestation"
    SBOM = "sbom"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Attachment:
    """One thing that hangs on an image.

    Attributes:
        kind: what it is; an attested SBOM is an attestation.
        where: digest of its manifest, or the legacy name and the layer's number from 0.
        type: artifact type or media type; of an attestation, the predicate type.
        format: of signatures and attestations.
        check: of signatures and attestations: whom they are by, and what came of verifying them if anybody is
            trusted.
    """

    kind: Kind
    where: str
    type: str
    format: Format | None = None
    check: Check | None = None

    @property
    def is_sbom(self) -> bool:
        """Whether it is an SBOM, attested or plain."""
        return self.kind is Kind.SBOM or (self.kind is Kind.ATTESTATION and is_sbom(self.type))


@dataclass(frozen=True, slots=True)
class Attached:
    """An image with all that hangs on it.

    Attributes:
        name: the image, as its user writes it.
        digest: of its manifest or index.
        media_type: of its manifest or index.
        platform: which of an index's images this is; None for an image that stands for itself.
        attachments: what hangs on it.
        problems: places that did not answer, so that more may hang on it.
        platforms: the images of an index, with what hangs on them.
    """

    name: str
    digest: Digest
    media_type: str
    platform: Platform | None
    attachments: tuple[Attachment, ...]
    problems: tuple[Problem, ...]
    platforms: "tuple[Attached, ...]" = ()


@dataclass(frozen=True, slots=True)
class Glance:
    """What can be told about an image at little cost; nothing is verified, and signatures are not read.

    Attributes:
        signatures: formats in which something is there that calls itself a signature.
        predicate_types: of what calls itself an attestation.
        sbom: whether there is an SBOM, attested or plain.
        problem: why some of it is not known; None if all is.
    """

    signatures: tuple[Format, ...]
    predicate_types: tuple[str, ...]
    sbom: bool
    problem: Problem | None = None


async def names_in(store: Store) -> AbstractSet[str]:
    """All names in a store, for `glance`: one listing instead of three requests an image.

    Raises:
        CouldNotCheck, Refused: nobody knows what there is.
    """
    try:
        return frozenset([name async for name in store.names()])
    except NotFound:  # a repository for signatures to which none was pushed yet
        return frozenset()


async def glance(image: Image, names: AbstractSet[str] | None = None, *, where: Where = beside) -> Glance:
    """Looks whether an image is signed and has SBOMs.

    Args:
        image: what to look at.
        names: what `names_in` found in the store where its signatures live; looked up one by one when None.
        where: in which store the signatures live.
    """
    store, found = where(image), list[Attachment]()
    problem = None
    try:
        for ending in _ENDINGS:
            if names is None or legacy_name(image.digest, ending) in names:
                found += await _legacy_claims(store, image.digest, ending, certain=names is not None)
        for referrer in await store.referrers(image.digest):
            found += await _claims(store, referrer)
        if store is not image.store:
            for referrer in await image.store.referrers(image.digest, _BESIDE):
                found += await _claims(image.store, referrer)
    except (CouldNotCheck, NotFound, Refused) as error:
        problem = Problem(store.label, error.code, error.message, error.hint)
    signatures = {item.format for item in found if item.kind is Kind.SIGNATURE and item.format}
    types = {item.type for item in found if item.kind is Kind.ATTESTATION}
    sbom = any(item.is_sbom for item in found)
    return Glance(tuple(sorted(signatures)), tuple(sorted(types)), sbom, problem)


async def _legacy_claims(store: Store, digest: Digest, ending: str, *, certain: bool) -> list[Attachment]:
    """What sits under a legacy name, by what it says itself; that it is there is ``certain`` already, or not."""
    name = legacy_name(digest, ending)
    if ending == SIGNATURES and certain:
        return [Attachment(Kind.SIGNATURE, name, COSIGN_SIGN, Format.LEGACY)]
    manifest = await legacy_manifest(store, digest, ending)
    layers = manifest.layers if manifest else ()
    return [_legacy(ending, f"{name}#{number}", layer) for number, layer in enumerate(layers)]


def _legacy(ending: str, where: str, layer: Descriptor) -> Attachment:
    if ending == SIGNATURES:
        return Attachment(Kind.SIGNATURE, where, COSIGN_SIGN, Format.LEGACY)
    if ending == ATTESTATIONS:
        type_ = layer.annotations.get(LEGACY_PREDICATE_TYPE, "")
        return Attachment(Kind.ATTESTATION, where, type_, Format.LEGACY)
    return Attachment(Kind.SBOM, where, layer.media_type)


async def _claims(store: Store, referrer: Descriptor) -> list[Attachment]:
    """What a referrer is, by what its manifest says; the bundle itself is not read."""
    said, kind, where = referrer.annotations.get(PREDICATE_TYPE, ""), referrer.artifact_type, referrer.digest
    if kind == IN_TOTO or (may_be_bundle(referrer) and not said):
        manifest = await store.manifest(referrer)
        said, kind = manifest.annotations.get(PREDICATE_TYPE, ""), manifest.kind
        layers = manifest.layers if isinstance(manifest, Manifest) else ()
        envelopes = [layer for layer in layers if layer.media_type == mediatypes.DSSE_ENVELOPE]
        if kind == IN_TOTO and envelopes:
            types = [layer.annotations.get(LEGACY_PREDICATE_TYPE, "") for layer in envelopes]
            return [Attachment(Kind.ATTESTATION, where, type_, Format.REFERRER) for type_ in types]
    if kind == mediatypes.NOTATION_SIGNATURE:
        return [Attachment(Kind.SIGNATURE, where, COSIGN_SIGN, Format.NOTATION)]
    if kind == mediatypes.COSIGN_SIGNATURE:
        return [Attachment(Kind.SIGNATURE, where, COSIGN_SIGN, Format.REFERRER)]
    if said:
        return [Attachment(Kind.SIGNATURE if said == COSIGN_SIGN else Kind.ATTESTATION, where, said, Format.BUNDLE)]
    return [_plain(where, kind)]


def _plain(where: str, type_: str) -> Attachment:
    kind = Kind.SBOM if any(word in type_ for word in _SBOM_TYPES) else Kind.OTHER
    return Attachment(kind, where, type_)


async def attached(image: Image, *, trust: Trust | None = None, where: Where = beside) -> Attached:
    """All that hangs on an image, and on each image of an index. Reads every signature and attestation.

    Args:
        image: what to look at.
        trust: whom to believe; without it, signatures are read and not verified.
        where: in which store the signatures live.

    Raises:
        NotFound, BadContent, CouldNotCheck: the image itself cannot be read.
    """
    manifest = await image.manifest()
    leaves = await image.platforms() if isinstance(manifest, Index) else ()
    distinct = {leaf.digest: leaf for leaf in leaves}.values()
    platforms = [await attached(leaf, trust=trust, where=where) for leaf in distinct]
    store = where(image)
    found: list[Attachment] = []
    problems: list[Problem] = []
    legacy = [_legacy_attachments(store, image.digest, ending, trust) for ending in _ENDINGS]
    elsewhere = [_referrers(image.store, image, trust, _BESIDE)] if store is not image.store else []
    for part in (*legacy, _referrers(store, image, trust), *elsewhere):
        try:
            async for attachment in part:
                found.append(attachment)  # noqa: PERF401 - what was found before an error counts
        except (CouldNotCheck, NotFound, Refused) as error:
            problems.append(Problem(store.label, error.code, error.message, error.hint))
    return Attached(
        image.name,
        image.digest,
        manifest.media_type,
        image.descriptor.platform,
        tuple(found),
        tuple(problems),
        tuple(platforms),
    )


async def _legacy_attachments(
    store: Store, digest: Digest, ending: str, trust: Trust | None
) -> AsyncIterator[Attachment]:
    manifest = await legacy_manifest(store, digest, ending)
    for number, layer in enumerate(manifest.layers if manifest else ()):
        check = None
        if ending == SIGNATURES:
            check = await examine_legacy_signature(store, number, layer, digest, trust)
        elif ending == ATTESTATIONS:
            check = await examine_legacy_attestation(store, number, layer, digest, trust)
        yield _checked(check) if check else _legacy(ending, f"{legacy_name(digest, ending)}#{number}", layer)


async def _referrers(store: Store, image: Image, trust: Trust | None, kind: str = "") -> AsyncIterator[Attachment]:
    unanswered: CouldNotCheck | None = None
    for referrer in await store.referrers(image.digest, kind):
        signed = False
        try:
            async for check in examine_referrer(store, referrer, image, trust):
                signed = True
                yield _checked(check)
        except CouldNotCheck as error:
            if error.retryable:  # the store does not answer, nor would it for the others
                raise
            unanswered = unanswered or error
        if not signed:
            for claim in await _claims(store, referrer):
                yield claim
    if unanswered:
        raise unanswered


def _checked(check: Check) -> Attachment:
    kind = Kind.SIGNATURE if check.is_signature else Kind.ATTESTATION
    # Statements may be large, and who attached them may be anybody: only those that count are kept.
    kept = check if check.accepted else replace(check, statement=None)
    return Attachment(kind, check.where, check.predicate_type, check.format, kept)
