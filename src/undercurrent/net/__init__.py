"""The only HTTP client: retry, rate control, redirects, proxies, certificates and redaction."""

from undercurrent.net.address import address
from undercurrent.net.client import Client
from undercurrent.net.faults import NotReachable, PlainHttpSpoken, Untrusted
from undercurrent.net.message import Answer, Content, Headers, Request, Response
from undercurrent.net.redaction import excerpt, redact

__all__ = [
    "Answer",
    "Client",
    "Content",
    "Headers",
    "NotReachable",
    "PlainHttpSpoken",
    "Request",
    "Response",
    "Untrusted",
    "address",
    "excerpt",
    "redact",
]
