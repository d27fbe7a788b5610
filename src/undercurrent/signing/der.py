"""Certificates in DER, from people we do not trust: read, or refused with one kind of error.

The cryptography package raises a dozen, some of them only when a part of the certificate is asked for: a KeyError for
a name of a type that it does not know, for one. Of some it only warns; its next version will refuse them, and so does
this one now, before the warning reaches a terminal.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from undercurrent.i18n import translate as _

if TYPE_CHECKING:
    from cryptography import x509

__all__ = ["load_certificate", "read_certificate"]


@contextmanager
def _one_kind_of_error() -> Iterator[None]:
    from cryptography.utils import CryptographyDeprecationWarning  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", CryptographyDeprecationWarning)
            yield
    except Exception as error:
        raise ValueError(str(error)) from error


def load_certificate(raw: bytes | str) -> "x509.Certificate":
    """A certificate, of which names, key and extensions are read when they are asked for, and may raise then.

    Args:
        raw: DER, or PEM if it is text.

    Raises:
        ValueError: it is none.
    """
    from cryptography import x509  # noqa: PLC0415 - keys do without certificates

    with _one_kind_of_error():
        if isinstance(raw, str):
            return x509.load_pem_x509_certificate(raw.encode())
        return x509.load_der_x509_certificate(raw)


def read_certificate(der: bytes) -> "x509.Certificate":
    """A certificate, all of which can be read.

    Raises:
        ValueError: something in it cannot.
    """
    from cryptography import x509  # noqa: PLC0415 - keys do without certificates

    with _one_kind_of_error():
        certificate = x509.load_der_x509_certificate(der)
        for _part in (certificate.subject, certificate.issuer, certificate.public_key(), *certificate.extensions):
            pass
        if certificate.not_valid_before_utc > certificate.not_valid_after_utc:
            raise ValueError(_("it is never valid"))
    return certificate
