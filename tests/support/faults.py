"""A server that fails on demand, at the socket: what `FakeRegistry` and `FaultProxy` have in common.

server.fail(Fault("GET", "/manifests/", status=429, headers={"Retry-After": "0"}, times=2))
server.fail(Fault("PUT", "/manifests/", reset=True, applied=True, skip=5))    # done, and nobody is told
server.fail(Fault("GET", "/blobs/", cut_at=100, chance=0.2, times=None))
"""

import asyncio
import random
import re
import socket
import ssl
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from types import MappingProxyType, TracebackType
from typing import Final, Self

from aiohttp import web
from multidict import CIMultiDict

__all__ = ["TAKE", "Fault", "FaultyServer", "Generated", "Reply", "Seen", "mixture"]

Generated = Callable[[], AsyncIterator[bytes]]
"""Opens a body that is made while it is read."""

TAKE: Final[web.RequestKey[int | None]] = web.RequestKey("take", int)
"""Of a request: how many bytes of its body to take before the connection is reset."""

_LETS_OUT_S: Final = 0.02


@dataclass
class Fault:
    """What goes wrong with the next `times` requests that match.

    Without `status`, `redirect` or `reset` the request is served, and its answer damaged.

    Attributes:
        method: a regular expression for the whole method.
        path: a regular expression, searched in path and query.
        times: requests it meets; None for all.
        skip: requests that match and are spared first.
        chance: how likely it meets one that matches; the server's seed decides.
        status: answered instead, with `headers` and `body`; a write that nobody did, where it says it was done.
        redirect: answered instead: 307 (or `status`) to this address; ``{path}`` in it is replaced.
        reset: the connection is reset instead of answered.
        delay_s: before anything happens.
        headers: set in the answer; None takes a header away; a list sends it several times.
        cut_at: the connection ends after so many bytes of the body, which the answer's length had said to be more.
        end_at: the body ends after so many bytes, and the answer's length says so: only a digest tells.
        take: the connection is reset after so many bytes of an upload have been taken.
        corrupt: the first byte of the body is changed.
        piece, piece_s: the body comes in pieces of so many bytes, with such a pause after each.
        applied: still serves the request before it answers with `status` or resets: the change was made, but
            the client cannot know.
        met: requests it has met so far.
    """

    method: str = ".*"
    path: str = ""
    times: int | None = 1
    skip: int = 0
    chance: float = 1.0
    status: int = 0
    redirect: str = ""
    reset: bool = False
    delay_s: float = 0.0
    headers: Mapping[str, str | list[str] | None] = field(default_factory=dict)
    body: bytes = b""
    cut_at: int | None = None
    end_at: int | None = None
    take: int | None = None
    corrupt: bool = False
    piece: int = 0
    piece_s: float = 0.0
    applied: bool = False
    met: int = 0

    def meets(self, request: web.Request, luck: random.Random) -> bool:
        """Whether it goes wrong with this request; counts it."""
        matches = re.fullmatch(self.method, request.method) and re.search(self.path, request.path_qs)
        if self.times == 0 or not matches:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.chance < 1 and luck.random() >= self.chance:
            return False
        self.met += 1
        if self.times is not None:
            self.times -= 1
        return True


def mixture(luck: random.Random) -> list[Fault]:
    """All that can go wrong with a registry, now and then: about one request in six meets something."""
    rare = [
        Fault(status=429, chance=0.02),
        Fault(status=429, headers={"Retry-After": "0"}, chance=0.02),
        Fault(status=luck.choice([500, 502, 503, 504]), chance=0.02),
        Fault("PUT|POST", status=500, applied=True, chance=0.03),
        Fault(reset=True, chance=0.02),
        Fault("PUT|POST", reset=True, applied=True, chance=0.03),
        Fault("PUT", "/blobs/", take=luck.randrange(1, 200), chance=0.02),
        Fault("GET", cut_at=luck.randrange(200), chance=0.03),
        Fault("GET", "/(blobs|manifests)/", end_at=luck.randrange(200), chance=0.01),
        Fault("GET", "/(blobs|manifests)/", corrupt=True, chance=0.01),
        Fault("GET", piece=100, piece_s=0.01, chance=0.02),
        Fault(delay_s=0.1, chance=0.02),
        Fault("PUT", r"/manifests/sha256-[0-9a-f]+(\.sig)?$", status=201, chance=0.02),
        Fault("PUT", headers={"OCI-Subject": None}, chance=0.1),
    ]
    luck.shuffle(rare)
    return [replace(fault, times=None) for fault in rare]


@dataclass(frozen=True)
class Seen:
    """A request that came."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass
class Reply:
    """An answer, before anything goes wrong with it.

    Attributes:
        status: of the answer.
        headers: of the answer, its length aside.
        body: whole, or to be opened.
        size: of a body to be opened, or of the one that HEAD leaves out; None if the body tells, or comes in chunks.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Generated = b""
    size: int | None = None

    @property
    def length(self) -> int | None:
        """Bytes of the body, if known."""
        return len(self.body) if self.size is None and isinstance(self.body, bytes) else self.size


class FaultyServer:
    """Listens on a free loopback port, answers as `reply` says, and lets that go wrong.

    Args:
        tls: serves https with this.
        seed: decides which requests a fault with a `chance` meets.

    Attributes:
        seen: the requests that came.
        faults: what goes wrong; the first one that meets a request counts.
        most_at_once: requests that were under way at the same time.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, seed: int = 0) -> None:
        self.seen: list[Seen] = []
        self.faults: list[Fault] = []
        self.most_at_once = 0
        self._at_once = 0
        self._luck = random.Random(seed)  # noqa: S311 - picks requests, guards nothing
        self._tls = tls
        self._port = 0
        application = web.Application(client_max_size=1 << 40)
        application.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(
            application, access_log=None, handler_cancellation=True, shutdown_timeout=0.2, auto_decompress=False
        )

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._tls)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    async def reply(self, request: web.Request) -> Reply:
        """The right answer to ``request``; it heeds `TAKE`."""
        raise NotImplementedError

    @property
    def host(self) -> str:
        """``127.0.0.1:PORT``, as it stands in a reference."""
        return f"127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        """With scheme."""
        return f"{'https' if self._tls else 'http'}://{self.host}"

    def fail(self, *faults: Fault) -> None:
        """Lets requests go wrong from now on; the first fault that matches a request meets it."""
        self.faults += faults

    def count(self, method: str = ".*", path: str = "") -> int:
        """How many requests came whose method and path match these regular expressions."""
        return len(self.requests(method, path))

    def requests(self, method: str = ".*", path: str = "") -> list[Seen]:
        """The requests that came whose method and path match these regular expressions."""
        return [seen for seen in self.seen if re.fullmatch(method, seen.method) and re.search(path, seen.path)]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(Seen(request.method, request.path_qs, MappingProxyType(dict(request.headers))))
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            fault = next((known for known in self.faults if known.meets(request, self._luck)), Fault())
            request[TAKE] = fault.take
            await asyncio.sleep(fault.delay_s)
            if (fault.reset or fault.status or fault.redirect) and not fault.applied:
                reply = Reply(fault.status or 307, {}, fault.body)
            else:
                reply = await self.reply(request)
                if fault.status:
                    reply = Reply(fault.status, {}, fault.body)
            return await self._send(request, reply, fault)
        finally:
            self._at_once -= 1

    async def _send(self, request: web.Request, reply: Reply, fault: Fault) -> web.StreamResponse:
        transport = request.transport
        assert transport is not None
        response = web.StreamResponse(status=reply.status, headers=CIMultiDict(reply.headers))
        response.content_length = _shown_length(reply, fault)
        if fault.redirect:
            response.headers["Location"] = fault.redirect.replace("{path}", request.path_qs)
        for name, value in fault.headers.items():
            response.headers.popall(name, None)
            for item in [] if value is None else [value] if isinstance(value, str) else value:
                response.headers.add(name, item)
        if fault.reset:
            _reset(transport)
            return response
        await response.prepare(request)
        if request.method != "HEAD":
            sent = 0
            async with aclosing(_damaged(reply.body, fault)) as pieces:
                async for piece in pieces:
                    if fault.cut_at is not None and sent + len(piece) > fault.cut_at:
                        await response.write(piece[: fault.cut_at - sent])
                        await asyncio.sleep(_LETS_OUT_S)  # lets the bytes out before the end
                        transport.abort()
                        return response
                    await response.write(piece)
                    sent += len(piece)
        return response


def _shown_length(reply: Reply, fault: Fault) -> int | None:
    if fault.end_at is None or reply.length is None:
        return reply.length
    return min(reply.length, fault.end_at)


def _reset(transport: asyncio.Transport) -> None:
    """Ends a connection with RST, as a router or a process that dies does; a close would send what is left first."""
    connection: socket.socket | None = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _damaged(body: bytes | Generated, fault: Fault) -> AsyncGenerator[bytes, None]:
    left, first = fault.end_at, fault.corrupt
    async for whole in _opened(body):
        arrived = whole[:left]
        if left is not None:
            left -= len(arrived)
        if first and arrived:
            arrived, first = bytes([arrived[0] ^ 1]) + arrived[1:], False
        step = fault.piece or max(len(arrived), 1)
        for start in range(0, len(arrived), step):
            yield arrived[start : start + step]
            await asyncio.sleep(fault.piece_s)


async def _opened(body: bytes | Generated) -> AsyncIterator[bytes]:
    if isinstance(body, bytes):
        yield body
        return
    async for piece in body():
        yield piece
