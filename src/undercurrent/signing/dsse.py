"""DSSE envelopes: a payload, its type, and the signature over both.

Specification: https://github.com/secure-systems-lab/dsse/blob/v1.0.2/envelope.md and protocol.md
"""

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any, Final

from undercurrent.errors import BadContent
from undercurrent.i18n import translate as _
from undercurrent.signing.algorithms import PublicKey, Signer

__all__ = ["IN_TOTO", "Envelope", "decode_base64", "from_json", "pae", "seal"]

IN_TOTO: Final = "application/vnd.in-toto+json"
"""Payload type of in-toto statements."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload with its signature; exactly one, which is what sigstore's bundles allow.

    Attributes:
        payload: the signed bytes, never serialised again.
        payload_type: a media type; signed along.
        signature: over `pae` of both.
        keyid: a hint, not signed, mostly empty.
    """

    payload: bytes = field(repr=False)
    payload_type: str
    signature: bytes = field(repr=False)
    keyid: str = ""

    def verified_by(self, key: PublicKey) -> bool:
        """Whether ``key`` made the signature."""
        return key.verify(self.signature, pae(self.payload_type, self.payload))

    def to_json(self) -> dict[str, Any]:
        """As JSON values, as cosign writes them."""
        signature = {"sig": base64.b64encode(self.signature).decode()}
        return {
            "payload": base64.b64encode(self.payload).decode(),
            "payloadType": self.payload_type,
            "signatures": [signature | ({"keyid": self.keyid} if self.keyid else {})],
        }


def pae(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed: pre-authentication encoding, version 1."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


async def seal(payload: bytes, payload_type: str, signer: Signer) -> Envelope:
    """``payload`` in an envelope, signed."""
    return Envelope(payload, payload_type, await signer.sign(pae(payload_type, payload)))


def from_json(value: object, what: str) -> Envelope:
    """The envelope that JSON values hold.

    Args:
        value: as `strictjson` read it.
        what: names the thing in errors.

    Raises:
        BadContent: it is no envelope, or has not exactly one signature.
    """
    if not isinstance(value, dict):
        raise BadContent(_("{what} is not a DSSE envelope").format(what=what))
    signatures, payload_type = value.get("signatures"), value.get("payloadType")
    if not isinstance(signatures, list) or not isinstance(payload_type, str) or not payload_type.isascii():
        raise BadContent(_("{what} is not a DSSE envelope").format(what=what))
    if len(signatures) != 1:
        # Two verifiers might take two different ones for the signature.
        raise BadContent(_("{what} has {count} signatures instead of one").format(what=what, count=len(signatures)))
    signature = signatures[0]
    if not isinstance(signature, dict) or not isinstance(keyid := signature.get("keyid", ""), str):
        raise BadContent(_("{what} is not a DSSE envelope").format(what=what))
    payload = decode_base64(value.get("payload"), _("the payload of {what}").format(what=what))
    sig = decode_base64(signature.get("sig"), _("the signature of {what}").format(what=what))
    return Envelope(payload, payload_type, sig, keyid)


def decode_base64(value: object, what: str) -> bytes:
    """What base64 text holds; the standard alphabet, padded, and nothing else in it.

    Raises:
        BadContent: it is no such text, or it holds nothing.
    """
    try:
        if isinstance(value, str) and value and value.isascii():
            return base64.b64decode(value, validate=True)
    except binascii.Error:
        pass
    raise BadContent(_("{what} is not base64").format(what=what))
