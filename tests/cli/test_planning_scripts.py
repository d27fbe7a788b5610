"""The brief's scripts about risk and windows: a way to the commands, in Chinese where nobody chose a language."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.cli import command_line_environment
from tests.support.source import ROOT

FOLDER = ROOT / "toolkit" / "scripts"
SAMPLES = Path(__file__).parent / "samples"
RISK = [sys.executable, "risk_assessor.py"]
WINDOW = ["./window_checker.sh"]


def run(home: Path, command: list[str], **environ: str) -> "subprocess.CompletedProcess[bytes]":
    """Runs a script as the brief does, in its folder, without any language unless one is given."""
    usual = command_line_environment(home)
    usual["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), usual["PATH"]))
    del usual["LANG"]
    return subprocess.run(command, cwd=FOLDER, env=usual | environ, capture_output=True, check=False, timeout=120)


@pytest.mark.parametrize("environ", [{}, {"LANG": "C.UTF-8"}])
def test_the_samples_byte_for_byte(tmp_path: Path, environ: dict[str, str]) -> None:
    risk = run(tmp_path, [*RISK, "--profile", "conservative"], **environ)
    window = run(tmp_path, [*WINDOW, "--date", "2025-10-22"], **environ)

    assert (risk.stdout, risk.stderr, risk.returncode) == ((SAMPLES / "risk.zh.txt").read_bytes(), b"", 0)
    assert (window.stdout, window.stderr, window.returncode) == ((SAMPLES / "window.zh.txt").read_bytes(), b"", 0)


@pytest.mark.parametrize(
    ("command", "environ"), [(RISK, {"LANG": "en_US.UTF-8"}), (RISK, {"LC_ALL": "C"}), (WINDOW, {"LC_ALL": "C"})]
)
def test_a_language_that_was_chosen_is_spoken(tmp_path: Path, command: list[str], environ: dict[str, str]) -> None:
    result = run(tmp_path, command, **environ)

    assert result.stdout.startswith((b"===== Risk assessment", b"===== Windows of opportunity"))


def test_flags_and_exit_codes_are_handed_on(tmp_path: Path) -> None:
    wrong = run(tmp_path, [*RISK, "--nonsense"])
    judged = run(tmp_path, [*WINDOW, "--date", "2025-12-31", "--exit-code", "--lang", "en"])

    assert wrong.returncode == 2
    assert "--nonsense" in wrong.stderr.decode()
    assert judged.returncode == 1
    assert judged.stdout.startswith(b"===== Windows of opportunity")


def test_without_uc_it_says_what_installs_it(tmp_path: Path) -> None:
    scripts = tmp_path / "toolkit" / "scripts"
    scripts.mkdir(parents=True)
    for name in ("risk_assessor.py", "window_checker.sh"):
        (scripts / name).write_bytes((FOLDER / name).read_bytes())
        (scripts / name).chmod(0o755)
    bare = {"PATH": os.pathsep.join(("/usr/bin", "/bin"))}

    # -I -S: an interpreter without the packages of this one.
    for command in ([sys.executable, "-I", "-S", "risk_assessor.py"], WINDOW):
        result = subprocess.run(command, cwd=scripts, env=bare, capture_output=True, check=False, timeout=60)
        assert result.returncode == 3, result.stdout
        assert b"make demo" in result.stderr
