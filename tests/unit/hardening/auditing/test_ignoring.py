"""Comments that make a rule quiet in one place."""

import time

import pytest

from undercurrent.findings import Finding, Place
from undercurrent.hardening.auditing.ignoring import applied, in_dockerfile, in_yaml
from undercurrent.hardening.dockerfile import parse
from undercurrent.hardening.rules.low_uid import RULE as LOW_UID
from undercurrent.hardening.rules.no_healthcheck import RULE as NO_HEALTHCHECK


def found(line: int) -> Finding:
    return LOW_UID.found(Place("Dockerfile", line), "m")


def kept_lines(text: str, *lines: int) -> list[tuple[str, int]]:
    kept, _ignored = applied([found(line) for line in lines], in_dockerfile(parse(text)), "Dockerfile")
    return [(one.rule.code, one.place.line) for one in kept]


def test_above_an_instruction_it_is_about_that_one() -> None:
    text = "FROM a\n# uc:ignore UC104 -- why not\nUSER 1000\nUSER 1001\n"

    assert kept_lines(text, 3, 4) == [("UC104", 4)]


def test_within_an_instruction_it_is_about_all_of_it() -> None:
    text = "FROM a\nRUN one && \\\n  # uc:ignore UC104 -- why not\n  two && \\\n  three\nRUN four\n"

    assert kept_lines(text, 2, 4, 5, 6) == [("UC104", 6)]


def test_before_the_first_instruction_it_is_about_the_file() -> None:
    text = "# syntax=docker/dockerfile:1\n# uc:ignore UC104 -- why not\n\nFROM a\nUSER 1000\n"

    assert kept_lines(text, 0, 4, 5) == []


def test_the_reason_is_kept() -> None:
    text = "FROM a\n# uc:ignore UC104, UC120 -- the volume -- belongs to 1000\nUSER 1000\n"
    findings = [found(3), NO_HEALTHCHECK.found(Place("Dockerfile", 3), "m")]

    kept, ignored = applied(findings, in_dockerfile(parse(text)), "Dockerfile")

    assert kept == ()
    assert {one.reason for one in ignored} == {"the volume -- belongs to 1000"}


@pytest.mark.parametrize("comment", ["# uc:ignore UC104", "# uc:ignore UC104 --", "#uc:ignore UC104 -- \t"])
def test_without_a_reason_it_does_not_count(comment: str) -> None:
    assert kept_lines(f"FROM a\n{comment}\nUSER 1000\n", 3) == [("UC104", 3), ("UC132", 2)]


@pytest.mark.parametrize("comment", ["# uc:ignore", "# uc:ignore -- nobody likes it"])
def test_without_a_rule_it_does_not_count(comment: str) -> None:
    assert kept_lines(f"FROM a\n{comment}\nUSER 1000\n", 3) == [("UC104", 3), ("UC132", 2)]


def test_one_that_is_not_needed_is_told() -> None:
    assert kept_lines("FROM a\n# uc:ignore UC104 -- why not\nUSER 10001\n") == [("UC133", 2)]


def test_names_of_rules_and_codes_of_hadolint_will_do() -> None:
    text = "FROM a\n# uc:ignore low-uid -- why not\n# uc:ignore DL3008 -- why not\nRUN apt-get install x\n"
    hadolint = LOW_UID.found(Place("Dockerfile", 4), "m", properties={"code": "DL3008"})

    kept, ignored = applied([found(4), hadolint], in_dockerfile(parse(text)), "Dockerfile")

    assert kept == ()
    assert len(ignored) == 2


def test_the_word_alone_ignores_nothing() -> None:
    assert in_dockerfile(parse("FROM a\nRUN echo uc:ignore UC104 -- no\n")) == ()


def test_windows_line_ends() -> None:
    assert kept_lines("FROM a\r\n# uc:ignore UC104 -- why not\r\nUSER 1000\r\n", 3) == []


YAML = """\
# uc:ignore UC120 -- everywhere
apiVersion: v1
spec:
  containers:
    # uc:ignore UC104 -- this one only
    - name: a
      securityContext:
        runAsUser: 1000
    - name: b
      securityContext:  # uc:ignore UC104 -- and below
        runAsUser: 1000
    - name: c # uc:ignore UC104 -- here
      securityContext:
        runAsUser: 1000
"""


def test_yaml_has_them_at_ends_of_lines_and_above_blocks() -> None:
    kept, ignored = applied([found(line) for line in (8, 11, 12, 14)], in_yaml(YAML), "a.yaml")

    assert [(one.rule.code, one.place.line) for one in kept] == [("UC133", 1)]
    assert [one.finding.place.line for one in ignored] == [8, 11, 12, 14]


def test_in_yaml_a_hash_within_a_word_is_no_comment() -> None:
    assert in_yaml("a: b#uc:ignore UC104 -- no\n") == ()


@pytest.mark.parametrize(
    "text",
    [
        "FROM a\n# uc:ignore" + " " * 500_000 + "x\nUSER 1\n",
        "FROM a\n" + "# uc:ignore UC104 -- x\n" * 50_000 + "USER 1\n",
    ],
)
def test_what_nobody_writes_takes_no_time(text: str) -> None:
    began = time.process_time()

    in_dockerfile(parse(text))
    in_yaml(text)

    assert time.process_time() - began < 10
