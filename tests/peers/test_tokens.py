"""Registries that send their users to a token server: each request with the scopes that it needs, and no more."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.support.images import push_image
from tests.support.peers import require_peer
from tests.support.servers import RegistryServer, distribution
from tests.support.tokens import TokenServer, token_server

from undercurrent.errors import Unauthorized
from undercurrent.net import Client
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.registry import Credential, Registry, Repository
from undercurrent.oci.registry.credentials import Fixed
from undercurrent.oci.registry.logins import login
from undercurrent.oci.store import content_of
from undercurrent.settings import NetSettings

ADA = Credential("ada", "a pass:word é")


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenServer]:
    with token_server(tmp_path_factory.mktemp("tokens"), ADA.username, ADA.password) as server:
        yield server


@pytest.fixture(scope="module", params=["docker-registry", "registry"])
def server(
    request: pytest.FixtureRequest, tokens: TokenServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RegistryServer]:
    """Distribution 2.8 and 3, which know nobody themselves."""
    folder = tmp_path_factory.mktemp("with-tokens")
    with distribution(request.param, folder, username=ADA.username, password=ADA.password, tokens=tokens) as started:
        yield started


@asynccontextmanager
async def registry_as(server: RegistryServer, credential: Credential | None) -> AsyncIterator[Registry]:
    async with Client(NetSettings()) as client:
        yield Registry(server.host, client, Fixed(server.host, credential))


async def test_the_owner_pushes_and_strangers_pull_what_is_public(server: RegistryServer) -> None:
    async with registry_as(server, ADA) as registry:
        for name in ("public/app", "private/app"):
            await push_image(Repository(registry, name), {"motd": name.encode()}, "1.0")
    async with registry_as(server, None) as registry:
        public, private = (Repository(registry, name) for name in ("public/app", "private/app"))
        manifest = await public.manifest(await public.resolve("1.0"))
        with pytest.raises(Unauthorized, match="private/app"):
            await private.resolve("1.0")
        with pytest.raises(Unauthorized, match="public/app"):
            await public.push_manifest(manifest, "2.0")


async def test_a_mount_asks_for_both_repositories(server: RegistryServer, tokens: TokenServer) -> None:
    data = b"mounted"
    blob = Descriptor.of(data, "application/octet-stream")
    async with registry_as(server, ADA) as registry:
        await Repository(registry, "from/here").push_blob(blob, content_of(data))
        assert not await Repository(registry, "to/there").push_blob(blob, content_of(data), mount_from="from/here")
    assert {"repository:to/there:pull,push", "repository:from/here:pull"} in [set(scopes) for scopes in tokens.granted]


async def test_reading_asks_for_no_more_than_reading(server: RegistryServer, tokens: TokenServer) -> None:
    async with registry_as(server, ADA) as registry:
        await push_image(Repository(registry, "modest/app"), {"motd": b"modest"}, "1.0")
    tokens.granted.clear()
    async with registry_as(server, ADA) as registry:
        repository = Repository(registry, "modest/app")
        await repository.manifest(await repository.resolve("1.0"))
        assert [tag async for tag in repository.names()] == ["1.0"]
        assert "modest/app" in [name async for name in registry.catalog()]
    assert {scope for scopes in tokens.granted for scope in scopes} == {
        "repository:modest/app:pull",
        "registry:catalog:*",
    }


async def test_login_is_verified_and_serves_skopeo(server: RegistryServer, tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "REGISTRY_AUTH_FILE": str(tmp_path / "auth.json")}
    async with Client(NetSettings()) as client:
        with pytest.raises(Unauthorized, match=server.host):
            await login(server.host, ADA.username, "wrong", client=client, environ=environ)
        assert (await login(server.host, ADA.username, ADA.password, client=client, environ=environ)).verified
    async with registry_as(server, ADA) as registry:
        await push_image(Repository(registry, "private/skopeo"), {"motd": b"skopeo"}, "1.0")
    name = f"docker://{server.host}/private/skopeo:1.0"
    command = [str(require_peer("skopeo")), "inspect", "--tls-verify=false"]
    subprocess.run([*command, "--authfile", str(tmp_path / "auth.json"), name], check=True, capture_output=True)
    with pytest.raises(subprocess.CalledProcessError):
        subprocess.run([*command, "--no-creds", name], check=True, capture_output=True)
