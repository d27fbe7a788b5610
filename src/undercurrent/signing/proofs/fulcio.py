"""What Fulcio writes into certificates: whom one is made out to, who vouched for them, and where a build ran.

Specification: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from cryptography import x509

from undercurrent.i18n import translate as _
from undercurrent.signing.checks import Reason, SignatureRefusedError
from undercurrent.signing.identities import Identity

__all__ = ["claims", "identity"]

_ARC: Final = "1.3.6.1.4.1.57264.1."
_OTHER_NAME: Final = f"{_ARC}7"
_ISSUER: Final = "issuer"
# The first six are bytes as they are, the others UTF8String in DER; number 1 and number 8 say the same.
_RAW: Final = MappingProxyType(
    {
        f"{_ARC}1": _ISSUER,
        f"{_ARC}2": "github_workflow_trigger",
        f"{_ARC}3": "github_workflow_sha",
        f"{_ARC}4": "github_workflow_name",
        f"{_ARC}5": "github_workflow_repository",
        f"{_ARC}6": "github_workflow_ref",
    }
)
_ENCODED: Final = MappingProxyType(
    {
        f"{_ARC}8": _ISSUER,
        f"{_ARC}9": "build_signer_uri",
        f"{_ARC}10": "build_signer_digest",
        f"{_ARC}11": "runner_environment",
        f"{_ARC}12": "source_repository_uri",
        f"{_ARC}13": "source_repository_digest",
        f"{_ARC}14": "source_repository_ref",
        f"{_ARC}15": "source_repository_identifier",
        f"{_ARC}16": "source_repository_owner_uri",
        f"{_ARC}17": "source_repository_owner_identifier",
        f"{_ARC}18": "build_config_uri",
        f"{_ARC}19": "build_config_digest",
        f"{_ARC}20": "build_trigger",
        f"{_ARC}21": "run_invocation_uri",
        f"{_ARC}22": "source_repository_visibility_at_signing",
        f"{_ARC}23": "deployment_environment",
        f"{_ARC}24": "token_subject",
    }
)
_UTF8_STRING: Final = 0x0C
_LONG_LENGTH: Final = 0x80


@lru_cache(maxsize=256)
def claims(certificate: x509.Certificate) -> Mapping[str, str]:
    """What the certificate says besides its subject, by the names of the specification in snake case.

    Raises:
        SignatureRefusedError: something in it is not as specified, or the two issuers differ.
    """
    found = dict[str, str]()
    for extension in certificate.extensions:
        oid, value = extension.oid.dotted_string, extension.value
        name = _RAW.get(oid) or _ENCODED.get(oid)
        if name is None or not isinstance(value, x509.UnrecognizedExtension):
            continue
        try:
            text = (value.value if oid in _RAW else _utf8_string(value.value)).decode()
        except UnicodeDecodeError as error:
            raise _unreadable() from error
        if found.setdefault(name, text) != text:
            raise SignatureRefusedError(Reason.CERTIFICATE, _("its certificate names two issuers"))
    return MappingProxyType(found)


def identity(certificate: x509.Certificate) -> Identity:
    """Whom a certificate is made out to, and who vouched for that.

    Raises:
        SignatureRefusedError: it does not name exactly one e-mail address, URI or user name.
    """
    try:
        names = list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        names = []
    if len(names) != 1:
        raise SignatureRefusedError(
            Reason.CERTIFICATE,
            _("its certificate names {count} identities instead of one").format(count=len(names)),
        )
    return Identity(_subject(names[0]), claims(certificate).get(_ISSUER, ""))


def _subject(name: x509.GeneralName) -> str:
    if isinstance(name, x509.RFC822Name | x509.UniformResourceIdentifier):
        return name.value
    if isinstance(name, x509.OtherName) and name.type_id.dotted_string == _OTHER_NAME:
        try:
            return _utf8_string(name.value).decode()
        except UnicodeDecodeError as error:
            raise _unreadable() from error
    raise SignatureRefusedError(Reason.CERTIFICATE, _("its certificate names an identity of a kind that is not known"))


def _utf8_string(der: bytes) -> bytes:
    """The content of a UTF8String."""
    if len(der) < 2 or der[0] != _UTF8_STRING:  # noqa: PLR2004 - a tag and a length
        raise _unreadable()
    start, length = 2, der[1]
    if length >= _LONG_LENGTH:
        digits = length - _LONG_LENGTH
        start += digits
        length = int.from_bytes(der[2:start], "big")
        if not digits or length < _LONG_LENGTH:
            raise _unreadable()  # not DER
    if len(der) != start + length:
        raise _unreadable()
    return der[start:]


def _unreadable() -> SignatureRefusedError:
    return SignatureRefusedError(Reason.CERTIFICATE, _("its certificate cannot be read"))
