"""A sigstore instance in memory: authorities and logs with keys of our own, at any time, and as wrong as a test wants.

The real programs run in tests/peers; here is what they cannot be made to do: to err.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from asn1crypto import algos, cms, core, tsp  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from undercurrent.signing.material import InclusionProof, LogEntry, Material
from undercurrent.signing.proofs.content import SignedContent
from undercurrent.signing.proofs.merkle import leaf_hash

__all__ = ["IDENTITY", "ISSUER", "NOON", "Certified", "Instance", "Log", "body_of", "fulcio_extension", "pem_of"]

NOON: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""When signatures are made, unless a test says otherwise."""
IDENTITY: Final = "signer@example.org"
ISSUER: Final = "https://accounts.example.org"
_DAY: Final = timedelta(days=1)
_SCT_LIST: Final = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_ARC: Final = "1.3.6.1.4.1.57264.1."

Extension = tuple[x509.ExtensionType, bool]
CODE_SIGNING: Final = ExtendedKeyUsageOID.CODE_SIGNING
SIGNS: Final = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)
CERTIFIES: Final = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def der_of(item: x509.Certificate | ec.EllipticCurvePrivateKey) -> bytes:
    """A certificate, or a private key's public half."""
    if isinstance(item, x509.Certificate):
        return item.public_bytes(Encoding.DER)
    return item.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def pem_of(item: x509.Certificate | ec.EllipticCurvePrivateKey) -> bytes:
    if isinstance(item, x509.Certificate):
        return item.public_bytes(Encoding.PEM)
    return item.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def sign(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    return key.sign(data, ec.ECDSA(hashes.SHA256()))


def fulcio_extension(number: int, text: str) -> Extension:
    """One of Fulcio's, encoded as its number demands."""
    raw = text.encode()
    value = core.UTF8String(text).dump() if number > 6 else raw
    return x509.UnrecognizedExtension(ObjectIdentifier(f"{_ARC}{number}"), value), False


@dataclass(frozen=True)
class Certified:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def der(self) -> bytes:
        return der_of(self.certificate)


def certify(
    name: str,
    issuer: "Certified | None",
    extensions: Iterable[Extension],
    *,
    start: datetime = NOON - 10 * _DAY,
    end: datetime = NOON + 10 * _DAY,
    key: ec.EllipticCurvePrivateKey | None = None,
    scts: "Sequence[Log]" = (),
    serial: int | None = None,
) -> Certified:
    """A certificate; it signs itself without an issuer. The logs sign the timestamps in it."""
    key, subject = key or new_key(), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else [])
    above = subject if issuer is None else issuer.certificate.subject
    builder = x509.CertificateBuilder(
        above, subject, key.public_key(), serial or x509.random_serial_number(), start, end
    )
    for value, critical in extensions:
        builder = builder.add_extension(value, critical)
    signer = key if issuer is None else issuer.key
    if scts:
        precertificate = builder.sign(signer, hashes.SHA256()).tbs_certificate_bytes
        stamps = b"".join(log.certificate_timestamp(precertificate, signer, start) for log in scts)
        content = len(stamps).to_bytes(2, "big") + stamps
        builder = builder.add_extension(
            x509.UnrecognizedExtension(_SCT_LIST, core.OctetString(content).dump()), critical=False
        )
    return Certified(builder.sign(signer, hashes.SHA256()), key)


def authority_extensions(*, path_length: int | None = None) -> list[Extension]:
    return [(x509.BasicConstraints(ca=True, path_length=path_length), True), (CERTIFIES, True)]


@dataclass(frozen=True)
class Log:
    """A log of signatures, or of certificates."""

    name: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)

    @property
    def log_id(self) -> bytes:
        return hashlib.sha256(der_of(self.key)).digest()

    def to_json(self, start: datetime = NOON - _DAY, end: datetime | None = None) -> dict[str, Any]:
        period = {"start": start.isoformat()} | ({"end": end.isoformat()} if end else {})
        return {
            "baseUrl": f"https://{self.name}",
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": encoded(der_of(self.key)),
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "validFor": period,
            },
            "logId": {"keyId": encoded(self.log_id)},
        }

    def certificate_timestamp(
        self, precertificate: bytes, issuer: ec.EllipticCurvePrivateKey, time: datetime, extensions: bytes = b""
    ) -> bytes:
        """A signed certificate timestamp with its length before it (RFC 6962, section 3.3)."""
        stamp = int(time.timestamp() * 1000).to_bytes(8, "big")
        tail = len(extensions).to_bytes(2, "big") + extensions
        issuer_hash = hashlib.sha256(der_of(issuer)).digest()
        signed = (
            b"\0\0" + stamp + b"\0\1" + issuer_hash + len(precertificate).to_bytes(3, "big") + precertificate + tail
        )
        signature = sign(self.key, signed)
        raw = b"\0" + self.log_id + stamp + tail + b"\4\3" + len(signature).to_bytes(2, "big") + signature
        return len(raw).to_bytes(2, "big") + raw

    def promise(self, body: bytes, index: int, time: datetime) -> bytes:
        fields = {
            "body": encoded(body),
            "integratedTime": int(time.timestamp()),
            "logID": self.log_id.hex(),
            "logIndex": index,
        }
        return sign(self.key, json.dumps(fields, separators=(",", ":"), sort_keys=True).encode())

    def checkpoint(self, size: int, root: bytes, *, name: str = "", origin: str = "") -> str:
        text = f"{origin or self.name}\n{size}\n{encoded(root)}\n"
        raw = self.log_id[:4] + sign(self.key, text.encode())
        return f"{text}\n— {name or self.name} {encoded(raw)}\n"

    def proof(self, body: bytes) -> InclusionProof:
        """Of the second of two entries."""
        neighbour = leaf_hash(b"another entry")
        root = hashlib.sha256(b"\1" + neighbour + leaf_hash(body)).digest()
        return InclusionProof(1, 2, root, (neighbour,), self.checkpoint(2, root))

    def entry(self, body: bytes, *, time: datetime | None = NOON, proven: bool = True, index: int = 7) -> LogEntry:
        """An entry of version 1 with its time, or of version 2 without."""
        document = json.loads(body)
        promise = self.promise(body, index, time) if time else b""
        proof = self.proof(body) if proven else None
        return LogEntry(index, self.log_id, document["kind"], document["apiVersion"], time, promise, proof, body)


def body_of(kind: str, version: str, content: SignedContent, verifier: Any) -> bytes:
    """The body of a log entry about a signature, as Rekor writes it."""
    data, signature = bytes(content.data), encoded(content.signature)
    payload = content.envelope.payload if content.envelope else b""
    pem, sha = encoded(pem_of(verifier)), {"algorithm": "sha256"}
    field_name = "x509Certificate" if isinstance(verifier, x509.Certificate) else "publicKey"
    verifier_2 = {field_name: {"rawBytes": encoded(der_of(verifier))}, "keyDetails": "PKIX_ECDSA_P256_SHA_256"}
    digest_2 = {"algorithm": "SHA2_256", "digest": encoded(hashlib.sha256(data).digest())}
    payload_hash = {**sha, "value": hashlib.sha256(payload).hexdigest()}
    specs: Mapping[tuple[str, str], Any] = {
        ("hashedrekord", "0.0.1"): {
            "data": {"hash": {**sha, "value": hashlib.sha256(data).hexdigest()}},
            "signature": {"content": signature, "publicKey": {"content": pem}},
        },
        ("hashedrekord", "0.0.2"): {
            "hashedRekordV002": {"data": digest_2, "signature": {"content": signature, "verifier": verifier_2}}
        },
        ("dsse", "0.0.1"): {"payloadHash": payload_hash, "signatures": [{"signature": signature, "verifier": pem}]},
        ("dsse", "0.0.2"): {
            "dsseV002": {
                "payloadHash": {"algorithm": "SHA2_256", "digest": encoded(hashlib.sha256(payload).digest())},
                "signatures": [{"content": signature, "verifier": verifier_2}],
            }
        },
        ("intoto", "0.0.1"): {"content": {"payloadHash": payload_hash}, "publicKey": pem},
        ("intoto", "0.0.2"): {
            "content": {
                "envelope": {"signatures": [{"publicKey": pem, "sig": encoded(signature.encode())}]},
                "payloadHash": payload_hash,
            }
        },
    }
    return json.dumps({"apiVersion": version, "kind": kind, "spec": specs[kind, version]}).encode()


def timestamp(
    signer: Certified, signature: bytes, time: datetime, *, embedded: Iterable[Certified] = (), status: int = 0
) -> bytes:
    """A TimeStampResp."""
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": hashlib.sha256(signature).digest()}
    info = tsp.TSTInfo(
        {"version": "v1", "policy": "1.2.3.4", "message_imprint": imprint, "serial_number": 1, "gen_time": time}
    ).dump()
    attributes = cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
            cms.CMSAttribute({"type": "message_digest", "values": [hashlib.sha256(info).digest()]}),
        ]
    )
    own = asn1_x509.Certificate.load(signer.der)
    signed = cms.SignedData(
        {
            "version": "v3",
            "digest_algorithms": [algos.DigestAlgorithm({"algorithm": "sha256"})],
            "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(info)},
            "certificates": sorted((asn1_x509.Certificate.load(item.der) for item in embedded), key=lambda x: x.dump()),
            "signer_infos": [
                {
                    "version": "v1",
                    "sid": {"issuer_and_serial_number": {"issuer": own.issuer, "serial_number": own.serial_number}},
                    "digest_algorithm": {"algorithm": "sha256"},
                    "signed_attrs": attributes,
                    "signature_algorithm": {"algorithm": "sha256_ecdsa"},
                    "signature": sign(signer.key, attributes.untag().dump()),
                }
            ],
        }
    )
    if not embedded:
        signed["certificates"] = None
    token = cms.ContentInfo({"content_type": "signed_data", "content": signed})
    response: bytes = tsp.TimeStampResp({"status": {"status": status}, "time_stamp_token": token}).dump()
    return response


@dataclass(frozen=True)
class Instance:
    """All that a trusted root names, with the keys."""

    root: Certified = field(default_factory=lambda: certify("root", None, authority_extensions()))
    authority: Certified = field(init=False)
    log: Log = field(default_factory=lambda: Log("rekor.example"))
    certificate_log: Log = field(default_factory=lambda: Log("ctlog.example"))
    tsa_root: Certified = field(default_factory=lambda: certify("tsa root", None, authority_extensions()))
    tsa: Certified = field(init=False)

    def __post_init__(self) -> None:
        usage = (x509.ExtendedKeyUsage([CODE_SIGNING]), False)
        authority = certify("authority", self.root, [*authority_extensions(path_length=0), usage])
        object.__setattr__(self, "authority", authority)
        stamping = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True)
        object.__setattr__(self, "tsa", certify("tsa", self.tsa_root, [(SIGNS, True), stamping]))

    def to_json(self) -> dict[str, Any]:
        """Its trusted root."""
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [self.log.to_json()],
            "certificateAuthorities": [authority_to_json(self.authority, self.root)],
            "ctlogs": [self.certificate_log.to_json()],
            "timestampAuthorities": [authority_to_json(self.tsa, self.tsa_root)],
        }

    def leaf(
        self,
        *extensions: Extension,
        name: x509.GeneralName | None = None,
        issuer: Certified | None = None,
        time: datetime = NOON,
        logs: Sequence[Log] | None = None,
        without: type[x509.ExtensionType] | None = None,
    ) -> Certified:
        """A certificate as Fulcio issues them: for ten minutes. ``extensions`` replace its own of the same kind."""
        own: list[Extension] = [
            (SIGNS, True),
            (x509.ExtendedKeyUsage([CODE_SIGNING]), False),
            (x509.SubjectAlternativeName([name or x509.RFC822Name(IDENTITY)]), True),
            fulcio_extension(1, ISSUER),
            fulcio_extension(8, ISSUER),
        ]
        given = {value.oid for value, _critical in extensions}
        kept = [
            item for item in own if item[0].oid not in given and (without is None or not isinstance(item[0], without))
        ]
        return certify(
            "",
            issuer or self.authority,
            [*kept, *extensions],
            start=time - timedelta(minutes=1),
            end=time + timedelta(minutes=9),
            scts=(self.certificate_log,) if logs is None else logs,
        )

    def timestamp(self, signature: bytes, time: datetime = NOON, *, signer: Certified | None = None) -> bytes:
        return timestamp(signer or self.tsa, signature, time)

    def material(self, leaf: Certified, content: SignedContent, **changes: Any) -> Material:
        """All of it right: an entry with a promise and a proof, and a timestamp."""
        kind = "dsse" if content.envelope else "hashedrekord"
        body = body_of(kind, "0.0.1", content, leaf.certificate)
        right = Material("", (leaf.der,), (self.log.entry(body),), (self.timestamp(content.signature),))
        return replace(right, **changes)


def authority_to_json(*chain: Certified, start: datetime = NOON - _DAY, end: datetime | None = None) -> dict[str, Any]:
    period = {"start": start.isoformat()} | ({"end": end.isoformat()} if end else {})
    return {"certChain": {"certificates": [{"rawBytes": encoded(item.der)} for item in chain]}, "validFor": period}
