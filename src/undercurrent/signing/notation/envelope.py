"""What a notation signature says, whichever of the two envelopes it came in.

Specification: "Signature Envelope" of
https://github.com/notaryproject/specifications/blob/main/specs/signature-specification.md
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from undercurrent.errors import BadContent, Unsupported
from undercurrent.i18n import translate as _
from undercurrent.signing.notation.algorithms import Algorithm

__all__ = ["AGENT", "ATTRIBUTES", "PAYLOAD", "TIMESTAMP", "Attributes", "Envelope", "Scheme", "attributes"]

PAYLOAD: Final = "application/vnd.cncf.notary.payload.v1+json"
"""Media type of what is signed."""
TIMESTAMP: Final = "io.cncf.notary.timestampSignature"
"""Header, not signed: the token of a timestamp authority."""
AGENT: Final = "io.cncf.notary.signingAgent"
"""Header, not signed: the program that signed."""
_SCHEME: Final = "io.cncf.notary.signingScheme"
_SIGNED: Final = "io.cncf.notary.signingTime"
_AUTHENTIC: Final = "io.cncf.notary.authenticSigningTime"
_EXPIRES: Final = "io.cncf.notary.expiry"
_UNDERSTOOD: Final = frozenset({_SCHEME, _AUTHENTIC, _EXPIRES})
_PLUGINS: Final = ("io.cncf.notary.verificationPlugin", "io.cncf.notary.verificationPluginMinVersion")
ATTRIBUTES: Final = (_SCHEME, _SIGNED, _AUTHENTIC, _EXPIRES, *_PLUGINS)
"""Names of all headers that are signed along, and mean something."""


class Scheme(StrEnum):
    """Who vouches for the time of signing: nobody (or a timestamp authority beside it), or the signer itself."""

    X509 = "notary.x509"
    SIGNING_AUTHORITY = "notary.x509.signingAuthority"


@dataclass(frozen=True, slots=True)
class Attributes:
    """What is signed along with the payload.

    Attributes:
        scheme: who vouches for `signed`.
        signed: when it was signed, as the signer says.
        expires: when the signer wants it to end; None if it does not.
    """

    scheme: Scheme
    signed: datetime
    expires: datetime | None


@dataclass(frozen=True, slots=True)
class Envelope:
    """A signature with all that travels in its envelope. Nothing of it is verified.

    Attributes:
        algorithm: that it says it was made with.
        attributes: what is signed along.
        payload: what is signed: JSON.
        covered: the very bytes that `signature` is over: payload, attributes and algorithm.
        signature: made with the key of the first certificate of `chain`.
        chain: certificates, DER, each issued by the next; the last is a root.
        timestamp: of a timestamp authority, over `signature`: TimeStampToken, DER; empty if there is none.
    """

    algorithm: Algorithm
    attributes: Attributes
    payload: bytes = field(repr=False)
    covered: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    chain: tuple[bytes, ...] = field(repr=False)
    timestamp: bytes = field(default=b"", repr=False)


def attributes(
    protected: Mapping[Any, Any],
    critical: Sequence[object],
    content_type: object,
    *,
    as_time: Callable[[object], datetime],
) -> Attributes:
    """Reads and checks the signed attributes, which both envelopes call the same.

    Args:
        protected: all signed headers.
        critical: names of those that whoever verifies must understand.
        content_type: of the payload.
        as_time: what this kind of envelope writes times as.

    Raises:
        Unsupported: something in it must be understood that is not understood here.
        BadContent: it is no such signature, or contradicts itself.
    """
    if content_type != PAYLOAD:
        raise BadContent(
            _("it signs {actual!r} where {expected} belongs").format(actual=str(content_type)[:200], expected=PAYLOAD)
        )
    _check_critical(protected, critical)
    scheme = protected.get(_SCHEME)
    if scheme not in tuple(Scheme):
        raise Unsupported(_("its signing scheme {scheme!r} is not known").format(scheme=str(scheme)[:100]))
    stamped, foreign = (_SIGNED, _AUTHENTIC) if scheme == Scheme.X509 else (_AUTHENTIC, _SIGNED)
    required = {_SCHEME} | {_EXPIRES, _AUTHENTIC} & protected.keys()
    if stamped not in protected or foreign in protected or not required <= set(critical):
        raise BadContent(_("its signed attributes contradict its signing scheme"))
    signed = as_time(protected[stamped])
    expires = as_time(protected[_EXPIRES]) if _EXPIRES in protected else None
    if expires is not None and expires <= signed:
        raise BadContent(_("it expires before it was signed"))
    return Attributes(Scheme(scheme), signed, expires)


def _check_critical(protected: Mapping[Any, Any], critical: Sequence[object]) -> None:
    # Whoever asks for a plug-in wants checks that only the plug-in knows.
    if any(name in protected for name in _PLUGINS):
        raise Unsupported(_("it can only be verified with the plug-in of whoever signed it"))
    if not critical or len(set(critical)) != len(critical):
        raise BadContent(_("it does not say, each once, what has to be understood"))
    for name in critical:
        if name not in _UNDERSTOOD:
            raise Unsupported(_("{name!r} in it has to be understood, and is not").format(name=str(name)[:100]))
        if name not in protected:
            raise BadContent(_("it lacks {name}, which has to be understood").format(name=name))
