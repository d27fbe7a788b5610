"""What refers to an image and is signed: tells the formats apart, and examines each in its own way.

Between its tags and its bundles, cosign tried a third format: one referrer with a layer for each signature, as under
the tag. It still writes and reads it when told to
(https://github.com/sigstore/cosign/blob/v3.1.3/pkg/oci/remote/write.go, WriteSignaturesExperimentalOCI), and the
library has the same for attestations (WriteAttestationsReferrer). Notation's signatures are referrers, too.
"""

from collections.abc import AsyncIterator
from typing import Final

from undercurrent.errors import BadContent, CouldNotCheck, TooLarge, UndercurrentError
from undercurrent.i18n import translate as _
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import Manifest
from undercurrent.oci.store import Store
from undercurrent.signing import bundle
from undercurrent.signing.checks import Check, Format, Reason, SignatureRefusedError, Trust, refusal
from undercurrent.signing.dsse import IN_TOTO
from undercurrent.signing.examine import examine_bundle, examine_legacy_attestation, examine_legacy_signature
from undercurrent.signing.places import MAX_LAYERS, may_be_bundle
from undercurrent.signing.predicates import COSIGN_SIGN

__all__ = ["OLDER", "examine_referrer", "kind_of", "may_be_signed"]

OLDER: Final = frozenset({mediatypes.COSIGN_SIGNATURE, IN_TOTO})
"""Artifact types of signatures and of attestations in the older format."""


def may_be_signed(referrer: Descriptor) -> bool:
    """Whether a listed referrer can be a signature or an attestation, in any of cosign's formats or in notation's."""
    return referrer.artifact_type in {*OLDER, mediatypes.NOTATION_SIGNATURE} or may_be_bundle(referrer)


async def kind_of(store: Store, referrer: Descriptor) -> str:
    """The artifact type of a referrer, from its manifest where the listing does not tell.

    Raises:
        UndercurrentError: the manifest cannot be read.
    """
    kind = referrer.artifact_type
    if may_be_bundle(referrer) and not kind.startswith(bundle.PREFIX):
        return (await store.manifest(referrer)).kind
    return kind


async def examine_referrer(
    store: Store, referrer: Descriptor, image: Image, trust: Trust | None, wanted: str = ""
) -> AsyncIterator[Check]:
    """Examines one referrer of ``image``: nothing comes of what is neither, or of another predicate type.

    Other arguments, and errors, are those of `examine_bundle` and `examine_notation`.
    """
    try:
        kind = await kind_of(store, referrer)
    except CouldNotCheck:
        raise
    except UndercurrentError:
        kind = ""  # it is read again below, and said to be damaged there
    if kind in OLDER:
        async for check in _examine_older(store, referrer, kind, image.digest, trust, wanted):
            yield check
    elif kind == mediatypes.NOTATION_SIGNATURE:
        if wanted in {"", COSIGN_SIGN}:
            # Most images have none, and it takes a noticeable part of a command's start.
            from undercurrent.signing.notation.examine import examine_notation  # noqa: PLC0415

            yield await examine_notation(store, referrer, image, trust)
    elif may_be_bundle(referrer) and (found := await examine_bundle(store, referrer, image.digest, trust, wanted)):
        yield found


async def _examine_older(
    store: Store, referrer: Descriptor, kind: str, digest: Digest, trust: Trust | None, wanted: str
) -> AsyncIterator[Check]:
    signs = kind == mediatypes.COSIGN_SIGNATURE
    if wanted and signs != (wanted == COSIGN_SIGN):
        return
    try:
        layers = await _layers(store, referrer, kind, digest)
    except (UndercurrentError, SignatureRefusedError) as error:
        yield refusal(Check(Format.REFERRER, referrer.digest, predicate_type=COSIGN_SIGN if signs else wanted), error)
        return
    for number, layer in enumerate(layers):
        found: Check | None
        if signs:
            found = await examine_legacy_signature(store, number, layer, digest, trust, referrer=referrer.digest)
        else:
            found = await examine_legacy_attestation(
                store, number, layer, digest, trust, wanted, referrer=referrer.digest
            )
        if found is not None:
            yield found


async def _layers(store: Store, referrer: Descriptor, kind: str, digest: Digest) -> tuple[Descriptor, ...]:
    """The layers of an older referrer; none if it holds statements that nobody signed.

    Raises:
        SignatureRefusedError: it is something else than it is listed as, or refers to another image.
        UndercurrentError: it cannot be read, or has more than MAX_LAYERS layers.
    """
    manifest = await store.manifest(referrer)
    if not isinstance(manifest, Manifest) or manifest.kind != kind:
        raise SignatureRefusedError(
            Reason.NOT_WHAT_IT_SAYS, _("it is listed as {kind}, and is something else").format(kind=kind)
        )
    if kind == IN_TOTO and all(layer.media_type != mediatypes.DSSE_ENVELOPE for layer in manifest.layers):
        return ()
    if manifest.subject is None or manifest.subject.digest != digest:
        raise SignatureRefusedError(Reason.OTHER_SUBJECT, _("it is attached to another image"))
    if len(manifest.layers) > MAX_LAYERS:
        raise TooLarge(
            _("{name} in {store} has more than {limit} layers").format(
                name=referrer.digest, store=store.label, limit=MAX_LAYERS
            )
        )
    if not manifest.layers:
        raise BadContent(_("{digest} in {store} holds no signature").format(digest=referrer.digest, store=store.label))
    return manifest.layers
