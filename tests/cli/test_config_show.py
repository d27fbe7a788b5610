"""``uc config show``: what holds, and where it came from."""

from pathlib import Path
from typing import Any

import pytest
from tests.support.cli import Result, UcRunner


def setting(result: Result, name: str) -> Any:
    assert result.exit_code == 0, result.stderr
    return next(item for item in result.json["data"]["settings"] if item["name"] == name)


def test_without_anything_all_are_defaults(run_uc: UcRunner) -> None:
    result = run_uc("config", "show", "--json")

    assert (result.json["schema"], result.json["kind"]) == ("undercurrent/v1", "config")
    assert {item["origin"] for item in result.json["data"]["settings"]} == {"default"}
    assert result.json["data"]["files"] == []


def test_file_then_environment(run_uc: UcRunner) -> None:
    file = run_uc.folder / "undercurrent.toml"
    file.write_text('[net]\ntimeout_s = 7\nretries = 2\n[sbom]\nformats = ["cyclonedx"]\n')

    result = run_uc("config", "show", "--json", env={"UNDERCURRENT_NET_RETRIES": "9", "SBOM_FORMAT": "spdx"})

    assert setting(result, "net.timeout_s") | {"value": 7.0} == {
        "name": "net.timeout_s",
        "value": 7.0,
        "origin": "file",
        "where": str(file),
    }
    assert setting(result, "net.retries")["value"] == 9
    assert setting(result, "net.retries")["where"] == "UNDERCURRENT_NET_RETRIES"
    assert setting(result, "sbom.formats") == {
        "name": "sbom.formats",
        "value": ["spdx"],
        "origin": "environment",
        "where": "SBOM_FORMAT",
    }
    assert result.json["data"]["files"] == [str(file)]


def test_the_users_file_yields_to_the_projects(run_uc: UcRunner) -> None:
    users = run_uc.home / ".config" / "undercurrent" / "undercurrent.toml"
    users.parent.mkdir(parents=True)
    users.write_text("[net]\nretries = 1\ntimeout_s = 3\n")
    (run_uc.folder / "undercurrent.toml").write_text("[net]\nretries = 2\n")
    deeper = run_uc.folder / "a" / "b"
    deeper.mkdir(parents=True)

    result = run_uc("config", "show", "--json", cwd=deeper)

    assert setting(result, "net.retries")["value"] == 2
    assert setting(result, "net.timeout_s")["value"] == 3.0


def test_one_file_can_be_named(run_uc: UcRunner, tmp_path: Path) -> None:
    (run_uc.folder / "undercurrent.toml").write_text("[net]\nretries = 2\n")
    named = tmp_path / "other.toml"
    named.write_text("[net]\nretries = 3\n")

    assert setting(run_uc("config", "show", "--json", "--config", named), "net.retries")["value"] == 3
    by_variable = run_uc("config", "show", "--json", env={"UNDERCURRENT_CONFIG": str(named)})
    assert setting(by_variable, "net.retries")["value"] == 3


def test_people_see_names_values_and_origins(run_uc: UcRunner) -> None:
    result = run_uc("config", "show", env={"REGISTRY": "registry.example.com"})

    line = next(line for line in result.stdout.splitlines() if "images.default_registry" in line)
    assert line.split() == ["images.default_registry", "registry.example.com", "environment", "REGISTRY"]
    assert "files read: none" in result.stdout


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        (b"[net]\ntimeout = 3\n", "'net.timeout' cannot be set", "did you mean 'net.timeout_s'?"),
        (b"[nett]\ntimeout_s = 3\n", "'nett' cannot be set", "did you mean 'net'?"),
        (b"retries = 3\n", "'retries' cannot be set", "known are: net, images"),
        (b"[net]\ntimeout_s = -1\n", "net.timeout_s cannot be used", "uc config show"),
        (b"[net]\nretries = 'many'\n", "net.retries cannot be used", "uc config show"),
        (b"[net\n", "is not valid TOML", "https://toml.io"),
        (b"\xff\xfe", "is not valid TOML", "https://toml.io"),
    ],
)
def test_a_file_that_cannot_be_used(run_uc: UcRunner, content: bytes, message: str, hint: str) -> None:
    file = run_uc.folder / "undercurrent.toml"
    file.write_bytes(content)

    result = run_uc("config", "show")

    assert result.exit_code == 2
    assert result.stdout == ""
    first, second = result.stderr.splitlines()
    assert first.startswith(f"error[invalid-config]: {file}")
    assert message in first
    assert hint in second


def test_a_file_that_is_not_there(run_uc: UcRunner) -> None:
    result = run_uc("config", "show", "--config", "nowhere.toml")

    assert result.exit_code == 2
    assert "cannot read nowhere.toml: No such file or directory" in result.stderr


def test_an_environment_variable_that_cannot_be_used_is_named(run_uc: UcRunner) -> None:
    result = run_uc("config", "show", "--json", env={"SBOM_FORMAT": "cyclondx"})

    assert result.exit_code == 2
    assert result.json["kind"] == "error"
    assert result.json["error"]["code"] == "invalid-config"
    assert result.json["error"]["message"].startswith("SBOM_FORMAT: sbom.formats cannot be used")
    assert result.json["error"]["docs"] == "reference/errors/#invalid-config"


def test_a_secret_that_does_not_belong_there_is_not_shown(run_uc: UcRunner) -> None:
    pin = "pkcs11:token=a;object=b?pin-value=739215"
    text = f"""
        [signing]
        key = "{pin}"
        public_keys = ["{pin}", "a.pub"]
        [evidence]
        url = "postgresql://ada:hunter2@db.example.com/evidence"
    """
    (run_uc.folder / "undercurrent.toml").write_text(text)

    for flags in ((), ("--json",)):
        shown = run_uc("config", "show", *flags).stdout
        assert "739215" not in shown
        assert "hunter2" not in shown
    result = run_uc("config", "show", "--json")
    assert setting(result, "signing.key")["value"] == pin.replace("739215", "***")
    assert setting(result, "signing.public_keys")["value"][1] == str(run_uc.folder / "a.pub")
