"""``uc plan catalogue`` and ``uc plan claims``: what is built in, files of one's own, and what is wrong with them."""

import json
from pathlib import Path

import pytest
from tests.support.catalogues import MINIMAL
from tests.support.cli import UcRunner

from undercurrent.planning.tables import schema

CODE = "error[invalid-config]"
CIRCLE = """
[[action]]
id = "one"
number = "1"
name = "One"
needs = ["two"]

[[action]]
id = "two"
number = "2"
name = "Two"
needs = ["one"]
"""


@pytest.fixture
def own(run_uc: UcRunner) -> Path:
    """A catalogue that the settings name."""
    (run_uc.folder / "undercurrent.toml").write_text('[planning]\ncatalogues = ["own.toml"]\n')
    path = run_uc.folder / "own.toml"
    path.write_text(MINIMAL)
    return path


def test_own_ones_are_listed_beside_those_that_are_built_in(run_uc: UcRunner, own: Path) -> None:
    result = run_uc("plan", "catalogue", "list", "--json")

    assert result.exit_code == 0, result.stderr
    found = {entry["id"]: entry for entry in result.json["data"]["catalogues"]}
    assert list(found) == ["2025-undercurrents", "today", "own"]
    assert [found["own"]["built_in"], found["own"]["origin"]] == [False, str(own)]
    assert [found["2025-undercurrents"][what] for what in ("actions", "windows", "claims")] == [8, 4, 6]


def test_what_was_read_long_ago_is_told(run_uc: UcRunner, own: Path) -> None:
    fresh = run_uc("plan", "catalogue", "check", "own.toml", "--date", "2027-05-29")
    stale = run_uc("plan", "catalogue", "check", "own.toml", "--date", "2027-05-30")
    shown = run_uc("plan", "catalogue", "show", "own", "--json", "--date", "2027-05-30")
    chinese = run_uc("plan", "catalogue", "list", "--lang", "zh", "--date", "2027-05-30")

    assert "180 days" not in fresh.stdout
    assert "own: 1 source was read more than 180 days ago, own on 2026-11-30" in " ".join(stale.stdout.split())
    assert stale.exit_code == 0
    assert [(read["what"], read["days"]) for read in shown.json["data"]["stale"]] == [("catalogue", 181)]
    assert "own：1 处出处查阅已超过 180 天" in chinese.stdout


def test_whoever_plans_with_what_is_old_is_told_beside_the_plan(run_uc: UcRunner, own: Path) -> None:
    own.write_text(MINIMAL.replace("2026-11-30", "2020-01-31") + '[[profile]]\nid = "any"\nname = "any"\nrisk = 1\n')

    result = run_uc("plan", "risk", "--catalogue", "own", "--profile", "any", "--json")

    assert result.exit_code == 0, result.stderr
    assert "own: 1 source was read more than 180 days ago" in " ".join(result.stderr.split())


def test_everything_that_one_says(run_uc: UcRunner) -> None:
    result = run_uc("plan", "catalogue", "show", "--json")
    people = run_uc("plan", "catalogue", "show", "today")

    data = result.json["data"]
    assert [action["id"] for action in data["actions"][:2]] == ["sign", "rootless"]
    assert data["actions"][0]["failures"][0]["probability"] == "0.1"
    assert data["windows"][0]["day"] == "2025-12-31"
    assert "2027-12-11 begins: CRA applies in full" in people.stdout
    assert max(map(len, people.stdout.splitlines())) <= 80


def test_all_that_is_wrong_in_all_files_is_told(run_uc: UcRunner) -> None:
    (run_uc.folder / "circle.toml").write_text(MINIMAL + CIRCLE)
    (run_uc.folder / "text.toml").write_text(MINIMAL.replace("2026-11-30", '"soon"').replace("EUR", "euro"))

    result = run_uc("plan", "catalogue", "check", "circle.toml", "text.toml", "--json")

    assert result.exit_code == 2
    assert result.stderr.replace("cannot be used: ", "").splitlines() == [
        f"{CODE}: circle.toml, line 15: action[1].needs the actions need one another in a circle: one → two → one",
        "  hint: take one of them out of `needs`",
        f"{CODE}: text.toml, line 4: currency it must match ^[A-Z]{{3}}$",
        f"{CODE}: text.toml, line 8: source.read it must be a date without quotes: 2026-12-31",
    ]
    error = result.json["error"]
    assert [error["message"], *(other["message"] for other in error["also"])] == [
        line.partition(": ")[2] for line in result.stderr.splitlines() if line.startswith("error")
    ]


def test_what_can_be_used_is_said_to_be(run_uc: UcRunner, own: Path) -> None:
    result = run_uc("plan", "catalogue", "check", "own.toml")

    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "the catalogue can be used"


def test_a_bad_one_ends_it_unless_it_should_keep_going(run_uc: UcRunner, own: Path) -> None:
    own.write_text(MINIMAL + CIRCLE)

    ended = run_uc("plan", "claims")
    went_on = run_uc("plan", "claims", "--keep-going", "--json")
    listed = run_uc("plan", "catalogue", "list", "--keep-going", "--json")

    assert ended.exit_code == 2
    assert ended.stderr.count("error[") == 1
    assert "own.toml, line 15: action[1].needs" in ended.stderr
    assert went_on.exit_code == 0
    assert "left out: " in went_on.stderr
    assert len(went_on.json["data"]["claims"]) == 9
    assert "in a circle" in listed.json["data"]["left_out"][0]["message"]


def test_a_name_that_there_is_not(run_uc: UcRunner) -> None:
    for arguments in (("claims", "--catalogue", "tody"), ("catalogue", "show", "tody")):
        result = run_uc("plan", *arguments)

        assert result.exit_code == 2
        assert "error[not-found]: there is no catalogue 'tody'" in result.stderr
        assert "did you mean 'today'?" in result.stderr


def test_the_ledger_of_claims(run_uc: UcRunner) -> None:
    result = run_uc("plan", "claims", "--catalogue", "2025-undercurrents", "--json")
    refuted = run_uc("plan", "claims", "--catalogue", "2025-undercurrents", "--status", "refuted")
    chinese = run_uc("plan", "claims", "--lang", "zh", "--status", "unverified")

    assert [(claim["id"], claim["status"]) for claim in result.json["data"]["claims"]] == [
        ("k8s-1.32-ga", "refuted"),
        ("k8s-1.32-ai-scheduler", "refuted"),
        ("free-egress", "unverified"),
        ("fpga-cpu", "unverified"),
        ("cold-start", "claimed"),
        ("roi-843", "verified"),
    ]
    assert "✗ refuted: Kubernetes 1.32 brings an AI scheduler" in refuted.stdout
    assert "FPGA" not in refuted.stdout
    assert refuted.stdout.splitlines()[-1] == "2 refuted"
    assert "? 未找到来源：FPGA 卸载使 CPU 占用降低 55%" in chinese.stdout
    assert max(map(len, refuted.stdout.splitlines())) <= 80


def test_the_schema_for_editors(run_uc: UcRunner) -> None:
    assert json.loads(run_uc("plan", "catalogue", "schema").stdout) == schema()
