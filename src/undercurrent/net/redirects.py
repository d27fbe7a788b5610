"""What is sent on when an answer points elsewhere: never a credential to another origin, never in the clear."""

from dataclasses import replace
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from yarl import URL

from undercurrent.errors import UnexpectedAnswer
from undercurrent.i18n import translate as _
from undercurrent.net.address import address
from undercurrent.net.message import Headers, Request

__all__ = ["MAX_REDIRECTS", "REDIRECTS", "next_hop"]

MAX_REDIRECTS: Final = 10
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

# What another origin may see. A list of what is harmless: nobody knows every header that carries a credential.
_HARMLESS: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "content-length",
        "content-range",
        "content-type",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "range",
        "user-agent",
    }
)
_OF_THE_BODY: Final = frozenset({"content-length", "content-range", "content-type"})


def next_hop(hop: Request, status: int, headers: Headers) -> Request:
    """The request that follows ``hop``, which was answered by a redirect.

    Raises:
        UnexpectedAnswer: the redirect leads nowhere, to something that is not HTTP, from https to http, or
            would lose the body.
    """
    here = URL(hop.url, encoded=True)
    there = _target(here, headers)
    if here.scheme == "https" and there.scheme != "https":
        raise UnexpectedAnswer(
            _("{host} redirects to {other} without TLS; not followed").format(host=here.host, other=there.host)
        )
    sent = dict(hop.headers)
    if there.origin() != here.origin():
        sent = {name: value for name, value in sent.items() if name.lower() in _HARMLESS}
    if hop.method not in {"GET", "HEAD"} and status in {301, 302, 303}:
        if status != HTTPStatus.SEE_OTHER or hop.method == "DELETE":
            # Others turn this into a GET without a body (RFC 9110, section 15.4.2): the upload would seem done.
            raise UnexpectedAnswer(
                _("{host} answers {method} with a redirect that loses what was sent").format(
                    host=here.host, method=hop.method
                )
            )
        sent = {name: value for name, value in sent.items() if name.lower() not in _OF_THE_BODY}
        hop = replace(hop, method="GET", content=None, length=None)
    return replace(hop, url=str(there), headers=MappingProxyType(sent))


def _target(here: URL, headers: Headers) -> URL:
    location = headers.get("Location", "")
    target = address(location, here) if location else None
    if target is None:
        raise UnexpectedAnswer(_("{host} redirects to no address").format(host=here.host))
    return target.with_user(None)
