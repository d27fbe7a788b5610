"""Examines single signatures and attestations: reads one, checks it, and says what came of it.

Nothing here decides about an image; `verify` does, from all its checks. A signature is a sign statement in a
bundle, or a simple signing payload; an attestation is none, though cosign 3.1.3 takes it for one.
"""

from dataclasses import replace
from typing import Final

from undercurrent.errors import UndercurrentError
from undercurrent.i18n import translate as _
from undercurrent.oci import mediatypes, strictjson
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.manifest import AnyManifest, Manifest
from undercurrent.oci.store import Store, read_blob
from undercurrent.signing import bundle, dsse, legacy, simplesigning, statement
from undercurrent.signing.algorithms import PublicKey
from undercurrent.signing.bundle import Bundle
from undercurrent.signing.checks import Check, Format, Reason, SignatureRefusedError, Trust, refusal
from undercurrent.signing.der import load_certificate
from undercurrent.signing.dsse import Envelope
from undercurrent.signing.identities import Maker
from undercurrent.signing.judging import judge
from undercurrent.signing.material import Material
from undercurrent.signing.places import ATTESTATIONS, PREDICATE_TYPE, SIGNATURES, legacy_name
from undercurrent.signing.predicates import COSIGN_SIGN
from undercurrent.signing.proofs.content import SignedContent
from undercurrent.signing.statement import Statement

__all__ = [
    "LEGACY_PREDICATE_TYPE",
    "MAX_ATTESTATION",
    "MAX_SIGNATURE",
    "SIGNATURE",
    "examine_bundle",
    "examine_legacy_attestation",
    "examine_legacy_signature",
]

MAX_SIGNATURE: Final = 1024 * 1024
"""Bytes of a signature's payload or bundle; they have less than a thousand."""
MAX_ATTESTATION: Final = 128 * 1024 * 1024
"""Bytes of an attestation's envelope or bundle; the same as cosign's COSIGN_MAX_ATTACHMENT_SIZE."""
SIGNATURE: Final = "dev.cosignproject.cosign/signature"
"""Annotation of a legacy signature's layer: the signature itself. An attestation's layer has it empty."""
LEGACY_PREDICATE_TYPE: Final = "predicateType"
"""Annotation of a legacy attestation's layer. A hint, not signed."""


async def examine_bundle(
    store: Store, referrer: Descriptor, digest: Digest, trust: Trust | None, wanted: str = ""
) -> Check | None:
    """Examines one referrer.

    Args:
        store: where it is.
        referrer: as it is listed.
        digest: of the image.
        trust: whom to believe; None to look without verifying.
        wanted: the predicate type that counts; any when empty.

    Returns:
        None if it is no bundle at all, or one of another predicate type.

    Raises:
        CouldNotCheck: the store did not answer.
    """
    check = Check(Format.BUNDLE, referrer.digest, predicate_type=referrer.annotations.get(PREDICATE_TYPE, ""))
    if _is_another(check.predicate_type, wanted):
        return None
    try:
        manifest = await store.manifest(referrer)
        said = check.predicate_type or manifest.annotations.get(PREDICATE_TYPE, "")
        layer = _bundle_layer(manifest, certain=referrer.artifact_type.startswith(bundle.PREFIX))
        # Signatures are small: what is large and does not call itself one is none.
        too_large = layer is not None and layer.size > _limit(wanted) and not said
        if layer is None or too_large or _is_another(said, wanted):
            return None
        check = replace(check, predicate_type=said)
        attached = manifest.subject is not None and manifest.subject.digest == digest
        _require(attached, Reason.OTHER_SUBJECT, _("it is attached to another image"))
        parsed = bundle.parse(await read_blob(store, layer, _limit(wanted or said)), _("the bundle"))
        check = replace(check, hint=parsed.material.hint, identity=_identity(parsed.material.certificate))
        envelope = _enveloped(parsed)
        content = _statement(envelope, said)
        if _is_another(content.predicate_type, wanted):
            return None
        check = _described(check, content, digest)
        return _judged(check, parsed.material, SignedContent.of(envelope), digest, trust)
    except (UndercurrentError, SignatureRefusedError) as error:
        return refusal(check, error)


async def examine_legacy_attestation(
    store: Store,
    number: int,
    layer: Descriptor,
    digest: Digest,
    trust: Trust | None,
    wanted: str = "",
    *,
    referrer: Digest | None = None,
) -> Check | None:
    """Examines one layer of an image's ``.att`` manifest, or of ``referrer``, which holds the same.

    Arguments and errors are those of `examine_bundle`.
    """
    check = Check(
        *_place(digest, ATTESTATIONS, number, referrer),
        identity=_identity(layer.annotations.get(legacy.CERTIFICATE, "")),
        predicate_type=layer.annotations.get(LEGACY_PREDICATE_TYPE, ""),
    )
    if _is_another(check.predicate_type, wanted):
        return None
    try:
        _require_kind(layer.media_type, mediatypes.DSSE_ENVELOPE)
        raw = await read_blob(store, layer, MAX_ATTESTATION)
        envelope = dsse.from_json(strictjson.loads(raw, _("the envelope")), _("the envelope"))
        content = _statement(envelope, check.predicate_type)
        if _is_another(content.predicate_type, wanted):
            return None
        check = _described(check, content, digest)
        if trust is None:
            return check
        return _judged(check, legacy.from_annotations(layer.annotations), SignedContent.of(envelope), digest, trust)
    except (UndercurrentError, SignatureRefusedError) as error:
        return refusal(check, error)


async def examine_legacy_signature(
    store: Store,
    number: int,
    layer: Descriptor,
    digest: Digest,
    trust: Trust | None,
    *,
    referrer: Digest | None = None,
) -> Check:
    """Examines one layer of an image's ``.sig`` manifest, or of ``referrer``, which holds the same.

    Arguments and errors are those of `examine_bundle`.
    """
    check = Check(
        *_place(digest, SIGNATURES, number, referrer),
        identity=_identity(layer.annotations.get(legacy.CERTIFICATE, "")),
        predicate_type=COSIGN_SIGN,
    )
    try:
        _require_kind(layer.media_type, mediatypes.SIMPLE_SIGNING)
        signature = dsse.decode_base64(layer.annotations.get(SIGNATURE), _("the signature"))
        payload = simplesigning.parse(await read_blob(store, layer, MAX_SIGNATURE), _("the payload"))
        check = replace(check, reference=payload.identity, annotations=payload.optional)
        _require_kind(payload.kind, simplesigning.TYPE)
        if trust is None:
            return check
        judgement = judge(legacy.from_annotations(layer.annotations), SignedContent(signature, payload.raw), trust)
        check = replace(check, hint=_hint(judgement.maker))
        if payload.digest != digest:
            raise _other_image(payload.digest)
        trust.require_annotations(payload.optional)
        return replace(check, maker=judgement.maker, signed_at=judgement.signed_at)
    except (UndercurrentError, SignatureRefusedError) as error:
        return refusal(check, error)


def _place(digest: Digest, ending: str, number: int, referrer: Digest | None) -> tuple[Format, str]:
    if referrer is None:
        return Format.LEGACY, f"{legacy_name(digest, ending)}#{number}"
    return Format.REFERRER, f"{referrer}#{number}"


def _require(holds: bool, reason: Reason, message: str) -> None:
    if not holds:
        raise SignatureRefusedError(reason, message)


def _require_kind(actual: str, expected: str) -> None:
    message = _("it holds {actual!r} where {expected} belongs").format(actual=actual[:200], expected=expected)
    _require(actual == expected, Reason.NOT_WHAT_IT_SAYS, message)


def _enveloped(parsed: Bundle) -> Envelope:
    if parsed.envelope is None:
        raise SignatureRefusedError(Reason.UNSUPPORTED, _("it signs a plain message, not a statement"))
    return parsed.envelope


def _statement(envelope: Envelope, said: str) -> Statement:
    """The statement in an envelope, which is of predicate type ``said`` unless that is empty. Nothing is verified."""
    _require_kind(envelope.payload_type, dsse.IN_TOTO)
    content = statement.parse(envelope.payload, _("the statement"))
    _require_kind(content.predicate_type, said or content.predicate_type)
    return content


def _described(check: Check, content: Statement, digest: Digest) -> Check:
    subject = content.about(digest)
    return replace(
        check,
        predicate_type=content.predicate_type,
        # Of signatures they count, and those are small: what a stranger says at length is not kept.
        annotations=subject.annotations if subject and len(content.raw) <= MAX_SIGNATURE else {},
        statement=content,
    )


def _judged(check: Check, material: Material, content: SignedContent, digest: Digest, trust: Trust | None) -> Check:
    if trust is None or check.statement is None:
        return check
    judgement = judge(material, content, trust)
    if check.statement.about(digest) is None:
        first = next(iter(check.statement.subjects), None)
        raise _other_image(", ".join(first.digests.values()) if first else _("none"))
    if check.is_signature:
        trust.require_annotations(check.annotations)
    maker = judgement.maker
    return replace(check, maker=maker, hint=_hint(maker), signed_at=judgement.signed_at)


def _hint(maker: Maker) -> str:
    return maker.hint if isinstance(maker, PublicKey) else ""


def _other_image(digest: str) -> SignatureRefusedError:
    return SignatureRefusedError(
        Reason.OTHER_IMAGE, _("it is about another image, {digest}").format(digest=digest[:200])
    )


def _is_another(said: str, wanted: str) -> bool:
    return bool(said and wanted and said != wanted)


def _limit(wanted: str) -> int:
    return MAX_SIGNATURE if wanted == COSIGN_SIGN else MAX_ATTESTATION


def _bundle_layer(manifest: AnyManifest, *, certain: bool) -> Descriptor | None:
    """The one layer of a bundle's manifest; None if it is none, unless it is listed as one.

    Raises:
        SignatureRefusedError: it is listed as one, and is none.
    """
    layers = manifest.layers if isinstance(manifest, Manifest) else ()
    if len(layers) == 1 and layers[0].media_type.startswith(bundle.PREFIX):
        return layers[0]
    if certain or manifest.artifact_type.startswith(bundle.PREFIX):
        raise SignatureRefusedError(Reason.MALFORMED, _("its manifest does not hold exactly one bundle"))
    return None


def _identity(certificate: bytes | str) -> str:
    """Whom a certificate (DER, or PEM text) is made out to, unverified; empty without one."""
    if not certificate:
        return ""
    from cryptography import x509  # noqa: PLC0415 - keys do without certificates

    try:
        parsed = load_certificate(certificate)
        names = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        found = [
            *names.get_values_for_type(x509.RFC822Name),
            *names.get_values_for_type(x509.UniformResourceIdentifier),
        ]
        return found[0] if found else parsed.subject.rfc4514_string()
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return _("an unreadable certificate")
