"""A home of one's own, settings that write nowhere else, and places to find images in."""

from pathlib import Path

import pytest
from tests.support.images import push_image

from undercurrent.oci.files.layout import Layout
from undercurrent.progress import Event
from undercurrent.settings import NetSettings, Settings
from undercurrent.signing.keys import PrivateKey

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, on a machine without an engine."""
    path = tmp_path / "home"
    path.mkdir()
    for name in (*PROXIES, *map(str.upper, PROXIES), "DOCKER_HOST", "CONTAINER_HOST", "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(path))
    for variable, folder in (("DATA", "data"), ("STATE", "state"), ("CACHE", "cache"), ("CONFIG", "config")):
        monkeypatch.setenv(f"XDG_{variable}_HOME", str(path / folder))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(path / "run"))
    monkeypatch.setenv("PATH", str(path / "bin"))
    monkeypatch.setattr(
        "undercurrent.oci.engines.enginesocket.SYSTEM_SOCKETS", {"docker": path / "d", "podman": path / "p"}
    )
    return path


@pytest.fixture
def settings(home: Path) -> Settings:
    """Settings that ask once; the embedded store and the evidence are in ``home``."""
    return Settings(net=NetSettings(retries=0, timeout_s=0.5))


@pytest.fixture
async def layout(tmp_path: Path, home: Path) -> Layout:
    """A layout with two images."""
    made = Layout.open(tmp_path / "images", create=True)
    await push_image(made, {"motd": b"one"}, "app:1.0")
    await push_image(made, {"motd": b"two"}, "acme/tool:2.0")
    return made


@pytest.fixture(scope="session")
def signer() -> PrivateKey:
    return PrivateKey.generate()


@pytest.fixture
def events() -> list[Event]:
    """What was observed: hand ``events.append`` to whoever observes."""
    return []
