"""``uc rule``."""

import pytest
from tests.support.cli import UcRunner

from undercurrent.workflows.rules import RULES


def test_all_rules_are_listed(run_uc: UcRunner) -> None:
    result = run_uc("rule")

    assert result.exit_code == 0
    for rule in RULES.values():
        assert f"\n{rule.code} " in result.stdout
        assert rule.name in result.stdout


@pytest.mark.parametrize("typed", ["UC201", "uc201", "image-unsigned"])
def test_one_is_explained(run_uc: UcRunner, typed: str) -> None:
    result = run_uc("rule", typed)

    assert result.exit_code == 0
    assert result.stdout.startswith("UC201 image-unsigned\n")
    assert "What to do" in result.stdout
    assert "`uc image sign IMAGE`" in " ".join(result.stdout.split())
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_machines_get_it_whole(run_uc: UcRunner) -> None:
    result = run_uc("rule", "UC204", "--json")

    rule = RULES["UC204"]
    assert result.json["kind"] == "rule"
    assert result.json["data"] == {
        "code": "UC204",
        "name": rule.name,
        "severity": "warning",
        "summary": rule.summary,
        "explanation": rule.explanation,
        "remedy": rule.remedy,
        "aliases": [],
        "confidence": 1.0,
        "example": None,
    }


@pytest.mark.parametrize(
    ("typed", "hint"),
    [("UC209", "did you mean UC20"), ("image-unsgned", "did you mean UC201?"), ("xyzzy", "`uc rule` lists them all")],
)
def test_an_unknown_code_gets_a_suggestion(run_uc: UcRunner, typed: str, hint: str) -> None:
    result = run_uc("rule", typed)

    assert result.exit_code == 2
    assert f"error[not-found]: there is no rule '{typed}'" in result.stderr
    assert hint in result.stderr
