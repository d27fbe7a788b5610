"""Enters signatures into a transparency log (Rekor), version 2 or 1, and brings back the entry with its proof.

API: https://github.com/sigstore/rekor-tiles/blob/v2.3.0/CLIENTS.md, and
https://github.com/sigstore/rekor/blob/v1.5.3/openapi.yaml for version 1. A log of version 2 answers when the entry is
in it, which takes about a second; so many signatures should wait together.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from undercurrent.errors import BadContent, TooLarge, UnexpectedAnswer
from undercurrent.i18n import translate as _
from undercurrent.net import Answer, Client, Request, redact
from undercurrent.oci import strictjson
from undercurrent.signing import material, protojson
from undercurrent.signing.dsse import decode_base64
from undercurrent.signing.keyless.asking import MAX_ANSWER, json_of, post
from undercurrent.signing.keyless.instance import Service
from undercurrent.signing.material import LogEntry
from undercurrent.signing.proofs.content import SignedContent

__all__ = ["enter"]

_V2 = 2


async def enter(client: Client, log: Service, content: SignedContent, certificate: x509.Certificate) -> LogEntry:
    """Enters a signature into a log.

    Args:
        client: asks.
        log: which.
        content: what was signed, and the signature.
        certificate: of the key that signed: ECDSA P-256 over SHA-256.

    Returns:
        The entry. That it is about this signature, and in the log, is shown later.

    Raises:
        UnexpectedAnswer: the log refuses, or answers with something else.
        CouldNotCheck: it could not be asked.
    """
    what = _("the log entry of {url}").format(url=redact(log.url))
    try:
        if log.version == _V2:
            answer = await post(client, f"{log.url}/api/v2/log/entries", _request_v2(content, certificate))
            return _entry(json_of(answer), certificate, what)
        answer = await post(client, f"{log.url}/api/v1/log/entries", _request_v1(content, certificate))
        if answer.status == HTTPStatus.CONFLICT:
            answer = await _known(client, answer)
        return _entry(_from_v1(json_of(answer), what), certificate, what)
    except (BadContent, TooLarge) as error:
        raise UnexpectedAnswer(error.message) from error


def _request_v2(content: SignedContent, certificate: x509.Certificate) -> bytes:
    verifier = {
        "x509Certificate": {"rawBytes": _base64(certificate.public_bytes(serialization.Encoding.DER))},
        "keyDetails": "PKIX_ECDSA_P256_SHA_256",
    }
    # An envelope is entered as what its signature is over; a log of version 2 knows no envelopes.
    request = {
        "digest": _base64(hashlib.sha256(content.data).digest()),
        "signature": {"content": _base64(content.signature), "verifier": verifier},
    }
    return json.dumps({"hashedRekordRequestV002": request}).encode()


def _request_v1(content: SignedContent, certificate: x509.Certificate) -> bytes:
    """As cosign and sigstore-python ask: ``dsse`` for an envelope, else ``hashedrekord``; both of version 0.0.1."""
    verifier = _base64(certificate.public_bytes(serialization.Encoding.PEM))
    if content.envelope is not None:
        kind = "dsse"
        proposed = {"envelope": json.dumps(content.envelope.to_json()), "verifiers": [verifier]}
        spec: dict[str, Any] = {"proposedContent": proposed}
    else:
        kind = "hashedrekord"
        spec = {
            "signature": {"content": _base64(content.signature), "publicKey": {"content": verifier}},
            "data": {"hash": {"algorithm": "sha256", "value": hashlib.sha256(content.data).hexdigest()}},
        }
    return json.dumps({"kind": kind, "apiVersion": "0.0.1", "spec": spec}).encode()


async def _known(client: Client, answer: Answer) -> Answer:
    """The entry that is in the log already, because an answer of it was lost and the request sent again."""
    place = urljoin(answer.url, answer.headers.get("Location", ""))
    return await client.fetch(Request("GET", place, {"Accept": "application/json"}), limit=MAX_ANSWER)


def _entry(fields: Mapping[str, Any], certificate: x509.Certificate, what: str) -> LogEntry:
    """The entry in a ``TransparencyLogEntry`` message, read as it will be read in a bundle."""
    der = _base64(certificate.public_bytes(serialization.Encoding.DER))
    bundled = {"certificate": {"rawBytes": der}, "tlogEntries": [fields]}
    return material.from_json(bundled, "0.3", what).entries[0]


def _from_v1(document: Mapping[str, Any], what: str) -> dict[str, Any]:
    """What a log of version 1 answers, as a ``TransparencyLogEntry`` message in JSON."""
    if len(document) != 1:
        raise BadContent(_("{what} is not one entry").format(what=what))
    (name,) = document
    fields = protojson.message(document, name, what)
    verification = protojson.message(fields, "verification", what)
    proof = protojson.message(verification, "inclusionProof", what)
    body = strictjson.loads_object(decode_base64(fields.get("body"), what), what)
    return {
        "logIndex": fields.get("logIndex"),
        "logId": {"keyId": _from_hex(fields.get("logID"), what)},
        "kindVersion": {"kind": body.get("kind"), "version": body.get("apiVersion")},
        "integratedTime": fields.get("integratedTime"),
        "inclusionPromise": {"signedEntryTimestamp": verification.get("signedEntryTimestamp")},
        "inclusionProof": {
            "logIndex": proof.get("logIndex"),
            "treeSize": proof.get("treeSize"),
            "rootHash": _from_hex(proof.get("rootHash"), what),
            "hashes": [_from_hex(item, what) for item in protojson.values(proof, "hashes", what, MAX_ANSWER)],
            "checkpoint": {"envelope": proof.get("checkpoint")},
        },
        "canonicalizedBody": fields.get("body"),
    }


def _from_hex(value: object, what: str) -> str:
    try:
        return _base64(bytes.fromhex(value if isinstance(value, str) else "-"))
    except ValueError as error:
        raise BadContent(_("{what} has something else where hexadecimal digits belong").format(what=what)) from error


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
