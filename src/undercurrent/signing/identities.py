"""Who made a signature: a key, or whoever a certificate was made out to; and patterns of whom to believe."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from undercurrent.errors import UsageError
from undercurrent.i18n import translate as _
from undercurrent.signing.algorithms import PublicKey

if TYPE_CHECKING:
    from undercurrent.regex import Regex

__all__ = ["Identity", "IdentityPattern", "Maker", "described", "named"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a certificate was made out to, and who vouched for that.

    Attributes:
        subject: e-mail address or URI, from the certificate's subject alternative name; in notation's certificates
            the distinguished name of the subject (RFC 4514).
        issuer: of the identity token (OIDC), a URL; in notation's certificates ``notation:ca:STORE``.
    """

    subject: str
    issuer: str


Maker: TypeAlias = PublicKey | Identity
"""Who made a signature."""


@dataclass(frozen=True, slots=True)
class IdentityPattern:
    """Identities that are believed: by what is to be equal, or by regular expressions as cosign takes them.

    An expression may match anywhere: write ``^…$`` for the whole
    (https://pkg.go.dev/github.com/sigstore/sigstore-go/pkg/verify#NewShortCertificateIdentity).

    Attributes:
        subject: of the identity.
        issuer: of the identity.
        subject_is_pattern: whether ``subject`` is a regular expression.
        issuer_is_pattern: whether ``issuer`` is one.

    Raises:
        UsageError: one of the two is empty, or no regular expression.
    """

    subject: str
    issuer: str
    subject_is_pattern: bool = False
    issuer_is_pattern: bool = False

    def __post_init__(self) -> None:
        if not self.subject or not self.issuer:
            raise UsageError(
                _("an identity is trusted together with who vouches for it"),
                hint=_("name both: --certificate-identity and --certificate-oidc-issuer, or their -regexp forms"),
            )
        for text, is_pattern in ((self.subject, self.subject_is_pattern), (self.issuer, self.issuer_is_pattern)):
            if not is_pattern:
                continue
            try:
                _expression(text)
            except ValueError as error:
                raise UsageError(
                    _("{text!r} is not a regular expression: {reason}").format(text=text, reason=error)
                ) from error

    def matches(self, identity: Identity) -> bool:
        """Whether ``identity`` is one of these."""
        return _matches(self.subject, identity.subject, self.subject_is_pattern) and _matches(
            self.issuer, identity.issuer, self.issuer_is_pattern
        )


def _matches(wanted: str, found: str, is_pattern: bool) -> bool:
    if not is_pattern:
        return wanted == found
    # No identity has line feeds in it, which decide where "$" and "." match.
    return found.isprintable() and _expression(wanted).matches(found)


@lru_cache
def _expression(text: str) -> "Regex":
    from undercurrent.regex import Regex  # noqa: PLC0415 - keys do without

    return Regex(text, whole=False)


def described(maker: Maker) -> Mapping[str, str]:
    """``maker`` for machines: ``{"key": fingerprint}``, or ``{"identity": …, "issuer": …}``."""
    if isinstance(maker, PublicKey):
        return {"key": maker.fingerprint}
    return {"identity": maker.subject, "issuer": maker.issuer}


def named(maker: Maker) -> str:
    """``maker`` for people: the beginning of the key's fingerprint, or the identity's subject."""
    return maker.fingerprint[:12] if isinstance(maker, PublicKey) else maker.subject
