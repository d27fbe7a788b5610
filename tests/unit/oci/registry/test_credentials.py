"""Credentials as Docker, podman and their helpers leave them, and as `uc login` does."""

import asyncio
import base64
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from tests.support.registry import FakeRegistry, Fault

from undercurrent.errors import (
    ConfigError,
    EnvironmentLacks,
    MissingTool,
    NotFound,
    Unauthorized,
    UndercurrentError,
    UsageError,
)
from undercurrent.net import Client
from undercurrent.oci.registry import Credential, Credentials, login, logout
from undercurrent.oci.registry.credentials import credential_files, keys_for

HELPER = """#!/usr/bin/env python3
import json, pathlib, sys
store = pathlib.Path(__file__).with_suffix(".json")
kept = json.loads(store.read_text()) if store.exists() else {}
text = sys.stdin.read()
action = sys.argv[1]
if action == "get":
    if text.strip() not in kept:
        print("credentials not found in native keychain")
        sys.exit(1)
    print(json.dumps(kept[text.strip()]))
elif action == "store":
    entry = json.loads(text)
    kept[entry["ServerURL"]] = entry
elif action == "erase":
    kept.pop(text.strip(), None)
store.write_text(json.dumps(kept))
"""


def auth(username: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{username}:{password}".encode()).decode()}


class Home:
    """A user's home, with the files that credentials are in."""

    def __init__(self, folder: Path) -> None:
        self.docker = folder / "docker" / "config.json"
        self.podman = folder / "run" / "containers" / "auth.json"
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.environ = {
            "HOME": str(folder),
            "DOCKER_CONFIG": str(self.docker.parent),
            "XDG_RUNTIME_DIR": str(folder / "run"),
            "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
        }

    def write(self, file: Path, **document: Any) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document))

    def helper(self, name: str, script: str = HELPER) -> Path:
        program = self.bin / f"docker-credential-{name}"
        program.write_text(script)
        program.chmod(0o755)
        return program

    async def find(self, host: str, repository: str = "") -> Credential | None:
        return await Credentials(self.environ).find(host, repository)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    made = Home(tmp_path)
    monkeypatch.setenv("PATH", made.environ["PATH"])
    return made


async def test_without_files_nobody_is_known(home: Home) -> None:
    assert await home.find("ghcr.io") is None


async def test_docker_comes_before_podman(home: Home) -> None:
    home.write(home.podman, auths={"ghcr.io": auth("podman", "p"), "quay.io": auth("quay", "p:q")})
    home.write(home.docker, auths={"ghcr.io": auth("docker", "p")})
    assert await home.find("ghcr.io") == Credential("docker", "p")
    assert await home.find("quay.io") == Credential("quay", "p:q")


async def test_a_file_named_in_the_environment_is_the_only_one(home: Home, tmp_path: Path) -> None:
    home.write(home.docker, auths={"ghcr.io": auth("docker", "p")})
    home.write(tmp_path / "named.json", auths={"quay.io": auth("named", "p")})
    home.environ["REGISTRY_AUTH_FILE"] = str(tmp_path / "named.json")
    assert await home.find("ghcr.io") is None
    assert await home.find("quay.io") == Credential("named", "p")


async def test_the_most_specific_part_of_a_name_wins(home: Home) -> None:
    home.write(
        home.docker,
        auths={
            "ghcr.io": auth("host", ""),
            "ghcr.io/acme": auth("acme", ""),
            "ghcr.io/acme/app/deep": auth("deep", ""),
        },
    )
    for repository, user in {
        "": "host",
        "other": "host",
        "acme": "acme",
        "acme/app": "acme",
        "acmeapp": "host",
        "acme/app/deep/er": "deep",
    }.items():
        found = await home.find("ghcr.io", repository)
        assert found is not None
        assert found.username == user


@pytest.mark.parametrize("key", ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "https://docker.io"])
async def test_docker_hub_by_all_its_names(home: Home, key: str) -> None:
    home.write(home.docker, auths={key: auth("ann", "pw")})
    assert await home.find("docker.io", "library/app") == Credential("ann", "pw")


@pytest.mark.parametrize("key", ["https://registry.example", "http://registry.example/v1/", "registry.example"])
async def test_keys_may_be_addresses(home: Home, key: str) -> None:
    home.write(home.docker, auths={key: auth("ann", "pw")})
    assert await home.find("registry.example") == Credential("ann", "pw")
    assert await home.find("registry.example:443") is None


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"identitytoken": "it"}, Credential("", "", "it")),
        ({**auth("ann", ""), "identitytoken": "it"}, Credential("ann", "", "it")),
        ({"username": "ann", "password": "pw"}, Credential("ann", "pw")),
        (auth("ann", "päss:wörd"), Credential("ann", "päss:wörd")),
        (auth("ann", "pw\0\0"), Credential("ann", "pw")),
        ({}, None),
        ({"auth": ""}, None),
    ],
)
async def test_entries_of_every_kind(home: Home, entry: dict[str, str], expected: Credential | None) -> None:
    home.write(home.docker, auths={"ghcr.io": entry})
    assert await home.find("ghcr.io") == expected


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b"\xff",
        b'{"auths": []}',
        b'{"auths": {"ghcr.io": "s3cret"}}',
        b'{"auths": {"ghcr.io": {"auth": "s3cret!"}}}',
        b'{"auths": {"ghcr.io": {"auth": "czNjcmV0"}}}',
        b'{"credHelpers": "s3cret"}',
        b'{"credsStore": "../s3cret"}',
        b" " * 5_000_000,
    ],
)
async def test_a_file_that_is_none_is_named_and_not_quoted(home: Home, content: bytes) -> None:
    home.docker.parent.mkdir()
    home.docker.write_bytes(content)
    with pytest.raises(ConfigError, match=str(home.docker)) as caught:
        await home.find("ghcr.io")
    if b"../" not in content:
        assert "s3cret" not in f"{caught.value}{caught.value.hint}"
    assert caught.value.__cause__ is None


async def test_an_empty_file_is_no_error(home: Home) -> None:
    home.docker.parent.mkdir()
    home.docker.write_bytes(b"")
    assert await home.find("ghcr.io") is None


async def test_a_helper_for_one_host_and_one_for_all(home: Home) -> None:
    home.helper("one").with_suffix(".json").write_text(
        json.dumps({"ghcr.io": {"Username": "one", "Secret": "s"}, "quay.io": {"Username": "<token>", "Secret": "t"}})
    )
    home.helper("all").with_suffix(".json").write_text(
        json.dumps(
            {
                "registry.example": {"Username": "all", "Secret": "s"},
                "https://index.docker.io/v1/": {"Username": "hub", "Secret": "s"},
            }
        )
    )
    home.write(
        home.docker,
        credHelpers={"ghcr.io": "one", "quay.io": "one"},
        credsStore="all",
        auths={"ghcr.io": auth("file", "s"), "registry.example": {}, "kept.example": auth("file", "s")},
    )
    assert await home.find("ghcr.io", "acme/app") == Credential("one", "s")
    assert await home.find("quay.io") == Credential("", "", "t")
    assert await home.find("registry.example") == Credential("all", "s")
    assert await home.find("docker.io", "library/app") == Credential("hub", "s")
    assert await home.find("kept.example") == Credential("file", "s")
    assert await home.find("unknown.example") is None


async def test_a_helper_is_asked_once_in_a_while(home: Home) -> None:
    log = home.bin / "log"
    home.helper("slow", f'#!/bin/sh\necho asked >>{log}\necho \'{{"Username": "ann", "Secret": "s"}}\'\n')
    home.write(home.docker, credsStore="slow")
    now = 1000.0
    credentials = Credentials(home.environ, clock=lambda: now)
    found = await asyncio.gather(*(credentials.find("ghcr.io", f"app{number}") for number in range(10)))
    assert set(found) == {Credential("ann", "s")}
    assert log.read_text() == "asked\n"
    now += 601
    await credentials.find("ghcr.io")
    assert log.read_text() == "asked\n" * 2


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("#!/bin/sh\necho s3cret; exit 1\n", EnvironmentLacks),
        ("#!/bin/sh\necho s3cret\n", EnvironmentLacks),
        ("#!/bin/sh\necho '[]'\n", EnvironmentLacks),
        ("#!/no/such/interpreter\n", MissingTool),
    ],
)
async def test_a_helper_that_fails_is_named(home: Home, script: str, error: type[UndercurrentError]) -> None:
    home.helper("bad", script)
    home.write(home.docker, credsStore="bad")
    with pytest.raises(error, match="docker-credential-bad") as caught:
        await home.find("ghcr.io")
    assert "s3cret" not in f"{caught.value}{caught.value.hint}"


async def test_a_helper_that_is_not_installed(home: Home) -> None:
    home.write(home.docker, credsStore="desktop.exe")
    with pytest.raises(MissingTool, match=r"docker-credential-desktop\.exe") as caught:
        await home.find("ghcr.io")
    assert str(home.docker) in caught.value.hint


async def test_a_helper_that_hangs_is_ended(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("undercurrent.oci.registry.helperprogram._TIME_LIMIT_S", 0.2)
    home.helper("slow", "#!/bin/sh\nexec sleep 100\n")
    home.write(home.docker, credsStore="slow")
    with pytest.raises(EnvironmentLacks, match="does not finish"):
        await home.find("ghcr.io")


def test_files_where_nothing_is_set() -> None:
    found = credential_files({"HOME": "/home/ann"})
    assert found == (
        Path("/home/ann/.docker/config.json"),
        Path(f"/run/containers/{os.getuid()}/auth.json"),
        Path("/home/ann/.config/containers/auth.json"),
    )


def test_keys() -> None:
    assert list(keys_for("a.io", "b/c")) == ["a.io/b/c", "a.io/b", "a.io"]


class TestLogin:
    PAIR = ("ann", "p:ä ss")

    @pytest.mark.parametrize("kind", ["basic", "bearer"])
    async def test_it_is_verified_and_kept(self, home: Home, client: Client, kind: str) -> None:
        guard: Any = {kind: self.PAIR}
        home.write(home.docker, auths={"other.example": auth("o", "p")}, psFormat="table", HttpHeaders={"a": "b"})
        async with FakeRegistry(**guard) as registry:
            done = await login(f"https://{registry.host}/", *self.PAIR, client=client, environ=home.environ)
            assert (done.host, done.file, done.helper, done.verified) == (registry.host, home.docker, "", True)
            assert await home.find(registry.host) == Credential(*self.PAIR)
            assert json.loads(home.docker.read_text()) == {
                "auths": {"other.example": auth("o", "p"), registry.host: auth(*self.PAIR)},
                "psFormat": "table",
                "HttpHeaders": {"a": "b"},
            }
            assert stat.S_IMODE(home.docker.stat().st_mode) == 0o600
            assert await logout(registry.host, environ=home.environ) == (home.docker,)
            assert await home.find(registry.host) is None
            assert await home.find("other.example") is not None

    @pytest.mark.parametrize("kind", ["basic", "bearer"])
    async def test_what_the_registry_does_not_accept_is_not_kept(self, home: Home, client: Client, kind: str) -> None:
        guard: Any = {kind: self.PAIR}
        async with FakeRegistry(**guard) as registry:
            with pytest.raises(Unauthorized) as caught:
                await login(registry.host, "ann", "wr0ng", client=client, environ=home.environ)
            assert "wr0ng" not in f"{caught.value}{caught.value.hint}"
            registry.fail(Fault(status=503, times=None))
            with pytest.raises(UndercurrentError):
                await login(registry.host, *self.PAIR, client=client, environ=home.environ)
        assert not home.docker.exists()

    async def test_a_registry_that_asks_nobody(self, home: Home, client: Client) -> None:
        async with FakeRegistry() as registry:
            done = await login(registry.host, "ann", "pw", client=client, environ=home.environ)
        assert not done.verified

    async def test_the_file_named_in_the_environment_is_written(
        self, home: Home, client: Client, tmp_path: Path
    ) -> None:
        home.environ["REGISTRY_AUTH_FILE"] = str(tmp_path / "new" / "auth.json")
        async with FakeRegistry(basic=self.PAIR) as registry:
            done = await login(registry.host, *self.PAIR, client=client, environ=home.environ)
        assert done.file == tmp_path / "new" / "auth.json"
        assert stat.S_IMODE(done.file.parent.stat().st_mode) == 0o700

    async def test_a_helper_keeps_it_where_one_is_configured(self, home: Home, client: Client) -> None:
        kept = home.helper("all").with_suffix(".json")
        home.write(home.docker, credsStore="all")
        async with FakeRegistry(basic=self.PAIR) as registry:
            done = await login(registry.host, *self.PAIR, client=client, environ=home.environ)
            assert done.helper == "docker-credential-all"
            assert json.loads(home.docker.read_text()) == {"credsStore": "all", "auths": {registry.host: {}}}
            assert json.loads(kept.read_text())[registry.host]["Secret"] == self.PAIR[1]
            assert await home.find(registry.host) == Credential(*self.PAIR)
            assert await logout(registry.host, environ=home.environ) == (home.docker,)
            assert json.loads(kept.read_text()) == {}
            assert await home.find(registry.host) is None

    async def test_a_linked_file_stays_linked(self, home: Home, client: Client, tmp_path: Path) -> None:
        home.write(tmp_path / "dotfiles" / "docker.json", auths={})
        home.docker.parent.mkdir()
        home.docker.symlink_to(tmp_path / "dotfiles" / "docker.json")
        async with FakeRegistry(basic=self.PAIR) as registry:
            await login(registry.host, *self.PAIR, client=client, environ=home.environ)
            assert home.docker.is_symlink()
            assert registry.host in (tmp_path / "dotfiles" / "docker.json").read_text()

    async def test_a_file_that_is_damaged_is_not_overwritten(self, home: Home, client: Client) -> None:
        home.docker.parent.mkdir()
        home.docker.write_text("{ not json")
        async with FakeRegistry(basic=self.PAIR) as registry:
            with pytest.raises(ConfigError, match=str(home.docker)):
                await login(registry.host, *self.PAIR, client=client, environ=home.environ)
        assert home.docker.read_text() == "{ not json"

    async def test_a_folder_that_cannot_be_made(self, home: Home, client: Client, tmp_path: Path) -> None:
        (tmp_path / "docker").write_text("a file")
        async with FakeRegistry(basic=self.PAIR) as registry:
            with pytest.raises(EnvironmentLacks, match=str(tmp_path / "docker")):
                await login(registry.host, *self.PAIR, client=client, environ=home.environ)

    @pytest.mark.parametrize("text", ["", "ghcr.io/acme", "a b", "https://", "ghcr.io:x"])
    async def test_hosts_that_are_none(self, home: Home, client: Client, text: str) -> None:
        with pytest.raises(UsageError):
            await login(text, "ann", "pw", client=client, environ=home.environ)
        with pytest.raises(UsageError):
            await logout(text, environ=home.environ)

    async def test_signing_out_of_docker_hub_removes_it_everywhere(self, home: Home) -> None:
        home.write(home.docker, auths={"https://index.docker.io/v1/": auth("a", "b")})
        home.write(home.podman, auths={"docker.io": auth("a", "b"), "ghcr.io": auth("a", "b")})
        assert await logout("docker.io", environ=home.environ) == (home.docker, home.podman)
        assert json.loads(home.podman.read_text()) == {"auths": {"ghcr.io": auth("a", "b")}}
        with pytest.raises(NotFound, match=r"docker\.io") as caught:
            await logout("docker.io", environ=home.environ)
        assert str(home.docker) in caught.value.hint
