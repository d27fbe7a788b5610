"""The toolkit's scripts with the flags and variables of the brief: a real podman, a real registry, the real cosign."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.support.cosign import PASSWORD, Cosign, CosignRefusedError, cosign_with_key
from tests.support.engines import EngineServer, podman
from tests.support.images import layer_tar, python_package
from tests.support.servers import RegistryServer, distribution

SCRIPTS = Path(__file__).parents[2] / "toolkit" / "01_image_signing"


@dataclass(frozen=True, slots=True)
class Desk:
    """A user's folder, with nothing in it but their own cosign key, beside their podman."""

    home: Path
    engine: EngineServer
    cosign: Cosign
    variables: dict[str, str]

    def build(self, name: str, **packages: str) -> None:
        """Puts an image with these Python packages into podman."""
        files = {path: content for pair in packages.items() for path, content in python_package(*pair).items()}
        rootfs = self.home / "rootfs.tar"
        rootfs.write_bytes(layer_tar({"name": name.encode(), **files}))
        self.engine.run("import", rootfs, name)

    def run(self, script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Runs one of the scripts as this user does."""
        command = [str(SCRIPTS / script), *arguments]
        return subprocess.run(
            command, cwd=self.home, env=self.variables, capture_output=True, text=True, check=False, timeout=120
        )

    def told(self, **variables: str) -> "Desk":
        """The same desk with variables set."""
        return replace(self, variables=self.variables | variables)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    for name in ("home", "cosign"):
        (tmp_path / name).mkdir()
    cosign = cosign_with_key(tmp_path / "cosign")
    with podman() as engine:
        variables = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(tmp_path / "home"),
            "CONTAINER_HOST": f"unix://{engine.socket}",
            "COSIGN_KEY": str(cosign.key),
            "COSIGN_PASSWORD": PASSWORD,
        }
        yield Desk(tmp_path / "home", engine, cosign, variables)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[RegistryServer]:
    """A registry that holds nothing else."""
    (tmp_path / "registry").mkdir()
    with distribution("registry", tmp_path / "registry") as server:
        yield server


def test_one_image_is_signed_in_the_embedded_store(desk: Desk) -> None:
    desk.build("myapp:v1.0")
    signed = desk.run("sign_all_images.sh", "myapp:v1.0")
    assert signed.returncode == 0, signed.stderr
    assert "podman" in signed.stdout + signed.stderr
    verified = desk.run("verify_signatures.sh", "myapp:v1.0")
    assert verified.returncode == 0, verified.stderr
    assert "verified" in verified.stdout


def test_what_was_built_again_has_to_be_signed_again(desk: Desk) -> None:
    desk.build("myapp:v1.0", requests="2.32.0")
    assert desk.run("sign_all_images.sh", "myapp:v1.0").returncode == 0
    desk.build("myapp:v1.0", requests="2.33.0")
    refused = desk.run("verify_signatures.sh", "myapp:v1.0")
    assert (refused.returncode, "another build" in refused.stdout) == (1, True), refused.stdout
    assert desk.run("verify_signatures.sh").returncode == 1
    assert desk.run("sign_all_images.sh", "myapp:v1.0").returncode == 0
    assert desk.run("verify_signatures.sh", "myapp:v1.0").returncode == 0


def test_one_image_is_pushed_and_signed_in_the_registry(desk: Desk, registry: RegistryServer) -> None:
    desk.build("myapp:v1.0")
    there = desk.told(REGISTRY=registry.host)
    signed = there.run("sign_all_images.sh", "myapp:v1.0")
    assert signed.returncode == 0, signed.stderr
    assert registry.host in signed.stdout + signed.stderr
    for legacy in (True, False):
        assert desk.cosign.verify(f"{registry.host}/myapp:v1.0", legacy=legacy)
    assert there.run("verify_signatures.sh", "myapp:v1.0").returncode == 0
    again = there.run("sign_all_images.sh", "myapp:v1.0")
    assert again.returncode == 0, again.stderr
    assert len(desk.cosign.verify(f"{registry.host}/myapp:v1.0", legacy=True)) == 1


def test_without_arguments_it_is_every_image_of_the_engine(desk: Desk, registry: RegistryServer) -> None:
    names = ["one:1.0", "two:1.0", "team/three:2.0"]
    for name in names:
        desk.build(name)
    there = desk.told(REGISTRY=registry.host)
    signed = there.run("sign_all_images.sh")
    assert signed.returncode == 0, signed.stderr
    for name in names:
        assert desk.cosign.verify(f"{registry.host}/{name}", legacy=True)
    assert there.run("verify_signatures.sh").returncode == 0


def test_all_of_a_registry_is_signed_and_one_that_is_not_is_refused(desk: Desk, registry: RegistryServer) -> None:
    for name in ("one:1.0", "team/two:1.0"):
        desk.build(name)
        desk.engine.run("push", "--tls-verify=false", name, f"docker://{registry.host}/{name}")
    every = ("--all", "--registry", registry.host)
    refused = desk.run("verify_signatures.sh", *every)
    assert (refused.returncode, "unsigned" in refused.stdout) == (1, True)
    signed = desk.run("sign_all_images.sh", *every)
    assert signed.returncode == 0, signed.stderr
    assert desk.run("verify_signatures.sh", *every).returncode == 0
    for name in ("one:1.0", "team/two:1.0"):
        assert desk.cosign.verify(f"{registry.host}/{name}", legacy=False)
    desk.build("late:1.0")
    desk.engine.run("push", "--tls-verify=false", "late:1.0", f"docker://{registry.host}/late:1.0")
    with pytest.raises(CosignRefusedError):
        desk.cosign.verify(f"{registry.host}/late:1.0", legacy=False)
    assert desk.run("verify_signatures.sh", *every).returncode == 1


@pytest.mark.parametrize(("form", "list_of"), [("spdx", "packages"), ("cyclonedx", "components")])
def test_an_sbom_lists_what_is_in_the_image(form: str, list_of: str, desk: Desk) -> None:
    desk.build("myapp:v1.0", requests="2.32.0", click="8.1.7")
    made = desk.told(SBOM_FORMAT=form).run("generate_sbom.sh", "myapp:v1.0")
    assert made.returncode == 0, made.stderr
    (document,) = (json.loads(path.read_text()) for path in desk.home.glob("*.json"))
    assert {"requests", "click"} <= {entry["name"] for entry in document[list_of]}


def test_what_does_not_answer_could_not_be_checked(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    with distribution("registry", tmp_path / "gone") as gone:
        pass
    down = desk.run("verify_signatures.sh", f"{gone.host}/myapp:v1.0")
    assert down.returncode == 4
    assert gone.host in down.stdout + down.stderr
