"""A registry that means harm, over a real socket: one clear error each, soon, and little memory."""

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
from tests.support.hostile import ENDLESS, Asked, HostileServer, Reply, drip, endless
from tests.support.memory import LITTLE, peak_memory
from tests.support.tls import Authority

from undercurrent.errors import (
    BadContent,
    DigestMismatch,
    TimedOut,
    TooLarge,
    Unauthorized,
    UndercurrentError,
    UnexpectedAnswer,
    Unreachable,
)
from undercurrent.net import Client
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import EMPTY, build_index, build_manifest
from undercurrent.oci.registry import Credential, Registry, Repository
from undercurrent.oci.registry.credentials import Fixed
from undercurrent.oci.store import content_of
from undercurrent.settings import NetSettings

MIB: Final = 1024 * 1024
SOON_S: Final = 30.0
"""On a machine that is busy; each takes a fraction of it."""
ANN: Final = Credential("ann", "the-password")
BLOB: Final = Descriptor.of(b"data", mediatypes.OCI_LAYER)
IMAGE: Final = build_manifest(EMPTY, [BLOB])
KIND: Final = {"Content-Type": mediatypes.OCI_MANIFEST}

Use: TypeAlias = Callable[[Repository], Awaitable[object]]


async def names(repository: Repository) -> None:
    async for _name in repository.names():
        pass


async def catalog(repository: Repository) -> None:
    async for _name in repository.registry.catalog():
        pass


async def read(repository: Repository) -> None:
    async for _piece in repository.blob(BLOB):
        pass


def resolve(repository: Repository) -> Awaitable[object]:
    return repository.resolve("1.0")


def manifest(repository: Repository) -> Awaitable[object]:
    return repository.manifest(IMAGE.descriptor)


def referrers(repository: Repository) -> Awaitable[object]:
    return repository.referrers(IMAGE.digest)


def push(repository: Repository) -> Awaitable[object]:
    return repository.push_blob(BLOB, content_of(b"data"))


@asynccontextmanager
async def opened(server: HostileServer, **settings: Any) -> AsyncIterator[Repository]:
    plain = (server.host,) if server.url.startswith("http:") else ()
    chosen = NetSettings(**{"retries": 0, "timeout_s": 5.0, "plain_http": plain} | settings)
    async with Client(chosen) as client:
        yield Registry(server.host, client, Fixed(server.host, ANN)).repository("acme/app")


def unless_ping(reply: Callable[[Asked], Reply]) -> Callable[[Asked], Reply]:
    """Answers the first question of every client as any registry does."""
    return lambda asked: Reply() if asked.path == "/v2/" else reply(asked)


async def refused(
    server: HostileServer, use: Use, error: type[UndercurrentError], message: str | None, **settings: Any
) -> UndercurrentError:
    began = time.monotonic()
    async with opened(server, **settings) as repository:
        with pytest.raises(error, match=message) as raised:
            await use(repository)
    assert time.monotonic() - began < SOON_S
    assert raised.value.code == error.code or error is UndercurrentError
    assert raised.value.code != UndercurrentError.code
    return raised.value


# More than anybody asked for


@pytest.mark.parametrize(
    ("use", "error", "most"),
    [
        (resolve, TooLarge, 4 * MIB),
        (manifest, TooLarge, 4 * MIB),
        (referrers, TooLarge, 32 * MIB),
        (names, TooLarge, 32 * MIB),
        (catalog, TooLarge, 32 * MIB),
        (read, DigestMismatch, 4),
    ],
)
@pytest.mark.parametrize("length", [None, ENDLESS])
async def test_ten_gigabytes_are_not_read(
    use: Use, error: type[UndercurrentError], most: int, length: int | None
) -> None:
    said = {} if length is None else {"Content-Length": str(length)}

    def answer(asked: Asked) -> Reply:
        if asked.method == "HEAD":
            return Reply(405)
        kind = mediatypes.OCI_INDEX if "referrers" in asked.path else mediatypes.OCI_MANIFEST
        return Reply(headers={"Content-Type": kind} | said, body=endless(b"[1,"))

    async with HostileServer(unless_ping(answer)) as server:
        await refused(server, use, error, "more than|another size")
        assert server.sent < most + 16 * MIB  # what the buffers of two kernels hold


async def test_a_manifest_that_says_to_have_ten_gigabytes_is_not_asked_for() -> None:
    headers = KIND | {"Docker-Content-Digest": IMAGE.digest, "Content-Length": str(ENDLESS)}
    async with HostileServer(unless_ping(lambda _asked: Reply(headers=headers))) as server:

        async def whole(repository: Repository) -> None:
            await repository.manifest(await repository.resolve("1.0"))

        await refused(server, whole, TooLarge, "larger than 4 MiB")
        assert server.paths() == ["/v2/"]


@pytest.mark.parametrize("status", [403, 404, 400, 500, 429])
async def test_an_error_without_end_is_not_read_to_its_end(status: int) -> None:
    async with HostileServer(unless_ping(lambda _asked: Reply(status, body=endless(b'{"errors":[')))) as server:
        await refused(server, manifest, UndercurrentError, "127")
        assert server.sent < 24 * MIB


async def test_a_token_of_ten_gigabytes() -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path.startswith("/token"):
            return Reply(body=endless(b'{"token":"'))
        return Reply(401, {"WWW-Authenticate": f'Bearer realm="{server.url}/token"'})

    async with HostileServer(answer) as server:
        await refused(server, manifest, TooLarge, "more than 1048576 bytes")
        assert server.sent < 20 * MIB


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * 1000),
        (b"HTTP/1.1 200 OK\r\n", b"X-More: yes\r\n"),
        (b"HTTP/1.1 20", b"1" * 1000),
    ],
    ids=["one", "many", "status"],
)
async def test_headers_without_end(start: bytes, more: bytes) -> None:
    async def whole() -> AsyncIterator[bytes]:
        yield start
        async for piece in endless(more):
            yield piece

    async with HostileServer(unless_ping(lambda _asked: Reply(raw=whole()))) as server:
        await refused(server, manifest, UndercurrentError, "127")
        assert server.sent < 24 * MIB


async def test_what_is_compressed_stays_compressed() -> None:
    """Nobody asked for it, and a thousandth of it would be the bomb."""
    bomb = gzip.compress(b"[" * (64 * MIB))

    def answer(asked: Asked) -> Reply:
        assert asked.headers["accept-encoding"] == "identity"
        return Reply(headers={"Content-Type": "application/json", "Content-Encoding": "gzip"}, body=bomb)

    async with HostileServer(unless_ping(answer)) as server:
        await refused(server, names, BadContent, "not valid JSON")


# Slower than anybody waits


@pytest.mark.parametrize("use", [manifest, names, read, referrers])
async def test_headers_that_come_drop_by_drop(use: Use) -> None:
    head = b"HTTP/1.1 200 OK\r\n" + b"X-Slow: yes\r\n" * 1000

    async with HostileServer(unless_ping(lambda _asked: Reply(raw=drip(head, 0.05)))) as server:
        await refused(server, use, TimedOut, "too long", timeout_s=0.5, connect_timeout_s=0.5)


@pytest.mark.parametrize("use", [manifest, names, referrers])
async def test_a_body_that_comes_drop_by_drop(use: Use) -> None:
    def answer(_asked: Asked) -> Reply:
        return Reply(headers=KIND, body=drip(b" " * 100_000, 0.05))

    async with HostileServer(unless_ping(answer)) as server:
        await refused(server, use, TimedOut, "too long", timeout_s=0.5)


async def test_a_blob_that_comes_drop_by_drop() -> None:
    large = Descriptor(mediatypes.OCI_LAYER, BLOB.digest, 100_000)

    async def whole(repository: Repository) -> None:
        async for _piece in repository.blob(large):
            pass

    async with HostileServer(unless_ping(lambda _asked: Reply(body=drip(b" " * 100_000, 0.05)))) as server:
        await refused(server, whole, TimedOut, "too long", timeout_s=0.5)


# Without end


@pytest.mark.parametrize("use", [names, catalog, referrers])
@pytest.mark.parametrize("following", ["same", "two in turn"])
async def test_pages_in_a_circle(use: Use, following: str) -> None:
    def answer(asked: Asked) -> Reply:
        there = "x" if following == "same" or "last=y" in asked.path else "y"
        path = asked.path.partition("?")[0]
        return Reply(
            headers={"Link": f'<{path}?last={there}>; rel="next"', "Content-Type": mediatypes.OCI_INDEX}, body=PAGE
        )

    async with HostileServer(unless_ping(answer)) as server:
        await refused(server, use, UnexpectedAnswer, "in a circle")
        assert len(server.asked) < 6


PAGE: Final = json.dumps(
    {"schemaVersion": 2, "mediaType": mediatypes.OCI_INDEX, "manifests": [], "tags": ["a"], "repositories": ["a"]}
).encode()


@pytest.mark.parametrize("use", [names, catalog, referrers])
@pytest.mark.parametrize("size", [0, MIB])
async def test_pages_without_end(use: Use, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("undercurrent.oci.registry.pages._MOST_PAGES", 100)  # of 2,000: what small pages are stopped by
    body = PAGE[:-1] + b',"x":"' + b"x" * size + b'"}'

    def answer(asked: Asked) -> Reply:
        path = asked.path.partition("?")[0]
        headers = {"Link": f'<{path}?last={len(server.asked)}>; rel="next"', "Content-Type": mediatypes.OCI_INDEX}
        return Reply(headers=headers, body=body)

    async with HostileServer(unless_ping(answer)) as server:
        await refused(server, use, UnexpectedAnswer, "without end")
        assert len(server.asked) == (101 if not size else 65)


async def test_a_hundred_thousand_referrers() -> None:
    def entry(number: int) -> dict[str, Any]:
        digest = Digest.of(str(number).encode())
        return {"mediaType": mediatypes.OCI_MANIFEST, "digest": digest, "size": 1, "artifactType": "a/b"}

    def answer(asked: Asked) -> Reply:
        start = int(asked.path.rpartition("=")[2]) if "?" in asked.path else 0
        index = {"schemaVersion": 2, "manifests": [entry(number) for number in range(start, start + 1000)]}
        path = asked.path.partition("?")[0]
        headers = {"Content-Type": mediatypes.OCI_INDEX, "Link": f"<{path}?last={start + 1000}>; rel=next"}
        return Reply(headers=headers, body=json.dumps(index).encode())

    async with HostileServer(unless_ping(answer)) as server:
        await refused(server, referrers, TooLarge, "more than 10000 referrers")
        assert len(server.asked) == 12


@pytest.mark.parametrize("use", [manifest, names, read, push])
async def test_redirects_without_end(use: Use) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply(307, {"Location": f"{asked.path.partition('?')[0]}?hop={len(server.asked)}"})

    async with HostileServer(unless_ping(answer)) as server:
        await refused(server, use, UnexpectedAnswer, "redirects in circles")
        assert len(server.asked) == 12


async def test_an_index_of_indexes_without_end() -> None:
    """An index cannot name itself, which would need a collision; each names the next one instead."""
    held: dict[str, bytes] = {}
    below = IMAGE.descriptor
    for number in range(8):
        index = build_index([below], annotations={"level": str(number)})
        held[index.digest], below = index.raw, index.descriptor

    def answer(asked: Asked) -> Reply:
        return Reply(headers={"Content-Type": mediatypes.OCI_INDEX}, body=held[asked.path.rpartition("/")[2]])

    async def whole(repository: Repository) -> None:
        await Image(repository, "it", below).platforms()

    async with HostileServer(unless_ping(answer)) as server:
        await refused(server, whole, BadContent, "nested deeper than 4")


async def test_an_index_that_wants_to_be_itself() -> None:
    index = build_index([IMAGE.descriptor])

    def answer(_asked: Asked) -> Reply:
        return Reply(headers={"Content-Type": mediatypes.OCI_INDEX}, body=index.raw)

    async def whole(repository: Repository) -> None:
        await Image(repository, "it", index.descriptor).platforms()

    async with HostileServer(unless_ping(answer)) as server:
        await refused(server, whole, DigestMismatch, "another manifest")


async def test_who_never_believes_us() -> None:
    """A challenge after every token: asked twice, and no more."""

    def answer(asked: Asked) -> Reply:
        if asked.path.startswith("/token"):
            return Reply(body=json.dumps({"token": f"t{len(server.asked)}"}).encode())
        return Reply(401, {"WWW-Authenticate": f'Bearer realm="{server.url}/token",scope="a{len(server.asked)}"'})

    async with HostileServer(answer) as server:
        await refused(server, manifest, Unauthorized, "no access")
        assert len(server.asked) < 8


# Something else than was asked for


async def test_the_content_of_something_else() -> None:
    async with HostileServer(unless_ping(lambda _asked: Reply(headers=KIND, body=IMAGE.raw))) as server:
        await refused(server, read, DigestMismatch, "another size")
        other = build_manifest(EMPTY, [BLOB], annotations={"other": "yes"})
        await refused(server, lambda it: it.manifest(other.descriptor), DigestMismatch, "another manifest")

        async def by_digest(repository: Repository) -> None:
            await repository.manifest(await repository.resolve(other.digest))

        await refused(server, by_digest, DigestMismatch, "another manifest")


async def test_content_of_the_right_size() -> None:
    async with HostileServer(unless_ping(lambda _asked: Reply(body=b"DATA"))) as server:
        await refused(server, read, DigestMismatch, "other content")


# Where credentials go


def secrets_in(server: HostileServer) -> list[str]:
    return [asked.path for asked in server.asked if "authorization" in asked.headers or b"refresh_token" in asked.body]


def asks_for_a_password(reply: Reply) -> Callable[[Asked], Reply]:
    def answer(asked: Asked) -> Reply:
        if "authorization" not in asked.headers:
            return Reply(401, {"WWW-Authenticate": 'Basic realm="x"'})
        return Reply() if asked.path == "/v2/" else reply

    return answer


@pytest.mark.parametrize("use", [manifest, names, read, push])
async def test_credentials_do_not_follow_to_another_host(use: Use) -> None:
    async with HostileServer(lambda _asked: Reply(404)) as other:
        lead = Reply(307, {"Location": f"http://localhost:{other.port}/elsewhere"})
        async with HostileServer(asks_for_a_password(lead)) as server:
            await refused(server, use, UndercurrentError, None)
            assert secrets_in(server)
        assert other.asked
        assert not secrets_in(other)


@pytest.mark.parametrize("status", [401, 307])
async def test_credentials_do_not_follow_an_upload_elsewhere(status: int) -> None:
    """Nor when the other host asks for them, with a token service of its own."""
    async with HostileServer(lambda _asked: Reply(body=b'{"token":"x"}')) as thief:
        challenge = f'Basic realm="x", Bearer realm="{thief.url}/token"'
        headers = {"WWW-Authenticate": challenge, "Location": f"{thief.url}/"}
        async with HostileServer(lambda _asked: Reply(status, headers)) as other:

            def answer(asked: Asked) -> Reply:
                if "authorization" not in asked.headers:
                    return Reply(401, {"WWW-Authenticate": 'Basic realm="x"'})
                if asked.method == "POST":
                    return Reply(202, {"Location": f"{other.url}/upload"})
                return Reply(404 if asked.method == "HEAD" else 200)

            async with HostileServer(answer) as server:
                await refused(server, push, UndercurrentError, None)
                assert secrets_in(server)
        assert other.asked
        assert not secrets_in(other)
        assert not secrets_in(thief)


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://127.0.0.1/", "http://[", "", "gopher://x/", "data:text/plain,x", "//"]
)
@pytest.mark.parametrize("use", [manifest, read, push])
async def test_redirects_that_are_not_followed(use: Use, location: str) -> None:
    async with HostileServer(unless_ping(lambda _asked: Reply(307, {"Location": location}))) as server:
        await refused(server, use, UndercurrentError, "no address|without TLS|not valid|redirects in circles|does not")


async def test_a_redirect_does_not_leave_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with HostileServer(lambda _asked: Reply()) as plain:
        lead = unless_ping(lambda _asked: Reply(307, {"Location": f"{plain.url}/v2/acme/app/blobs/x"}))
        async with HostileServer(lead, tls=authority.server("127.0.0.1")) as server:
            await refused(server, read, UnexpectedAnswer, "without TLS; not followed", ca_bundle=authority.bundle)
        assert not plain.asked


async def test_a_list_does_not_go_on_elsewhere() -> None:
    async with HostileServer(lambda _asked: Reply(body=PAGE)) as other:
        links = Reply(headers={"Link": f'<http://localhost:{other.port}/v2/x>; rel="next"'}, body=PAGE)
        async with HostileServer(asks_for_a_password(links)) as server:
            await refused(server, names, UnexpectedAnswer, "continues a list on another host")
        assert not other.asked


async def test_a_password_goes_to_the_token_service_that_its_registry_names_and_no_other_password() -> None:
    """That is the protocol: who owns a registry gets the password that is kept for it, and none else's."""
    async with HostileServer(lambda _asked: Reply(body=b'{"token":"t"}')) as service:
        challenge = Reply(401, {"WWW-Authenticate": f'Bearer realm="{service.url}/token"'})
        async with HostileServer(lambda _asked: challenge) as server:
            settings = NetSettings(retries=0, plain_http=(server.host,))
            for known in (server.host, "another.example"):
                async with Client(settings) as client:
                    repository = Registry(server.host, client, Fixed(known, ANN)).repository("acme/app")
                    with pytest.raises(Unauthorized):
                        await repository.resolve("1.0")
                assert bool(secrets_in(service)) is (known == server.host)
                service.asked.clear()


@pytest.mark.parametrize(
    "realm", ["file:///etc/passwd", "http://auth.example/token", "https://user:pw@127.0.0.1/", "https://["]
)
async def test_realms_that_are_shown_nothing(realm: str) -> None:
    challenge = Reply(401, {"WWW-Authenticate": f'Bearer realm="{realm}"'})
    async with HostileServer(lambda _asked: challenge) as server:
        await refused(server, manifest, UndercurrentError, "token service|without TLS")
        assert not secrets_in(server)


# What is no HTTP at all


@pytest.mark.parametrize(
    "raw",
    [
        b"\0" * 100,
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/9.9 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFF\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 200 OK\r\nX: \x1b[2J\0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 100,
    ],
    ids=lambda raw: repr(raw[:40]),
)
@pytest.mark.parametrize("use", [resolve, names, read])
async def test_what_is_no_answer(use: Use, raw: bytes) -> None:
    async with HostileServer(unless_ping(lambda _asked: Reply(raw=raw))) as server:
        error = await refused(server, use, UndercurrentError, None, timeout_s=1.0)
        assert error.message.isprintable()


async def test_who_hangs_up_at_once() -> None:
    async with HostileServer(unless_ping(lambda _asked: Reply(raw=endless(b"x", 0)))) as server:
        await refused(server, manifest, Unreachable, "127")


async def test_many_at_once_do_not_wait_for_one_that_drips() -> None:
    """One request that is stuck holds one slot, and gives it back when its time is over."""

    def answer(asked: Asked) -> Reply:
        if "slow" in asked.path:
            return Reply(raw=drip(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000, 0.05))
        return Reply(headers=KIND | {"Docker-Content-Digest": IMAGE.digest}, body=IMAGE.raw)

    async with (
        HostileServer(unless_ping(answer)) as server,
        opened(server, timeout_s=1.0, connect_timeout_s=1.0) as repository,
    ):
        asking = [repository.resolve(name) for name in ("slow", *(f"fast-{number}" for number in range(20)))]
        slow, *fast = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(slow, TimedOut)
    assert all(isinstance(found, Descriptor) for found in fast)


_READ: Final = """
import asyncio, sys
from undercurrent.errors import UndercurrentError
from undercurrent.net import Client
from undercurrent.oci.registry import Registry
from undercurrent.oci.registry.credentials import Fixed
from undercurrent.settings import NetSettings
async def names(repository):
    async for _name in repository.names():
        pass
async def main():
    async with Client(NetSettings(retries=0, plain_http=(sys.argv[1],))) as client:
        repository = Registry(sys.argv[1], client, Fixed()).repository("acme/app")
        for work in (repository.resolve("1.0"), names(repository)):
            try:
                await work
            except UndercurrentError as error:
                assert error.code in {"too-large", "bad-content"}, error
            else:
                raise AssertionError
asyncio.run(main())
"""


@pytest.mark.parametrize(
    "body", [lambda: endless(b"[1,"), lambda: b'{"tags":[' + b"[]," * 10_000_000 + b"[]]}"], ids=["endless", "lists"]
)
async def test_it_takes_little_memory(body: Callable[[], bytes | AsyncIterator[bytes]]) -> None:
    """The second one fits into what is read of a list; made into objects, it would take 700 MB."""

    def answer(asked: Asked) -> Reply:
        return Reply(405) if asked.method == "HEAD" else Reply(headers=KIND, body=body())

    async with HostileServer(unless_ping(answer)) as server:
        assert await asyncio.to_thread(peak_memory, _READ, server.host) < 2 * LITTLE
