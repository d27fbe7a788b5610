"""Chains of certificates as notation wants them: complete, in order, and each made for what it does.

Specification: "Certificate Requirements" of
https://github.com/notaryproject/specifications/blob/main/specs/signature-specification.md. It has only basic
constraints and key usages looked at, and all other extensions passed over.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from itertools import pairwise
from typing import Final, TypeAlias, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from undercurrent.i18n import translate as _
from undercurrent.signing.checks import Reason, SignatureRefusedError
from undercurrent.signing.der import read_certificate
from undercurrent.signing.notation.algorithms import algorithm_of
from undercurrent.signing.notation.truststore import is_self_signed

__all__ = ["MAX_CHAIN", "Chain", "Purpose", "extension", "is_issued", "load", "require_fit", "require_valid"]

MAX_CHAIN: Final = 16
"""Certificates from the signer to the root; three are common."""

Chain: TypeAlias = Sequence[x509.Certificate]
"""Certificates, each issued by the next; the last by itself."""

_Kind = TypeVar("_Kind", bound=x509.ExtensionType)
_BROKEN: Final = (hashes.SHA1, hashes.MD5)
_OTHER_USES: Final = frozenset(
    {
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
        ExtendedKeyUsageOID.SERVER_AUTH,
        ExtendedKeyUsageOID.CLIENT_AUTH,
        ExtendedKeyUsageOID.EMAIL_PROTECTION,
        ExtendedKeyUsageOID.OCSP_SIGNING,
    }
)


class Purpose(Enum):
    """What the first certificate of a chain is for."""

    SIGNING = "signing"
    TIMESTAMPING = "timestamping"


def load(encoded: Sequence[bytes]) -> tuple[x509.Certificate, ...]:
    """Certificates from their DER.

    Raises:
        SignatureRefusedError: there is none, there are too many, or one cannot be read.
    """
    if not 0 < len(encoded) <= MAX_CHAIN:
        raise _refused(_("it has {count} certificates").format(count=len(encoded)))
    try:
        chain = tuple(read_certificate(der) for der in encoded)
    except ValueError as error:
        raise _refused(_("a certificate in it cannot be read")) from error
    return chain


def require_fit(chain: Chain, purpose: Purpose) -> None:
    """Checks all that does not depend on the time, or on whom somebody trusts.

    Raises:
        SignatureRefusedError: the chain is not one, or a certificate may not do what it does here.
    """
    leaf, *authorities = chain
    for certificate, issuer in pairwise((*chain, chain[-1])):
        if _is_broken(certificate):
            raise _unfit(certificate, _("is signed with a broken algorithm"))
        if not is_issued(certificate, issuer):
            raise _unfit(certificate, _("is not issued by the next one, or the last not by itself"))
    for certificate in chain[:-1]:
        if is_self_signed(certificate):
            raise _unfit(certificate, _("is a root, and not the last one"))
    _require_leaf(leaf, purpose)
    for below, authority in enumerate(authorities):
        _require_authority(authority, below)


def require_valid(chain: Chain, earliest: datetime, latest: datetime) -> None:
    """Checks that each certificate is valid all the time from ``earliest`` to ``latest``.

    Raises:
        SignatureRefusedError: one is not.
    """
    for certificate in chain:
        if earliest < certificate.not_valid_before_utc or latest > certificate.not_valid_after_utc:
            raise SignatureRefusedError(
                Reason.EXPIRED,
                _("the certificate of {subject} is valid from {start} to {end}, not at {time}").format(
                    subject=certificate.subject.rfc4514_string(),
                    start=_day(certificate.not_valid_before_utc),
                    end=_day(certificate.not_valid_after_utc),
                    time=_day(latest if latest > certificate.not_valid_after_utc else earliest),
                ),
            )


def _day(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%SZ}"


def _is_broken(certificate: x509.Certificate) -> bool:
    try:
        return isinstance(certificate.signature_hash_algorithm, _BROKEN)
    except UnsupportedAlgorithm:
        return True


def is_issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether ``issuer`` is named by ``certificate``, and signed it."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _require_leaf(leaf: x509.Certificate, purpose: Purpose) -> None:
    constraints = extension(leaf, x509.BasicConstraints)
    if constraints and constraints.value.ca:
        raise _unfit(leaf, _("is for an authority that issues others"))
    usage = extension(leaf, x509.KeyUsage)
    # RFC 3161 leaves open whether a timestamp authority's is critical.
    if usage is None or not (usage.critical or purpose is Purpose.TIMESTAMPING) or not _only_signs(usage.value):
        raise _unfit(leaf, _("is not for signatures, or not for them alone"))
    extended = extension(leaf, x509.ExtendedKeyUsage)
    uses = frozenset(extended.value) if extended else frozenset()
    if purpose is Purpose.SIGNING:
        fits = not uses & (_OTHER_USES | {ExtendedKeyUsageOID.TIME_STAMPING})
    else:
        fits = extended is not None and extended.critical and uses == {ExtendedKeyUsageOID.TIME_STAMPING}
    if not fits:
        raise _unfit(leaf, _("is for something else"))
    if algorithm_of(leaf.public_key()) is None:
        raise _unfit(leaf, _("has a kind of key that notation does not sign with"))


def _only_signs(usage: x509.KeyUsage) -> bool:
    # Who may not agree on keys may not encipher with what was agreed upon, either.
    others = (
        usage.key_encipherment,
        usage.data_encipherment,
        usage.key_agreement,
        usage.key_cert_sign,
        usage.crl_sign,
    )
    return usage.digital_signature and not any(others)


def _require_authority(authority: x509.Certificate, below: int) -> None:
    """Checks a certificate that issues; ``below`` it are so many others that do."""
    constraints = extension(authority, x509.BasicConstraints)
    if constraints is None or not constraints.critical or not constraints.value.ca:
        raise _unfit(authority, _("is not for an authority that issues others"))
    if constraints.value.path_length is not None and constraints.value.path_length < below:
        raise _unfit(authority, _("may not have so many authorities below it"))
    usage = extension(authority, x509.KeyUsage)
    if usage is None or not usage.critical or not usage.value.key_cert_sign:
        raise _unfit(authority, _("may not sign other certificates"))


def extension(
    owner: x509.Certificate | x509.CertificateRevocationList, kind: type[_Kind]
) -> x509.Extension[_Kind] | None:
    """The extension of one kind; None if there is none."""
    try:
        return owner.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None


def _unfit(certificate: x509.Certificate, why: str) -> SignatureRefusedError:
    subject = certificate.subject.rfc4514_string()
    return _refused(_("the certificate of {subject} {why}").format(subject=subject, why=why))


def _refused(why: str) -> SignatureRefusedError:
    return SignatureRefusedError(Reason.CERTIFICATE, why)
