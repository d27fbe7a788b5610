"""Countersignatures: what a timestamp authority says about when a signature existed.

Specifications: "Validate Trusted Timestamp" of
https://github.com/notaryproject/specifications/blob/main/specs/trust-store-trust-policy.md, and
https://www.rfc-editor.org/rfc/rfc3161. rfc3161-client verifies the token's own signature; the chain of certificates
is followed here, as notation wants it.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from cryptography import x509

from undercurrent.i18n import translate as _
from undercurrent.signing.checks import Reason, SignatureRefusedError
from undercurrent.signing.notation import certificates
from undercurrent.signing.notation.certificates import MAX_CHAIN, Chain, Purpose

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

    answer = _decode(token)
    try:
        chain = _chain(answer, roots)
        certificates.require_fit(chain, Purpose.TIMESTAMPING)
        certificates.require_valid(chain, answer.tst_info.gen_time, answer.tst_info.gen_time)
    except SignatureRefusedError as error:
        raise _refused(_("its timestamp is not trusted: {why}").format(why=error)) from error
    digest = _HASHES.get(answer.tst_info.message_imprint.hash_algorithm.dotted_string)
    if digest is None or digest(signature).digest() != answer.tst_info.message_imprint.message:
        raise _refused(_("its timestamp is about another signature"))
    verifier = VerifierBuilder(roots=[chain[-1]], intermediates=list(chain[1:-1])).build()
    try:
        verifier.verify(answer, answer.tst_info.message_imprint.message)
    except (VerificationError, ValueError) as error:
        raise _refused(_("its timestamp was changed")) from error
    return Witnessed(answer.tst_info.gen_time, _accuracy(answer), chain)


def _decode(token: bytes) -> "TimeStampResponse":
    from rfc3161_client import decode_timestamp_response  # noqa: PLC0415 - only where there is one

    body = _GRANTED + token
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8)
    try:
        answer = decode_timestamp_response(b"\x30" + bytes([0x80 | len(length)]) + length + body)
        # Both are read when they are asked for.
        answer.tst_info, answer.signed_data  # noqa: B018
    except ValueError as error:
        raise _refused(_("its timestamp cannot be read")) from error
    return answer


def _chain(answer: "TimeStampResponse", roots: Sequence[x509.Certificate]) -> Chain:
    """The certificates from whoever signed the token to a trusted root."""
    present = certificates.load(tuple(answer.signed_data.certificates))
    try:
        signers = [(signer.issuer, signer.serial_number) for signer in answer.signed_data.signer_infos]
    except ValueError as error:
        raise _refused(_("who made it cannot be read")) from error
    found = [item for item in present if (item.issuer, item.serial_number) in signers]
    if len(signers) != 1 or len(found) != 1:
        raise _refused(_("it does not come with the certificate of whoever made it"))
    while found[-1] not in roots:
        issuer = _issuer(found[-1], (*roots, *present))
        if issuer is None or issuer in found or len(found) >= MAX_CHAIN:
            raise _refused(
                _("no trusted authority vouches for {subject}").format(subject=found[0].subject.rfc4514_string())
            )
        found.append(issuer)
    return found


def _issuer(certificate: x509.Certificate, candidates: Iterable[x509.Certificate]) -> x509.Certificate | None:
    return next((item for item in candidates if certificates.is_issued(certificate, item)), None)


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


def _refused(message: str) -> SignatureRefusedError:
    return SignatureRefusedError(Reason.TIMESTAMP, message)
