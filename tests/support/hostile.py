"""A server that means harm: it is asked in HTTP, and answers whatever a test likes, for as long as it likes.

    async with HostileServer(lambda asked: Reply(body=endless(b"x" * 1000))) as server:
        ...                                   # use server.host
        assert server.sent < 8 * MIB

It speaks to sockets, so that its answers need not be HTTP.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self, TypeAlias

__all__ = ["ENDLESS", "Asked", "HostileServer", "Reply", "drip", "endless"]

_PIECE: Final = 64 * 1024
ENDLESS: Final = 10 * 1024**3
"""Bytes that such a server says, or tries, to send."""

Body: TypeAlias = bytes | AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request; names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    Attributes:
        headers: sent as they are; Content-Length is added where the body is bytes and it is not among them.
        raw: sent in place of all this.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body = b""
    raw: Body = b""


async def endless(piece: bytes, size: int = ENDLESS) -> AsyncIterator[bytes]:
    """``piece`` again and again."""
    large = piece * max(1, _PIECE // len(piece))
    for _time in range(size // len(large)):
        yield large


async def drip(data: bytes, every_s: float) -> AsyncIterator[bytes]:
    """``data``, a byte at a time."""
    for value in data:
        yield bytes([value])
        await asyncio.sleep(every_s)


class HostileServer:
    """The server.

    Args:
        answer: what to say to a request.
        tls: serves https with this.

    Attributes:
        asked: the requests that came.
        sent: bytes that went out, most of which were taken.
    """

    def __init__(self, answer: Callable[[Asked], Reply], *, tls: ssl.SSLContext | None = None) -> None:
        self._answer = answer
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()
        self.asked: list[Asked] = []
        self.sent = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0, ssl=self._tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def host(self) -> str:
        """``127.0.0.1:PORT``, as it stands in a reference."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """With scheme."""
        return f"{'https' if self._tls else 'http'}://{self.host}"

    def paths(self, method: str = "GET") -> list[str]:
        """What was asked for with this method."""
        return [asked.path for asked in self.asked if asked.method == method]

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        try:
            with suppress(asyncio.CancelledError, ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                while asked := await _read(reader):
                    self.asked.append(asked)
                    if not await self._send(self._answer(asked), asked, writer):
                        break
        finally:
            self._talks.discard(task)
            writer.close()

    async def _send(self, reply: Reply, asked: Asked, writer: asyncio.StreamWriter) -> bool:
        """Says whether the connection can be used again."""
        if reply.raw:
            await self._write(reply.raw, writer)
            return False
        headers = dict(reply.headers)
        known = isinstance(reply.body, bytes)
        if isinstance(reply.body, bytes):
            headers = {"Content-Length": str(len(reply.body))} | headers
        elif "Content-Length" not in headers:
            headers["Connection"] = "close"
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        await self._write(f"HTTP/1.1 {reply.status} Whatever\r\n{lines}\r\n".encode(), writer)
        if asked.method != "HEAD":
            await self._write(reply.body, writer)
        return known

    async def _write(self, body: Body, writer: asyncio.StreamWriter) -> None:
        if isinstance(body, bytes):
            body = _whole(body)
        async for piece in body:
            writer.write(piece)
            await writer.drain()
            self.sent += len(piece)


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _version = lines[0].split(" ")
    headers = {
        name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines[1:] if line)
    }
    return Asked(method, path, headers, await reader.readexactly(int(headers.get("content-length", "0"))))
