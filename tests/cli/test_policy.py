"""``uc image verify --policy`` and ``uc policy``: verdicts, reasons, refusals, cases, for people and for machines."""

import json
import tomllib
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from tests.support.cli import Result, UcRunner
from tests.support.estate import SIGNED, STRANGE, UNSIGNED, Estate

POLICY = """\
version = 1

[[authority]]
name = "release"
keys = ["cosign.pub"]

[[authority]]
name = "scanner"
keys = ["open.pub"]

[[rule]]
name = "production"
images = ["acme/**"]
except = ["acme/both"]
signed_by = ["release"]

[[rule]]
name = "scanned"
images = ["acme/signed"]

  [[rule.attestation]]
  type = "vuln"
  by = ["scanner"]
  where = [{ field = "scanner.result.critical", at_most = 0 }]
"""


@pytest.fixture
def policy(run_uc: UcRunner, estate: Estate) -> Path:
    """In the folder of the runs."""
    file = run_uc.folder / "policy.toml"
    file.write_text(POLICY)
    return file


def attest(run_uc: UcRunner, critical: int) -> None:
    """Attests a scan of the signed image; the value is hostile to terminals."""
    predicate = {"scanner": {"result": {"critical": critical, "by": "\x1b[31m"}}}
    (run_uc.folder / "scan.json").write_text(json.dumps(predicate))
    arguments = ("--layout", "images", "--key", "open.key", "--type", "vuln", "--predicate", "scan.json")
    done = run_uc("image", "attest", SIGNED, *arguments, env={"COSIGN_PASSWORD": ""})
    assert done.exit_code == 0, done.stderr


def verify(run_uc: UcRunner, *arguments: str) -> Result:
    return run_uc("image", "verify", "--layout", "images", "--policy", "policy.toml", *arguments)


def verdicts(result: Result) -> dict[str, tuple[str, str]]:
    return {image["name"]: (image["verdict"], image["reason"]) for image in result.json["data"]["images"]}


def test_a_verdict_for_each_image_and_how_it_came_about(run_uc: UcRunner, estate: Estate, policy: Path) -> None:
    attest(run_uc, 3)

    result = verify(run_uc, "--all")

    assert result.exit_code == 1
    assert "acme/signed:1.0     ✗ denied" in result.stdout
    assert "acme/unsigned:1.0   ✗ unsigned" in result.stdout
    assert "acme/strange:1.0    ✗ untrusted" in result.stdout
    assert "acme/both:1.0       ✗ denied" in result.stdout
    assert "rule production leaves it out: acme/both" in result.stdout
    assert "✗ scanner.result.critical is 3 (asked for:" in result.stdout
    assert result.stdout.splitlines()[-1] == "1 unsigned, 1 untrusted, 2 denied"
    assert "\x1b" not in result.stdout


def test_machines_get_all_of_it(run_uc: UcRunner, estate: Estate, policy: Path) -> None:
    attest(run_uc, 0)
    result = verify(run_uc, SIGNED, "--json")

    assert result.exit_code == 0, result.stdout
    data = result.json["data"]
    (image,) = data["images"]
    assert data["policy"]["digest"].startswith("sha256:")
    assert [(rule["name"], rule["pattern"]) for rule in image["rules"]] == [
        ("production", "acme/**"),
        ("scanned", "acme/signed"),
    ]
    (requirement,) = image["rules"][1]["requirements"]
    (authority,) = requirement["authorities"]
    (attestation,) = authority["attestations"]
    assert (requirement["kind"], requirement["verdict"], authority["name"]) == ("attestation", "verified", "scanner")
    assert attestation["conditions"] == [
        {
            "field": "scanner.result.critical",
            "operator": "at_most",
            "which": "every",
            "holds": True,
            "message": "scanner.result.critical is at most 0",
            "found": [],
        }
    ]


def test_code_scanners_get_a_rule_of_its_own(run_uc: UcRunner, estate: Estate, policy: Path) -> None:
    result = verify(run_uc, SIGNED, UNSIGNED, STRANGE, "--output", "sarif")

    (run,) = result.json["runs"]
    assert sorted(found["ruleId"] for found in run["results"]) == ["UC201", "UC202", "UC205"]


def test_good_verdicts_are_explained_on_request(run_uc: UcRunner, estate: Estate, policy: Path) -> None:
    attest(run_uc, 0)

    short = verify(run_uc, SIGNED)
    long = verify(run_uc, SIGNED, "--explain")
    chinese = verify(run_uc, SIGNED, "--explain", "--lang", "zh")

    assert (short.exit_code, long.exit_code) == (0, 0)
    assert "critical" not in short.stdout
    assert "✓ scanner.result.critical is at most 0" in long.stdout
    assert "✓ scanner.result.critical 不大于 0" in chinese.stdout


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (("--key", "cosign.pub"), "--key"),
        (("--certificate-identity", "me@example.com"), "--certificate-identity"),
        (("-a", "team=web"), "--annotation"),
        (("--recursive",), "--recursive"),
    ],
)
@pytest.mark.parametrize("by", ["flag", "file"])
def test_nobody_gets_around_a_policy_by_naming_somebody_else(
    run_uc: UcRunner, estate: Estate, policy: Path, flags: tuple[str, ...], named: str, by: str
) -> None:
    if by == "file":
        (run_uc.folder / "undercurrent.toml").write_text('[signing]\npolicy = "policy.toml"\n')
    chosen = ("--policy", "policy.toml") if by == "flag" else ()

    result = run_uc("image", "verify", SIGNED, "--layout", "images", *chosen, *flags)

    assert result.exit_code == 2
    assert f"{named} and a policy exclude each other" in result.stderr


def test_a_policy_may_be_a_setting_and_becomes_evidence(run_uc: UcRunner, estate: Estate, policy: Path) -> None:
    (run_uc.folder / "undercurrent.toml").write_text('[signing]\npolicy = "policy.toml"\npublic_keys = ["open.pub"]\n')

    result = run_uc("image", "verify", SIGNED, "--layout", "images", "--json")
    (record,) = run_uc("evidence", "list", "--kind", "image-verified", "--json").json["data"]["records"]

    assert verdicts(result) == {SIGNED: ("denied", "attestation-missing")}
    assert record["outcome"] == "denied"
    assert record["proof"]["rules"] == ["production", "scanned"]
    assert record["proof"]["policy"]["digest"] == result.json["data"]["policy"]["digest"]


def test_deep_reads_everything(run_uc: UcRunner, estate: Estate, policy: Path) -> None:
    attest(run_uc, 0)
    manifest = json.loads(estate.blob(estate.digest(SIGNED)).read_bytes())
    layer = estate.blob(manifest["layers"][0]["digest"])
    layer.write_bytes(layer.read_bytes()[:-1] + b"x")

    assert verdicts(verify(run_uc, SIGNED, "--json")) == {SIGNED: ("verified", "")}
    assert verdicts(verify(run_uc, SIGNED, "--deep", "--json")) == {SIGNED: ("untrusted", "digest-mismatch")}


def test_a_policy_that_cannot_be_meant_is_refused_before_anything_is_asked(run_uc: UcRunner, estate: Estate) -> None:
    (run_uc.folder / "policy.toml").write_text(POLICY.replace("signed_by", "signd_by"))

    result = verify(run_uc, SIGNED)

    assert result.exit_code == 2
    assert "policy.toml, line 15: 'rule[1].signd_by' cannot be set" in result.stderr
    assert "did you mean 'signed_by'?" in result.stderr


def test_what_a_policy_asks_for_can_be_read(run_uc: UcRunner, estate: Estate, policy: Path) -> None:
    whole = run_uc("policy", "check", "policy.toml")
    names = run_uc("policy", "check", "policy.toml", SIGNED, "nginx:1", "--json")

    assert whole.exit_code == 0
    assert "├── images: acme/**\n│   ├── but not: acme/both\n│   └── signature by release" in whole.stdout
    matches = {
        image["name"]: [rule["name"] for rule in image["rules"] if rule["applies"]]
        for image in names.json["data"]["images"]
    }
    assert matches == {SIGNED: ["production", "scanned"], "nginx:1": []}


def test_cases_are_recorded_without_layers_and_tried(run_uc: UcRunner, estate: Estate, policy: Path) -> None:
    attest(run_uc, 0)
    recorded = run_uc("policy", "record", "policy.toml", SIGNED, STRANGE, "--layout", "images", "--to", "cases")
    same = run_uc("policy", "test", "policy.toml", "cases")
    policy.write_text(POLICY.replace("at_most = 0", "at_least = 1"))
    different = run_uc("policy", "test", "policy.toml", "cases/cases.toml", "--json")

    assert recorded.exit_code == 0, recorded.stderr
    cases = tomllib.loads((run_uc.folder / "cases/cases.toml").read_text())["case"]
    assert [(case["image"], case["expect"]) for case in cases] == [(SIGNED, "verified"), (STRANGE, "untrusted")]
    layer = json.loads(estate.blob(estate.digest(SIGNED)).read_bytes())["layers"][0]["digest"].removeprefix("sha256:")
    assert not (run_uc.folder / "cases/images/blobs/sha256" / layer).exists()
    assert (same.exit_code, same.stdout.splitlines()[-1]) == (0, "2 as expected, 0 different")
    assert different.exit_code == 1
    first, second = different.json["data"]["cases"]
    assert first["differences"] == ["verdict denied, expected verified"]
    assert (first["decision"]["reason"], second["passed"]) == ("condition-not-met", True)


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("image = 'acme/none:1'\nexpect = 'verified'", "1 different"),
        ("image = 'acme/signed:1.0'\nstore = 'nowhere'\nexpect = 'verified'", "1 different"),
        ("image = 'acme/signed:1.0'\nexpect = 'denied'\nrules = ['production']", "rules production, scanned, expected"),
        ("image = 'acme/signed:1.0'\nexpect = 'denied'\nreason = 'no-rule'", "reason attestation-missing, expected"),
        ("image = 'acme/signed:1.0'\nexpect = 'denied'", "1 as expected, 0 different"),
        ("image = 'acme/signed:1.0'\nexpect = 'good'", "line 4: case[1].expect cannot be used"),
        ("image = 'a'\nexpect = 'denied'\ndigest = 'sha256:0'", "line 5: case[1].digest cannot be used"),
        ("image = 'a'\nexpect = 'denied'\nnow = 2026-01-01T00:00:00", "it needs a time zone"),
        ('image = "a"\nexpect = "denied"\nstore = "\\u0000"', "no file can be called so"),
        ("image = 'a'\nexpect = 'denied'\nnow = '2026'", "it must be a time"),
    ],
)
def test_cases_are_written_by_hand_as_well(
    run_uc: UcRunner, estate: Estate, policy: Path, case: str, message: str
) -> None:
    (run_uc.folder / "cases.toml").write_text(f"version = 1\n[[case]]\n{case}\n")

    result = run_uc("policy", "test", "policy.toml", "cases.toml")

    assert message in result.stdout + result.stderr
    assert result.exit_code == (2 if "cannot be used" in result.stderr else "0 different" not in result.stdout)


def test_the_schema_is_printed_and_accepts_the_policy(run_uc: UcRunner) -> None:
    result = run_uc("policy", "schema")

    jsonschema.Draft202012Validator(json.loads(result.stdout)).validate(tomllib.loads(POLICY))
