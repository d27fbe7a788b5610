"""The toolkit's scripts hand everything to uc: names, flags, variables, exit codes."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.support.background import in_background
from tests.support.cli import UcRunner, command_line_environment
from tests.support.fakeengine import FakeEngine
from tests.support.registry import FakeRegistry
from tests.support.source import ROOT

FOLDER = ROOT / "toolkit" / "01_image_signing"
SCRIPTS = sorted(path.name for path in FOLDER.glob("*.sh"))
WITHOUT_UC = os.pathsep.join(("/usr/bin", "/bin"))


@dataclass(frozen=True, slots=True)
class Desk:
    """A folder with a key, and the variables of whoever works there."""

    folder: Path
    home: Path
    environ: dict[str, str] = field(default_factory=dict)

    def __call__(self, script: str | Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
        environ = command_line_environment(self.home, COSIGN_PASSWORD="", COLUMNS="200")
        environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), environ["PATH"]))
        return subprocess.run(
            [str(FOLDER / script), *arguments],
            cwd=self.folder,
            env=environ | self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


@pytest.fixture
def desk(run_uc: UcRunner, tmp_path: Path) -> Desk:
    keys = tmp_path / "keys"
    keys.mkdir()
    made = run_uc("key", "generate", keys / "team.key", env={"COSIGN_PASSWORD": ""})
    assert made.exit_code == 0, made.stderr
    nobody = dict.fromkeys(("DOCKER_HOST", "CONTAINER_HOST"), f"unix://{tmp_path / 'no.sock'}")
    return Desk(run_uc.folder, run_uc.home, {"COSIGN_KEY": str(keys / "team.key"), **nobody})


@pytest.fixture
def layout(run_uc: UcRunner, desk: Desk) -> Path:
    """A layout that undercurrent.toml names, with two images."""
    (run_uc.folder / "files").mkdir()
    for name in ("one:1.0", "two:1.0"):
        (run_uc.folder / "files" / "motd").write_text(name)
        packed = run_uc("image", "pack", "files", "-t", name, "--layout", "images")
        assert packed.exit_code == 0, packed.stderr
    (run_uc.folder / "undercurrent.toml").write_text('[images]\nlayouts = ["images"]\n')
    return run_uc.folder / "images"


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with in_background(FakeRegistry()) as server:
        yield server


def test_the_scripts_of_the_brief_are_there() -> None:
    assert SCRIPTS == ["generate_sbom.sh", "sign_all_images.sh", "verify_signatures.sh"]
    assert all(os.access(FOLDER / script, os.X_OK) for script in SCRIPTS)


def test_without_arguments_it_is_every_image_that_the_file_names(desk: Desk, layout: Path) -> None:
    unsigned = desk("verify_signatures.sh")
    signed = desk("sign_all_images.sh")
    verified = desk("verify_signatures.sh")

    assert (unsigned.returncode, signed.returncode, verified.returncode) == (1, 0, 0), signed.stderr
    assert "2 changed" in signed.stdout
    assert "2 verified" in verified.stdout


def test_a_name_is_one_image(desk: Desk, layout: Path) -> None:
    assert "1 changed" in desk("sign_all_images.sh", "one:1.0").stdout
    assert desk("verify_signatures.sh", "one:1.0").returncode == 0
    assert desk("verify_signatures.sh", "two:1.0").returncode == 1


def test_flags_are_passed_on(desk: Desk, layout: Path) -> None:
    assert "2 would be changed" in desk("sign_all_images.sh", "--all", "--dry-run").stdout
    assert '"kind": "image-verify"' in desk("verify_signatures.sh", "one:1.0", "--json").stdout


def test_all_images_of_a_registry(desk: Desk, registry: FakeRegistry) -> None:
    for name in ("one", "team/two"):
        registry.put_image(name, "1.0")
    everything = ("--all", "--registry", registry.host)

    assert desk("verify_signatures.sh", *everything).returncode == 1
    signed = desk("sign_all_images.sh", *everything)

    assert signed.returncode == 0, signed.stderr
    assert f"{registry.host}/team/two:1.0" in signed.stdout
    assert desk("verify_signatures.sh", *everything).returncode == 0


def test_a_bare_name_is_looked_for_in_the_registry_first(desk: Desk, layout: Path, registry: FakeRegistry) -> None:
    registry.put_image("one", "1.0")
    desk.environ["REGISTRY"] = registry.host

    signed = desk("sign_all_images.sh", "one:1.0")

    assert signed.returncode == 0, signed.stderr
    assert f"{registry.host}/one:1.0" in signed.stdout
    assert desk("verify_signatures.sh", "one:1.0").returncode == 0


def test_an_engines_image_is_signed_where_it_can_be(desk: Desk, registry: FakeRegistry, tmp_path: Path) -> None:
    engine = FakeEngine(tmp_path / "docker.sock")
    engine.add("hello", "myapp:v1.0")
    del desk.environ["CONTAINER_HOST"]
    desk.environ["DOCKER_HOST"] = f"unix://{engine.socket}"
    with in_background(engine):
        here = desk("sign_all_images.sh")
        assert here.returncode == 0, here.stderr
        assert "copied from docker to oci:" in here.stdout
        assert desk("verify_signatures.sh", "myapp:v1.0").returncode == 0

        desk.environ["REGISTRY"] = registry.host
        there = desk("sign_all_images.sh", "myapp:v1.0")
        assert there.returncode == 0, there.stderr
        assert f"copied from docker to {registry.host}/myapp:v1.0" in there.stdout
        assert desk("verify_signatures.sh", "myapp:v1.0").returncode == 0


@pytest.mark.parametrize(("chosen", "file"), [("spdx", "spdx.json"), ("cyclonedx", "cdx.json")])
def test_an_sbom_lies_in_the_working_folder(desk: Desk, layout: Path, chosen: str, file: str) -> None:
    desk.environ["SBOM_FORMAT"] = chosen

    made = desk("generate_sbom.sh", "one:1.0")

    assert made.returncode == 0, made.stderr
    assert [path.name.partition(".0-")[0] for path in desk.folder.glob(f"*.{file}")] == ["one_1"]


def test_an_sbom_goes_elsewhere_where_that_is_asked_for(desk: Desk, layout: Path) -> None:
    assert desk("generate_sbom.sh", "one:1.0", "--to", "sboms").returncode == 0
    assert len(list((desk.folder / "sboms").iterdir())) == 1
    assert not list(desk.folder.glob("*.json"))


def test_nobody_who_does_not_answer_is_unsigned(desk: Desk) -> None:
    desk.environ.update(REGISTRY="127.0.0.1:1", UNDERCURRENT_NET_RETRIES="0")

    assert desk("verify_signatures.sh", "myapp:v1.0").returncode == 4


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_repositorys_own_uc_serves_where_none_is_on_the_path(desk: Desk, tmp_path: Path, script: str) -> None:
    copy = shutil.copytree(FOLDER, tmp_path / "clone" / "toolkit" / "01_image_signing")
    desk.environ["PATH"] = WITHOUT_UC
    lacking = desk(copy / script, "myapp:v1.0")
    own = tmp_path / "clone" / ".venv" / "bin" / "uc"
    own.parent.mkdir(parents=True)
    own.symlink_to(Path(sys.executable).with_name("uc"))
    served = desk(copy / script, "--help")

    assert lacking.returncode == 3
    assert "make demo" in lacking.stderr
    assert served.returncode == 0, served.stderr
    assert "Usage: uc image" in served.stdout
