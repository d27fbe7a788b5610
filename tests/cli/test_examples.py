"""Every example is run, and does what it says."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from tests.support.background import in_background
from tests.support.cli import UcRunner, command_line_environment
from tests.support.keyservice import TOKEN, key_service
from tests.support.registry import FakeRegistry
from tests.support.source import ROOT

from undercurrent.signing.policy.model import schema

EXAMPLES = ROOT / "examples"
PIPELINE = EXAMPLES / "03-pipeline"
NO_PASSWORD = {"COSIGN_PASSWORD": ""}


def run_program(
    run_uc: UcRunner, *command: str | Path, env: Mapping[str, str] = NO_PASSWORD
) -> "subprocess.CompletedProcess[str]":
    environ = command_line_environment(run_uc.home, **env)
    environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), environ["PATH"]))
    return subprocess.run(
        command, cwd=run_uc.folder, env=environ, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with in_background(FakeRegistry(basic=("ada", "secret"))) as server:
        yield server


def test_every_example_is_listed() -> None:
    listed = (EXAMPLES / "README.md").read_text("utf-8")

    assert all(f"({path.name})" in listed for path in EXAMPLES.iterdir() if path.name != "README.md")


def test_01_the_main_job_as_a_script(run_uc: UcRunner) -> None:
    (run_uc.folder / "files").mkdir()
    (run_uc.folder / "files" / "motd").write_text("hello\n")
    for outcome in ("1 changed", "0 changed"):
        done = run_program(run_uc, EXAMPLES / "01-main-job.sh", "files")
        assert done.returncode == 0, done.stderr
        assert outcome in done.stdout
        assert "1 verified" in done.stdout
    assert json.loads((run_uc.folder / "app.spdx.json").read_text())["spdxVersion"] == "SPDX-2.3"


def test_02_the_library(run_uc: UcRunner) -> None:
    (run_uc.folder / "files").mkdir()
    for name in ("one:1.0", "two:1.0"):
        (run_uc.folder / "files" / "motd").write_text(name)
        assert run_uc("image", "pack", "files", "-t", name, "--layout", "images").exit_code == 0
    assert run_uc("key", "generate", env=NO_PASSWORD).exit_code == 0

    first, second = (
        run_program(run_uc, sys.executable, EXAMPLES / "02-library.py", "images", "cosign.key") for _round in range(2)
    )

    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert first.stdout.splitlines() == [f"{name} verified now bundle legacy" for name in ("one:1.0", "two:1.0")]
    assert second.stdout == first.stdout.replace("now", "already")
    assert run_uc("image", "verify", "--all", "--layout", "images").exit_code == 0


def commands_of(pipeline: Path) -> list[str]:
    """The commands that a pipeline gives to its shell, from ``uc`` on."""
    document: Any = yaml.safe_load(pipeline.read_text("utf-8"))
    if "jobs" in document:
        steps = document["jobs"]["verify"]["steps"]
        lines = [step["run"] for step in steps if "run" in step]
    else:
        lines = document["verify-images"]["script"]
    return [line for line in lines if "uc " in line]


@pytest.mark.parametrize("name", ["github-actions.yml", "gitlab-ci.yml"])
def test_03_a_pipeline(run_uc: UcRunner, registry: FakeRegistry, name: str) -> None:
    registry.put_image("acme/app", "1.0")
    registry.put_image("acme/app", "pr-17", layers=(b"not merged",))
    settings = (PIPELINE / "undercurrent.toml").read_text().replace("ghcr.io", registry.host)
    (run_uc.folder / "undercurrent.toml").write_text(settings)
    assert run_uc("key", "generate", env=NO_PASSWORD).exit_code == 0
    login, verify = commands_of(PIPELINE / name)
    variables = {"TOKEN": "secret", "GITHUB_ACTOR": "ada", "CI_REGISTRY_PASSWORD": "secret", "CI_REGISTRY_USER": "ada"}
    exports = "".join(f"export {key}={value}\n" for key, value in variables.items())
    exports += f"export CI_REGISTRY={registry.host}\n"

    logged_in = run_program(run_uc, "bash", "-c", exports + login.replace("ghcr.io", registry.host))
    found = run_program(run_uc, "bash", "-c", verify)

    assert logged_in.returncode == 0, logged_in.stderr
    assert found.returncode == 1, found.stderr
    sarif = json.loads((run_uc.folder / "images.sarif").read_text())
    assert [result["ruleId"] for result in sarif["runs"][0]["results"]] == ["UC201"]
    assert tomllib.loads(settings)["images"]["exclude"] == ["*:pr-*"]
    signed = run_uc("image", "sign", "--all", "--key", "cosign.key", env=NO_PASSWORD)
    assert signed.exit_code == 0, signed.stderr
    assert run_program(run_uc, "bash", "-c", verify).returncode == 0


def test_04_a_plugin_that_signs(run_uc: UcRunner, tmp_path: Path) -> None:
    source = shutil.copytree(EXAMPLES / "04-signer-plugin", tmp_path / "source")  # building writes beside it
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--target", tmp_path / "installed")
    installed = run_program(run_uc, sys.executable, "-m", "pip", "install", *offline, source)
    (run_uc.folder / "files").mkdir()
    for tag in ("1.0", "2.0"):
        (run_uc.folder / "files" / "motd").write_text(tag)
        run_uc("image", "pack", "files", "-t", f"app:{tag}", "--layout", "images")
    sign = ("uc", "image", "sign", "--all", "--layout", "images", "--key", "cloudkey://release")
    verify = ("image", "verify", "--all", "--layout", "images", "--key", "service.pub")

    with key_service() as service:
        env = {"PYTHONPATH": str(tmp_path / "installed"), "CLOUDKEY_URL": service.url, "CLOUDKEY_TOKEN": TOKEN}
        stranger = run_program(run_uc, *sign, env={**env, "CLOUDKEY_TOKEN": "guess"})
        service.damaged = True
        damaged = run_program(run_uc, *sign, env=env)
        service.damaged = False
        (run_uc.folder / "service.pub").write_text(service.public)
        untouched = run_uc(*verify)
        signed = run_program(run_uc, *sign, env=env)
        made = service.signed
        again = run_program(run_uc, *sign, env=env)
        assert service.signed == made

    assert installed.returncode == 0, installed.stderr
    assert (stranger.returncode, damaged.returncode) == (4, 3)
    assert "error[unauthorized]: the key service does not know this token" in stranger.stderr
    assert damaged.stdout.count("the plug-in cloudkey signs wrongly") == 2
    assert "2 unsigned" in untouched.stdout
    assert (signed.returncode, again.returncode) == (0, 0), signed.stderr
    assert "2 changed" in signed.stdout
    assert "2 left alone" in again.stdout
    assert run_uc(*verify).exit_code == 0
    unknown = run_uc("image", "sign", "--all", "--layout", "images", "--key", "cloudkey://release")
    assert unknown.exit_code == 2
    assert "no plug-in is installed for keys of cloudkey://" in unknown.stderr


def test_05_a_policy_holds_on_its_cases(run_uc: UcRunner) -> None:
    policy = EXAMPLES / "05-policy" / "policy.toml"
    Draft202012Validator(schema()).validate(tomllib.loads(policy.read_text("utf-8")))
    shutil.copytree(policy.parent, run_uc.folder, dirs_exist_ok=True)

    done = run_uc("policy", "test", "policy.toml", "cases")

    assert done.exit_code == 0, done.stdout
    assert done.stdout.splitlines()[-1] == "6 as expected, 0 different"
