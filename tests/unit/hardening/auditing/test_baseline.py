"""Findings that are known from before, whatever lines they are on by now."""

from pathlib import Path

import pytest

from undercurrent.errors import ConfigError
from undercurrent.findings import Finding, Place
from undercurrent.hardening.auditing.baseline import baseline_text, fingerprinted, read_baseline
from undercurrent.hardening.auditing.dockerfiles import text_at
from undercurrent.hardening.dockerfile import parse
from undercurrent.hardening.rules.low_uid import RULE


def fingerprints(text: str, *lines: int, name: str = "Dockerfile") -> list[str]:
    findings = [RULE.found(Place(name, line), "m") for line in lines]
    return [one.fingerprint for one in fingerprinted(findings, text_at(parse(text)))]


def test_a_line_that_moved_is_the_same_finding() -> None:
    before = fingerprints("FROM a\nRUN one\nUSER   1000\n", 3)
    after = fingerprints("FROM a\nRUN zero\n\n# more\nRUN one\nUSER 1000\n", 6)

    assert before == after


def test_another_text_another_file_another_rule_is_another_finding() -> None:
    known = {
        *fingerprints("FROM a\nUSER 1000\n", 2),
        *fingerprints("FROM a\nUSER 1001\n", 2),
        *fingerprints("FROM a\nUSER 1000\n", 2, name="other"),
        *fingerprints("FROM a\nUSER 1000\n", 1),
    }

    assert len(known) == 4


def test_the_same_thing_twice_is_two_findings() -> None:
    assert len(set(fingerprints("FROM a\nUSER 1000\nUSER 1000\n", 2, 3))) == 2


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    finding = Finding(RULE, "m", Place("d\udce9", 2), RULE.severity, fingerprint="0" * 32)
    path = tmp_path / "baseline.json"
    path.write_text(baseline_text([finding]))

    assert read_baseline(path) == {"0" * 32}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"schema": "other", "findings": []}', '{"schema": "undercurrent/harden-baseline/v1"}'],
)
def test_anything_else_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(text)

    with pytest.raises(ConfigError, match="is no baseline"):
        read_baseline(path)


def test_one_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        read_baseline(tmp_path / "nowhere.json")
