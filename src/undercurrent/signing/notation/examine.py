"""Examines single notation signatures: reads one, checks it by the trust policy, and says what came of it.

Two things differ from notation on purpose. A policy that skips verification makes no image verified: nothing was.
And a policy that only logs whether a signature is authentic (``audit``) makes nobody trusted: a stranger's signature
is refused here under any policy, while what else such a policy only logs is told, and does not count.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from undercurrent.errors import CouldNotCheck, UndercurrentError
from undercurrent.i18n import translate as _
from undercurrent.oci import mediatypes, strictjson
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import AnyManifest, Manifest
from undercurrent.oci.store import Store, read_blob
from undercurrent.signing.checks import Check, Format, Reason, SignatureRefusedError, Trust, refusal
from undercurrent.signing.identities import Identity
from undercurrent.signing.notation import certificates, cose, jws, revocation, timestamps
from undercurrent.signing.notation.algorithms import algorithm_of
from undercurrent.signing.notation.certificates import Chain, Purpose
from undercurrent.signing.notation.envelope import Envelope, Scheme
from undercurrent.signing.notation.trust import NotationTrust
from undercurrent.signing.notation.trustpolicy import Action, NamedStore, Policy, StoreKind, Validation, repository_of
from undercurrent.signing.predicates import COSIGN_SIGN

__all__ = ["MAX_ENVELOPE", "examine_notation"]

MAX_ENVELOPE: Final = 1024 * 1024
"""Bytes of an envelope; one with a timestamp has less than twenty thousand."""
_ENVELOPES: Final = MappingProxyType({jws.MEDIA_TYPE: jws.parse, cose.MEDIA_TYPE: cose.parse})
_VOUCHERS: Final = MappingProxyType({Scheme.X509: StoreKind.CA, Scheme.SIGNING_AUTHORITY: StoreKind.SIGNING_AUTHORITY})
"""Which trust stores vouch for whom."""


async def examine_notation(
    store: Store, referrer: Descriptor, image: Image, trust: Trust | None, *, now: datetime | None = None
) -> Check:
    """Examines one referrer that says it is such a signature.

    Args:
        store: where it is.
        referrer: as it is listed.
        image: what it is attached to. Its repository, as its name says, decides which policy is for it.
        trust: whom to believe; None to look without verifying.
        now: the time to judge by; this machine's when None.

    Raises:
        CouldNotCheck: the store did not answer, or the policy wants to know whether a certificate is revoked, and
            nobody can say.
    """
    check = Check(Format.NOTATION, referrer.digest, predicate_type=COSIGN_SIGN)
    try:
        layer = _layer(await store.manifest(referrer), image)
        envelope = _ENVELOPES[layer.media_type](await read_blob(store, layer, MAX_ENVELOPE), _("the signature"))
        chain = certificates.load(envelope.chain)
        target = _target(envelope.payload)
        subject = chain[0].subject.rfc4514_string()
        check = replace(check, identity=subject, annotations=target.annotations)
        if trust is None:
            return check
        _require_intact(envelope, chain)
        _require_about(target, image)
        believed = _believed(envelope, chain, image, trust.notation, now or datetime.now(UTC))
        trust.require_annotations(target.annotations)
        maker = Identity(subject, f"notation:{believed.store}")
        return replace(check, maker=maker, signed_at=believed.signed_at, notes=believed.notes)
    except (UndercurrentError, SignatureRefusedError) as error:
        return refusal(check, error)


def _layer(manifest: AnyManifest, image: Image) -> Descriptor:
    """The envelope that a signature of ``image`` holds."""
    layers = (
        manifest.layers if isinstance(manifest, Manifest) and manifest.kind == mediatypes.NOTATION_SIGNATURE else ()
    )
    if len(layers) != 1 or layers[0].media_type not in _ENVELOPES:
        raise SignatureRefusedError(Reason.MALFORMED, _("its manifest does not hold exactly one signature of notation"))
    if manifest.subject is None or manifest.subject.digest != image.digest:
        raise SignatureRefusedError(Reason.OTHER_SUBJECT, _("it is attached to another image"))
    return layers[0]


def _target(payload: bytes) -> Descriptor:
    """What a payload says is signed."""
    what = _("the payload")
    document = strictjson.loads_object(payload, what)
    strictjson.refuse_lookalikes(document, ("targetArtifact",), what)
    return Descriptor.from_dict(document.get("targetArtifact"))


def _require_intact(envelope: Envelope, chain: Chain) -> None:
    """Checks what no policy may relax: who signed, with what, and that it was not changed since."""
    certificates.require_fit(chain, Purpose.SIGNING)
    key = chain[0].public_key()
    if envelope.algorithm is not algorithm_of(key):
        raise SignatureRefusedError(Reason.NOT_WHAT_IT_SAYS, _("its algorithm is not that of its certificate's key"))
    if not envelope.algorithm.verifies(key, envelope.signature, envelope.covered):
        raise SignatureRefusedError(
            Reason.BAD_SIGNATURE, _("the key of its certificate did not make it; it was changed")
        )


def _require_about(target: Descriptor, image: Image) -> None:
    signed, actual = ((item.media_type, item.digest, item.size) for item in (target, image.descriptor))
    if signed != actual:
        raise SignatureRefusedError(
            Reason.OTHER_IMAGE, _("it is about another image, {digest}").format(digest=target.digest)
        )


@dataclass(frozen=True, slots=True)
class _Believed:
    """Why a signature is believed.

    Attributes:
        store: that vouches for the signer.
        signed_at: when it was made, if somebody trusted says so.
        notes: what is wrong with it, and does not count by the policy.
    """

    store: NamedStore
    signed_at: datetime | None
    notes: tuple[str, ...]


def _believed(envelope: Envelope, chain: Chain, image: Image, trust: NotationTrust | None, now: datetime) -> _Believed:
    subject = chain[0].subject.rfc4514_string()
    if trust is None:
        raise SignatureRefusedError(
            Reason.CERTIFICATE,
            _("it is made by {subject} with notation, for whom no trust policy is named").format(subject=subject),
        )
    policy = _policy(image, trust)
    store = trust.anchor(policy, _VOUCHERS[envelope.attributes.scheme], chain)
    if store is None:
        raise SignatureRefusedError(
            Reason.CERTIFICATE,
            _("no trust store of policy {policy!r} vouches for {subject}").format(policy=policy.name, subject=subject),
        )
    if not policy.trusts(chain[0].subject):
        raise SignatureRefusedError(
            Reason.IDENTITY, _("policy {policy!r} does not trust {subject}").format(policy=policy.name, subject=subject)
        )
    notes: list[str] = []
    signed_at = None
    with _heeding(policy, Validation.EXPIRY, notes):
        _require_unexpired(envelope, now)
    with _heeding(policy, Validation.AUTHENTIC_TIMESTAMP, notes):
        signed_at = _time_of(envelope, chain, policy, trust, now)
    if policy.actions[Validation.REVOCATION] is not Action.SKIP:
        with _heeding(policy, Validation.REVOCATION, notes):
            revocation.require_unrevoked(chain, trust.revoked, now, signed_at)
    return _Believed(store, signed_at, tuple(notes))


def _policy(image: Image, trust: NotationTrust) -> Policy:
    repository = repository_of(image.repository)
    policy = trust.document.applicable(repository)
    if policy is None:
        raise SignatureRefusedError(
            Reason.POLICY,
            _("the trust policy says nothing about {repository}").format(repository=repository or image.name),
        )
    if policy.skips:
        raise SignatureRefusedError(
            Reason.POLICY,
            _("policy {policy!r} has signatures of {repository} skipped, so that nothing is verified").format(
                policy=policy.name, repository=repository
            ),
        )
    return policy


@contextmanager
def _heeding(policy: Policy, validation: Validation, notes: list[str]) -> Iterator[None]:
    """Lets a validation that fails end the examination, or only be noted, as the policy wants."""
    try:
        yield
    except (SignatureRefusedError, CouldNotCheck) as error:
        if policy.actions[validation] is Action.ENFORCE:
            raise
        notes.append(str(error))


def _require_unexpired(envelope: Envelope, now: datetime) -> None:
    expires = envelope.attributes.expires
    if expires is not None and now >= expires:
        raise SignatureRefusedError(
            Reason.EXPIRED, _("whoever signed it let it expire at {time}").format(time=f"{expires:%Y-%m-%d %H:%M:%SZ}")
        )


def _time_of(envelope: Envelope, chain: Chain, policy: Policy, trust: NotationTrust, now: datetime) -> datetime | None:
    """When it was signed, if somebody trusted says so; the certificates were valid then, or else are now."""
    if envelope.attributes.scheme is Scheme.SIGNING_AUTHORITY:
        signed = envelope.attributes.signed
        certificates.require_valid(chain, signed, signed)
        return signed
    roots = trust.roots(policy, StoreKind.TSA)
    has_expired = any(now > certificate.not_valid_after_utc for certificate in chain)
    if not roots or not (policy.needs_timestamp or has_expired):
        certificates.require_valid(chain, now, now)
        return None
    if not envelope.timestamp:
        raise SignatureRefusedError(Reason.NO_TIME, _("no timestamp authority says when it was made"))
    proof = timestamps.witnessed(envelope.timestamp, envelope.signature, roots)
    certificates.require_valid(chain, proof.earliest, proof.latest)
    revocation.require_unrevoked(proof.chain, trust.revoked, now, None)
    return proof.time
