"""RFC 3161 timestamps: that a timestamp authority saw a signature, and when.

Only a timestamp to verify has ``rfc3161_client`` imported. The authority's
certificates have to be valid at the time in question, not now.
"""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from cryptography import x509

from undercurrent.i18n import translate as _
from undercurrent.signing.checks import Reason, SignatureRefusedError
from undercurrent.signing.der import read_certificate
from undercurrent.signing.proofs.trustedroot import Authority, TrustedRoot
from undercurrent.signing.timestampresponse import read_response

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse, Verifier

__all__ = ["is_timestamped"]

_IMPRINTS: Final = MappingProxyType(
    {
        "2.16.840.1.101.3.4.2.1": hashlib.sha256,
        "2.16.840.1.101.3.4.2.2": hashlib.sha384,
        "2.16.840.1.101.3.4.2.3": hashlib.sha512,
    }
)


def is_timestamped(response: bytes, signature: bytes, root: TrustedRoot) -> datetime | None:
    """Makes sure that an authority timestamped a signature.

    Args:
        response: TimeStampResp, DER.
        signature: what it should be about.
        root: whom to trust.

    Returns:
        When; None if it was an authority that the trusted root does not have.

    Raises:
        SignatureRefusedError: the timestamp is about something else, or not by that authority, or the authority was
            not in use then, or it cannot be read.
    """
    from rfc3161_client import VerificationError  # noqa: PLC0415 - see the top

    try:
        decoded = read_response(response)
        time = decoded.tst_info.gen_time.astimezone(UTC)
        imprint = decoded.tst_info.message_imprint
        candidates = list(_authorities(decoded, root))
    except Exception as error:  # hostile DER makes it raise a dozen kinds, KeyError among them
        raise _refused(_("its timestamp cannot be read")) from error
    if not candidates:
        return None
    function = _IMPRINTS.get(imprint.hash_algorithm.dotted_string)
    if function is None or function(signature).digest() != imprint.message:
        raise _refused(_("its timestamp is about another signature"))
    for authority in candidates:
        with suppress(VerificationError, ValueError):
            _verifier(authority).verify_message(decoded, signature)
            if not authority.validity.covers(time):
                raise _refused(_("its timestamp authority was not in use at {time}").format(time=time))
            return time
    raise _refused(
        _("its timestamp authority did not sign its timestamp, or was not certified at {time}").format(time=time)
    )


def _authorities(response: "TimeStampResponse", root: TrustedRoot) -> Iterator[Authority]:
    """The authorities of a trusted root that may have signed a timestamp, by the name of the signer's certificate."""
    signers = {(signer.issuer, signer.serial_number) for signer in response.signed_data.signer_infos}
    embedded = [read_certificate(raw) for raw in response.signed_data.certificates]
    for authority in root.timestamp_authorities:
        first = authority.certificates[0]
        if _is_authority(first):
            # The trusted root has no certificate of the signer, so that it has to come along.
            known = {certificate.subject for certificate in authority.certificates}
            if any((item.issuer, item.serial_number) in signers and item.issuer in known for item in embedded):
                yield authority
        elif (first.issuer, first.serial_number) in signers:
            yield authority


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


@lru_cache(maxsize=64)
def _verifier(authority: Authority) -> "Verifier":
    from rfc3161_client import VerifierBuilder  # noqa: PLC0415 - see the top

    first, *further = authority.certificates
    signer = None if _is_authority(first) else first
    above = authority.certificates if signer is None else further
    return VerifierBuilder(
        tsa_certificate=signer, intermediates=list(above[:-1]), roots=list(above[-1:] or authority.certificates)
    ).build()


def _refused(message: str) -> SignatureRefusedError:
    return SignatureRefusedError(Reason.TIMESTAMP, message)
