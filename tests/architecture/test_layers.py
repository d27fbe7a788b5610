"""The layers of pyproject.toml: kept, and none forgotten."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from tests.support.source import ROOT, SOURCE

NOT_A_LAYER = {"__init__", "__main__", "__pycache__", "locale", "py"}
"""The package itself, its entry point, and data."""


def contracts() -> list[dict[str, Any]]:
    settings: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    listed: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return listed


def test_imports_keep_the_contracts() -> None:
    program = Path(sys.executable).with_name("lint-imports")

    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_every_package_has_its_layer() -> None:
    (layered,) = [contract for contract in contracts() if contract["type"] == "layers"]
    named = {name.strip().removeprefix("undercurrent.") for layer in layered["layers"] for name in layer.split("|")}
    there = {path.name.partition(".")[0] for path in SOURCE.iterdir()} - NOT_A_LAYER

    assert there == named
