"""What came of checking one signature or attestation: whom it is by, what it says, why it is refused if it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from undercurrent.errors import (
    BadContent,
    DigestMismatch,
    NotFound,
    TooLarge,
    UndercurrentError,
    Unsupported,
    UsageError,
)
from undercurrent.i18n import translate as _
from undercurrent.signing.algorithms import PublicKey
from undercurrent.signing.identities import IdentityPattern, Maker
from undercurrent.signing.predicates import COSIGN_SIGN
from undercurrent.signing.statement import Statement

if TYPE_CHECKING:
    from undercurrent.signing.notation.trust import NotationTrust
    from undercurrent.signing.proofs.trustedroot import TrustedRoot

__all__ = ["Check", "Format", "Reason", "SignatureRefusedError", "Trust", "refusal"]


class Format(StrEnum):
    """How a signature is stored; the values are what users read. The first two are written as well."""

    BUNDLE = "bundle"
    LEGACY = "legacy"
    REFERRER = "referrer"
    NOTATION = "notation"


class Reason(StrEnum):
    """Why a signature is refused; stable, for machines."""

    ANNOTATIONS_DIFFER = "annotations-differ"
    BAD_SIGNATURE = "bad-signature"
    CERTIFICATE = "certificate-not-trusted"
    CONTENT_CHANGED = "content-changed"
    CONTENT_MISSING = "content-missing"
    EXPIRED = "expired"
    IDENTITY = "identity-not-trusted"
    LOG = "log-not-proved"
    MALFORMED = "malformed"
    NOT_WHAT_IT_SAYS = "not-what-it-says"
    NO_TIME = "no-proof-of-time"
    OTHER_IMAGE = "other-image"
    OTHER_SUBJECT = "other-subject"
    POLICY = "trust-policy"
    REVOKED = "revoked"
    TIMESTAMP = "timestamp-not-trusted"
    TOO_LARGE = "too-large"
    UNSUPPORTED = "unsupported"
    UNTRUSTED_KEY = "untrusted-key"


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom to believe.

    Attributes:
        keys: a signature by any of them counts.
        annotations: what a signature must say besides.
        identities: a signature by any of them counts, if ``root`` vouches for its certificate.
        root: the authorities and logs that vouch for certificates, and for times. Log entries and timestamps that a
            key's signature brings along are checked too where it is given.
        notation: whom of those who sign with notation; nobody if None.

    Raises:
        UsageError: nobody is trusted, or identities are and nobody vouches for them.
    """

    keys: tuple[PublicKey, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
    identities: tuple[IdentityPattern, ...] = ()
    root: "TrustedRoot | None" = field(default=None, repr=False)
    notation: "NotationTrust | None" = None

    def maker(self, made_by: Callable[[PublicKey], bool]) -> PublicKey | None:
        """The first trusted key of which ``made_by`` says that it made a signature."""
        return next((key for key in self.keys if made_by(key)), None)

    def require_annotations(self, found: Mapping[str, Any]) -> None:
        """Checks that a signature that says ``found`` says all that it must.

        Raises:
            SignatureRefusedError: it does not.
        """
        for key, value in self.annotations.items():
            if found.get(key) != value:
                raise SignatureRefusedError(
                    Reason.ANNOTATIONS_DIFFER, _("it does not say {key}={value}").format(key=key, value=value)
                )

    def __post_init__(self) -> None:
        if not self.keys and not self.identities and self.notation is None:
            raise UsageError(
                _("there is nobody to trust"), hint=_("name a public key with --key, or in undercurrent.toml")
            )
        if self.identities and self.root is None:
            raise UsageError(
                _("there is no root of trust for the certificates of identities"),
                hint=_("name one: --trusted-root FILE"),
            )


@dataclass(frozen=True, slots=True)
class Check:
    """One signature or attestation, and what came of checking it.

    Attributes:
        format: how it is stored.
        where: digest of the bundle's manifest, or the legacy name and the layer's number from 0.
        hint: the key that the signature names or that verified it, as in bundles; empty if it names none.
        identity: whom a certificate names, unverified; empty without one.
        reference: what the signer called the image (docker-reference); legacy signatures only.
        annotations: what the signer added; JSON values.
        predicate_type: URI; `COSIGN_SIGN` for signatures, also legacy ones.
        maker: the trusted key or identity that made it; None unless it is accepted.
        signed_at: when, as proved by a log or by a timestamp authority; the earliest proof. None if nothing proves it.
        reason: why it is refused; None if it is accepted, or if nobody was trusted.
        message: the same for people.
        notes: what is wrong with it and does not count, because the policy that was followed says so.
        statement: the signed statement; None in legacy signatures, where it could not be read, and where it is refused.
    """

    format: Format
    where: str
    hint: str = ""
    identity: str = ""
    reference: str = ""
    annotations: Mapping[str, Any] = field(default_factory=dict)
    predicate_type: str = ""
    maker: Maker | None = None
    signed_at: datetime | None = None
    reason: Reason | None = None
    message: str = ""
    notes: tuple[str, ...] = ()
    statement: Statement | None = field(default=None, repr=False)

    @property
    def is_signature(self) -> bool:
        """Whether it is, or claims to be, a signature of an image; else it is an attestation."""
        return self.predicate_type == COSIGN_SIGN

    @property
    def accepted(self) -> bool:
        """Whether somebody trusted made it, over this image, and it says what it must."""
        return self.maker is not None and self.reason is None

    @property
    def key(self) -> PublicKey | None:
        """The trusted key that made it; None if nobody trusted did, or an identity."""
        return self.maker if isinstance(self.maker, PublicKey) else None


_REASONS: Final = (
    (DigestMismatch, Reason.CONTENT_CHANGED),
    (TooLarge, Reason.TOO_LARGE),
    (BadContent, Reason.MALFORMED),
    (Unsupported, Reason.UNSUPPORTED),
    (NotFound, Reason.CONTENT_MISSING),
)


class SignatureRefusedError(Exception):
    """Ends the examination of a signature that is refused. It does not leave this package.

    Attributes:
        reason: why.
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def refusal(check: Check, error: UndercurrentError | SignatureRefusedError) -> Check:
    """``check``, refused because of ``error``; without its statement, for anybody can attach a thousand large ones.

    Raises:
        UndercurrentError: ``error`` again, if it says nothing about the signature (CouldNotCheck).
    """
    if isinstance(error, SignatureRefusedError):
        return replace(check, reason=error.reason, message=str(error), statement=None)
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return replace(check, reason=reason, message=error.message, statement=None)
    raise error
