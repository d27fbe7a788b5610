"""Help, versions, languages, and what happens to typing errors."""

import re
import subprocess
import sys

import pytest
from tests.support.cli import UcRunner, command_line_environment

from undercurrent import __version__
from undercurrent.cli.main import COMMANDS

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_help_lists_every_command_in_its_section(run_uc: UcRunner) -> None:
    result = run_uc("--help")

    assert result.exit_code == 0
    assert result.stderr == ""
    for section in {entry.section for entry in COMMANDS.values()}:
        assert f"\n{section}:\n" in result.stdout
    for name, entry in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(entry.summary.split()[0])}", result.stdout, re.MULTILINE)
    assert "4 could" in " ".join(result.stdout.split())
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], []])
def test_help_can_be_had_in_three_ways(run_uc: UcRunner, arguments: list[str]) -> None:
    result = run_uc(*arguments)

    assert "Usage: uc" in result.stdout + result.stderr


def test_the_version(run_uc: UcRunner) -> None:
    assert run_uc("--version").stdout == f"undercurrent {__version__}\n"


def test_the_module_is_the_same_program(run_uc: UcRunner) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "undercurrent", "--help"],
        capture_output=True,
        text=True,
        env=command_line_environment(run_uc.home),
        check=True,
    )

    assert done.stdout == run_uc("--help").stdout


@pytest.mark.parametrize(
    ("arguments", "env"),
    [
        (["--lang", "zh", "--help"], {}),
        (["--lang=zh_CN", "--help"], {}),
        (["--help"], {"LANG": "zh_CN.UTF-8"}),
        (["--help"], {"LANGUAGE": "zh:en"}),
    ],
)
def test_chinese_can_be_asked_for(run_uc: UcRunner, arguments: list[str], env: dict[str, str]) -> None:
    result = run_uc(*arguments, env=env)

    assert result.exit_code == 0
    assert CHINESE.search(result.stdout)
    assert all(name in result.stdout for name in COMMANDS)


def test_english_wins_where_it_is_asked_for(run_uc: UcRunner) -> None:
    result = run_uc("--lang", "en", "--help", env={"LANG": "zh_CN.UTF-8"})

    assert not CHINESE.search(result.stdout)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [(["imgae"], "image"), (["doctr"], "doctor"), (["config", "shwo"], "show"), (["evidnce"], "evidence")],
)
def test_a_misspelt_command_gets_a_suggestion(run_uc: UcRunner, typed: list[str], meant: str) -> None:
    result = run_uc(*typed)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert f"There is no command '{typed[-1]}'. Did you mean {meant}" in result.stderr


def test_a_misspelt_option_gets_a_suggestion(run_uc: UcRunner) -> None:
    result = run_uc("config", "show", "--jsn")

    assert result.exit_code == 2
    assert "--jsn" in result.stderr
    assert "--json" in result.stderr


def test_a_command_nobody_could_have_meant(run_uc: UcRunner) -> None:
    result = run_uc("xyzzy")

    assert result.exit_code == 2
    assert "There is no command 'xyzzy'." in result.stderr
    assert "Did you mean" not in result.stderr


def test_a_reader_that_goes_away_gets_no_traceback(run_uc: UcRunner) -> None:
    done = subprocess.run(
        ["bash", "-c", '"$0" -m undercurrent --help | true', sys.executable],
        capture_output=True,
        text=True,
        env=command_line_environment(run_uc.home),
        check=False,
    )

    assert done.stderr == ""
