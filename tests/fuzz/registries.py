"""Targets that a registry speaks to: a real server on loopback sends the input as its answer, byte for byte."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, cast

from multidict import CIMultiDict, CIMultiDictProxy

from undercurrent.errors import UndercurrentError
from undercurrent.net import Answer, Client
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.manifest import EMPTY, build_manifest
from undercurrent.oci.registry import Credential, Registry, Repository
from undercurrent.oci.registry.authorization import Authorization
from undercurrent.oci.registry.credentials import Fixed
from undercurrent.oci.store import content_of
from undercurrent.settings import NetSettings

__all__ = ["answered", "challenged"]

_LONGEST_HEADER: Final = 64 * 1024
"""Bytes that the client takes."""
_MOST_ASKED: Final = 50
_OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
_BLOB: Final = Descriptor.of(b"data", mediatypes.OCI_LAYER)
_IMAGE: Final = build_manifest(EMPTY, [_BLOB], subject=_BLOB)


async def _names(repository: Repository) -> None:
    async for _name in repository.names():
        pass


async def _blob(repository: Repository) -> None:
    async for _piece in repository.blob(_BLOB):
        pass


async def _catalog(repository: Repository) -> None:
    async for _name in repository.registry.catalog():
        pass


async def _push(repository: Repository) -> None:
    await repository.push_blob(_BLOB, content_of(b"data"))


_ASKED: Final[tuple[Callable[[Repository], Awaitable[object]], ...]] = (
    lambda repository: repository.resolve("1.0"),
    lambda repository: repository.manifest(_IMAGE.descriptor),
    lambda repository: repository.referrers(Digest(_BLOB.digest)),
    lambda repository: repository.push_manifest(_IMAGE, "1.0"),
    _names,
    _blob,
    _catalog,
    _push,
)


@dataclass(frozen=True, slots=True)
class _Answered:
    """The first byte says what is asked, and whether the answer is the registry's first one."""

    def run(self, data: bytes) -> None:
        asyncio.run(self._ask(data))

    async def _ask(self, data: bytes) -> None:
        number, answer = (data[0], data[1:]) if data else (0, b"")
        answers = [answer] if number & 0x40 else [_OK, answer]
        left = _MOST_ASKED

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal left
            left -= 1
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                if left < 0:  # lists and redirects have limits of their own, which have tests of their own
                    raise ConnectionError
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answers.pop(0) if len(answers) > 1 else answers[0])
                await writer.drain()
            writer.close()

        async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            host = f"127.0.0.1:{port}"
            settings = NetSettings(retries=0, timeout_s=2.0, connect_timeout_s=2.0, plain_http=(host,))
            async with Client(settings) as client:
                registry = Registry(host, client, Fixed(host, Credential("ann", "pw")))
                with suppress(UndercurrentError):
                    await _ASKED[number % len(_ASKED)](registry.repository("acme/app"))

    def seeds(self) -> tuple[bytes, ...]:
        index = b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}'
        described = (
            b"Content-Type: application/vnd.oci.image.index.v1+json\r\nDocker-Content-Digest: "
            + Digest.of(index).encode()
        )
        bodies = (
            (0, described, index),
            (1, b"Content-Type: application/vnd.oci.image.manifest.v1+json", _IMAGE.raw),
            (2, b"Content-Type: application/vnd.oci.image.index.v1+json", index),
            (3, b"OCI-Subject: x\r\nLocation: /v2/x", b""),
            (4, b'Link: </v2/acme/app/tags/list?last=b>; rel="next"', b'{"name":"acme/app","tags":["a","b"]}'),
            (5, b"Content-Range: bytes 0-3/4\r\nLocation: /elsewhere", b"data"),
            (6, b"", b'{"repositories":["a","b"]}'),
            (7, b"Location: /v2/acme/app/blobs/uploads/1?_state=x\r\nRange: 0-0\r\nOCI-Chunk-Min-Length: 7", b""),
            (
                0x40,
                b'WWW-Authenticate: Bearer realm="http://127.0.0.1:1/token",service="s"',
                b'{"errors":[{"code":"DENIED"}]}',
            ),
        )
        statuses = (
            b"200 OK",
            b"404 Not Found",
            b"401 Unauthorized",
            b"307 Temporary Redirect",
            b"429 Too Many",
            b"202 Accepted",
        )
        whole = [
            bytes([number]) + b"HTTP/1.1 %b\r\n%b\r\nContent-Length: %d\r\n\r\n%b" % (status, head, len(body), body)
            for number, head, body in bodies
            for status in statuses
        ]
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n%b\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
        whole += [bytes([number]) + chunked % (head, len(body), body) for number, head, body in bodies]
        return tuple(whole)


answered: Final = _Answered()


class _TokenService:
    """A client to which every token service gives the same answer."""

    def __init__(self, body: bytes) -> None:
        self.settings = NetSettings()
        self._body = body

    async def fetch(self, request: object, *, limit: int = 0) -> Answer:  # noqa: ARG002 - the client's
        return Answer(200, _headers(), "https://auth.example/token", self._body)


def _headers(**values: str) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict({name.replace("_", "-"): value for name, value in values.items()}))


def challenged(data: bytes) -> None:
    """The input is a challenge; what follows a NUL in it, or all of it, is the answer of the token service."""
    text, _nul, body = data[:_LONGEST_HEADER].partition(b"\0")
    answer = Answer(
        401, _headers(WWW_Authenticate=text.decode("utf-8", "surrogateescape")), "https://registry.example/", b""
    )
    client = cast("Client", _TokenService(body or data))
    for credential in (None, Credential("ann", "pw"), Credential("", identity_token="token")):
        authorization = Authorization("registry.example", client, Fixed("registry.example", credential))
        if authorization.challenged(answer, frozenset({"repository:a/b:pull"}), {}):
            with suppress(UndercurrentError):
                headers = asyncio.run(authorization.headers(frozenset({"repository:a/b:pull"})))
                assert all(value.isprintable() for value in headers.values())
