"""Credentials that uc keeps serve skopeo, crane and docker, and those that they keep serve uc."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.engines import EngineServer
from tests.support.images import push_image
from tests.support.peers import require_peer
from tests.support.servers import RegistryServer

from undercurrent.errors import NotFound, Unauthorized
from undercurrent.net import Client
from undercurrent.oci.reference import Reference
from undercurrent.oci.registry.logins import login, logout
from undercurrent.oci.stores import Stores
from undercurrent.settings import NetSettings, Settings


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A home in which nobody is signed in anywhere."""
    for name in ("REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    return dict(os.environ)


@pytest.fixture
async def name(guarded_server: RegistryServer, repository_name: str, environ: dict[str, str], tmp_path: Path) -> str:
    """An image in a registry that wants a password, pushed by somebody who knows it."""
    reference = Reference.parse(f"{guarded_server.host}/{repository_name}:1.0")
    theirs = {**environ, "DOCKER_CONFIG": str(tmp_path / "theirs")}
    async with Client(NetSettings()) as client:
        await login(
            guarded_server.host, guarded_server.username, guarded_server.password, client=client, environ=theirs
        )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_CONFIG", theirs["DOCKER_CONFIG"])
        async with Stores(Settings()) as stores:
            await push_image(stores.repository(reference), {"motd": b"guarded"}, "1.0")
    return str(reference)


async def sign_in(server: RegistryServer, environ: dict[str, str], password: str = "") -> Path:
    async with Client(NetSettings()) as client:
        done = await login(server.host, server.username, password or server.password, client=client, environ=environ)
    assert done.verified
    return done.file


async def read(name: str) -> None:
    async with Stores(Settings()) as stores:
        await (await stores.image(name)).manifest()


def skopeo(*arguments: str | Path, password: str | None = None) -> None:
    command = [require_peer("skopeo"), *arguments]
    subprocess.run(command, input=password, text=True, check=True, capture_output=True)


async def test_what_uc_keeps_serves_the_others(
    name: str, guarded_server: RegistryServer, environ: dict[str, str]
) -> None:
    file = await sign_in(guarded_server, environ)
    assert file.stat().st_mode & 0o777 == 0o600
    assert guarded_server.password not in file.read_text()
    skopeo("inspect", "--tls-verify=false", "--authfile", file, f"docker://{name}")
    subprocess.run([require_peer("crane"), "digest", name], check=True, capture_output=True)
    await read(name)


@pytest.mark.parametrize("variable", ["REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR"])
async def test_what_skopeo_keeps_serves_uc(
    variable: str, name: str, guarded_server: RegistryServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, str(tmp_path / "auth.json" if variable == "REGISTRY_AUTH_FILE" else tmp_path))
    with pytest.raises(Unauthorized):
        await read(name)
    who = ("--username", guarded_server.username, "--password-stdin")
    skopeo("login", "--tls-verify=false", *who, guarded_server.host, password=guarded_server.password)
    await read(name)
    skopeo("logout", guarded_server.host)
    with pytest.raises(Unauthorized):
        await read(name)


async def test_docker_and_uc_share_a_file(
    docker_engine: EngineServer, name: str, guarded_server: RegistryServer, environ: dict[str, str]
) -> None:
    docker = (docker_engine.client[0], "--config", environ["DOCKER_CONFIG"], *docker_engine.client[1:])
    who = ("--username", guarded_server.username, "--password", guarded_server.password)
    docker_engine.call(*docker, "login", *who, guarded_server.host)
    await read(name)
    assert await logout(guarded_server.host, environ=environ) == (Path(environ["DOCKER_CONFIG"], "config.json"),)
    with pytest.raises(subprocess.CalledProcessError):
        docker_engine.call(*docker, "pull", name)
    await sign_in(guarded_server, environ)
    docker_engine.call(*docker, "pull", name)


async def test_a_wrong_password_is_refused_and_not_kept(
    name: str, guarded_server: RegistryServer, environ: dict[str, str]
) -> None:
    file = await sign_in(guarded_server, environ)
    before = file.read_bytes()
    with pytest.raises(Unauthorized, match=guarded_server.host):
        await sign_in(guarded_server, environ, "wrong")
    assert file.read_bytes() == before
    await logout(guarded_server.host, environ=environ)
    with pytest.raises(NotFound):
        await logout(guarded_server.host, environ=environ)


def test_the_command_takes_the_password_from_standard_input(
    name: str, guarded_server: RegistryServer, environ: dict[str, str]
) -> None:
    uc = (sys.executable, "-m", "undercurrent")
    who = (guarded_server.host, "--username", guarded_server.username, "--password-stdin")
    done = subprocess.run(
        [*uc, "login", *who], input=guarded_server.password, text=True, capture_output=True, check=True
    )
    assert guarded_server.password not in done.stdout + done.stderr
    skopeo("inspect", "--tls-verify=false", "--authfile", f"{environ['DOCKER_CONFIG']}/config.json", f"docker://{name}")
    subprocess.run([*uc, "logout", guarded_server.host], check=True, capture_output=True)
