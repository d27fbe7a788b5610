"""Sigstore bundles: a DSSE envelope, or the signature of a message, with what shows who made it, in one JSON file.

Specification: https://github.com/sigstore/protobuf-specs/blob/v0.5.1/protos/sigstore_bundle.proto, in the JSON
form of protobuf that cosign writes. Versions 0.1 to 0.3 are read, and 0.3 is written.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from undercurrent.errors import BadContent, Unsupported
from undercurrent.i18n import translate as _
from undercurrent.oci import mediatypes, strictjson
from undercurrent.signing import dsse, protojson
from undercurrent.signing.dsse import Envelope
from undercurrent.signing.material import Material, from_json, to_json

__all__ = ["PREFIX", "Bundle", "MessageSignature", "dump", "parse"]

PREFIX: Final = "application/vnd.dev.sigstore.bundle"
"""What the media types of all bundles begin with."""

_VERSIONS: Final = MappingProxyType(
    {
        media_type: version
        for version in ("0.1", "0.2", "0.3")
        for media_type in (f"{PREFIX}+json;version={version}", f"{PREFIX}.v{version}+json")
    }
)
_FIELDS: Final = frozenset({"mediaType", "verificationMaterial", "dsseEnvelope", "messageSignature"})


@dataclass(frozen=True, slots=True)
class MessageSignature:
    """The signature of a plain message, which is not in the bundle.

    Attributes:
        digest_algorithm: of ``digest``, in the words of the specification ("SHA2_256"); empty if there is none.
        digest: of the message. A hint: it is not signed.
        signature: over the message.
    """

    digest_algorithm: str
    digest: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle, parsed.

    Attributes:
        envelope: what is signed; None if the bundle signs a plain message instead.
        message: the signature of that message; None if there is an envelope.
        material: what shows who signed, and when.
        version: "0.1", "0.2" or "0.3".
    """

    envelope: Envelope | None
    message: MessageSignature | None
    material: Material
    version: str


def dump(content: Envelope | MessageSignature, material: Material) -> bytes:
    """The bundle for a signature, version 0.3.

    Args:
        content: what is signed, with the signature.
        material: what shows who signed, and when.
    """
    document: dict[str, Any] = {
        "mediaType": mediatypes.SIGSTORE_BUNDLE,
        "verificationMaterial": to_json(material),
    }
    if isinstance(content, Envelope):
        document["dsseEnvelope"] = content.to_json()
    else:
        document["messageSignature"] = _message_to_json(content)
    return json.dumps(document, separators=(",", ":")).encode()


def parse(raw: bytes, what: str) -> Bundle:
    """The bundle that ``raw`` holds. Nothing in it is verified.

    Raises:
        BadContent: it is none, or not with one meaning.
        Unsupported: another version than 0.1 to 0.3.
    """
    document = strictjson.loads_object(raw, what)
    media_type = document.get("mediaType")
    if not isinstance(media_type, str):
        raise _invalid(what)
    version = _VERSIONS.get(media_type)
    if version is None and media_type.startswith(PREFIX):
        raise Unsupported(
            _("{what} is a {kind}; versions 0.1 to 0.3 are read").format(what=what, kind=media_type[:100])
        )
    contents = [name for name in ("dsseEnvelope", "messageSignature") if document.get(name) is not None]
    if version is None or document.keys() - _FIELDS or len(contents) != 1:
        raise _invalid(what)
    material = from_json(document.get("verificationMaterial"), version, what)
    if contents == ["dsseEnvelope"]:
        return Bundle(dsse.from_json(document["dsseEnvelope"], what), None, material, version)
    return Bundle(None, _message(protojson.message(document, "messageSignature", what), what), material, version)


def _message(fields: Mapping[str, Any], what: str) -> MessageSignature:
    digest = protojson.message(fields, "messageDigest", what)
    return MessageSignature(
        protojson.text(digest, "algorithm", what),
        protojson.octets(digest, "digest", what),
        dsse.decode_base64(fields.get("signature"), _("the signature of {what}").format(what=what)),
    )


def _message_to_json(message: MessageSignature) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if message.digest:
        digest = base64.b64encode(message.digest).decode()
        found["messageDigest"] = {"algorithm": message.digest_algorithm, "digest": digest}
    return found | {"signature": base64.b64encode(message.signature).decode()}


def _invalid(what: str) -> BadContent:
    return BadContent(_("{what} is not a sigstore bundle").format(what=what))
