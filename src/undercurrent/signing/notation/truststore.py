"""Notation's trust store: folders of certificates, by what they are for.

``x509/{ca,signingAuthority,tsa}/NAME/*.{pem,crt,cer}`` below one folder. Specification: "Trust Store" of
https://github.com/notaryproject/specifications/blob/main/specs/trust-store-trust-policy.md
"""

from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from undercurrent.errors import ConfigError
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.signing.der import read_certificate
from undercurrent.signing.notation.trustpolicy import NamedStore, StoreKind

__all__ = ["MAX_FILE", "certificates", "is_self_signed", "read_file"]

MAX_FILE: Final = 1024 * 1024
"""Bytes of a file with certificates."""
_SUFFIXES: Final = frozenset({".pem", ".crt", ".cer"})
_PEM: Final = b"-----BEGIN "


def certificates(folder: Path, store: NamedStore) -> tuple[x509.Certificate, ...]:
    """What a named store holds; folders in it are passed over, as the specification says.

    Args:
        folder: the trust store, which has ``x509`` in it.
        store: which of its stores.

    Raises:
        ConfigError: there is no such store, it holds no certificate, or something that may not be in it.
    """
    path = folder / "x509" / store.kind / store.name
    # Whoever may put a link there could otherwise have certificates read from where others may write.
    if path.is_symlink() or not path.is_dir():
        raise ConfigError(
            _("{path}: trust store {store} is no folder").format(path=path, store=store),
            hint=_("`notation certificate add` makes one; links are not followed"),
        )
    found: list[x509.Certificate] = []
    for file in sorted(path.iterdir()):
        if file.suffix.lower() not in _SUFFIXES or (file.is_dir() and not file.is_symlink()):
            continue
        if file.is_symlink():
            raise ConfigError(_("{path} is a link; a trust store holds files").format(path=file))
        found += [_admissible(certificate, store, file) for certificate in _load(file)]
    if not found:
        raise ConfigError(_("{path}: trust store {store} holds no certificate").format(path=path, store=store))
    return tuple(found)


def is_self_signed(certificate: x509.Certificate) -> bool:
    """Whether it is issued by itself, and signed with its own key."""
    try:
        certificate.verify_directly_issued_by(certificate)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def read_file(path: Path, limit: int) -> bytes:
    """A file of the configuration, whole.

    Raises:
        ConfigError: it cannot be read, or is larger than ``limit`` bytes.
    """
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise ConfigError(
            _("{path} cannot be read: {reason}").format(path=path, reason=system_reason(error))
        ) from error
    if len(content) > limit:
        raise ConfigError(_("{path} is larger than {limit} bytes").format(path=path, limit=limit))
    return content


def _load(path: Path) -> list[x509.Certificate]:
    content = read_file(path, MAX_FILE)
    try:
        several = x509.load_pem_x509_certificates(content) if _PEM in content else ()
        encoded = [certificate.public_bytes(Encoding.DER) for certificate in several] or [content]
        return [read_certificate(der) for der in encoded]
    except Exception as error:  # what is damaged makes it raise several kinds
        raise ConfigError(_("{path} holds no certificate that can be read").format(path=path)) from error


def _admissible(certificate: x509.Certificate, store: NamedStore, path: Path) -> x509.Certificate:
    """``certificate``, if it may be trusted on its own: it issues others, or itself."""
    own = is_self_signed(certificate)
    if not (own or _issues(certificate)) or (store.kind is StoreKind.TSA and not own):
        raise ConfigError(
            _("{path} holds a certificate that is no root of trust: {subject}").format(
                path=path, subject=certificate.subject.rfc4514_string()
            ),
            hint=_("put the certificate of the authority there, or one that signed itself"),
        )
    return certificate


def _issues(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
