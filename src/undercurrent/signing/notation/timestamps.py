"""Countersignatures: what a timestamp authority says about when a signature existed.

Specifications: "Validate Trusted Timestamp" of
https://github.com/notaryproject/specifications/blob/main/specs/trust-store-trust-policy.md, and
https://www.rfc-editor.org/rfc/rfc3161. rfc3161-client verifies the token's own signature; the chain of certificates
is followed here, as notation wants it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from cryptography import x509

from undercurrent.i18n import translate as _
from undercurrent.signing.checks import Reason, SignatureRefusedError
from undercurrent.signing.notation import certificates
from undercurrent.signing.notation.certificates import MAX_CHAIN, Chain, Purpose
from undercurrent.signing.timestampresponse import read_response

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

__all__ = ["Witnessed", "witnessed"]

_HASHES: Final = MappingProxyType(
    {
        "2.16.840.1.101.3.4.2.1": hashlib.sha256,
        "2.16.840.1.101.3.4.2.2": hashlib.sha384,
        "2.16.840.1.101.3.4.2.3": hashlib.sha512,
    }
)
_BASELINE_POLICY: Final = "0.4.0.2023.1.1"
"""https://www.rfc-editor.org/rfc/rfc3628#section-5.2: within one second, where nothing else is said."""
_GRANTED: Final = b"\x30\x03\x02\x01\x00"
"""PKIStatusInfo: what an answer has in front of its token."""


@dataclass(frozen=True, slots=True)
class Witnessed:
    """When a signature existed.

    Attributes:
        time: as the authority says; aware.
        accuracy: how much earlier or later it may have been.
        chain: the authority's certificates.
    """

    time: datetime
    accuracy: timedelta
    chain: Chain

    @property
    def earliest(self) -> datetime:
        """The first moment that may be meant."""
        return self.time - self.accuracy

    @property
    def latest(self) -> datetime:
        """The last moment that may be meant."""
        return self.time + self.accuracy


@dataclass(frozen=True, slots=True)
class _Token:
    """What a token says, and by whom.

    Attributes:
        answer: all of it.
        time: aware.
        accuracy: of the time.
        algorithm: what `imprint` was made with, an object identifier.
        imprint: of what it is about.
        signers: names of the issuers, and serial numbers, of whoever signed it.
        certificates: that it brings along, DER.
    """

    answer: "TimeStampResponse" = field(repr=False)
    time: datetime
    accuracy: timedelta
    algorithm: str
    imprint: bytes
    signers: frozenset[tuple[x509.Name, int]]
    certificates: tuple[bytes, ...] = field(repr=False)


def witnessed(token: bytes, signature: bytes, roots: Sequence[x509.Certificate]) -> Witnessed:
    """When ``signature`` existed, as a trusted authority says.

    Args:
        token: TimeStampToken, DER.
        signature: what it has to be about.
        roots: authorities that are trusted.

    Raises:
        SignatureRefusedError: it is no token, about something else, or by nobody trusted.
    """
    from rfc3161_client import VerificationError, VerifierBuilder  # noqa: PLC0415 - only where there is one

    said = _read(token)
    try:
        chain = _chain(said, roots)
        certificates.require_fit(chain, Purpose.TIMESTAMPING)
        certificates.require_valid(chain, said.time, said.time)
    except SignatureRefusedError as error:
        raise _refused(_("its timestamp is not trusted: {why}").format(why=error)) from error
    function = _HASHES.get(said.algorithm)
    if function is None or function(signature).digest() != said.imprint:
        raise _refused(_("its timestamp is about another signature"))
    verifier = VerifierBuilder(roots=[chain[-1]], intermediates=list(chain[1:-1])).build()
    try:
        verifier.verify(said.answer, said.imprint)
    except (VerificationError, ValueError) as error:
        raise _refused(_("its timestamp was changed")) from error
    return Witnessed(said.time, said.accuracy, chain)


def _read(token: bytes) -> _Token:
    body = _GRANTED + token
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8)
    try:
        answer = read_response(b"\x30" + bytes([0x80 | len(length)]) + length + body)
        info, signed = answer.tst_info, answer.signed_data
        return _Token(
            answer,
            info.gen_time.astimezone(UTC),
            _accuracy(answer),
            info.message_imprint.hash_algorithm.dotted_string,
            info.message_imprint.message,
            frozenset((signer.issuer, signer.serial_number) for signer in signed.signer_infos),
            tuple(signed.certificates),
        )
    except Exception as error:  # hostile DER makes it raise a dozen kinds, KeyError among them
        raise _refused(_("its timestamp cannot be read")) from error


def _accuracy(answer: "TimeStampResponse") -> timedelta:
    said = answer.tst_info.accuracy
    if said is None:
        return timedelta(seconds=answer.tst_info.policy.dotted_string == _BASELINE_POLICY)
    try:
        found = timedelta(seconds=said.seconds or 0, milliseconds=said.millis or 0, microseconds=said.micros or 0)
        answer.tst_info.gen_time - found, answer.tst_info.gen_time + found
    except OverflowError as error:
        raise _refused(_("its timestamp cannot be read")) from error
    return found


def _chain(said: _Token, roots: Sequence[x509.Certificate]) -> Chain:
    """The certificates from whoever signed the token to a trusted root."""
    present = certificates.load(said.certificates)
    found = [item for item in present if (item.issuer, item.serial_number) in said.signers]
    if len(said.signers) != 1 or len(found) != 1:
        raise _refused(_("it does not come with the certificate of whoever made it"))
    while found[-1] not in roots:
        issuer = next((item for item in (*roots, *present) if certificates.is_issued(found[-1], item)), None)
        if issuer is None or issuer in found or len(found) >= MAX_CHAIN:
            raise _refused(
                _("no trusted authority vouches for {subject}").format(subject=found[0].subject.rfc4514_string())
            )
        found.append(issuer)
    return found


def _refused(message: str) -> SignatureRefusedError:
    return SignatureRefusedError(Reason.TIMESTAMP, message)
