"""Asks a timestamp authority to witness that a signature exists now (RFC 3161), and believes no answer unread.

Whether the authority may be trusted is for whoever verifies (`undercurrent.signing.proofs`); here it is made sure
that what is stored beside a signature is about that signature. Protocol: https://www.rfc-editor.org/rfc/rfc3161
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from undercurrent.errors import TooLarge, Unauthorized, UnexpectedAnswer
from undercurrent.i18n import translate as _
from undercurrent.net import Answer, Client, Request, excerpt, redact
from undercurrent.signing.timestampresponse import read_response

if TYPE_CHECKING:
    from rfc3161_client import TimeStampRequest

__all__ = ["timestamp"]

_QUERY: Final = "application/timestamp-query"
_REPLY: Final = "application/timestamp-reply"
_LARGEST: Final = 64 * 1024
"""Bytes of an answer; one with a chain of certificates has less than ten thousand."""
_GRANTED: Final = 0
"""The one status that verifiers accept: whoever grants "with modifications" witnesses something else."""
_FINE: Final = frozenset({HTTPStatus.OK, HTTPStatus.CREATED})
"""sigstore's authority answers with the second."""


async def timestamp(client: Client, url: str, signature: bytes) -> bytes:
    """What an authority says about when ``signature`` existed.

    Args:
        client: asks.
        url: of the authority, with its path: ``https://timestamp.sigstore.dev/api/v1/timestamp``.
        signature: what is witnessed; only its SHA-256 is sent.

    Returns:
        The TimeStampResp, DER.

    Raises:
        Unauthorized: the authority wants to know who asks.
        UnexpectedAnswer: it refused, or its answer is none, or is about something else.
        CouldNotCheck: it could not be asked.
    """
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder  # noqa: PLC0415 - only where it is needed

    query = TimestampRequestBuilder(signature, HashAlgorithm.SHA256, nonce=True, cert_req=True).build()
    headers = {"Content-Type": _QUERY, "Accept": _REPLY}
    try:
        # Sent again where it broke: asking twice does no harm.
        answer = await client.fetch(Request("POST", url, headers, query.as_bytes()), limit=_LARGEST)
    except TooLarge as error:
        raise UnexpectedAnswer(error.message) from error
    _check(answer, query)
    return answer.body


@dataclass(frozen=True, slots=True)
class _Witnessed:
    """What a timestamp says that it is about."""

    algorithm: str
    imprint: bytes
    nonce: int | None
    certificates: int


def _check(answer: Answer, query: "TimeStampRequest") -> None:
    """Raises unless ``answer`` grants exactly what ``query`` asks for."""
    where = redact(answer.url)
    if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise Unauthorized(_("{url} gives timestamps only to those it knows").format(url=where), hint=_hint())
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if answer.status not in _FINE or kind != _REPLY:
        raise UnexpectedAnswer(
            _("{url} answers with status {status} and {kind}, not with a timestamp").format(
                url=where, status=answer.status, kind=excerpt(kind) or _("nothing")
            ),
            hint=_hint(),
        )
    found, asked = _read(answer.body, where), query.message_imprint
    if (found.algorithm, found.imprint) != (asked.hash_algorithm.dotted_string, asked.message):
        raise UnexpectedAnswer(_("{url} gave a timestamp for something else").format(url=where))
    if found.nonce != query.nonce:
        raise UnexpectedAnswer(_("{url} gave a timestamp that it made for another request").format(url=where))
    if not found.certificates:
        raise UnexpectedAnswer(_("{url} gave a timestamp without its certificate").format(url=where))


def _read(body: bytes, where: str) -> _Witnessed:
    """What an answer says, if it grants a timestamp."""
    try:
        reply = read_response(body)
        if reply.status == _GRANTED:
            info, imprint = reply.tst_info, reply.tst_info.message_imprint
            certificates = len(reply.signed_data.certificates)
            return _Witnessed(imprint.hash_algorithm.dotted_string, imprint.message, info.nonce, certificates)
        said = " ".join(reply.status_string)
    except ValueError as error:
        raise UnexpectedAnswer(_("{url} gave no timestamp that can be read").format(url=where)) from error
    reason = excerpt(said) or _("status {status}").format(status=reply.status)
    raise UnexpectedAnswer(_("{url} refuses to give a timestamp: {reason}").format(url=where, reason=reason))


def _hint() -> str:
    return _("signing.timestamp_url is the whole address, with the path that takes requests")
