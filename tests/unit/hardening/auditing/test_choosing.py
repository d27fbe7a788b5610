"""Which rules count in a folder."""

from pathlib import Path

import pytest

from undercurrent.errors import ConfigError
from undercurrent.findings import Place, Severity
from undercurrent.hardening.auditing.choosing import FILE, choice_for, chosen
from undercurrent.hardening.rules import hadolint, low_uid, no_healthcheck, runs_as_root

FINDINGS = (
    runs_as_root.RULE.found(Place("Dockerfile", 1), "m"),
    low_uid.RULE.found(Place("Dockerfile", 1), "m"),
    no_healthcheck.RULE.found(Place("Dockerfile", 1), "m"),
    hadolint.RULE.found(Place("Dockerfile", 1), "m", properties={"code": "DL3008"}),
)


def codes(path: Path, text: str) -> dict[str, Severity]:
    (path.parent / FILE).write_text(text)
    kept, _ignored = chosen(FINDINGS, path, choice_for(path))
    return {one.rule.code: one.severity for one in kept}


def test_without_a_file_all_count(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    path = tmp_path / "Dockerfile"

    assert choice_for(path) is None
    assert chosen(FINDINGS, path, None) == (FINDINGS, ())


def test_select_takes_beginnings_of_codes_and_names(tmp_path: Path) -> None:
    assert set(codes(tmp_path / "Dockerfile", 'select = ["UC12", "low-uid"]')) == {"UC104", "UC120"}


def test_a_rule_is_switched_off_with_a_reason_or_gets_another_severity(tmp_path: Path) -> None:
    text = """
[[rule]]
code = "UC120"
severity = "off"
reason = "probes"

[[rule]]
code = "low-uid"
severity = "error"
reason = "our volumes"

[[rule]]
code = "DL3008"
severity = "off"
reason = "the base pins them"
"""
    path = tmp_path / "Dockerfile"

    assert codes(path, text) == {"UC101": Severity.ERROR, "UC104": Severity.ERROR}
    _kept, ignored = chosen(FINDINGS, path, choice_for(path))
    assert {one.reason for one in ignored} == {"probes", "the base pins them"}


def test_paths_are_below_the_file_and_the_last_one_that_fits_holds(tmp_path: Path) -> None:
    text = """
[[rule]]
code = "UC101"
severity = "off"
paths = ["jobs/**"]
reason = "they mount"

[[rule]]
code = "UC101"
severity = "warning"
paths = ["jobs/one/*"]
reason = "nearly done"
"""
    (tmp_path / FILE).write_text(text)

    def severity(name: str) -> Severity | None:
        path = tmp_path / name
        kept, _ignored = chosen(FINDINGS[:1], path, choice_for(path))
        return kept[0].severity if kept else None

    assert severity("web/Dockerfile") is Severity.ERROR
    assert severity("jobs/two/Dockerfile") is None
    assert severity("jobs/one/Dockerfile") is Severity.WARNING


def test_the_nearest_file_holds_up_to_the_root_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('select = ["UC101"]')
    inner = tmp_path / "repository" / "a"
    inner.mkdir(parents=True)
    assert choice_for(inner / "Dockerfile") is not None

    (tmp_path / "other" / ".git").mkdir(parents=True)
    assert choice_for(tmp_path / "other" / "Dockerfile") is None
    assert choice_for(tmp_path / "top" / "Dockerfile", tmp_path / "top") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[rule]]\ncode = "UC120"\nseverity = "off"\n', "rule[1].reason is missing"),
        ('[[rule]]\ncode = "UC120"\nseverity = "of"\nreason = "x"\n', "line 3: rule[1].severity cannot be used"),
        ('[[rule]]\ncode = "no-such"\nseverity = "off"\nreason = "x"\n', "there is no rule 'no-such'"),
        ('selct = ["UC1"]\n', "'selct' cannot be set"),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / FILE).write_text(text)

    with pytest.raises(ConfigError) as caught:
        choice_for(tmp_path / "Dockerfile")

    assert said in caught.value.message
