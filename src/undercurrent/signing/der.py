"""Certificates in DER, from people we do not trust: read, or refused with one kind of error.

The cryptography package raises a dozen, some of them only when a part of the certificate is asked for.
"""

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from undercurrent.i18n import translate as _

__all__ = ["load_certificate", "read_certificate"]


def load_certificate(raw: bytes | str) -> x509.Certificate:
    """A certificate, of which names, key and extensions are read when they are asked for, and may raise then.

    Args:
        raw: DER, or PEM if it is text.

    Raises:
        ValueError: it is none.
    """
    try:
        if isinstance(raw, str):
            return x509.load_pem_x509_certificate(raw.encode())
        return x509.load_der_x509_certificate(raw)
    except x509.InvalidVersion as error:
        raise ValueError(str(error)) from error


def read_certificate(der: bytes) -> x509.Certificate:
    """A certificate, all of which can be read.

    Raises:
        ValueError: something in it cannot.
    """
    certificate = load_certificate(der)
    try:
        for _part in (certificate.subject, certificate.issuer, certificate.public_key(), *certificate.extensions):
            pass
        if certificate.not_valid_before_utc > certificate.not_valid_after_utc:
            raise ValueError(_("it is never valid"))
    except (x509.DuplicateExtension, x509.UnsupportedGeneralNameType, UnsupportedAlgorithm) as error:
        raise ValueError(str(error)) from error
    return certificate
