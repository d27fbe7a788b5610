"""The four templates, built and proved, on stand-ins for the public images that they name: no registry is reachable."""

import shutil
import time
from pathlib import Path

import pytest
from tests.support.cli import UcRunner
from tests.support.containers import Workshop
from tests.support.source import ROOT

from undercurrent.hardening.templates import KINDS

SOURCES = Path(__file__).parent / "begun"
TOOLKIT = ROOT / "toolkit" / "02_rootless_templates"
_TRIES, _PAUSE_S = 100, 0.1


@pytest.fixture
def begun(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A small application with the toolkit's template as its Dockerfile, as the brief has it."""
    folder = shutil.copytree(SOURCES / request.param, tmp_path / "myapp")
    shutil.copy(TOOLKIT / f"{request.param}.Dockerfile", folder / "Dockerfile")
    return folder


@pytest.mark.parametrize("begun", KINDS, indirect=True)
def test_it_is_rootless_in_the_running_container(containers: Workshop, run_uc: UcRunner, begun: Path) -> None:
    proved = run_uc("harden", "prove", begun, "--probe", "http://:8080/", "--json", env=containers.environ)

    assert proved.exit_code == 0, proved.stderr + proved.stdout
    assert proved.json["data"]["verdict"] == "rootless"
    assert not proved.json["data"]["missing"]


@pytest.mark.parametrize("begun", KINDS, indirect=True)
def test_the_same_source_builds_the_same_image(containers: Workshop, begun: Path) -> None:
    # Not from the cache, or it would be the first one itself. Docker's format, and layers that are kept for a cache,
    # make buildah write the random name of its working container into the image: what there is beside that is compared.
    plain = ("--no-cache", "--layers=false", "--format=oci")
    assert _built(containers, begun, *plain) == _built(containers, begun, *plain)


@pytest.mark.parametrize("begun", KINDS, indirect=True)
def test_it_is_healthy(containers: Workshop, begun: Path) -> None:
    """The check in the template says so, and says otherwise where nobody listens."""
    image = _built(containers, begun, "--format=docker")
    hard = ("--network=none", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")
    name = containers.run("podman", "run", "--detach", *hard, image).stdout.strip()
    try:
        healthy = any(_is_healthy(containers, name) for _try in range(_TRIES))
        elsewhere = containers.run("podman", "run", "--detach", *hard, "--env=PORT=9999", image).stdout.strip()
        unhealthy = containers.run("podman", "healthcheck", "run", elsewhere, check=False).returncode
    finally:
        containers.run("podman", "rm", "--all", "--force", "--time=0")

    assert healthy
    assert unhealthy == 1


def _built(containers: Workshop, folder: Path, *options: str) -> str:
    """The image that the folder builds, without a date in it."""
    build = ("podman", "build", "--quiet", "--network=none", "--timestamp=0")
    return containers.run(*build, *options, folder).stdout.strip()


def _is_healthy(containers: Workshop, name: str) -> bool:
    if containers.run("podman", "healthcheck", "run", name, check=False).returncode == 0:
        return True
    time.sleep(_PAUSE_S)
    return False
