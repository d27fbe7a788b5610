"""How a host is reached: with TLS, without it, and what it must be."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.registry import FakeRegistry, Fault
from tests.support.tls import Authority

from undercurrent.errors import RemoteFault, Unauthorized, UnexpectedAnswer, Unreachable, Unsupported
from undercurrent.net import Client, PlainHttpSpoken, Request, Untrusted
from undercurrent.oci.registry import Registry
from undercurrent.oci.registry.credentials import Fixed
from undercurrent.settings import NetSettings


@pytest.fixture
async def impatient() -> AsyncIterator[Client]:
    async with Client(NetSettings(retries=0)) as running:
        yield running


async def test_loopback_may_be_plain(registry: FakeRegistry, impatient: Client) -> None:
    await Registry(registry.host, impatient, Fixed()).ping()
    await Registry(registry.host.replace("127.0.0.1", "localhost"), impatient, Fixed()).ping()


async def test_loopback_with_tls_is_used_with_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with (
        FakeRegistry(tls=authority.server("127.0.0.1")) as registry,
        Client(NetSettings(ca_bundle=authority.bundle)) as client,
    ):
        digest = registry.put_image("acme/app", "1.0")
        repository = Registry(registry.host, client, Fixed()).repository("acme/app")
        assert (await repository.resolve("1.0")).digest == digest


async def test_a_location_without_tls_is_asked_with_it(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with (
        FakeRegistry(tls=authority.server("127.0.0.1")) as registry,
        Client(NetSettings(ca_bundle=authority.bundle)) as client,
    ):
        opened = Registry(registry.host, client, Fixed())
        answer = await opened.fetch(Request("GET", registry.url.replace("https:", "http:") + "/v2/"))
        assert answer.status == 200


async def test_a_certificate_that_is_not_trusted_is_no_reason_to_do_without_tls(
    tmp_path: Path, impatient: Client
) -> None:
    async with FakeRegistry(tls=Authority(tmp_path).server("127.0.0.1")) as registry:
        with pytest.raises(Untrusted, match="not trusted"):
            await Registry(registry.host, impatient, Fixed()).ping()


async def test_who_asked_for_plain_http_gets_it_at_once(registry: FakeRegistry, impatient: Client) -> None:
    async with Client(NetSettings(plain_http=(registry.host,), retries=0)) as client:
        await Registry(registry.host, client, Fixed()).ping()


@pytest.fixture
async def named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name leads to this machine, which nobody can tell from the name."""
    loop = asyncio.get_running_loop()
    original = loop.getaddrinfo

    async def here(_host: str, port: int, **more: Any) -> Any:
        return await original("127.0.0.1", port, **more)

    monkeypatch.setattr(loop, "getaddrinfo", here)


@pytest.mark.usefixtures("named")
async def test_others_are_asked_with_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with (
        FakeRegistry(tls=authority.server("registry.test")) as registry,
        Client(NetSettings(ca_bundle=authority.bundle, retries=0)) as client,
    ):
        await Registry(registry.host.replace("127.0.0.1", "registry.test"), client, Fixed()).ping()


@pytest.mark.usefixtures("named")
async def test_others_are_asked_without_tls_only_by_who_wants_that(registry: FakeRegistry, impatient: Client) -> None:
    host = registry.host.replace("127.0.0.1", "registry.test")
    with pytest.raises(PlainHttpSpoken, match=host) as caught:
        await Registry(host, impatient, Fixed()).ping()
    assert "net.plain_http" in caught.value.hint
    assert registry.count() == 0
    for allowed in (host, "registry.test"):
        async with Client(NetSettings(plain_http=(allowed,), retries=0)) as client:
            await Registry(host, client, Fixed()).ping()


async def test_an_address_that_is_none(registry: FakeRegistry, impatient: Client) -> None:
    with pytest.raises(UnexpectedAnswer, match="names an address that is not valid"):
        await Registry(registry.host, impatient, Fixed()).fetch(Request("GET", "http://[x"))


async def test_nobody_there(impatient: Client) -> None:
    with pytest.raises(Unreachable, match="refuses connections"):
        await Registry("127.0.0.1:1", impatient, Fixed()).ping()


@pytest.mark.parametrize("status", [200, 403])
async def test_it_is_pinged_once(registry: FakeRegistry, impatient: Client, status: int) -> None:
    registry.fail(Fault("GET", "/v2/$", status=status, times=None))
    opened = Registry(registry.host, impatient, Fixed())
    for _time in range(3):
        await opened.ping()
    assert registry.count() == 1


@pytest.mark.parametrize("status", [404, 301, 418])
async def test_what_is_no_registry(registry: FakeRegistry, impatient: Client, status: int) -> None:
    registry.fail(Fault(status=status, headers={"Location": "/login"}, times=None))
    with pytest.raises(UnexpectedAnswer):
        await Registry(registry.host, impatient, Fixed()).ping()


async def test_a_failed_ping_is_tried_again_by_the_next(registry: FakeRegistry, impatient: Client) -> None:
    registry.fail(Fault(status=503))
    opened = Registry(registry.host, impatient, Fixed())
    with pytest.raises(Exception, match="503"):
        await opened.ping()
    await opened.ping()


class TestCatalog:
    async def test_it_lists_repositories_page_by_page(self, client: Client) -> None:
        async with FakeRegistry(page_size=2) as registry:
            for name in ("a", "b/c", "d", "e", "f"):
                registry.put_image(name)
            found = [name async for name in Registry(registry.host, client, Fixed()).catalog()]
        assert found == ["a", "b/c", "d", "e", "f"]

    @pytest.mark.parametrize("status", [401, 403, 404, 405])
    async def test_where_there_is_none_it_says_to_name_repositories(
        self, registry: FakeRegistry, client: Client, status: int
    ) -> None:
        registry.fail(Fault("GET", "_catalog", status=status, times=None))
        with pytest.raises((Unauthorized, Unsupported), match=registry.host) as caught:
            assert [name async for name in Registry(registry.host, client, Fixed()).catalog()]
        assert f"{registry.host}/NAME" in caught.value.hint

    async def test_a_fault_is_no_missing_catalog(self, registry: FakeRegistry, client: Client) -> None:
        registry.fail(Fault("GET", "_catalog", status=503, times=None))
        with pytest.raises(RemoteFault):
            assert [name async for name in Registry(registry.host, client, Fixed()).catalog()]
