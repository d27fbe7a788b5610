"""What a registry is shown: passwords, tokens, nothing; and to whom."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from tests.support.registry import FakeRegistry, Fault
from tests.support.tls import Authority
from tests.unit.oci.registry.conftest import open_repository, read

from undercurrent.errors import Unauthorized, UndercurrentError, UnexpectedAnswer
from undercurrent.net import Client
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.manifest import EMPTY, EMPTY_BYTES
from undercurrent.oci.registry import Credential, Registry
from undercurrent.oci.registry.credentials import Fixed
from undercurrent.oci.store import content_of, read_blob
from undercurrent.settings import NetSettings

ANN = Credential("ann", 'päss:word, with "quotes"')
PAIR = (ANN.username, ANN.password)


@pytest.mark.parametrize("kind", ["basic", "bearer"])
async def test_who_is_known_may_read_and_write(client: Client, kind: str) -> None:
    guard: Any = {kind: PAIR}
    async with FakeRegistry(**guard) as registry:
        repository = open_repository(registry, client, credential=ANN)
        assert await repository.push_blob(EMPTY, content_of(EMPTY_BYTES), mount_from="acme/base")
        assert await repository.has(EMPTY)
        assert await repository.registry.verify()
        assert [name async for name in repository.registry.catalog()] == ["acme/app"]


@pytest.mark.parametrize("kind", ["basic", "bearer"])
@pytest.mark.parametrize("credential", [None, Credential("ann", "wrong"), Credential("", "", "no such token")])
async def test_who_is_not_known_is_told_how_to_sign_in(
    client: Client, kind: str, credential: Credential | None
) -> None:
    guard: Any = {kind: PAIR}
    async with FakeRegistry(**guard) as registry:
        registry.put_image("acme/app", "1.0")
        repository = open_repository(registry, client, credential=credential)
        for question in (repository.resolve("1.0"), repository.push_blob(EMPTY, content_of(EMPTY_BYTES))):
            with pytest.raises(Unauthorized, match=f"{registry.host}/acme/app") as caught:
                await question
            assert f"uc login {registry.host}" in caught.value.hint
            assert "wrong" not in f"{caught.value}{caught.value.hint}"
        assert registry.count() < 12


@pytest.mark.parametrize("kind", ["basic", "bearer"])
async def test_strangers_may_read_what_is_public(client: Client, kind: str) -> None:
    guard: Any = {kind: PAIR, "anonymous_pull": True}
    async with FakeRegistry(**guard) as registry:
        digest = registry.put_image("acme/app", "1.0")
        repository = open_repository(registry, client)
        assert (await repository.resolve("1.0")).digest == digest
        with pytest.raises(Unauthorized):
            await repository.push_blob(Descriptor.of(b"x", "a/b"), content_of(b"x"))


async def test_an_identity_token_is_traded_in(client: Client) -> None:
    async with FakeRegistry(bearer=PAIR, identity_token="refresh me") as registry:
        registry.put_image("acme/app", "1.0")
        await open_repository(registry, client, credential=Credential("", "", "refresh me")).resolve("1.0")
        assert registry.count("POST", "/token") == 1
        assert "refresh" not in registry.requests("POST", "/token")[0].path


async def test_an_identity_token_does_not_follow_a_redirect(client: Client) -> None:
    async with FakeRegistry(bearer=PAIR, identity_token="t") as registry, FakeRegistry() as elsewhere:
        registry.fail(Fault("POST", "/token", redirect=elsewhere.url + "/token"))
        with pytest.raises(UnexpectedAnswer):
            await open_repository(registry, client, credential=Credential("", "", "t")).resolve("1.0")
        assert elsewhere.count() == 0


async def test_one_token_serves_many_requests_and_tasks(client: Client) -> None:
    async with FakeRegistry(bearer=PAIR) as registry:
        for number in range(20):
            registry.put_image("acme/app", f"t{number}")
        repository = open_repository(registry, client, credential=ANN)
        async with asyncio.TaskGroup() as group:
            for number in range(20):
                group.create_task(repository.resolve(f"t{number}"))
        assert registry.count("GET", "/token") == 1


async def test_a_token_is_fetched_for_each_scope_and_kept(client: Client) -> None:
    async with FakeRegistry(bearer=PAIR) as registry:
        opened = Registry(registry.host, client, Fixed(registry.host, ANN))
        for _time in range(2):
            for name in ("a", "b"):
                await opened.repository(name).push_blob(EMPTY, content_of(EMPTY_BYTES))
                assert await opened.repository(name).has(EMPTY)
        assert registry.count("GET", "/token") == 4


async def test_a_token_that_ended_is_fetched_again(client: Client) -> None:
    async with FakeRegistry(bearer=PAIR) as registry:
        registry.put_image("acme/app", "1.0")
        repository = open_repository(registry, client, credential=ANN)
        await repository.resolve("1.0")
        registry.expire_tokens()
        await repository.resolve("1.0")
        assert registry.count("GET", "/token") == 2


async def test_a_token_that_ended_is_fetched_again_for_a_stream(client: Client) -> None:
    async with FakeRegistry(bearer=PAIR) as registry:
        registry.put_blob("acme/app", b"data")
        repository = open_repository(registry, client, credential=ANN)
        await repository.has(Descriptor.of(b"data", "a/b"))
        registry.expire_tokens()
        assert await read_blob(repository, Descriptor.of(b"data", "a/b"), 10) == b"data"


async def test_a_token_is_renewed_before_it_ends(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    async with FakeRegistry(bearer=PAIR, token_lifetime_s=100_000) as registry:
        registry.put_image("acme/app", "1.0")
        repository = open_repository(registry, client, credential=ANN)
        monkeypatch.setattr(repository.registry._authorization, "_clock", lambda: now)
        await repository.resolve("1.0")
        now += 99_000
        await repository.resolve("1.0")
        assert registry.count("GET", "/token") == 1
        now += 995
        await repository.resolve("1.0")
        assert registry.count("GET", "/token") == 2


async def test_what_the_registry_asks_for_is_asked_for(client: Client) -> None:
    """Deleting needs an action that pushing does not; only the challenge tells."""
    async with FakeRegistry(bearer=PAIR) as registry:
        registry.put_image("acme/app", "1.0")
        await open_repository(registry, client, credential=ANN).delete_name("1.0")
        assert registry.repositories["acme/app"].tags == {}


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b'{"token":""}', b'{"token":5}', b'{"token":"a\\nb"}', b'{"token":"\xc3\xa9"}', b"<html>"],
)
async def test_a_token_service_that_gives_none(client: Client, body: bytes) -> None:
    async with FakeRegistry(bearer=PAIR) as registry:
        registry.fail(Fault("GET", "/token", status=200, body=body))
        with pytest.raises(UnexpectedAnswer, match="token service"):
            await open_repository(registry, client, credential=ANN).resolve("1.0")


@pytest.mark.parametrize("life", ['"soon"', "null", "-5", "true", "1e999", "0.5", "9" * 400])
async def test_strange_lifetimes_are_a_minute(client: Client, life: str) -> None:
    async with FakeRegistry(bearer=PAIR, anonymous_pull=True) as registry:
        registry.put_image("acme/app", "1.0")
        await open_repository(registry, client).registry.ping()
        body = b'{"access_token":"none","expires_in":' + life.encode() + b"}"
        registry.fail(Fault("GET", "/token", status=200, body=body))
        repository = open_repository(registry, client)
        if life == "1e999":
            with pytest.raises(UndercurrentError):
                await repository.resolve("1.0")
        else:
            await repository.resolve("1.0")
            assert registry.count("GET", "/token") == 2


@pytest.mark.parametrize(
    "challenge",
    [
        'Bearer realm=""',
        "Bearer",
        'Bearer realm="ftp://x/"',
        'Bearer realm="https://[x"',
        'Bearer realm="http://user:pw@127.0.0.1/token"',
    ],
)
async def test_a_realm_that_is_none(registry: FakeRegistry, client: Client, challenge: str) -> None:
    registry.fail(Fault("GET", "/v2/", status=401, headers={"WWW-Authenticate": challenge}, times=None))
    with pytest.raises(UnexpectedAnswer, match="token service"):
        await open_repository(registry, client, credential=ANN).resolve("1.0")


async def test_credentials_do_not_go_to_a_token_service_in_the_clear(registry: FakeRegistry, client: Client) -> None:
    challenge = 'Bearer realm="http://auth.example/token"'
    registry.fail(Fault("GET", "/v2/", status=401, headers={"WWW-Authenticate": challenge}, times=None))
    with pytest.raises(UndercurrentError, match="without TLS"):
        await open_repository(registry, client, credential=ANN).resolve("1.0")


async def test_credentials_do_not_go_from_tls_to_this_machine_in_the_clear(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with (
        FakeRegistry(tls=authority.server("127.0.0.1")) as registry,
        FakeRegistry() as other,
        Client(NetSettings(ca_bundle=authority.bundle)) as client,
    ):
        challenge = f'Bearer realm="{other.url}/token"'
        registry.fail(Fault("GET", "/v2/", status=401, headers={"WWW-Authenticate": challenge}, times=None))
        with pytest.raises(UnexpectedAnswer, match=r"wants the credentials shown to 127\.0\.0\.1 without TLS"):
            await open_repository(registry, client, credential=ANN).resolve("1.0")
        assert not other.seen


@pytest.mark.parametrize("status", [307, 302])
async def test_a_challenge_of_a_place_that_the_registry_leads_to_is_not_taken_for_its_own(
    client: Client, status: int
) -> None:
    """Else whoever keeps its blobs could have our password for it sent wherever they like."""
    async with FakeRegistry(bearer=PAIR) as registry, FakeRegistry() as other, FakeRegistry() as thief:
        digest = registry.put_blob("acme/app", b"blob")
        registry.fail(Fault("GET", "/blobs/", redirect=other.url + "{path}", status=status, times=None))
        challenge = f'Bearer realm="{thief.url}/token", scope="repository:acme/app:pull"'
        other.fail(Fault(status=401, headers={"WWW-Authenticate": challenge}, times=None))
        repository = open_repository(registry, client, credential=ANN)
        with pytest.raises(Unauthorized):
            await read(repository, Descriptor("application/octet-stream", Digest(digest), 4))
        assert other.count("GET", "/blobs/") == 1
        assert not thief.seen
        assert all("Authorization" not in seen.headers for seen in other.seen)


async def test_a_scheme_that_is_not_known_is_shown_nothing(registry: FakeRegistry, client: Client) -> None:
    registry.fail(Fault(status=401, headers={"WWW-Authenticate": "Negotiate"}, times=None))
    with pytest.raises(Unauthorized):
        await open_repository(registry, client, credential=ANN).resolve("1.0")


async def test_tokens_are_preferred_to_passwords(client: Client) -> None:
    async with FakeRegistry(bearer=PAIR) as registry:
        both = ['Basic realm="x"', f'Bearer realm="{registry.url}/token",service="x"']
        registry.fail(Fault("GET", "/v2/$", status=401, headers={"WWW-Authenticate": both}))
        registry.put_image("acme/app", "1.0")
        await open_repository(registry, client, credential=ANN).resolve("1.0")
        assert registry.requests("HEAD")[-1].headers["Authorization"].startswith("Bearer ")


async def test_a_registry_that_asks_nobody_cannot_verify(registry: FakeRegistry, client: Client) -> None:
    assert not await Registry(registry.host, client, Fixed(registry.host, ANN)).verify()


async def test_no_secret_is_printed(client: Client) -> None:
    credential = Credential("ann", "s3cret", "t0ken")
    assert "s3cret" not in repr(credential)
    assert "t0ken" not in repr(credential)
    assert "s3cret" not in repr(Fixed("host", credential))
    opened = Registry("host", client, Fixed("host", credential))
    assert repr(opened) == "Registry('host')"
    assert repr(opened.repository("a/b")) == "Repository('host/a/b')"
