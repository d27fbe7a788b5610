"""``uc plan risk``: what to take and what to leave, for what is at stake."""

from pathlib import Path

import pytest
from tests.support.cli import UcRunner

SAMPLE = (Path(__file__).parent / "samples" / "risk.zh.txt").read_text("utf-8")
CHINESE = {"LANG": "zh_CN.UTF-8"}


def test_the_sample_byte_for_byte(run_uc: UcRunner) -> None:
    result = run_uc("plan", "risk", env=CHINESE)

    assert (result.exit_code, result.stdout, result.stderr) == (0, SAMPLE, "")
    assert run_uc("plan", "risk", "--profile", "conservative", "--lang", "zh").stdout == SAMPLE


def test_the_same_shape_in_english(run_uc: UcRunner) -> None:
    result = run_uc("plan", "risk")

    assert result.stdout == (
        "===== Risk assessment =====\n"
        "Recommended (conservative):\n"
        "  ✅ ⑦ Cross-cloud signing (risk ¥5)\n"
        "  ✅ ③ Rootless (risk ¥2)\n"
        "  ✅ ⑤ AI scheduling (risk ¥2)\n"
        "  \n"
        "To avoid (high risk):\n"
        "  ❌ ④ Nitrogen superconducting (risk ¥2100)\n"
        "  ⚠️ ② Many runtimes (risk ¥50, API changes)\n"
        "============================\n"
    )


@pytest.mark.parametrize(
    ("arguments", "chosen"),
    [
        (["--profile", "balanced"], ["sign", "rootless", "ai-scheduler", "fused-runtime", "wasm-gpu"]),
        (
            ["--profile", "aggressive"],
            ["sign", "rootless", "ai-scheduler", "fused-runtime", "wasm-gpu", "runtimes"],
        ),
        (["--risk", "4"], ["rootless", "ai-scheduler"]),
        (["--risk", "0"], []),
        (["--profile", "balanced", "--days", "9"], ["sign", "rootless", "ai-scheduler", "fused-runtime"]),
        (["--profile", "balanced", "--money", "215.99"], ["sign", "rootless", "ai-scheduler", "wasm-gpu"]),
    ],
)
def test_a_profile_and_flags_are_a_budget(run_uc: UcRunner, arguments: list[str], chosen: list[str]) -> None:
    assert run_uc("plan", "risk", *arguments, "--json").json["data"]["choice"]["actions"] == chosen


def test_other_limits_than_the_profiles_are_told(run_uc: UcRunner) -> None:
    result = run_uc("plan", "risk", "--risk", "0", "--money", "1000.5", "--days", "3", "--risk", "0.5")

    lines = result.stdout.splitlines()
    assert lines[1] == "Recommended (conservative, risk ≤ ¥0.50, money ≤ ¥1,000.50, person-days ≤ 3):"
    assert lines[2:4] == ["  nothing", "  "]


def test_the_whole_has_every_action_with_its_reason_and_the_frontier(run_uc: UcRunner) -> None:
    result = run_uc("plan", "risk", "--full", "--days", "7", "--json")

    data = result.json["data"]
    assert {action["id"]: action["against"] for action in data["actions"]} == {
        "sign": None,
        "rootless": None,
        "ai-scheduler": None,
        "fused-runtime": "over-risk",
        "wasm-gpu": "effort-unknown",
        "runtimes": "effort-unknown",
        "fpga-offload": "effort-unknown",
        "superconducting": "effort-unknown",
    }
    assert data["avoid"] == {"losing": ["superconducting"], "doubtful": ["runtimes"]}
    assert data["budget"] == {"risk": "10", "money": None, "days": "7"}
    steps = [(step["risk"], step["value"], step["actions"]) for step in data["frontier"]]
    assert steps[:4] == [
        ("0", "0", []),
        ("2.0", "8000", ["ai-scheduler"]),
        ("4.0", "8600", ["rootless", "ai-scheduler"]),
        ("9.0", "9200", ["sign", "rootless", "ai-scheduler"]),
    ]
    assert [step for step in steps if "fused-runtime" in step[2]] == steps[4:]


def test_the_whole_is_readable(run_uc: UcRunner) -> None:
    result = run_uc("plan", "risk", "--full", env=CHINESE | {"COLUMNS": "100"})

    assert result.stdout.startswith(SAMPLE)
    assert "预期损失高于收益" in result.stdout
    assert "← 入选" in result.stdout
    assert "没有测量过：⑤ AI调度、⑧ FPGA卸载" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--profile", "conservativ"], "has no profile 'conservativ'\n  hint: did you mean 'conservative'?"),
        (["--risk", "NaN"], "'NaN' cannot be a limit"),
        (["--money", "Infinity"], "'Infinity' cannot be a limit"),
        (["--days", "-1"], "'-1' cannot be a limit"),
        (["--days", "1e13"], "'1e13' cannot be a limit"),
        (["--money", "0.0000001"], "'0.0000001' cannot be a limit"),
        (["--money", "1,200"], "'1,200' is not an amount"),
        (["--money", "¥5"], "'¥5' is not an amount"),
    ],
)
def test_what_makes_no_sense_is_told(run_uc: UcRunner, arguments: list[str], said: str) -> None:
    result = run_uc("plan", "risk", *arguments)

    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_a_catalogue_without_profiles_says_what_it_lacks(run_uc: UcRunner) -> None:
    (run_uc.folder / "mine.toml").write_text(
        'version = 1\nid = "mine"\ntitle = "Mine"\ncurrency = "EUR"\n'
        'source = { text = "me", read = 2026-01-01 }\n[[action]]\nid = "one"\nnumber = "1"\nname = "One"\n'
    )
    (run_uc.folder / "undercurrent.toml").write_text('[planning]\ncatalogues = ["mine.toml"]\n')

    result = run_uc("plan", "risk", "--catalogue", "mine")

    assert result.exit_code == 2
    assert "catalogue mine has no profiles" in result.stderr
    assert "[[profile]]" in result.stderr
