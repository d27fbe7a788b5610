"""Whether certificates are revoked, by lists that lie in files. Nothing is fetched.

Specifications: "Certificate Revocation Evaluation" of
https://github.com/notaryproject/specifications/blob/main/specs/trust-store-trust-policy.md, and
https://www.rfc-editor.org/rfc/rfc5280#section-5. A certificate that says where its revocation is told, or whose
authority has a list here, must be found in good standing by a list that is valid now. Of others nothing can be
known, and nothing is asked.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import AuthorityInformationAccessOID

from undercurrent.errors import CouldNotCheck
from undercurrent.i18n import translate as _
from undercurrent.signing.checks import Reason, SignatureRefusedError
from undercurrent.signing.notation.certificates import Chain, extension

__all__ = ["require_unrevoked"]

_List: TypeAlias = x509.CertificateRevocationList
_BROKEN: Final = (hashes.SHA1, hashes.MD5)
_PROCESSED: Final = (x509.IssuingDistributionPoint, x509.DeltaCRLIndicator)
"""What may be critical in a list."""
_TEMPORARY: Final = frozenset({x509.ReasonFlags.certificate_hold, x509.ReasonFlags.remove_from_crl})


def require_unrevoked(chain: Chain, lists: Sequence[_List], now: datetime, signed: datetime | None) -> None:
    """Checks all certificates but the root, which nobody could revoke.

    Args:
        chain: complete and in order.
        lists: what there is; whose they are, and whether they are genuine, is found out here.
        now: the time.
        signed: when the signature was made, if somebody trusted says so: a key may be known to have been good then.

    Raises:
        SignatureRefusedError: a certificate is revoked.
        CouldNotCheck: nobody can say of one whether it is.
    """
    unknown = [
        certificate
        for certificate, issuer in pairwise(chain)
        if not _in_good_standing(certificate, issuer, lists, now, signed)
    ]
    for certificate in unknown:
        raise CouldNotCheck(
            _("no valid list says whether the certificate of {subject} is revoked").format(
                subject=certificate.subject.rfc4514_string()
            ),
            hint=_("get the list (CRL) of whoever issued it, and name the file with --notation-crl"),
        )


def _in_good_standing(
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    lists: Sequence[_List],
    now: datetime,
    signed: datetime | None,
) -> bool:
    """Whether it is known not to be revoked, or nobody would say.

    Raises:
        SignatureRefusedError: it is revoked.
    """
    claimed = [item for item in lists if item.issuer == issuer.subject and _covers(item, certificate)]
    genuine = sorted((item for item in claimed if _is_genuine(item, issuer)), key=lambda item: item.last_update_utc)
    if _is_listed(certificate, genuine, signed):
        raise SignatureRefusedError(
            Reason.REVOKED,
            _("the certificate of {subject} is revoked").format(subject=certificate.subject.rfc4514_string()),
        )
    if not claimed and not _says_where(certificate):
        return True
    current = [item for item in genuine if _is_current(item, now)]
    return any(_is_complete(item) and _has_its_delta(item, current) for item in current)


def _is_listed(certificate: x509.Certificate, lists: Iterable[_List], signed: datetime | None) -> bool:
    """Whether ``lists``, oldest first, come to that it is revoked. For good is for good, also in an old list."""
    is_on_hold = False
    for item in lists:
        entry = item.get_revoked_certificate_by_serial_number(certificate.serial_number)
        if entry is None:
            is_on_hold = is_on_hold and not _is_complete(item)
            continue
        reason, since = _read(entry)
        if signed is not None and since is not None and signed < since:
            continue
        if reason not in _TEMPORARY:
            return True
        is_on_hold = reason is x509.ReasonFlags.certificate_hold
    return is_on_hold


def _read(entry: x509.RevokedCertificate) -> tuple[x509.ReasonFlags, datetime | None]:
    """Why a certificate is revoked, and since when its key is not to be trusted, if that is said.

    What cannot be read, or has to be understood and is not, makes it revoked for good.
    """
    reason, since = x509.ReasonFlags.unspecified, None
    try:
        for item in entry.extensions:
            if isinstance(item.value, x509.CRLReason):
                reason = item.value.reason
            elif isinstance(item.value, x509.InvalidityDate):
                since = item.value.invalidity_date_utc
            elif item.critical:
                return x509.ReasonFlags.unspecified, None
    except Exception:  # noqa: BLE001 - what is damaged makes it raise several kinds, KeyError among them
        return x509.ReasonFlags.unspecified, None
    return reason, since


def _is_genuine(item: _List, issuer: x509.Certificate) -> bool:
    """Whether ``issuer`` made the list, and it can be understood."""
    usage = extension(issuer, x509.KeyUsage)
    if usage is None or not usage.value.crl_sign:
        return False
    if any(found.critical and not isinstance(found.value, _PROCESSED) for found in item.extensions):
        return False
    try:
        return not isinstance(item.signature_hash_algorithm, _BROKEN) and item.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]  # others raise TypeError
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False


def _covers(item: _List, certificate: x509.Certificate) -> bool:
    """Whether a list is about certificates such as this one (RFC 5280, section 6.3.3 (b))."""
    scope = extension(item, x509.IssuingDistributionPoint)
    if scope is None:
        return True
    about = scope.value
    constraints = extension(certificate, x509.BasicConstraints)
    is_authority = constraints is not None and constraints.value.ca
    if about.indirect_crl or about.only_contains_attribute_certs or about.relative_name:
        return False
    if (about.only_contains_user_certs and is_authority) or (about.only_contains_ca_certs and not is_authority):
        return False
    return about.full_name is None or not set(about.full_name).isdisjoint(_places(certificate))


def _places(certificate: x509.Certificate) -> list[x509.GeneralName]:
    """Where lists with this certificate are published."""
    points = extension(certificate, x509.CRLDistributionPoints)
    return [name for point in (points.value if points else ()) for name in point.full_name or ()]


def _says_where(certificate: x509.Certificate) -> bool:
    """Whether a certificate says where to learn of its revocation."""
    access = extension(certificate, x509.AuthorityInformationAccess)
    asked = access is not None and any(
        item.access_method == AuthorityInformationAccessOID.OCSP for item in access.value
    )
    return asked or extension(certificate, x509.CRLDistributionPoints) is not None


def _is_current(item: _List, now: datetime) -> bool:
    return item.next_update_utc is not None and item.last_update_utc <= now <= item.next_update_utc


def _is_complete(item: _List) -> bool:
    """Whether a certificate that it covers, and does not name, is not revoked."""
    scope = extension(item, x509.IssuingDistributionPoint)
    partial = scope is not None and scope.value.only_some_reasons is not None
    return not partial and extension(item, x509.DeltaCRLIndicator) is None


def _has_its_delta(base: _List, current: Iterable[_List]) -> bool:
    """Whether the list of later changes that ``base`` announces is there; true if it announces none."""
    number = extension(base, x509.CRLNumber)
    if extension(base, x509.FreshestCRL) is None:
        return True
    deltas = (extension(item, x509.DeltaCRLIndicator) for item in current)
    return number is not None and any(delta and delta.value.crl_number <= number.value.crl_number for delta in deltas)
