"""Signatures of files: by a bundle beside the file, in either format, or by a detached signature.

A bundle signs the file itself, or a statement about it. What cosign wrote before it had bundles is read as well.
"""

from dataclasses import replace
from typing import Final

from undercurrent.errors import UndercurrentError
from undercurrent.i18n import translate as _
from undercurrent.oci import strictjson
from undercurrent.signing import bundle, dsse, legacy, statement
from undercurrent.signing.algorithms import Data
from undercurrent.signing.bundle import MessageSignature
from undercurrent.signing.checks import Check, Format, Reason, SignatureRefusedError, Trust, refusal
from undercurrent.signing.judging import judge
from undercurrent.signing.material import Material
from undercurrent.signing.proofs.content import HASHES, SignedContent
from undercurrent.signing.statement import Statement

__all__ = ["verify_blob", "verify_detached"]

_DIGESTS: Final = frozenset({"sha256", "sha384", "sha512"})
"""Of subjects; other names in HASHES are protobuf's."""


def verify_blob(data: Data, raw: bytes, trust: Trust, where: str = "") -> Check:
    """Verifies a file by the bundle that came with it.

    Args:
        data: what the file holds.
        raw: the bundle: sigstore's, or the JSON file that cosign wrote before it had those.
        trust: whom to believe.
        where: what to call the bundle in the result.
    """
    check = Check(Format.BUNDLE, where)
    try:
        document = strictjson.loads_object(raw, _("the bundle"))
        if "mediaType" not in document and legacy.LOCAL_SIGNATURE in document:
            signature, material = legacy.from_local_bundle(document)
            check = replace(check, format=Format.LEGACY)
            return _judged(check, SignedContent(signature, data), material, trust)
        parsed = bundle.parse(raw, _("the bundle"))
        check = replace(check, hint=parsed.material.hint)
        if parsed.message is not None:
            _require_digest(parsed.message, data)
            return _judged(check, SignedContent(parsed.message.signature, data), parsed.material, trust)
        assert parsed.envelope is not None  # noqa: S101 - narrows the type; a bundle has one of the two
        _require(
            parsed.envelope.payload_type == dsse.IN_TOTO, Reason.NOT_WHAT_IT_SAYS, _("it does not sign a statement")
        )
        said = statement.parse(parsed.envelope.payload, _("the statement"))
        check = replace(check, predicate_type=said.predicate_type, statement=said)
        _require(_is_about(said, data), Reason.CONTENT_CHANGED, _("it is about other content than the file has"))
        return _judged(check, SignedContent.of(parsed.envelope), parsed.material, trust)
    except (UndercurrentError, SignatureRefusedError) as error:
        return refusal(check, error)


def verify_detached(data: Data, signature: bytes, trust: Trust, material: Material | None = None) -> Check:
    """Verifies a file by a signature that is in a file of its own.

    Args:
        data: what the file holds.
        signature: the signature.
        trust: whom to believe.
        material: what vouches for the signature, if it came along.
    """
    check = Check(Format.LEGACY, "")
    try:
        return _judged(check, SignedContent(signature, data), material or Material(), trust)
    except (UndercurrentError, SignatureRefusedError) as error:
        return refusal(check, error)


def _judged(check: Check, content: SignedContent, material: Material, trust: Trust) -> Check:
    judgement = judge(material, content, trust)
    return replace(check, maker=judgement.maker, signed_at=judgement.signed_at)


def _require(holds: bool, reason: Reason, message: str) -> None:
    if not holds:
        raise SignatureRefusedError(reason, message)


def _require_digest(message: MessageSignature, data: Data) -> None:
    """The digest is only a hint, but one that differs tells better what is wrong than the signature could."""
    if message.digest:
        function = HASHES.get(message.digest_algorithm)
        _require(
            function is None or function(data).digest() == message.digest,
            Reason.CONTENT_CHANGED,
            _("it is about other content than the file has"),
        )


def _is_about(said: Statement, data: Data) -> bool:
    """Whether one of the subjects has the digests of ``data``: all that are known here, and at least one."""
    names = {name for subject in said.subjects for name in subject.digests if name in _DIGESTS}
    digests = {name: HASHES[name](data).hexdigest() for name in names}
    return any(
        {name: value for name, value in subject.digests.items() if name in names}.items() <= digests.items()
        for subject in said.subjects
        if names & subject.digests.keys()
    )
