"""``uc completion``: scripts that their shells can read, and that complete."""

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.support.cli import UcRunner

CHECKS = {"bash": ["bash", "-n"], "zsh": ["zsh", "-n"], "fish": ["fish", "--no-execute"]}


@pytest.mark.parametrize("shell", CHECKS)
def test_the_shell_can_read_the_script(run_uc: UcRunner, tmp_path: Path, shell: str) -> None:
    result = run_uc("completion", shell)

    assert result.exit_code == 0
    assert "_UC_COMPLETE" in result.stdout
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed; install it with: apt-get install {shell}")
    script = tmp_path / "script"
    script.write_text(result.stdout)
    subprocess.run([*CHECKS[shell], script], check=True)


@pytest.mark.parametrize(
    ("words", "completed"),
    [("uc ev", "evidence"), ("uc config sh", "show"), ("uc completion z", "zsh"), ("uc config show --js", "--json")],
)
def test_commands_options_and_values_are_completed(run_uc: UcRunner, words: str, completed: str) -> None:
    count = len(words.split()) - 1
    variables = {"_UC_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(count)}

    result = run_uc(env=variables)

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [f"plain,{completed}"]


def test_another_shell_is_refused(run_uc: UcRunner) -> None:
    result = run_uc("completion", "tcsh")

    assert result.exit_code == 2
    assert "tcsh" in result.stderr
