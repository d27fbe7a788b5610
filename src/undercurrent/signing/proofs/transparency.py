"""Certificate transparency: that a log of certificates took a certificate in before it was issued.

Specification: https://www.rfc-editor.org/rfc/rfc6962#section-3.2. The extensions that static logs put in
(https://c2sp.org/static-ct-api) are signed along, and say nothing that is needed here.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.certificate_transparency import SignedCertificateTimestamp

from undercurrent.i18n import translate as _
from undercurrent.signing.checks import Reason, SignatureRefusedError
from undercurrent.signing.proofs.trustedroot import TrustedRoot

__all__ = ["require_logged"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PRECERTIFICATE: Final = b"\x00\x01"
_VERSION_AND_TYPE: Final = b"\x00\x00"


@lru_cache(maxsize=256)
def require_logged(certificate: x509.Certificate, issuer: x509.Certificate, root: TrustedRoot) -> None:
    """Makes sure that a trusted log has a certificate, if the trusted root has such logs at all.

    Private instances may do without; whoever wrote their trusted root said so by listing none.

    Raises:
        SignatureRefusedError: none has, or the timestamp of one is not by that log.
    """
    if not root.certificate_logs:
        return
    signed = 0
    for timestamp, time in _timestamps(certificate):
        logs = [log for log in root.certificate_logs if log.log_id == timestamp.log_id]
        if not logs:
            continue  # of a log that is not trusted: it proves nothing
        data = _signed_data(certificate, issuer, timestamp, time)
        if not any(log.key and log.validity.covers(time) and log.key.verify(timestamp.signature, data) for log in logs):
            raise _refused(_("the log of certificates did not sign the timestamp in its certificate"))
        signed += 1
    if not signed:
        raise _refused(_("no log of certificates that is trusted has its certificate"))


def _timestamps(certificate: x509.Certificate) -> list[tuple[SignedCertificateTimestamp, datetime]]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.PrecertificateSignedCertificateTimestamps).value
        return [(item, item.timestamp.replace(tzinfo=UTC)) for item in found]
    except x509.ExtensionNotFound:
        return []
    except (ValueError, OverflowError) as error:
        raise _refused(_("its certificate cannot be read")) from error


def _signed_data(
    certificate: x509.Certificate, issuer: x509.Certificate, timestamp: SignedCertificateTimestamp, time: datetime
) -> bytes:
    key = issuer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    try:
        precertificate = certificate.tbs_precertificate_bytes
    except ValueError as error:
        raise _refused(_("its certificate cannot be read")) from error
    extensions = timestamp.extension_bytes
    return b"".join(
        (
            _VERSION_AND_TYPE,
            ((time - _EPOCH) // timedelta(milliseconds=1)).to_bytes(8, "big"),
            _PRECERTIFICATE,
            hashlib.sha256(key).digest(),
            len(precertificate).to_bytes(3, "big"),
            precertificate,
            len(extensions).to_bytes(2, "big"),
            extensions,
        )
    )


def _refused(message: str) -> SignatureRefusedError:
    return SignatureRefusedError(Reason.CERTIFICATE, message)
