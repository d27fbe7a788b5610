"""Each rule's example: before, it is found; after, it is not."""

import pytest

from undercurrent.findings import Rule
from undercurrent.hardening.auditing.dockerfiles import audit_dockerfile
from undercurrent.hardening.dockerfile import parse
from undercurrent.hardening.model import known
from undercurrent.hardening.rules import CHECKS, RULES, hadolint

DOCKERFILES = [rule for rule in RULES if rule.language == "dockerfile" and rule is not hadolint.RULE]


def codes(text: str) -> set[str]:
    return {one.rule.code for one in audit_dockerfile(text.encode(), "Dockerfile", find_base=known).findings}


@pytest.mark.parametrize("rule", DOCKERFILES, ids=lambda rule: rule.code)
def test_the_example_has_it_and_then_does_not(rule: Rule) -> None:
    assert rule.code in codes(rule.before)
    assert rule.code not in codes(rule.after)


@pytest.mark.parametrize("rule", DOCKERFILES, ids=lambda rule: rule.code)
def test_an_example_is_a_dockerfile(rule: Rule) -> None:
    assert parse(rule.after).faults == ()
    assert rule.code == "UC130" or parse(rule.before).faults == ()


def test_codes_and_names_are_those_of_one_rule() -> None:
    assert len({rule.code for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)
    assert len(CHECKS) == len(set(CHECKS))


@pytest.mark.parametrize(
    "alias",
    [
        "CIS 4.1",
        "DL3002",
        "DS-0002",
        "KSV-0012",
        "CKV_DOCKER_3",
        "CIS-DI-0001",
        "CKV_DOCKER_8",
        "KSV-0105",
        "DL3066",
        "KSV-0020",
        "KSV-0021",
        "CKV_K8S_40",
        "DL3004",
        "DS-0010",
        "CKV2_DOCKER_1",
        "DL3046",
        "CIS 5.8",
        "KSV-0117",
        "CIS 5.7",
        "DS-0004",
        "CIS 4.8",
        "CIS-DI-0008",
        "CIS 4.10",
        "DS-0031",
        "CIS 4.9",
        "DL3020",
        "CIS 4.6",
        "DL3057",
        "CIS 4.2",
        "DL3006",
        "DL3007",
    ],
)
def test_what_others_call_it_is_told(alias: str) -> None:
    assert any(alias in rule.aliases for rule in RULES)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("FROM debian:12\nUSER nobody-else\n", True),
        ("FROM scratch\nUSER app\n", True),
        ("FROM debian:12\nRUN apt-get install -y tor\nUSER debian-tor\n", False),
        ("FROM debian:12\nCOPY passwd /etc/passwd\nUSER app\n", False),
        ("FROM debian:12\nUSER nobody\n", False),
        ("FROM registry.example.com/x:1\nUSER app\n", False),
    ],
)
def test_a_user_that_a_package_may_make_is_not_called_missing(text: str, told: bool) -> None:
    assert ("UC105" in codes(text)) is told
