"""Simple signing payloads: what a legacy signature signs.

Format: https://github.com/containers/image/blob/v5.36.0/docs/containers-signature.5.md#json-data-format, in the
words and the byte order of https://github.com/sigstore/sigstore/blob/v1.10.8/pkg/signature/payload/payload.go
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from undercurrent.errors import BadContent
from undercurrent.i18n import translate as _
from undercurrent.oci import strictjson
from undercurrent.oci.digest import Digest

__all__ = ["TYPE", "Payload", "build", "parse"]

TYPE: Final = "cosign container image signature"

# Go's encoding/json escapes these. Writing the same bytes lets cosign see that an image is signed already.
_GO_ESCAPES: Final = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


@dataclass(frozen=True, slots=True)
class Payload:
    """What a legacy signature says.

    Attributes:
        raw: the signed bytes.
        kind: `TYPE`, or this is no cosign signature.
        digest: of the image, as it is written.
        identity: the docker-reference: what the signer called the image.
        optional: the signer's annotations.
    """

    raw: bytes = field(repr=False)
    kind: str
    digest: str
    identity: str
    optional: Mapping[str, Any]


def build(repository: str, digest: Digest, annotations: Mapping[str, str]) -> bytes:
    """The payload for an image, byte for byte as cosign writes it."""
    document = {
        "critical": {
            "identity": {"docker-reference": repository},
            "image": {"docker-manifest-digest": digest},
            "type": TYPE,
        },
        "optional": dict(sorted(annotations.items())) or None,
    }
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).translate(_GO_ESCAPES).encode()


def parse(raw: bytes, what: str) -> Payload:
    """The payload that ``raw`` holds.

    Raises:
        BadContent: it is none, or not with one meaning.
    """
    document = strictjson.loads_object(raw, what)
    critical, optional = _object(document, "critical", what), document.get("optional")
    if document.keys() - {"critical", "optional"} or not (optional is None or isinstance(optional, dict)):
        raise _invalid(what)
    kind = critical.get("type")
    digest = _object(critical, "image", what).get("docker-manifest-digest")
    identity = _object(critical, "identity", what).get("docker-reference")
    if not (isinstance(kind, str) and isinstance(digest, str) and isinstance(identity, str)):
        raise _invalid(what)
    return Payload(raw, kind, digest, identity, optional or {})


def _object(parent: Mapping[str, Any], key: str, what: str) -> dict[str, Any]:
    value = parent.get(key)
    if not isinstance(value, dict):
        raise _invalid(what)
    return value


def _invalid(what: str) -> BadContent:
    return BadContent(_("{what} is not a simple signing payload").format(what=what))
