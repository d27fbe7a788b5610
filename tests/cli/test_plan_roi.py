"""What actions return, through the command line and through the toolkit's script."""

import os
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from tests.support.cli import UcRunner, command_line_environment
from tests.support.source import ROOT

from undercurrent.report.wrapping import width

SAMPLE: Final = (Path(__file__).parent / "samples" / "roi.zh.txt").read_bytes().decode()
TOOLKIT: Final = ROOT / "toolkit"
SCRIPT: Final = TOOLKIT / "scripts" / "roi_calculator.py"
ACTIONS: Final = ("--actions", "sign,rootless,ai-scheduler")
IN_FULL: Final = (*ACTIONS, "--full", "--runs", "200")


def script(home: Path, *arguments: str, path: Path = SCRIPT, **environ: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, path, *arguments],
        cwd=home,
        env=command_line_environment(home, **environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def leaves(thing: Any) -> list[Any]:
    if isinstance(thing, dict):
        return [leaf for value in thing.values() for leaf in leaves(value)]
    if isinstance(thing, list):
        return [leaf for value in thing for leaf in leaves(value)]
    return [thing]


@pytest.fixture
def signed(run_uc: UcRunner) -> Path:
    """Evidence of three images, one of them signed."""
    environ = {"COSIGN_PASSWORD": ""}
    (run_uc.folder / "files").mkdir()
    assert run_uc("key", "generate", "team.key", env=environ).exit_code == 0
    for name in ("one:1.0", "two:1.0", "three:1.0"):
        (run_uc.folder / "files" / "motd").write_text(name)
        assert run_uc("image", "pack", "files", "-t", name, "--layout", "images").exit_code == 0
    done = run_uc("image", "sign", "oci:images:one:1.0", "--key", "team.key", env=environ)
    assert done.exit_code == 0, done.stderr
    return run_uc.folder


class TestShort:
    def test_it_is_the_briefs_byte_for_byte(self, run_uc: UcRunner) -> None:
        result = run_uc("plan", "roi", *ACTIONS, "--lang", "zh")
        assert (result.stdout, result.stderr, result.exit_code) == (SAMPLE, "", 0)

    def test_english_has_the_same_shape(self, run_uc: UcRunner) -> None:
        assert run_uc("plan", "roi", *ACTIONS).stdout.splitlines() == [
            "===== Return on investment =====",
            "Cost: ¥99/month",
            "Benefit: ¥11,200/year",
            "ROI: 843%",
            "",
            "In detail:",
            "  ⑦ Cross-cloud signing: ¥0 → ¥600/year",
            "  ③ Rootless: ¥0 → ¥600/year",
            "  ⑤ AI scheduling: ¥0 → failure rate -40%",
            "  Skill premium: ¥10,000/year",
            "=================================",
        ]

    def test_the_order_is_the_askers_numbers_and_marks_of_chinese_will_do(self, run_uc: UcRunner) -> None:
        lines = run_uc("plan", "roi", "--actions", "③，⑦、sign", "--lang", "zh").stdout.splitlines()
        assert [line.split(":")[0].strip() for line in lines[6:-1]] == ["③ Rootless", "⑦ 跨云签名", "技能溢价"]

    def test_all_that_return_something_where_none_are_named(self, run_uc: UcRunner) -> None:
        data = run_uc("plan", "roi", "--json").json["data"]
        assert "".join(action["number"] for action in data["actions"]) == "⑦③⑤①⑥②⑧④"
        assert (data["monthly"], data["once"]) == ("216", "3000")

    def test_markdown_keeps_the_lines(self, run_uc: UcRunner) -> None:
        shown = run_uc("plan", "roi", *ACTIONS, "--lang", "zh", "-o", "markdown").stdout
        assert shown == f"```\n{SAMPLE}```\n"

    def test_an_unknown_action_is_a_question(self, run_uc: UcRunner) -> None:
        result = run_uc("plan", "roi", "--actions", "sign,rootles")
        assert result.exit_code == 2
        assert "catalogue 2025-undercurrents has no action 'rootles'" in result.stderr
        assert "did you mean 'rootless'?" in result.stderr

    @pytest.mark.parametrize("nothing", ["", " , ", "，"])
    def test_naming_none_is_a_mistake(self, run_uc: UcRunner, nothing: str) -> None:
        result = run_uc("plan", "roi", "--actions", nothing)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "it names no action" in result.stderr

    def test_a_need_that_was_not_chosen_is_told_and_nothing_paid_is_no_ratio(self, run_uc: UcRunner) -> None:
        (run_uc.folder / "own.toml").write_text(
            'version = 1\nid = "own"\ntitle = "own"\ncurrency = "USD"\n'
            'source = { text = "us", read = 2026-01-01 }\n'
            '[[action]]\nid = "first"\nnumber = "1"\nname = "First"\n'
            '[[action]]\nid = "second"\nnumber = "2"\nname = "Second"\nneeds = ["first"]\n'
            '  [[action.benefit]]\n  id = "time"\n  name = "time"\n  yearly = 0.5\n'
        )
        (run_uc.folder / "undercurrent.toml").write_text('[planning]\ncatalogues = ["own.toml"]\n')
        result = run_uc("plan", "roi", "--catalogue", "own", "--actions", "second")
        assert result.exit_code == 0, result.stderr
        assert "Benefit: $0.50/year\nROI: —\n" in result.stdout
        assert "2 Second needs what was not chosen: first" in result.stdout


class TestFull:
    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_it_fits_80_columns(self, run_uc: UcRunner, language: str) -> None:
        shown = run_uc("plan", "roi", *IN_FULL, "--lang", language).stdout
        assert [line for line in shown.splitlines() if width(line) > 80] == []

    def test_it_says_plainly_what_loses_money(self, run_uc: UcRunner) -> None:
        shown = run_uc("plan", "roi", *IN_FULL).stdout
        assert "With labour: the first year loses ¥488" in shown
        assert "With labour, without Skill premium: the first year loses ¥10,488" in shown
        assert "7 person-days at ¥1,500: ¥10,500" in shown

    def test_the_terms_are_settings(self, run_uc: UcRunner) -> None:
        flags = ("--day-rate", "0", "--discount-rate", "0", "--years", "2")
        full = run_uc("plan", "roi", *IN_FULL, *flags, "--json").json["data"]["full"]
        assert (full["labour"], full["years"]) == ("0", 2)
        assert Decimal(full["scenarios"][0]["npv"]) == 2 * (11_200 - 1188)

    def test_the_same_seed_gives_the_same_figures(self, run_uc: UcRunner) -> None:
        first, again, other = (
            run_uc("plan", "roi", *IN_FULL, "--seed", seed, "--json").json["data"]["full"]["simulation"]
            for seed in ("7", "7", "8")
        )
        assert first == again
        assert first["p50"] != other["p50"]

    def test_no_amount_is_a_float(self, run_uc: UcRunner) -> None:
        data = run_uc("plan", "roi", *IN_FULL, "--evidence", "--json").json["data"]
        assert [leaf for leaf in leaves(data) if isinstance(leaf, float)] == []
        assert {"evidence", "full", "actions", "portfolio"} <= set(data)

    @pytest.mark.parametrize("flag", [("--years", "0"), ("--runs", "0"), ("--seed", "-1"), ("--day-rate", "much")])
    def test_terms_that_make_no_sense(self, run_uc: UcRunner, flag: tuple[str, str]) -> None:
        result = run_uc("plan", "roi", *ACTIONS, *flag)
        assert (result.exit_code, result.stdout) == (2, "")


class TestEvidence:
    def test_without_any_it_says_so(self, run_uc: UcRunner) -> None:
        result = run_uc("plan", "roi", *ACTIONS, "--evidence")
        assert result.exit_code == 0
        assert "⑦ Cross-cloud signing: ¥0 → ¥600/year (assumed)" in result.stdout
        assert "There is no evidence yet" in result.stdout

    @pytest.mark.usefixtures("signed")
    def test_what_is_measured_replaces_what_is_assumed(self, run_uc: UcRunner) -> None:
        shown = run_uc("plan", "roi", *ACTIONS, "--evidence").stdout
        data = run_uc("plan", "roi", *ACTIONS, "--evidence", "--json").json["data"]

        assert "⑦ Cross-cloud signing: ¥0 → ¥12/year (measured)" in shown
        assert "1 of 3 images signed" in shown
        assert "Evidence says nothing of: ③ Rootless, ⑤ AI scheduling." in shown
        (measured,) = data["actions"][0]["measured"]
        assert (measured["done"], measured["of"], measured["yearly"]) == (1, 3, "12.00")
        assert run_uc("evidence", "show", measured["records"][0]).exit_code == 0

    def test_the_tracker_keeps_what_people_wrote(self, run_uc: UcRunner, signed: Path) -> None:
        tracker = signed / "tracker.md"
        assert run_uc("plan", "roi", *ACTIONS, "--track", "tracker.md").exit_code == 0
        written = tracker.read_text()
        mine = written.replace("<!-- uc:end sign -->\n", "<!-- uc:end sign -->\n\nWe paid ¥20 for keys.\n")
        tracker.write_text(mine.replace("1 of 3", "7 of 9"))
        again = run_uc("plan", "roi", *ACTIONS, "--track", "tracker.md")

        assert "planned against actual is in tracker.md" in again.stdout
        assert "- actual: 1 of 3 images signed → ¥12/year" in written
        assert "- actual less planned: -¥588" in written
        assert tracker.read_text() == mine

    @pytest.mark.parametrize(("language", "name"), [("zh", "roi_tracker.md"), ("en", "roi_tracker.en.md")])
    def test_the_toolkits_is_what_the_catalogue_says(self, run_uc: UcRunner, language: str, name: str) -> None:
        """`uc plan roi --track toolkit/checklist/…` brings it up to date."""
        kept = (TOOLKIT / "checklist" / name).read_text("utf-8")
        made = run_uc("plan", "roi", "--track", name, "--lang", language)
        assert made.exit_code == 0, made.stderr
        assert (run_uc.folder / name).read_text("utf-8") == kept

    def test_another_file_is_not_overwritten(self, run_uc: UcRunner) -> None:
        (run_uc.folder / "notes.md").write_text("mine\n")
        result = run_uc("plan", "roi", "--track", "notes.md")
        assert result.exit_code == 2
        assert (
            "notes.md: `uc plan roi --track` did not write this file for catalogue 2025-undercurrents" in result.stderr
        )
        assert (run_uc.folder / "notes.md").read_text() == "mine\n"


class TestScript:
    def test_it_is_the_briefs_byte_for_byte(self, tmp_path: Path) -> None:
        done = script(tmp_path, *ACTIONS)
        assert (done.stdout, done.stderr, done.returncode) == (SAMPLE, "", 0)

    def test_the_locale_and_the_flag_choose_the_language(self, tmp_path: Path) -> None:
        for chosen in (
            script(tmp_path, *ACTIONS, LANG="en_US.UTF-8"),
            script(tmp_path, *ACTIONS, LC_ALL="C"),
            script(tmp_path, *ACTIONS, "--lang", "en"),
        ):
            assert chosen.stdout.startswith("===== Return on investment"), chosen.stderr

    def test_exit_codes_are_those_of_uc(self, tmp_path: Path) -> None:
        assert script(tmp_path, "--actions", "nothing").returncode == 2

    def test_another_python_finds_uc(self, tmp_path: Path) -> None:
        """As that of a system, in which undercurrent is not installed."""
        folder = tmp_path / "clone" / "toolkit" / "scripts"
        folder.mkdir(parents=True)
        copy = shutil.copy(SCRIPT, folder)
        plain = shutil.which("python3", path=os.pathsep.join(("/usr/bin", "/usr/local/bin")))
        if (
            plain is None
            or subprocess.run([plain, "-c", "import undercurrent"], capture_output=True, check=False).returncode == 0
        ):
            pytest.skip("no Python without undercurrent")
        environ = command_line_environment(tmp_path, PATH=str(tmp_path))

        def run() -> "subprocess.CompletedProcess[str]":
            return subprocess.run([plain, copy, *ACTIONS], env=environ, capture_output=True, text=True, check=False)

        lacking = run()
        own = tmp_path / "clone" / ".venv" / "bin" / "uc"
        own.parent.mkdir(parents=True)
        own.symlink_to(Path(sys.executable).with_name("uc"))

        assert lacking.returncode == 3
        assert "make demo" in lacking.stderr
        assert run().stdout == SAMPLE
