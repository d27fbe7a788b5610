"""The four templates, built and proved, on stand-ins for the public images that they name: no registry is reachable."""

import json
import re
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from tests.support.cli import UcRunner
from tests.support.containers import Workshop
from tests.support.source import ROOT

from undercurrent.hardening.templates import KINDS

SOURCES = Path(__file__).parent / "begun"
TOOLKIT = ROOT / "toolkit" / "02_rootless_templates"
ADDED = {"alpine": 4_000_000, "ubuntu": 1_000_000, "python": 3_000_000, "nodejs": 1_000_000}
"""Bytes that what lies above the base may take when it is pulled, half as much again as it does at least: a static
program in Go takes 2.5 MB, copies of the base's set-id programs without that bit 0.4 MB, a venv 1.7 MB."""
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


@pytest.mark.parametrize(("begun", "most"), ADDED.items(), indirect=["begun"])
def test_what_a_template_adds_to_its_base_is_small(
    containers: Workshop, begun: Path, most: int, tmp_path: Path
) -> None:
    base = re.findall(r"^ARG BASE_IMAGE=(\S+)", (begun / "Dockerfile").read_text(), re.MULTILINE)[-1]
    below = json.loads(containers.run("podman", "image", "inspect", base).stdout)[0]["RootFS"]["Layers"]
    containers.run("podman", "push", "--quiet", _built(containers, begun), f"oci:{tmp_path}/layout:it")

    unpacked, pulled = _layers(tmp_path / "layout")

    assert unpacked[: len(below)] == below, "the base lies below it as it was"
    assert sum(pulled[len(below) :]) < most, pulled


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


def _layers(layout: Path) -> tuple[list[str], list[int]]:
    """Digests of what the layers of a layout's only image unpack to, and bytes of each as it is pulled, by gzip."""

    def read(digest: str) -> Any:
        return json.loads((layout / "blobs" / digest.replace(":", "/")).read_text())

    manifest = read(json.loads((layout / "index.json").read_text())["manifests"][0]["digest"])
    digests: list[str] = read(manifest["config"]["digest"])["rootfs"]["diff_ids"]
    return digests, [layer["size"] for layer in manifest["layers"]]


def _is_healthy(containers: Workshop, name: str) -> bool:
    if containers.run("podman", "healthcheck", "run", name, check=False).returncode == 0:
        return True
    time.sleep(_PAUSE_S)
    return False
