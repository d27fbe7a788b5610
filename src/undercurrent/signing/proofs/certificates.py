"""Certificates for signing: the way from a leaf to a trust anchor, and what each certificate on it may do.

RFC 5280, section 6, as far as certificates of sigstore's authorities go. What is not understood is refused: critical
extensions, and constraints on names. Revocation plays no part: such certificates are valid for minutes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from undercurrent.i18n import translate as _
from undercurrent.signing.checks import Reason, SignatureRefusedError
from undercurrent.signing.der import read_certificate
from undercurrent.signing.proofs.trustedroot import Authority, TrustedRoot

__all__ = ["Path", "load", "paths", "require_valid"]

_UNDERSTOOD: Final = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    }
)
_ANY_USAGE: Final = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
_CODE_SIGNING: Final = ExtendedKeyUsageOID.CODE_SIGNING
_E = TypeVar("_E", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True)
class Path:
    """The way from a certificate to a trust anchor.

    Attributes:
        certificates: each was issued by the next; the last is the anchor.
        authority: whose anchor that is.
    """

    certificates: tuple[x509.Certificate, ...]
    authority: Authority

    @property
    def issuer(self) -> x509.Certificate:
        """Of the first certificate."""
        return self.certificates[1]


@lru_cache(maxsize=256)
def load(der: bytes) -> x509.Certificate:
    """A certificate, with all its extensions.

    Raises:
        SignatureRefusedError: it cannot be read.
    """
    try:
        return read_certificate(der)
    except ValueError as error:
        raise SignatureRefusedError(Reason.CERTIFICATE, _("its certificate cannot be read")) from error


@lru_cache(maxsize=256)
def paths(chain: tuple[bytes, ...], root: TrustedRoot) -> tuple[Path, ...]:
    """The ways from a signer's certificate to the authorities of a trusted root. They hold at times still to be seen.

    Args:
        chain: certificates, DER, the signer's first; the others may help, and are not trusted.
        root: whom to trust.

    Raises:
        SignatureRefusedError: there is none, or the certificate is not one for signing.
    """
    leaf, *others = (load(der) for der in chain)
    _require_code_signing(leaf)
    found, problems = list[Path](), list[str]()
    for authority in root.authorities:
        *helpful, anchor = authority.certificates
        search = _Search(anchor, (*helpful, *others, anchor))
        certificates = search.upwards((leaf,))
        if certificates:
            found.append(Path(certificates, authority))
        problems += search.problems
    if not found:
        reason = problems[0] if problems else _("no certificate authority that is trusted issued its certificate")
        raise SignatureRefusedError(Reason.CERTIFICATE, reason)
    return tuple(found)


class _Search:
    """Looks for a way to one anchor, and visits each certificate once: a hostile chain costs no more than its length.

    Attributes:
        problems: why issuers that were found do not count.
    """

    def __init__(self, anchor: x509.Certificate, issuers: tuple[x509.Certificate, ...]) -> None:
        self._anchor = anchor
        self._left = list(dict.fromkeys(issuers))
        self.problems: list[str] = []

    def upwards(self, way: tuple[x509.Certificate, ...]) -> tuple[x509.Certificate, ...]:
        """``way``, continued to the anchor; empty if there is no such way."""
        for issuer in list(self._left):
            if issuer not in self._left or not _is_issued_by(way[-1], issuer):
                continue
            self._left.remove(issuer)
            if problem := _why_no_issuer(issuer, len(way) - 1):
                self.problems.append(problem)
            elif issuer == self._anchor:
                return (*way, issuer)
            elif further := self.upwards((*way, issuer)):
                return further
        return ()


def require_valid(ways: tuple[Path, ...], time: datetime) -> Path:
    """The first of the ways that holds at a proven time.

    Raises:
        SignatureRefusedError: none does.
    """
    leaf = ways[0].certificates[0]
    if not _valid(leaf, time):
        raise SignatureRefusedError(
            Reason.EXPIRED,
            _("it is signed at {time}, and its certificate is valid from {start} to {end}").format(
                time=time, start=leaf.not_valid_before_utc, end=leaf.not_valid_after_utc
            ),
        )
    for way in ways:
        if way.authority.validity.covers(time) and all(_valid(item, time) for item in way.certificates):
            return way
    raise SignatureRefusedError(
        Reason.EXPIRED, _("its certificate authority was not trusted at {time}").format(time=time)
    )


def _valid(certificate: x509.Certificate, time: datetime) -> bool:
    return certificate.not_valid_before_utc <= time <= certificate.not_valid_after_utc


@lru_cache(maxsize=1024)
def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if certificate.issuer != issuer.subject:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _extension(certificate: x509.Certificate, kind: type[_E]) -> _E | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _require_code_signing(leaf: x509.Certificate) -> None:
    def why_not() -> Iterator[str]:
        basic, usage = _extension(leaf, x509.BasicConstraints), _extension(leaf, x509.KeyUsage)
        purposes = _extension(leaf, x509.ExtendedKeyUsage)
        if basic is not None and basic.ca:
            yield _("its certificate is one of an authority, not of a signer")
        if usage is None or not usage.digital_signature:
            yield _("its certificate is not for signatures")
        if purposes is None or _CODE_SIGNING not in purposes:
            yield _("its certificate is not for code signing")
        yield from _not_understood(leaf)

    for problem in why_not():
        raise SignatureRefusedError(Reason.CERTIFICATE, problem)


def _why_no_issuer(issuer: x509.Certificate, below: int) -> str:
    """Why a certificate may not issue others, with ``below`` more of that sort under it; empty if it may."""
    basic, usage = _extension(issuer, x509.BasicConstraints), _extension(issuer, x509.KeyUsage)
    purposes = _extension(issuer, x509.ExtendedKeyUsage)
    if basic is None or not basic.ca or (usage is not None and not usage.key_cert_sign):
        return _("its certificate is issued by one that may not issue any")
    if basic.path_length is not None and basic.path_length < below:
        return _("there are more certificates between it and a trusted one than that allows")
    if purposes is not None and _CODE_SIGNING not in purposes and _ANY_USAGE not in purposes:
        return _("its certificate is issued by one that is not for code signing")
    return next(_not_understood(issuer), "")


def _not_understood(certificate: x509.Certificate) -> Iterator[str]:
    for extension in certificate.extensions:
        if extension.oid == ExtensionOID.NAME_CONSTRAINTS or (extension.critical and extension.oid not in _UNDERSTOOD):
            yield _("a certificate has a condition that is not understood here: {oid}").format(
                oid=extension.oid.dotted_string
            )
