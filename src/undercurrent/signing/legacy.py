"""What legacy signatures and attestations bring along in the annotations of their layers, where bundles have fields.

Format: https://github.com/sigstore/cosign/blob/v3.1.3/pkg/oci/static/signature.go and pkg/cosign/bundle/rekor.go. Such
layers have the promise of a log and no inclusion proof, and that is enough, as it is for cosign.
"""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from undercurrent.errors import BadContent, TooLarge
from undercurrent.i18n import translate as _
from undercurrent.oci import strictjson
from undercurrent.signing import protojson
from undercurrent.signing.dsse import decode_base64
from undercurrent.signing.material import LogEntry, Material, instant

__all__ = [
    "BUNDLE",
    "CERTIFICATE",
    "CHAIN",
    "LOCAL_SIGNATURE",
    "TIMESTAMP",
    "certificates",
    "from_annotations",
    "from_local_bundle",
    "to_annotations",
]

CERTIFICATE: Final = "dev.sigstore.cosign/certificate"
"""Annotation: the signer's certificate, PEM."""
CHAIN: Final = "dev.sigstore.cosign/chain"
"""Annotation: the certificates above that, PEM, the root among them."""
BUNDLE: Final = "dev.sigstore.cosign/bundle"
"""Annotation: an entry of a log of version 1, JSON."""
TIMESTAMP: Final = "dev.sigstore.cosign/rfc3161timestamp"
"""Annotation: an RFC 3161 response, JSON."""
LOCAL_SIGNATURE: Final = "base64Signature"
"""The field by which the JSON files are known that ``cosign sign-blob --bundle`` wrote before version 3."""

_MOST_BYTES: Final = 4 * 1024 * 1024
_MOST_CERTIFICATES: Final = 8
_LOG_ID: Final = re.compile(r"[0-9a-f]{64}")
_PEM: Final = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----")


def from_annotations(annotations: Mapping[str, str], hint: str = "") -> Material:
    """The material that a layer's annotations hold. Nothing in it is verified.

    Args:
        annotations: of the layer.
        hint: names the key that signed, if the caller knows.

    Raises:
        BadContent: one of them does not hold what it should.
        TooLarge: one holds more than any does.
    """
    if sum(len(annotations.get(name, "")) for name in (CERTIFICATE, CHAIN, BUNDLE, TIMESTAMP)) > _MOST_BYTES:
        raise TooLarge(_("the annotations are larger than {limit} bytes").format(limit=_MOST_BYTES))
    leaf = certificates(annotations.get(CERTIFICATE, ""), _("the certificate"))
    chain = certificates(annotations.get(CHAIN, ""), _("the chain of certificates"))
    if len(leaf) > 1:
        raise BadContent(_("{what} is not one certificate").format(what=_("the certificate")))
    logged, stamped = annotations.get(BUNDLE), annotations.get(TIMESTAMP)
    return Material(
        hint,
        (*leaf, *chain) if leaf else (),
        (_entry(strictjson.loads_object(logged, _("the log entry")), _("the log entry")),) if logged else (),
        (_timestamp(stamped, _("the timestamp")),) if stamped else (),
    )


def to_annotations(material: Material) -> dict[str, str]:
    """The annotations for what vouches for a key's signature: its timestamp, if it has one; there is room for one."""
    if not material.timestamps:
        return {}
    signed = base64.b64encode(material.timestamps[0]).decode()
    return {TIMESTAMP: json.dumps({"SignedRFC3161Timestamp": signed}, separators=(",", ":"))}


def from_local_bundle(document: Mapping[str, Any]) -> tuple[bytes, Material]:
    """The signature of a file, and what travels with it, from the JSON file that cosign wrote before version 3.

    Format: https://github.com/sigstore/cosign/blob/v2.6.1/pkg/cosign/fetch.go (LocalSignedPayload)

    Raises:
        BadContent: it is none.
    """
    what = _("the bundle")
    leaf, logged = protojson.text(document, "cert", what), protojson.message(document, "rekorBundle", what)
    if leaf and "-----" not in leaf:
        leaf = decode_base64(leaf, _("the certificate")).decode("ascii", "replace")
    return protojson.octets(document, LOCAL_SIGNATURE, what), Material(
        "", certificates(leaf, _("the certificate")), (_entry(logged, _("the log entry")),) if logged else ()
    )


def certificates(pem: str, what: str) -> tuple[bytes, ...]:
    """The certificates in PEM text, DER.

    Args:
        pem: the text; without any certificate if empty.
        what: names it in errors.

    Raises:
        BadContent: it is something else.
        TooLarge: there are more than anybody needs.
    """
    found = tuple(decode_base64("".join(text.split()), what) for text in _PEM.findall(pem))
    if len(found) > _MOST_CERTIFICATES:
        raise TooLarge(_("{what} has more than {limit} certificates").format(what=what, limit=_MOST_CERTIFICATES))
    if pem.strip() and not found:
        raise BadContent(_("{what} is not one certificate").format(what=what))
    return found


def _entry(fields: Mapping[str, Any], what: str) -> LogEntry:
    payload = protojson.message(fields, "Payload", what)
    body, log_id = protojson.octets(payload, "body", what), protojson.text(payload, "logID", what)
    promise = protojson.octets(fields, "SignedEntryTimestamp", what)
    if not body or not promise or not _LOG_ID.fullmatch(log_id):
        raise BadContent(_("{what} is not one").format(what=what))
    said: dict[str, Any] = strictjson.loads_object(body, what)
    return LogEntry(
        protojson.integer(payload, "logIndex", what),
        bytes.fromhex(log_id),
        protojson.text(said, "kind", what),
        protojson.text(said, "apiVersion", what),
        instant(protojson.integer(payload, "integratedTime", what), what),
        promise,
        None,
        body,
    )


def _timestamp(raw: str, what: str) -> bytes:
    found = protojson.octets(strictjson.loads_object(raw, what), "SignedRFC3161Timestamp", what)
    if not found:
        raise BadContent(_("{what} is not one").format(what=what))
    return found
