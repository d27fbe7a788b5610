"""Who may ask what: every request passes here before anything else looks at it.

Only questions are answered (GET and HEAD). On loopback a request has to name this machine in its Host header: a page on
the web may have its own name resolve to 127.0.0.1 and so read what is served here (DNS rebinding). Elsewhere every
request needs a token, and a Host that is an address or a name that was allowed.
"""

import base64
import binascii
import hmac
import ipaddress
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from undercurrent.report.page.shell import policy

__all__ = ["HEADERS", "App", "Guard", "Receive", "Scope", "Send", "is_loopback"]

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
"""An application as ASGI has it: https://asgi.readthedocs.io/en/latest/specs/main.html."""

HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": f"{policy()}; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
"""On every answer, also on refusals."""

_OPEN: Final = frozenset({"/healthz"})
"""What needs no token: it says nothing but that the server is there."""
_HOST: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")
_OWN_NAMES: Final = frozenset({"localhost", "localhost."})


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine and nothing but this machine: ``localhost``, ``127.0.0.1``, ``::1``."""
    address = _address(host)
    return host.lower() in _OWN_NAMES if address is None else address.is_loopback


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Guard:
    """Lets requests through to ``app``, or refuses them.

    Attributes:
        app: what they are for.
        token: what requests have to know; "" where only this machine can ask.
        names: names that a Host header may have, besides loopback's.
    """

    app: App
    token: str = ""
    names: tuple[str, ...] = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # a web socket
            await send({"type": "websocket.close", "code": 1008})
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self.app(scope, receive, _adding(HEADERS, send))
        else:
            status, text, more = refusal
            await _answer(_adding({**HEADERS, **more}, send), status, text)

    def _refusal(self, scope: Scope) -> tuple[int, str, Mapping[str, str]] | None:
        headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
        hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
        if len(hosts) != 1 or not (match := _HOST.fullmatch(hosts[0])):
            return 400, "one Host header is needed", {}
        if not self._knows(match[1]):
            return 421, "this server is not for that host", {}
        if scope["method"] not in {"GET", "HEAD"}:
            return 405, "only GET and HEAD are answered: nothing can be changed here", {"allow": "GET, HEAD"}
        if self.token and scope["path"] not in _OPEN and not self._proves(headers):
            challenge = 'Bearer realm="undercurrent", Basic realm="undercurrent", charset="UTF-8"'
            return 401, "a token is needed", {"www-authenticate": challenge}
        return None

    def _knows(self, host: str) -> bool:
        if is_loopback(host) or host.lower().removesuffix(".") in self.names:
            return True
        # An address cannot be made to mean another machine, as a name can; where only loopback listens, no other
        # address leads here.
        return bool(self.token) and _address(host) is not None

    def _proves(self, headers: Sequence[tuple[bytes, bytes]]) -> bool:
        given = [_given(value) for name, value in headers if name == b"authorization"]
        # Compared in a time that does not depend on how much of it is right.
        return len(given) == 1 and hmac.compare_digest(given[0], self.token.encode())


def _given(header: bytes) -> bytes:
    """The token in an Authorization header: a bearer's, or the password of whoever a browser asked for one."""
    scheme, _space, credentials = header.partition(b" ")
    match scheme.lower():
        case b"bearer":
            return credentials.strip()
        case b"basic":
            try:
                return base64.b64decode(credentials.strip(), validate=True).partition(b":")[2]
            except binascii.Error:
                return b""
        case _:
            return b""


def _adding(headers: Mapping[str, str], send: Send) -> Send:
    added = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def send_with_headers(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *added]}
        await send(message)

    return send_with_headers


async def _answer(send: Send, status: int, text: str) -> None:
    body = f"{text}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
