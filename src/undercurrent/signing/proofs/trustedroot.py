"""Trusted roots: the certificate authorities, logs and timestamp authorities of one sigstore instance.

Specification: https://github.com/sigstore/protobuf-specs/blob/v0.5.1/protos/sigstore_trustroot.proto, in the JSON form
of protobuf, as sigstore's TUF repository and ``cosign trusted-root create`` have it.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key

from undercurrent.errors import BadContent, InvalidKey, TooLarge, Unsupported, UsageError
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.oci import strictjson
from undercurrent.signing import protojson
from undercurrent.signing.algorithms import PublicKey
from undercurrent.signing.der import read_certificate

__all__ = ["MAX_TRUSTED_ROOT", "Authority", "Log", "TrustedRoot", "Validity", "parse", "read"]

MAX_TRUSTED_ROOT: Final = 4 * 1024 * 1024
"""Bytes of a trusted root; the public one has seven thousand."""
_PREFIX: Final = "application/vnd.dev.sigstore.trustedroot"
_MEDIA_TYPES: Final = frozenset(
    f"{_PREFIX}{form.format(version=version)}"
    for version in ("0.1", "0.2")
    for form in ("+json;version={version}", ".v{version}+json")
)
_FIELDS: Final = frozenset({"mediaType", "tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities"})
_MOST: Final = 100
_MOST_CERTIFICATES: Final = 8
_HINT_SIZE: Final = 4


@dataclass(frozen=True, slots=True)
class Validity:
    """A closed interval.

    Attributes:
        start: the first moment in it.
        end: the last; None if it is open.
    """

    start: datetime
    end: datetime | None

    def covers(self, time: datetime) -> bool:
        """Whether ``time`` is in it."""
        return self.start <= time and (self.end is None or time <= self.end)


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """A log, of signatures (Rekor) or of certificates (certificate transparency).

    Attributes:
        url: where it is.
        log_id: names it.
        hint: the first bytes of its name in checkpoints.
        key: verifies what it signs; None if the key is of a kind that is not supported.
        validity: when the key was in use.
    """

    url: str
    log_id: bytes
    hint: bytes
    key: PublicKey | None
    validity: Validity


@dataclass(frozen=True, slots=True, eq=False)
class Authority:
    """An authority, of certificates (Fulcio) or of timestamps.

    Attributes:
        certificates: the trust anchor last, before it those that lead to it.
        validity: when it was in use.
    """

    certificates: tuple[x509.Certificate, ...]
    validity: Validity


@dataclass(frozen=True, slots=True, eq=False)
class TrustedRoot:
    """Whom one sigstore instance consists of. It equals only itself.

    Attributes:
        logs: of signatures.
        authorities: of certificates.
        certificate_logs: of certificates.
        timestamp_authorities: of timestamps.
    """

    logs: tuple[Log, ...]
    authorities: tuple[Authority, ...]
    certificate_logs: tuple[Log, ...]
    timestamp_authorities: tuple[Authority, ...]


def read(file: Path) -> TrustedRoot:
    """The trusted root in a ``trusted_root.json``.

    Raises:
        UsageError: it cannot be read.
        BadContent, TooLarge, Unsupported: as `parse`.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_TRUSTED_ROOT + 1)
    except OSError as error:
        raise UsageError(_("cannot read {path}: {reason}").format(path=file, reason=system_reason(error))) from error
    return parse(content, str(file))


def parse(raw: bytes, what: str) -> TrustedRoot:
    """The trusted root that ``raw`` holds.

    Args:
        raw: JSON.
        what: names it in errors.

    Raises:
        BadContent: it is none, or not with one meaning, or it does not say since when something is trusted.
        TooLarge: it is larger than MAX_TRUSTED_ROOT, or lists more than any does.
        Unsupported: another version than 0.1 and 0.2.
    """
    if len(raw) > MAX_TRUSTED_ROOT:
        raise TooLarge(_("{what} is larger than {limit} bytes").format(what=what, limit=MAX_TRUSTED_ROOT))
    document = strictjson.loads_object(raw, what)
    media_type = protojson.text(document, "mediaType", what)
    if media_type.startswith(_PREFIX) and media_type not in _MEDIA_TYPES:
        raise Unsupported(
            _("{what} is a {kind}; versions 0.1 and 0.2 are read").format(what=what, kind=media_type[:100])
        )
    if media_type not in _MEDIA_TYPES:
        raise BadContent(_("{what} is not a trusted root").format(what=what))
    strictjson.refuse_lookalikes(document, _FIELDS, what)
    return TrustedRoot(
        tuple(_log(item, what) for item in protojson.messages(document, "tlogs", what, _MOST)),
        tuple(_authorities(document, "certificateAuthorities", what)),
        tuple(_log(item, what) for item in protojson.messages(document, "ctlogs", what, _MOST)),
        tuple(_authorities(document, "timestampAuthorities", what)),
    )


def _log(fields: Mapping[str, Any], what: str) -> Log:
    key = protojson.message(fields, "publicKey", what)
    log_id = protojson.octets(protojson.message(fields, "logId", what), "keyId", what)
    # Absent: the same name as everywhere else.
    checkpoint_id = protojson.octets(protojson.message(fields, "checkpointKeyId", what), "keyId", what) or log_id
    if not log_id or len(checkpoint_id) < _HINT_SIZE:
        raise BadContent(_("{what} has a log without a name").format(what=what))
    return Log(
        protojson.text(fields, "baseUrl", what),
        log_id,
        checkpoint_id[:_HINT_SIZE],
        _key(protojson.octets(key, "rawBytes", what)),
        _validity(key, what),
    )


def _key(raw: bytes) -> PublicKey | None:
    """A log's key. One that cannot be used here must not stand in the way of all the others."""
    with suppress(ValueError, UnsupportedAlgorithm, InvalidKey):
        return PublicKey.of(load_der_public_key(raw))
    return None


def _authorities(document: Mapping[str, Any], name: str, what: str) -> Iterable[Authority]:
    for fields in protojson.messages(document, name, what, _MOST):
        listed = protojson.messages(
            protojson.message(fields, "certChain", what), "certificates", what, _MOST_CERTIFICATES
        )
        try:
            chain = tuple(read_certificate(protojson.octets(item, "rawBytes", what)) for item in listed)
        except ValueError as error:
            raise BadContent(_("{what} holds a certificate that cannot be read").format(what=what)) from error
        if not chain:
            raise BadContent(_("{what} has an authority without certificates").format(what=what))
        yield Authority(chain, _validity(fields, what))


def _validity(fields: Mapping[str, Any], what: str) -> Validity:
    period = protojson.message(fields, "validFor", what)
    start = protojson.moment(period, "start", what)
    if start is None:
        # Taking that for "always" would trust what was never meant to be.
        raise BadContent(_("{what} does not say since when something in it is trusted").format(what=what))
    return Validity(start, protojson.moment(period, "end", what))
