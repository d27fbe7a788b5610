"""Proxies from the environment: which, for whom, and through a real one."""

import asyncio
import base64
from collections.abc import AsyncIterator

import pytest
from tests.support.registry import FakeRegistry
from tests.unit.net.conftest import Patience, serving
from yarl import URL

from undercurrent.errors import ConfigError, Unreachable
from undercurrent.net import Request
from undercurrent.net.proxies import is_loopback, proxy_for

PROXY = {"HTTPS_PROXY": "http://proxy.example:3128", "http_proxy": "plain.example:80"}


@pytest.mark.parametrize(
    ("url", "environ", "expected"),
    [
        ("https://a.example/", PROXY, "http://proxy.example:3128"),
        ("http://a.example/", PROXY, "http://plain.example:80"),
        ("https://a.example/", {}, None),
        ("https://a.example/", {"https_proxy": "http://low", "HTTPS_PROXY": "http://up"}, "http://low"),
        ("https://a.example/", {"ALL_PROXY": "https://all:1"}, "https://all:1"),
        ("https://a.example/", {"HTTP_PROXY": "http://p"}, None),
        ("https://a.example/", {"HTTPS_PROXY": ""}, None),
        ("https://localhost/", PROXY, None),
        ("https://x.localhost/", PROXY, None),
        ("https://127.0.0.2:5000/", PROXY, None),
        ("https://[::1]/", PROXY, None),
    ],
)
def test_which_proxy(url: str, environ: dict[str, str], expected: str | None) -> None:
    found = proxy_for(URL(url), environ)
    assert (str(found).rstrip("/") if found else None) == (expected and str(URL(expected)).rstrip("/"))


@pytest.mark.parametrize(
    ("no_proxy", "host", "excluded"),
    [
        ("*", "a.example", True),
        ("a.example", "a.example", True),
        ("a.example", "b.a.example", True),
        ("a.example", "aa.example", False),
        (".a.example", "b.a.example", True),
        (".a.example", "a.example", False),
        ("A.Example", "a.example", True),
        ("b.example, a.example", "a.example", True),
        ("b.example a.example", "a.example", True),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.0.0.0/8", "ten.example", False),
        ("10.1.2.3/8", "10.9.9.9", True),
        ("fd00::/8", "[fd12::1]", True),
        ("10.1.2.3", "10.1.2.3", True),
        ("[fd12::1]", "[fd12::1]", True),
        ("fd12::1", "[fd12::1]", True),
        ("a.example:443", "a.example", True),
        ("a.example:8443", "a.example", False),
        ("nonsense/99", "a.example", False),
        ("", "a.example", False),
        (",, ,", "a.example", False),
    ],
)
def test_who_is_excluded(no_proxy: str, host: str, excluded: bool) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        found = proxy_for(URL(f"https://{host}/"), {**PROXY, name: no_proxy})
        assert (found is None) is excluded


@pytest.mark.parametrize("value", ["socks5://u:s3cret@p", "http://", "://", "ftp://p", "http://u:s3cret@[x"])
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(value: str) -> None:
    with pytest.raises(ConfigError, match="HTTPS_PROXY") as caught:
        proxy_for(URL("https://a.example/"), {"HTTPS_PROXY": value})
    assert "s3cret" not in str(caught.value)


def test_loopback() -> None:
    assert all(map(is_loopback, ("localhost", "a.localhost", "127.1.2.3", "::1")))
    assert not any(map(is_loopback, ("localhost.example", "10.0.0.1", "example.com", "")))


class Proxy:
    """Answers every request itself, or refuses tunnels."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nproxy"
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head.decode())
        writer.write(self.answer)
        await writer.drain()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    proxy = Proxy()
    async with serving(proxy.serve) as port:
        proxy.url = f"http://ann:s3cret@127.0.0.1:{port}"
        yield proxy


async def test_a_request_goes_through_the_proxy(
    proxy: Proxy, patience: Patience, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    async with patience.client(plain_http=["a.invalid"]) as client:
        assert (await client.fetch(Request("GET", "http://a.invalid/x?y"))).body == b"proxy"
    assert proxy.heads[0].startswith("GET http://a.invalid/x?y HTTP/1.1\r\n")
    assert base64.b64encode(b"ann:s3cret").decode() in proxy.heads[0]


async def test_a_proxy_that_refuses_is_named_as_such(
    proxy: Proxy, patience: Patience, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    proxy.answer = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    async with patience.client() as client:
        with pytest.raises(Unreachable, match=r"proxy does not let us through to a\.invalid: 407") as caught:
            await client.fetch(Request("GET", "https://a.invalid/"))
    assert "s3cret" not in f"{caught.value!r} {caught.value.hint}"
    assert len(proxy.heads) == 1


async def test_a_proxy_that_is_not_there(patience: Patience, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://ann:s3cret@127.0.0.1:1")
    async with patience.client(retries=1) as client:
        with pytest.raises(Unreachable, match=r"the proxy for a\.invalid does not answer") as caught:
            await client.fetch(Request("GET", "https://a.invalid/"))
    assert "HTTPS_PROXY" in caught.value.hint
    assert "s3cret" not in f"{caught.value!r} {caught.value.hint}"


async def test_this_machine_is_reached_directly(
    registry: FakeRegistry, patience: Patience, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with patience.client(retries=0) as client:
        assert (await client.fetch(Request("GET", registry.url + "/v2/"))).status == 200
