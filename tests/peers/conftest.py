"""Real servers for the peer tests: one of each a session, so every test uses repositories of its own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.support.containers import Workshop, workshop
from tests.support.controlplane import ApiServer, api_server
from tests.support.engines import EngineServer, docker, podman
from tests.support.servers import RegistryServer, distribution, referrers_registry
from tests.support.sigstore_stack import Sigstore, sigstore_stack

from undercurrent.oci.stores import Stores
from undercurrent.settings import Settings

REGISTRIES = ("distribution2", "distribution3", "with_referrers")
ENGINES = ("podman_engine", "docker_engine")
GUARDED = ("guarded_distribution2", "guarded_distribution3")


@pytest.fixture(scope="session")
def distribution2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryServer]:
    """Distribution 2.8: no referrers API."""
    with distribution("docker-registry", tmp_path_factory.mktemp("distribution2")) as server:
        yield server


@pytest.fixture(scope="session")
def distribution3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryServer]:
    """Distribution 3: no referrers API either."""
    with distribution("registry", tmp_path_factory.mktemp("distribution3")) as server:
        yield server


@pytest.fixture(scope="session")
def with_referrers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryServer]:
    """A registry with the referrers API."""
    with referrers_registry(tmp_path_factory.mktemp("with_referrers")) as server:
        yield server


@pytest.fixture(scope="session")
def guarded_distribution2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryServer]:
    """Distribution 2.8 behind a password."""
    folder = tmp_path_factory.mktemp("guarded_distribution2")
    with distribution("docker-registry", folder, username="ada", password="a pass:word é") as server:
        yield server


@pytest.fixture(scope="session")
def guarded_distribution3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegistryServer]:
    """Distribution 3 behind a password."""
    folder = tmp_path_factory.mktemp("guarded_distribution3")
    with distribution("registry", folder, username="ada", password="a pass:word é") as server:
        yield server


@pytest.fixture(scope="session")
def podman_engine() -> Iterator[EngineServer]:
    """Podman's service, with no image at first."""
    with podman() as server:
        yield server


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[EngineServer]:
    """Docker's daemon, with no image at first."""
    with docker() as server:
        yield server


@pytest.fixture(scope="session")
def containers() -> Iterator[Workshop]:
    """Storage for podman and buildah that has the stand-ins for public images; one for all tests."""
    with workshop() as made:
        yield made


@pytest.fixture(scope="session")
def sigstore(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sigstore]:
    """Fulcio, its log, Rekor, a timestamp authority and an issuer."""
    with sigstore_stack(tmp_path_factory.mktemp("sigstore")) as stack:
        yield stack


@pytest.fixture(scope="session")
def kubernetes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A Kubernetes API server over etcd; no node, no controller."""
    with api_server(tmp_path_factory.mktemp("kubernetes")) as server:
        yield server


@pytest.fixture(scope="session", params=ENGINES)
def engine_server(request: pytest.FixtureRequest) -> EngineServer:
    """Podman and docker in turn."""
    server: EngineServer = request.getfixturevalue(request.param)
    return server


@pytest.fixture(scope="session", params=REGISTRIES)
def registry_server(request: pytest.FixtureRequest) -> RegistryServer:
    """Each of the three open registries in turn."""
    server: RegistryServer = request.getfixturevalue(request.param)
    return server


@pytest.fixture(scope="session", params=GUARDED)
def guarded_server(request: pytest.FixtureRequest) -> RegistryServer:
    """Each of the registries that want a password in turn."""
    server: RegistryServer = request.getfixturevalue(request.param)
    return server


@pytest.fixture
def repository_name(request: pytest.FixtureRequest) -> str:
    """A repository path that no other test uses."""
    words = "".join(letter if letter.isalnum() else " " for letter in request.node.name.lower()).split()
    return "tests/" + "-".join(words)


@pytest.fixture
async def stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stores]:
    """uc's stores, without the credentials of whoever runs the tests."""
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(tmp_path / "no-credentials.json"))
    async with Stores(Settings()) as opened:
        yield opened
