"""Certificates, signatures, trust stores and policies as notation makes them, and as an attacker would.

vendor = certify("C=US,ST=WA,O=acme,CN=vendor root", authority=True)
release = certify("C=US,ST=WA,O=acme,CN=release", vendor)
await push_notation(image, jws(target(image), release))
trust = trusting(folder, {"ca:acme": [vendor]}, policy())
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeAlias

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from tests.support.signatures import push_referrer

from undercurrent.oci import mediatypes
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import Manifest
from undercurrent.signing.notation.algorithms import algorithm_of
from undercurrent.signing.notation.trust import NotationTrust, load

__all__ = [
    "NOW",
    "Certified",
    "certify",
    "cose",
    "jws",
    "policy",
    "push_notation",
    "revoke",
    "sign_with",
    "target",
    "trusting",
    "unpadded",
    "usage",
    "write_store",
]

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
NOW: Final = datetime.now(UTC).replace(microsecond=0)
_YEAR: Final = timedelta(days=365)


@dataclass(frozen=True)
class Certified:
    """A key with its certificate, and whoever issued that."""

    key: PrivateKey
    certificate: x509.Certificate
    issuer: "Certified | None" = field(default=None, repr=False)

    @property
    def chain(self) -> list[x509.Certificate]:
        """Its certificate, that of its issuer, and so on to the root."""
        return [self.certificate, *(self.issuer.chain if self.issuer else [])]

    @property
    def pem(self) -> bytes:
        """Its certificate."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def subject(self) -> str:
        """Whom the certificate was made out to."""
        return self.certificate.subject.rfc4514_string()


def certify(
    subject: str,
    issuer: Certified | None = None,
    *,
    authority: bool = False,
    key: PrivateKey | None = None,
    valid: tuple[datetime, datetime] = (NOW - _YEAR, NOW + _YEAR),
    extensions: Sequence[tuple[x509.ExtensionType, bool]] | None = None,
    more: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> Certified:
    """A certificate for a new key.

    Args:
        subject: RFC 4514, from the first attribute to the last.
        issuer: itself when None.
        authority: whether it issues others.
        key: instead of a new one on P-256.
        valid: from when to when.
        extensions: with whether they are critical, instead of those that fit.
        more: besides those.
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(x509.Name.from_rfc4514_string(subject).rdns[::-1])
    own = extensions if extensions is not None else (_AUTHORITY if authority else _LEAF)
    builder = x509.CertificateBuilder(
        issuer_name=issuer.certificate.subject if issuer else name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=valid[0],
        not_valid_after=valid[1],
    )
    for extension, critical in (*own, *more):
        builder = builder.add_extension(extension, critical)
    return Certified(key, builder.sign(issuer.key if issuer else key, hashes.SHA256()), issuer)


def usage(*names: str) -> x509.KeyUsage:
    """Key usages by name."""
    every = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: name in names for name in every})


_LEAF: Final = (
    (usage("digital_signature"), True),
    (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False),
)
_AUTHORITY: Final = (
    (x509.BasicConstraints(ca=True, path_length=None), True),
    (usage("key_cert_sign", "crl_sign"), True),
)


def target(image: Image, annotations: Mapping[str, str] | None = None) -> bytes:
    """What is signed about an image."""
    described = image.descriptor
    value = {"mediaType": described.media_type, "digest": described.digest, "size": described.size}
    return json.dumps({"targetArtifact": value | ({"annotations": annotations} if annotations else {})}).encode()


Changes: TypeAlias = Mapping[Any, Any]
"""Headers to set; None takes one away."""


def jws(
    payload: bytes,
    signer: Certified,
    *,
    signed: datetime = NOW,
    expires: datetime | None = None,
    authority: bool = False,
    protected: Changes | None = None,
    header: Changes | None = None,
    chain: Sequence[x509.Certificate] | None = None,
    timestamp: Callable[[bytes], bytes] | None = None,
) -> bytes:
    """A signature in JSON; a true one, whatever is in it.

    Args:
        payload: what is signed.
        signer: who signs.
        signed: when, as it says.
        expires: when it ends.
        authority: whether the signer vouches for ``signed`` itself.
        protected: changes of what is signed along.
        header: changes of what is not.
        chain: certificates instead of the signer's.
        timestamp: gives a token for a signature.
    """
    scheme, time = _SCHEMES[authority]
    critical = [_SCHEME, *([time] if authority else []), *([_EXPIRY] if expires else [])]
    attributes = {
        "alg": _algorithm(signer).name,
        "cty": "application/vnd.cncf.notary.payload.v1+json",
        "crit": critical,
        _SCHEME: scheme,
        time: signed.isoformat().replace("+00:00", "Z"),
        **({_EXPIRY: expires.isoformat()} if expires else {}),
    }
    covered = f"{unpadded(json.dumps(_changed(attributes, protected)).encode())}.{unpadded(payload)}"
    signature = sign_with(signer, covered.encode())
    certificates = [item.public_bytes(Encoding.DER) for item in (signer.chain if chain is None else chain)]
    others: dict[str, Any] = {
        "x5c": [base64.b64encode(der).decode() for der in certificates],
        "io.cncf.notary.signingAgent": "tests/1.0",
    }
    if timestamp:
        others["io.cncf.notary.timestampSignature"] = base64.b64encode(timestamp(signature)).decode()
    before, _dot, after = covered.partition(".")
    document = {
        "payload": after,
        "protected": before,
        "header": _changed(others, header),
        "signature": unpadded(signature),
    }
    return json.dumps(document).encode()


def cose(
    payload: bytes,
    signer: Certified,
    *,
    signed: datetime = NOW,
    expires: datetime | None = None,
    authority: bool = False,
    protected: Changes | None = None,
    header: Changes | None = None,
    chain: Sequence[x509.Certificate] | None = None,
    timestamp: Callable[[bytes], bytes] | None = None,
) -> bytes:
    """A signature in CBOR; a true one, whatever is in it. Arguments are those of `jws`."""
    scheme, time = _SCHEMES[authority]
    critical = [_SCHEME, *([time] if authority else []), *([_EXPIRY] if expires else [])]
    attributes: dict[Any, Any] = {
        1: _algorithm(signer).cose,
        2: critical,
        3: "application/vnd.cncf.notary.payload.v1+json",
        _SCHEME: scheme,
        time: cbor2.CBORTag(1, int(signed.timestamp())),
        **({_EXPIRY: cbor2.CBORTag(1, int(expires.timestamp()))} if expires else {}),
    }
    body = cbor2.dumps(_changed(attributes, protected))
    signature = sign_with(signer, cbor2.dumps(["Signature1", body, b"", payload]))
    certificates = [item.public_bytes(Encoding.DER) for item in (signer.chain if chain is None else chain)]
    others: dict[Any, Any] = {33: certificates, "io.cncf.notary.signingAgent": "tests/1.0"}
    if timestamp:
        others["io.cncf.notary.timestampSignature"] = timestamp(signature)
    return cbor2.dumps(cbor2.CBORTag(18, [body, _changed(others, header), payload, signature]))


_SCHEME: Final = "io.cncf.notary.signingScheme"
_EXPIRY: Final = "io.cncf.notary.expiry"
_SCHEMES: Final = {
    False: ("notary.x509", "io.cncf.notary.signingTime"),
    True: ("notary.x509.signingAuthority", "io.cncf.notary.authenticSigningTime"),
}


async def push_notation(
    image: Image, envelope: bytes, media_type: str = "application/jose+json", **changes: Any
) -> Manifest:
    """Attaches a signature to ``image`` as notation 1.3 does; changes are those of `push_referrer`."""
    settings = {"artifact_type": "", "config_type": mediatypes.NOTATION_SIGNATURE, "layer_type": media_type}
    return await push_referrer(image, envelope, **{**settings, **changes})


def revoke(
    issuer: Certified,
    *revoked: Certified,
    valid: tuple[datetime, datetime] = (NOW - timedelta(days=1), NOW + timedelta(days=7)),
    reason: x509.ReasonFlags = x509.ReasonFlags.key_compromise,
    since: datetime | None = None,
    more: Sequence[tuple[x509.ExtensionType, bool]] = (),
    by: Certified | None = None,
) -> bytes:
    """The list of what ``issuer`` revoked, PEM.

    Args:
        issuer: whose list it is.
        revoked: who is on it.
        valid: from when to when.
        reason: of all.
        since: when their keys were lost.
        more: extensions of the list.
        by: whoever signs it instead.
    """
    builder = x509.CertificateRevocationListBuilder(issuer.certificate.subject, *valid)
    for item in revoked:
        entry = x509.RevokedCertificateBuilder(item.certificate.serial_number, valid[0])
        entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        if since:
            entry = entry.add_extension(x509.InvalidityDate(since.replace(tzinfo=None)), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    for extension, critical in more:
        builder = builder.add_extension(extension, critical)
    return builder.sign((by or issuer).key, hashes.SHA256()).public_bytes(Encoding.PEM)


def policy(
    *,
    name: str = "all",
    scopes: Sequence[str] = ("*",),
    level: str = "strict",
    stores: Sequence[str] = ("ca:acme",),
    identities: Sequence[str] = ("*",),
    **verification: Any,
) -> dict[str, Any]:
    """One statement of a trust policy."""
    trusted = {} if level == "skip" else {"trustStores": list(stores), "trustedIdentities": list(identities)}
    settings = {"level": level, **verification}
    return {"name": name, "registryScopes": list(scopes), "signatureVerification": settings, **trusted}


def write_store(folder: Path, stores: Mapping[str, Sequence[Certified]]) -> Path:
    """Writes a trust store, by names such as ``ca:acme``."""
    for name, members in stores.items():
        place = folder.joinpath("x509", *name.split(":"))
        place.mkdir(parents=True)
        for number, member in enumerate(members):
            (place / f"{number}.pem").write_bytes(member.pem)
    return folder


def trusting(
    folder: Path,
    stores: Mapping[str, Sequence[Certified]],
    *policies: Mapping[str, Any],
    revoked: Sequence[bytes] = (),
) -> NotationTrust:
    """Writes a trust store, a trust policy and lists of what is revoked to ``folder``, and reads them."""
    document = folder / "trustpolicy.json"
    folder.mkdir(parents=True, exist_ok=True)
    document.write_text(json.dumps({"version": "1.0", "trustPolicies": list(policies)}))
    lists = []
    for number, content in enumerate(revoked):
        lists.append(folder / f"{number}.crl")
        lists[-1].write_bytes(content)
    return load(write_store(folder / "truststore", stores), document, lists)


def _algorithm(signer: Certified) -> Any:
    return algorithm_of(signer.key.public_key())


def sign_with(signer: Certified, data: bytes) -> bytes:
    """The signature alone."""
    key, algorithm = signer.key, _algorithm(signer)
    if isinstance(key, rsa.RSAPrivateKey):
        pss = padding.PSS(padding.MGF1(algorithm.hash), padding.PSS.DIGEST_LENGTH)
        return key.sign(data, pss, algorithm.hash)
    halves = decode_dss_signature(key.sign(data, ec.ECDSA(algorithm.hash)))
    return b"".join(half.to_bytes(algorithm.coordinate) for half in halves)


def unpadded(data: bytes) -> str:
    """As JWS writes bytes."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _changed(value: Mapping[Any, Any], changes: Changes | None) -> dict[Any, Any]:
    return {key: item for key, item in {**value, **(changes or {})}.items() if item is not None}
