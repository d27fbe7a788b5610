"""Stands between a client and a real registry, and lets requests and answers go wrong on their way.

    with in_background(FaultProxy(registry.host)) as proxy:
        proxy.fail(Fault("PUT", "/manifests/", reset=True, applied=True, times=3))
        run_uc("image", "sign", f"{proxy.host}/acme/app:1.0")

It runs on an event loop in a thread of its own; the command under test is another process. What it does not spoil
it passes on as it came, byte by byte: methods, paths, headers (also ``Host``, so that the registry names the proxy
where it says where to go on) and bodies, of requests and of answers.
"""

import ssl
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Final, Self

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from tests.support.faults import TAKE, FaultyServer, Reply
from yarl import URL

__all__ = ["FaultProxy"]

_OF_ONE_CONNECTION: Final = ("Connection", "Keep-Alive", "Transfer-Encoding", "Content-Length")
"""Headers that hold for one connection only (RFC 9110, section 7.6.1), and the length, which a fault may change."""
_PIECE: Final = 64 * 1024


class FaultProxy(FaultyServer):
    """The proxy.

    Args:
        upstream: the registry: ``127.0.0.1:PORT``.
        tls: serves https with this.
        seed: decides which requests a fault with a `chance` meets.
    """

    def __init__(self, upstream: str, *, tls: ssl.SSLContext | None = None, seed: int = 0) -> None:
        super().__init__(tls=tls, seed=seed)
        self._upstream = URL(f"http://{upstream}")
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )
        return await super().__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await super().__aexit__(kind, error, trace)
        assert self._session is not None
        await self._session.close()

    async def reply(self, request: web.Request) -> Reply:
        """What the registry answers; of an upload, it may get a part only."""
        assert self._session is not None
        headers = request.headers.copy()
        for name in _OF_ONE_CONNECTION:
            headers.popall(name, None)
        if request.content_length is not None:
            headers["Content-Length"] = str(request.content_length)
        address = self._upstream.join(URL(request.raw_path, encoded=True))
        body = _upload(request) if request.can_read_body else None
        async with self._session.request(
            request.method, address, headers=headers, data=body, allow_redirects=False
        ) as answer:
            shown = CIMultiDict(answer.headers)
            for name in _OF_ONE_CONNECTION:
                shown.popall(name, None)
            length = answer.headers.get("Content-Length")
            if request.method == "HEAD":
                return Reply(answer.status, shown, b"", int(length) if length else None)
            # Whole: no blob of a test is large, and the registry is done with before anything goes wrong.
            return Reply(answer.status, shown, await answer.read())


async def _upload(request: web.Request) -> AsyncIterator[bytes]:
    left = request[TAKE]
    async for arrived in request.content.iter_chunked(_PIECE):
        piece = arrived[:left]
        yield piece
        if left is not None and (left := left - len(piece)) <= 0:
            assert request.transport is not None
            request.transport.abort()
            raise ConnectionResetError
