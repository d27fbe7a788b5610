"""What travels beside a signature to show who made it and when: certificates, entries of logs, timestamps.

Specification: https://github.com/sigstore/protobuf-specs/blob/v0.5.1/protos/sigstore_bundle.proto and
sigstore_rekor.proto, in the JSON form of protobuf. Nothing is verified here; `undercurrent.signing.proofs` does that.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from undercurrent.errors import BadContent
from undercurrent.i18n import translate as _
from undercurrent.signing import protojson
from undercurrent.signing.der import read_certificate

__all__ = ["InclusionProof", "LogEntry", "Material", "from_json", "instant", "to_json"]

_FIELDS: Final = frozenset(
    {"publicKey", "certificate", "x509CertificateChain", "tlogEntries", "timestampVerificationData"}
)
_WHO: Final = ("publicKey", "certificate", "x509CertificateChain")
_HASH_SIZE: Final = 32
# Bundles in the wild hold a certificate or two, an entry, a timestamp; in a log of 2⁶³ entries a proof has 63 hashes.
_MOST_CERTIFICATES: Final = 8
_MOST_ENTRIES: Final = 16
_MOST_TIMESTAMPS: Final = 16
_MOST_HASHES: Final = 63


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """Why an entry is in a log, as RFC 9162, section 2.1.3 has it.

    Attributes:
        index: of the entry in its tree, from 0.
        size: entries in the tree.
        root: the tree's root hash, SHA-256.
        hashes: of the neighbouring subtrees, from the leaf up.
        checkpoint: the signed note in which the log confirms size and root.
    """

    index: int
    size: int
    root: bytes = field(repr=False)
    hashes: tuple[bytes, ...] = field(repr=False)
    checkpoint: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An entry of a transparency log.

    Attributes:
        index: of the entry in the whole log, from 0.
        log_id: names the log.
        kind: of the body, such as "hashedrekord".
        version: of the kind.
        integrated: when the log says that it took the entry in; None if it does not say. Only ``promise`` signs it.
        promise: the signed entry timestamp, empty if there is none.
        proof: why the entry is in the log; None if there is none.
        body: the entry itself, JSON; the very bytes that the log hashed.
    """

    index: int
    log_id: bytes = field(repr=False)
    kind: str
    version: str
    integrated: datetime | None
    promise: bytes = field(repr=False)
    proof: InclusionProof | None
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Material:
    """What travels beside a signature. Nothing in it is verified.

    Attributes:
        hint: names the public key, if a key signed: base64 of the SHA-256 of its DER.
        chain: certificates, DER, the signer's first; in bundles of version 0.3 there is one. Empty if a key signed.
        entries: of transparency logs.
        timestamps: RFC 3161 responses (TimeStampResp), DER.
    """

    hint: str = ""
    chain: tuple[bytes, ...] = field(default=(), repr=False)
    entries: tuple[LogEntry, ...] = ()
    timestamps: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def certificate(self) -> bytes:
        """The signer's certificate, DER; empty if a key signed."""
        return self.chain[0] if self.chain else b""


def from_json(value: object, version: str, what: str) -> Material:
    """The material that a bundle's ``verificationMaterial`` holds.

    Args:
        value: as `strictjson` read it.
        version: of the bundle: "0.1", "0.2" or "0.3".
        what: names the bundle in errors.

    Raises:
        BadContent: it is none, or not what that version demands.
        TooLarge: it has more of something than any bundle has.
    """
    if not isinstance(value, dict) or value.keys() - _FIELDS:
        raise BadContent(_("{what} is not a sigstore bundle").format(what=what))
    if sum(value.get(name) is not None for name in _WHO) != 1:
        raise BadContent(_("{what} must name either a key or a certificate").format(what=what))
    data = protojson.message(value, "timestampVerificationData", what)
    stamps = protojson.messages(data, "rfc3161Timestamps", what, _MOST_TIMESTAMPS)
    return Material(
        protojson.text(protojson.message(value, "publicKey", what), "hint", what),
        _chain(value, version, what),
        tuple(_entry(item, version, what) for item in protojson.messages(value, "tlogEntries", what, _MOST_ENTRIES)),
        tuple(_needed(item, "signedTimestamp", what) for item in stamps),
    )


def instant(seconds: int, what: str) -> datetime | None:
    """A log's time; None for 0, which stands for none.

    Args:
        seconds: since 1970.
        what: names the thing in errors.

    Raises:
        BadContent: no calendar has it.
    """
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (ValueError, OverflowError, OSError) as error:
        raise BadContent(_("{what} has an invalid {name}").format(what=what, name="integratedTime")) from error


def _needed(fields: Mapping[str, Any], name: str, what: str, size: int = 0) -> bytes:
    """Bytes that must be there, ``size`` of them unless that is 0."""
    found = protojson.octets(fields, name, what)
    if not found or len(found) != (size or len(found)):
        raise BadContent(_("{what} has an invalid {name}").format(what=what, name=name))
    return found


def _chain(value: Mapping[str, Any], version: str, what: str) -> tuple[bytes, ...]:
    if value.get("certificate") is not None:
        return (_needed(protojson.message(value, "certificate", what), "rawBytes", what),)
    if value.get("x509CertificateChain") is None:
        return ()
    if version == "0.3":
        raise BadContent(_("{what} holds a chain of certificates, which version 0.3 does not allow").format(what=what))
    listed = protojson.messages(
        protojson.message(value, "x509CertificateChain", what), "certificates", what, _MOST_CERTIFICATES
    )
    if not listed:
        raise BadContent(_("{what} holds an empty chain of certificates").format(what=what))
    chain = tuple(_needed(item, "rawBytes", what) for item in listed)
    for raw in chain[1:]:
        _refuse_root(raw, what)
    return chain


def _refuse_root(raw: bytes, what: str) -> None:
    """Roots come from a trusted root; one in a bundle could only mislead whoever took it for that."""
    try:
        certificate = read_certificate(raw)
        is_root = certificate.issuer == certificate.subject
    except ValueError as error:
        raise BadContent(_("{what} holds a certificate that cannot be read").format(what=what)) from error
    if is_root:
        raise BadContent(_("{what} holds a root certificate, which bundles must not").format(what=what))


def _entry(fields: Mapping[str, Any], version: str, what: str) -> LogEntry:
    kind = protojson.message(fields, "kindVersion", what)
    promise = protojson.octets(protojson.message(fields, "inclusionPromise", what), "signedEntryTimestamp", what)
    proof = _proof(protojson.message(fields, "inclusionProof", what), version, what)
    if version == "0.1" and not promise:
        raise BadContent(
            _("{what} has a log entry without the {name} that version {version} demands").format(
                what=what, name="inclusionPromise", version=version
            )
        )
    return LogEntry(
        protojson.integer(fields, "logIndex", what),
        _needed(protojson.message(fields, "logId", what), "keyId", what),
        protojson.text(kind, "kind", what),
        protojson.text(kind, "version", what),
        instant(protojson.integer(fields, "integratedTime", what), what),
        promise,
        proof,
        _needed(fields, "canonicalizedBody", what),
    )


def _proof(fields: Mapping[str, Any], version: str, what: str) -> InclusionProof | None:
    """The proof; None in bundles of version 0.1 that have none, or none that a log signed."""
    checkpoint = protojson.text(protojson.message(fields, "checkpoint", what), "envelope", what)
    if not checkpoint:
        if version == "0.1":
            return None
        lacking = "checkpoint" if fields else "inclusionProof"
        raise BadContent(
            _("{what} has a log entry without the {name} that version {version} demands").format(
                what=what, name=lacking, version=version
            )
        )
    listed = protojson.values(fields, "hashes", what, _MOST_HASHES)
    hashes = tuple(_needed({"hashes": item}, "hashes", what, _HASH_SIZE) for item in listed)
    index, size = protojson.integer(fields, "logIndex", what), protojson.integer(fields, "treeSize", what)
    if index >= size:
        raise BadContent(_("{what} has an inclusion proof for an entry outside the log").format(what=what))
    return InclusionProof(index, size, _needed(fields, "rootHash", what, _HASH_SIZE), hashes, checkpoint)


def to_json(material: Material) -> dict[str, Any]:
    """As JSON values, as a bundle of version 0.3 has them."""
    found: dict[str, Any] = {}
    if material.chain:
        found["certificate"] = {"rawBytes": _base64(material.certificate)}
    else:
        found["publicKey"] = {"hint": material.hint}
    if material.entries:
        found["tlogEntries"] = [_entry_to_json(entry) for entry in material.entries]
    if material.timestamps:
        stamps = [{"signedTimestamp": _base64(stamp)} for stamp in material.timestamps]
        found["timestampVerificationData"] = {"rfc3161Timestamps": stamps}
    return found


def _entry_to_json(entry: LogEntry) -> dict[str, Any]:
    found: dict[str, Any] = {
        "logIndex": str(entry.index),
        "logId": {"keyId": _base64(entry.log_id)},
        "kindVersion": {"kind": entry.kind, "version": entry.version},
    }
    if entry.integrated is not None:
        found["integratedTime"] = str(int(entry.integrated.timestamp()))
    if entry.promise:
        found["inclusionPromise"] = {"signedEntryTimestamp": _base64(entry.promise)}
    if entry.proof is not None:
        found["inclusionProof"] = {
            "logIndex": str(entry.proof.index),
            "rootHash": _base64(entry.proof.root),
            "treeSize": str(entry.proof.size),
            "hashes": [_base64(item) for item in entry.proof.hashes],
            "checkpoint": {"envelope": entry.proof.checkpoint},
        }
    return found | {"canonicalizedBody": _base64(entry.body)}


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
