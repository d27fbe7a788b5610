"""``uc doctor``."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.cli import UcRunner, command_line_environment


def on_a_terminal(home: Path, *arguments: str, **env: str) -> str:
    """What somebody sees who runs it on a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    environment = command_line_environment(home, TERM="xterm-256color", **env)
    program = Path(sys.executable).with_name("uc")
    with subprocess.Popen([program, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=environment):
        os.close(theirs)
        seen = b""
        try:
            while piece := os.read(ours, 65536):
                seen += piece
        except OSError:  # Linux says so when the other side is gone
            pass
    os.close(ours)
    return seen.decode()


def test_it_never_fails_over_what_is_missing(run_uc: UcRunner, tmp_path: Path) -> None:
    result = run_uc("doctor", env={"PATH": str(tmp_path)})

    assert result.exit_code == 0
    assert "cosign" in result.stdout
    assert "What would bring the rest" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_machines_get_everything(run_uc: UcRunner) -> None:
    result = run_uc("doctor", "--json")

    capabilities = {item["name"]: item for item in result.json["data"]["capabilities"]}
    assert result.json["kind"] == "doctor"
    assert set(capabilities["syft"]) == {
        "name",
        "kind",
        "present",
        "version",
        "path",
        "enables",
        "install",
        "planned",
    }
    assert capabilities["syft"]["present"] is True
    assert capabilities["data-folder"]["path"] == str(run_uc.home / ".local/share/undercurrent")


@pytest.mark.parametrize("arguments", [["--require", "syft", "--require", "data-folder"], ["--require", "syft,utf-8"]])
def test_what_is_required_and_here(run_uc: UcRunner, arguments: list[str]) -> None:
    result = run_uc("doctor", *arguments)

    assert result.exit_code == 0
    assert result.stdout.endswith("2 of 2 are here\n")
    assert "podman" not in result.stdout


def test_what_is_required_and_missing(run_uc: UcRunner, tmp_path: Path) -> None:
    result = run_uc("doctor", "--require", "syft,firecracker", env={"PATH": str(tmp_path)})

    assert result.exit_code == 3
    assert result.stdout.endswith("missing: firecracker\n")


def test_what_nothing_is_called(run_uc: UcRunner) -> None:
    result = run_uc("doctor", "--require", "cosgn")

    assert result.exit_code == 2
    assert "did you mean cosign?" in result.stderr


def test_colours_are_for_terminals_and_can_be_refused(run_uc: UcRunner) -> None:
    assert "\x1b[" in on_a_terminal(run_uc.home, "doctor", "--require", "syft")
    plain = on_a_terminal(run_uc.home, "doctor", "--require", "syft", NO_COLOR="1")
    assert "\x1b[" not in plain
    assert "yes" in plain
