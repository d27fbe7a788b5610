"""A sigstore instance: which services to sign with, and the root of trust that verifies what they answer.

Specification: ``SigningConfig`` and ``ClientTrustConfig`` of
https://github.com/sigstore/protobuf-specs/blob/v0.5.1/protos/sigstore_trustroot.proto
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from undercurrent.errors import BadContent, TooLarge, Unsupported
from undercurrent.i18n import translate as _
from undercurrent.oci import strictjson
from undercurrent.signing import protojson
from undercurrent.signing.proofs import trustedroot
from undercurrent.signing.proofs.trustedroot import TrustedRoot

__all__ = [
    "MAX_TRUST_CONFIG",
    "Instance",
    "Service",
    "parse_trust_config",
    "root_of_trust_config",
    "with_signing_config",
]

MAX_TRUST_CONFIG: Final = 4 * 1024 * 1024
"""Bytes of a configuration; the public one has eight thousand."""
_TRUST_CONFIG: Final = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"
_SIGNING_CONFIG: Final = "application/vnd.dev.sigstore.signingconfig.v0.2+json"
_FULCIO: Final = frozenset({1})
"""Major versions that services are called by here; Fulcio's API is v2, its service is version 1."""
_LOGS: Final = frozenset({1, 2})
_OTHERS: Final = frozenset({1})
_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Service:
    """One service.

    Attributes:
        url: without a slash at its end.
        version: major version of its API.
    """

    url: str
    version: int


@dataclass(frozen=True, slots=True)
class Instance:
    """One sigstore instance, as whoever signs needs it.

    Attributes:
        authority: of certificates (Fulcio).
        logs: that every signature is entered into (Rekor).
        timestamp_authorities: that every signature is witnessed by; their whole addresses.
        issuer: where people sign in with a browser; "" where they cannot.
        root: verifies what all these answer.
    """

    authority: Service
    logs: tuple[Service, ...]
    timestamp_authorities: tuple[Service, ...]
    issuer: str
    root: TrustedRoot


def parse_trust_config(raw: bytes, what: str, *, now: datetime | None = None) -> Instance:
    """The instance that a client trust configuration describes.

    Args:
        raw: JSON.
        what: names it in errors.
        now: aware; the time now when None.

    Raises:
        BadContent, TooLarge, Unsupported: as `root_of_trust_config`.
        Unsupported: it names services that are not to be used now, or not understood here.
    """
    root, document = root_of_trust_config(raw, what), strictjson.loads_object(raw, what)
    return with_signing_config(root, _part(document, "signingConfig", what), what, now=now)


def root_of_trust_config(raw: bytes, what: str) -> TrustedRoot:
    """The root of trust in a client trust configuration, whose services need not be in use any more.

    Raises:
        BadContent: it is none, or not with one meaning.
        TooLarge: it is larger than MAX_TRUST_CONFIG.
        Unsupported: another version than 0.1.
    """
    if len(raw) > MAX_TRUST_CONFIG:
        raise TooLarge(_("{what} is larger than {limit} bytes").format(what=what, limit=MAX_TRUST_CONFIG))
    document = strictjson.loads_object(raw, what)
    _expect(document, _TRUST_CONFIG, what)
    return trustedroot.parse(_part(document, "trustedRoot", what), what)


def _part(document: Mapping[str, Any], name: str, what: str) -> bytes:
    """A document inside the configuration. Only its values count: nothing signs these bytes."""
    return json.dumps(protojson.message(document, name, what)).encode()


def with_signing_config(root: TrustedRoot, raw: bytes, what: str, *, now: datetime | None = None) -> Instance:
    """The instance whose services a signing configuration names.

    Args:
        root: verifies what they answer.
        raw: the configuration, JSON.
        what: names it in errors.
        now: aware; the time now when None.

    Raises:
        BadContent: it is none, or not with one meaning.
        Unsupported: another version than 0.2, or services that are not to be used now or not understood here.
    """
    document = strictjson.loads_object(raw, what)
    _expect(document, _SIGNING_CONFIG, what)
    now = now or datetime.now(UTC)

    def services(name: str, versions: Collection[int]) -> list[Service]:
        return _usable(protojson.messages(document, name, what, _MOST), versions, what, now)

    authorities, issuers = services("caUrls", _FULCIO), services("oidcUrls", _OTHERS)
    logs = _selected(services("rekorTlogUrls", _LOGS), protojson.message(document, "rekorTlogConfig", what), what)
    stamps = _selected(services("tsaUrls", _OTHERS), protojson.message(document, "tsaConfig", what), what)
    for found, kind in ((authorities, _("certificate authority")), (logs, _("transparency log"))):
        if not found:
            raise Unsupported(
                _("{what} names no {kind} that is in use now and understood here").format(what=what, kind=kind)
            )
    return Instance(authorities[0], logs, stamps, issuers[0].url if issuers else "", root)


def _expect(document: Mapping[str, Any], media_type: str, what: str) -> None:
    found = protojson.text(document, "mediaType", what)
    if found == media_type:
        return
    if found.startswith(media_type.partition(".v0")[0]):
        raise Unsupported(
            _("{what} is a {kind}; {expected} is read").format(what=what, kind=found[:100], expected=media_type)
        )
    raise BadContent(_("{what} is not a {kind}").format(what=what, kind=media_type))


def _usable(listed: list[dict[str, Any]], versions: Collection[int], what: str, now: datetime) -> list[Service]:
    """Services in use now, of the highest version that is understood: the newest of each operator, newest first."""
    found = [
        (protojson.integer(fields, "majorApiVersion", what), start, fields)
        for fields in listed
        if (start := _in_use_since(fields, what, now)) is not None
    ]
    highest = max((version for version, _start, _fields in found if version in versions), default=None)
    chosen: dict[str, Service] = {}
    for version, _start, fields in sorted(found, key=lambda item: item[1], reverse=True):
        if version == highest:
            url = protojson.text(fields, "url", what).rstrip("/")
            chosen.setdefault(protojson.text(fields, "operator", what), Service(url, version))
    return list(chosen.values())


def _in_use_since(fields: Mapping[str, Any], what: str, now: datetime) -> datetime | None:
    period = protojson.message(fields, "validFor", what)
    start, end = protojson.moment(period, "start", what), protojson.moment(period, "end", what)
    return start if start is not None and start <= now and (end is None or now <= end) else None


def _selected(services: list[Service], config: Mapping[str, Any], what: str) -> tuple[Service, ...]:
    """As many of ``services`` as the configuration demands."""
    match protojson.text(config, "selector", what):
        case "ALL":
            return tuple(services)
        case "ANY" | "":
            return tuple(services[:1])
        case "EXACT" if 0 < (count := protojson.integer(config, "count", what)) <= len(services):
            return tuple(services[:count])
    raise Unsupported(_("{what} demands a choice of services that cannot be made").format(what=what))
