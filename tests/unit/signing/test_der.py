from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from undercurrent.signing.der import load_certificate, read_certificate

VERSION_3 = b"\xa0\x03\x02\x01\x02"


@pytest.fixture(scope="module")
def certificate() -> x509.Certificate:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + timedelta(days=1))
    alternative = x509.SubjectAlternativeName([x509.RFC822Name("ann@example.com")])
    return builder.add_extension(alternative, critical=False).sign(key, hashes.SHA256())


def test_a_certificate_is_read_as_der_and_as_pem(certificate: x509.Certificate) -> None:
    assert read_certificate(certificate.public_bytes(Encoding.DER)) == certificate
    assert load_certificate(certificate.public_bytes(Encoding.PEM).decode()) == certificate


@pytest.mark.parametrize("version", [3, 7, 127])
def test_a_version_that_there_is_not(certificate: x509.Certificate, version: int) -> None:
    """The cryptography package has an error of its own for it, which is no ValueError."""
    der = certificate.public_bytes(Encoding.DER)
    assert VERSION_3 in der
    spoilt = der.replace(VERSION_3, VERSION_3[:-1] + bytes([version]))
    for read in (load_certificate, read_certificate):
        with pytest.raises(ValueError, match="version"):
            read(spoilt)


@pytest.mark.parametrize("spoilt", [b"", b"x", "", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"])
def test_what_is_none(spoilt: bytes | str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - in the words of the cryptography package
        load_certificate(spoilt)


def test_a_name_that_cannot_be_read(certificate: x509.Certificate) -> None:
    der = certificate.public_bytes(Encoding.DER)
    spoilt = der.replace(b"\x81\x0fann@example.com", b"\x83\x0fann@example.com")  # an X.400 address, it says
    assert spoilt != der
    load_certificate(spoilt)
    with pytest.raises(ValueError):  # noqa: PT011 - likewise
        read_certificate(spoilt)
