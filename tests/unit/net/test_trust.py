"""Connections that do not come about: what the user reads."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.registry import FakeRegistry
from tests.support.tls import Authority
from tests.unit.net.conftest import Patience, serving

from undercurrent.errors import ConfigError, TimedOut, UnexpectedAnswer, Unreachable
from undercurrent.net import Client, PlainHttpSpoken, Request
from undercurrent.settings import NetSettings


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
async def secure(authority: Authority) -> AsyncIterator[FakeRegistry]:
    async with FakeRegistry(tls=authority.server("127.0.0.1")) as running:
        yield running


async def test_a_certificate_of_an_unknown_authority(secure: FakeRegistry, patience: Patience) -> None:
    async with patience.client() as client:
        with pytest.raises(Unreachable, match=f"TLS certificate of {secure.host} is not trusted") as caught:
            await client.fetch(Request("GET", secure.url))
    assert "ca_bundle" in caught.value.hint
    assert patience.slept == [], "trying again does not change a certificate"


async def test_a_certificate_of_ones_own_authority(
    secure: FakeRegistry, authority: Authority, patience: Patience
) -> None:
    async with patience.client(ca_bundle=authority.bundle) as client:
        assert (await client.fetch(Request("GET", secure.url + "/v2/"))).status == 200


async def test_ssl_cert_file(
    secure: FakeRegistry, authority: Authority, patience: Patience, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle))
    async with patience.client() as client:
        assert (await client.fetch(Request("GET", secure.url + "/v2/"))).status == 200


@pytest.mark.parametrize(("name", "expired"), [("registry.example", False), ("127.0.0.1", True)])
async def test_a_certificate_for_another_name_or_another_time(
    authority: Authority, patience: Patience, name: str, expired: bool
) -> None:
    async with (
        FakeRegistry(tls=authority.server(name, expired=expired)) as server,
        patience.client(ca_bundle=authority.bundle) as client,
    ):
        with pytest.raises(Unreachable, match="is not trusted"):
            await client.fetch(Request("GET", server.url))


async def test_plain_http_where_tls_was_tried(registry: FakeRegistry, patience: Patience) -> None:
    async with patience.client() as client:
        with pytest.raises(PlainHttpSpoken, match=f"{registry.host} does not speak TLS") as caught:
            await client.fetch(Request("GET", f"https://{registry.host}/"))
    assert "plain_http" in caught.value.hint
    assert patience.slept == []


async def test_tls_where_plain_http_was_tried(secure: FakeRegistry, patience: Patience) -> None:
    async with patience.client(retries=0) as client:
        with pytest.raises((UnexpectedAnswer, Unreachable), match=secure.host):
            await client.fetch(Request("GET", f"http://{secure.host}/"))


async def test_plain_http_is_for_those_who_asked_by_name(patience: Patience) -> None:
    for settings, url in (
        ({}, "http://registry.invalid/"),
        ({"plain_http": ["other.invalid"]}, "http://registry.invalid/"),
        ({"plain_http": ["registry.invalid:5000"]}, "http://registry.invalid/"),
    ):
        async with patience.client(**settings) as client:
            with pytest.raises(Unreachable, match=r"registry\.invalid .* without TLS") as caught:
                await client.fetch(Request("GET", url))
            assert "net.plain_http" in caught.value.hint
            assert patience.slept == []
    for settings, url in (
        ({"plain_http": ["registry.invalid"]}, "http://registry.invalid:81/"),
        ({"plain_http": ["registry.invalid:5000"]}, "http://registry.invalid:5000/"),
    ):
        async with patience.client(retries=0, **settings) as client:
            with pytest.raises(Unreachable, match=r"host|address"):
                await client.fetch(Request("GET", url))


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..example", "xn--0.example"])
async def test_a_name_that_no_host_can_have(patience: Patience, host: str) -> None:
    """The resolver's own error for it is no OSError."""
    async with patience.client() as client:
        with pytest.raises(UnexpectedAnswer, match="not an address that can be asked"):
            await client.fetch(Request("GET", f"https://{host}/"))


async def test_other_schemes_are_not_spoken(patience: Patience) -> None:
    async with patience.client() as client:
        with pytest.raises(UnexpectedAnswer, match="not an address that can be asked"):
            await client.fetch(Request("GET", "ftp://a.example:21/"))


@pytest.mark.parametrize(("code", "tries"), [(socket.EAI_NONAME, 1), (socket.EAI_AGAIN, 3)])
async def test_no_such_host(patience: Patience, monkeypatch: pytest.MonkeyPatch, code: int, tries: int) -> None:
    asked = 0

    async def no_address(*_args: object, **_more: object) -> None:
        nonlocal asked
        asked += 1
        raise socket.gaierror(code, "no address")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", no_address)
    async with patience.client(retries=2) as client:
        with pytest.raises(Unreachable, match=r"registry\.example") as caught:
            await client.fetch(Request("GET", "https://registry.example/"))
    assert "spelling" in caught.value.hint
    assert asked == tries


async def test_nobody_listens(patience: Patience) -> None:
    async with patience.client(retries=2) as client:
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1 refuses connections") as caught:
            await client.fetch(Request("GET", "http://127.0.0.1:1/"))
    assert "port" in caught.value.hint
    assert len(patience.slept) == 2


async def test_who_accepts_and_says_nothing(patience: Patience) -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with (
        serving(silent) as port,
        patience.client(connect_timeout_s=0.2, timeout_s=0.2, retries=0) as client,
    ):
        for scheme in ("http", "https"):
            with pytest.raises(TimedOut, match=f"127.0.0.1:{port}"):
                await client.fetch(Request("GET", f"{scheme}://127.0.0.1:{port}/"))


async def test_who_hangs_up_during_the_handshake(patience: Patience) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.transport.abort()

    async with serving(hang_up) as port, patience.client(retries=2) as client:
        with pytest.raises(Unreachable, match=f"127.0.0.1:{port}"):
            await client.fetch(Request("GET", f"https://127.0.0.1:{port}/"))
    assert len(patience.slept) == 2


@pytest.mark.parametrize(
    "url", ["", "/v2/", "http://", "http:///x", "http://127.0.0.1:99999/", "http://[x/?token=s3cret"]
)
async def test_an_address_that_is_none(patience: Patience, url: str) -> None:
    async with patience.client() as client:
        with pytest.raises(UnexpectedAnswer, match="not an address") as caught:
            await client.fetch(Request("GET", url))
    assert "s3cret" not in str(caught.value)


async def test_who_does_not_speak_http(patience: Patience) -> None:
    async def gibberish(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n\x1b[31m\r\n")
        await writer.drain()

    async with serving(gibberish) as port, patience.client(retries=0) as client:
        with pytest.raises(UnexpectedAnswer, match="does not answer in HTTP") as caught:
            await client.fetch(Request("GET", f"http://127.0.0.1:{port}/"))
    assert "\x1b" not in str(caught.value)


async def test_a_socket_that_is_not_there(tmp_path: Path) -> None:
    async with Client(NetSettings(retries=0), unix_socket=tmp_path / "no.sock") as client:
        with pytest.raises(Unreachable, match=r"no\.sock"):
            await client.fetch(Request("GET", "http://localhost/"))


@pytest.mark.parametrize("content", [None, b"", b"not a certificate"])
async def test_a_bundle_that_is_none(tmp_path: Path, content: bytes | None) -> None:
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_bytes(content)
    with pytest.raises(ConfigError, match=r"bundle\.pem") as caught:
        async with Client(NetSettings(ca_bundle=bundle)):
            pass
    assert "PEM" in caught.value.hint
