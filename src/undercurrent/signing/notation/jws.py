"""Notation's envelope in JSON.

Specification: https://github.com/notaryproject/specifications/blob/main/specs/signature-envelope-jws.md, which is
the flattened form of https://www.rfc-editor.org/rfc/rfc7515#section-7.2.2
"""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from undercurrent.errors import BadContent, Unsupported
from undercurrent.i18n import translate as _
from undercurrent.oci import strictjson
from undercurrent.signing.dsse import decode_base64
from undercurrent.signing.notation.algorithms import BY_NAME, Algorithm
from undercurrent.signing.notation.envelope import AGENT, ATTRIBUTES, TIMESTAMP, Envelope, attributes

__all__ = ["MEDIA_TYPE", "parse"]

MEDIA_TYPE: Final = "application/jose+json"
_FIELDS: Final = frozenset({"payload", "protected", "header", "signature"})
_CHAIN: Final = "x5c"
_UNPADDED: Final = re.compile(r"[A-Za-z0-9_-]+")
# https://www.rfc-editor.org/rfc/rfc3339#section-5.6
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)


def parse(raw: bytes, what: str) -> Envelope:
    """The envelope that ``raw`` holds. Nothing in it is verified.

    Raises:
        BadContent: it is none, or not with one meaning.
        Unsupported: it wants something understood that is not understood here.
    """
    document = strictjson.loads_object(raw, what)
    if document.keys() != _FIELDS or not isinstance(header := document["header"], dict):
        raise _invalid(what)
    strictjson.refuse_lookalikes(header, (_CHAIN, TIMESTAMP, AGENT), what)
    protected = strictjson.loads_object(_unpadded(document["protected"], what), what)
    strictjson.refuse_lookalikes(protected, ("alg", "cty", "crit", *ATTRIBUTES), what)
    critical = protected.get("crit")
    if not isinstance(critical, list) or not all(isinstance(name, str) for name in critical):
        raise _invalid(what)
    return Envelope(
        _algorithm(protected.get("alg")),
        attributes(protected, critical, protected.get("cty"), as_time=_time),
        payload=_unpadded(document["payload"], what),
        covered=f"{document['protected']}.{document['payload']}".encode(),
        signature=_unpadded(document["signature"], what),
        chain=_chain(header, what),
        timestamp=_timestamp(header),
    )


def _algorithm(name: object) -> Algorithm:
    if isinstance(name, str) and name in BY_NAME:
        return BY_NAME[name]
    raise Unsupported(_("it is made with {algorithm!r}, which is not trusted").format(algorithm=str(name)[:40]))


def _time(value: object) -> datetime:
    try:
        if isinstance(value, str) and _TIME.fullmatch(value):
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadContent(_("{value!r} in it is no time").format(value=str(value)[:40]))


def _chain(header: Mapping[str, Any], what: str) -> tuple[bytes, ...]:
    certificates = header.get(_CHAIN)
    if not isinstance(certificates, list):
        raise _invalid(what)
    return tuple(decode_base64(item, _("a certificate in {what}").format(what=what)) for item in certificates)


def _timestamp(header: Mapping[str, Any]) -> bytes:
    return decode_base64(header[TIMESTAMP], _("the timestamp")) if TIMESTAMP in header else b""


def _unpadded(value: object, what: str) -> bytes:
    """What text in base64url without padding holds (https://www.rfc-editor.org/rfc/rfc7515#section-2)."""
    if isinstance(value, str) and _UNPADDED.fullmatch(value):
        try:
            return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        except binascii.Error:
            pass
    raise _invalid(what)


def _invalid(what: str) -> BadContent:
    return BadContent(_("{what} is not a signature of notation in JSON").format(what=what))
