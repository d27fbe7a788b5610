"""Sigstore bundles: a DSSE envelope with what names its key, in one JSON file.

Specification: https://github.com/sigstore/protobuf-specs/blob/v0.5.1/protos/sigstore_bundle.proto, in the JSON
form of protobuf that cosign writes. Bundles before 0.3 hold certificate chains and are not read, as in cosign.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from undercurrent.errors import BadContent, Unsupported
from undercurrent.i18n import translate as _
from undercurrent.oci import mediatypes, strictjson
from undercurrent.signing import dsse
from undercurrent.signing.dsse import Envelope
from undercurrent.signing.material import Material

__all__ = ["PREFIX", "Bundle", "dump", "parse"]

PREFIX: Final = "application/vnd.dev.sigstore.bundle"
"""What the media types of all bundles begin with."""

_VERSION_03: Final = frozenset({mediatypes.SIGSTORE_BUNDLE, f"{PREFIX}+json;version=0.3"})
_FIELDS: Final = frozenset({"mediaType", "verificationMaterial", "dsseEnvelope", "messageSignature"})
_MATERIAL: Final = frozenset({"publicKey", "certificate", "tlogEntries", "timestampVerificationData"})


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle, parsed.

    Attributes:
        envelope: what is signed; None if the bundle signs a plain message instead.
        hint: names the public key, if a key signed: base64 of the SHA-256 of its DER.
        certificate: of the signer, DER, if a certificate vouches for the key; else empty.
        material: all of ``verificationMaterial``, as JSON values.
    """

    envelope: Envelope | None
    hint: str
    certificate: bytes = field(repr=False)
    material: Mapping[str, Any] = field(repr=False)


def dump(envelope: Envelope, material: Material) -> bytes:
    """The bundle for an envelope and what vouches for its signature."""
    document = {
        "mediaType": mediatypes.SIGSTORE_BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": material.hint}},
        "dsseEnvelope": envelope.to_json(),
    }
    return json.dumps(document, separators=(",", ":")).encode()


def parse(raw: bytes, what: str) -> Bundle:
    """The bundle that ``raw`` holds. Nothing in it is verified.

    Raises:
        BadContent: it is none, or not with one meaning.
        Unsupported: another version than 0.3.
    """
    document = strictjson.loads_object(raw, what)
    media_type, material = document.get("mediaType"), document.get("verificationMaterial")
    if not isinstance(media_type, str):
        raise _invalid(what)
    if media_type.startswith(PREFIX) and media_type not in _VERSION_03:
        raise Unsupported(_("{what} is a {kind}; version 0.3 is read").format(what=what, kind=media_type[:100]))
    contents = {"dsseEnvelope", "messageSignature"} & document.keys()
    if media_type not in _VERSION_03 or document.keys() - _FIELDS or len(contents) != 1:
        raise _invalid(what)
    if not isinstance(material, dict) or material.keys() - _MATERIAL:
        raise _invalid(what)
    if len({"publicKey", "certificate"} & material.keys()) != 1:
        raise _invalid(what)
    envelope = None
    if "dsseEnvelope" in document:
        envelope = dsse.from_json(document["dsseEnvelope"], what)
    elif not isinstance(document["messageSignature"], dict):
        raise _invalid(what)
    return Bundle(envelope, _hint(material, what), _certificate(material, what), material)


def _hint(material: Mapping[str, Any], what: str) -> str:
    key = material.get("publicKey", {})
    if not isinstance(key, dict) or not isinstance(hint := key.get("hint", ""), str):
        raise _invalid(what)
    return hint


def _certificate(material: Mapping[str, Any], what: str) -> bytes:
    if "certificate" not in material:
        return b""
    certificate = material["certificate"]
    if not isinstance(certificate, dict):
        raise _invalid(what)
    return dsse.decode_base64(certificate.get("rawBytes"), _("the certificate of {what}").format(what=what))


def _invalid(what: str) -> BadContent:
    return BadContent(_("{what} is not a sigstore bundle").format(what=what))
