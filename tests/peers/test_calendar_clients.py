"""Calendars of windows in real clients: khal reads them again without doubling anything, and calcurse reads them."""

import re
import subprocess
from pathlib import Path

from tests.support.cli import UcRunner
from tests.support.peers import require_peer

CONFIGURATION = """
[calendars]
[[plan]]
path = {folder}/plan
[sqlite]
path = {folder}/khal.db
[locale]
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
local_timezone = Asia/Shanghai
default_timezone = Asia/Shanghai
"""


def khal(folder: Path, *arguments: str | Path) -> list[str]:
    program = require_peer("khal")
    (folder / "plan").mkdir(exist_ok=True)
    (folder / "khal.conf").write_text(CONFIGURATION.format(folder=folder))
    done = subprocess.run(
        [program, "--config", folder / "khal.conf", *arguments],
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout.splitlines()


def test_khal_shows_each_window_on_its_day_with_a_reminder(run_uc: UcRunner, tmp_path: Path) -> None:
    written = run_uc("plan", "window", "--date", "2025-10-22", "--lang", "zh", "--ics", tmp_path / "windows.ics")
    assert written.exit_code == 0, written.stderr

    shown = khal(
        tmp_path, "printics", tmp_path / "windows.ics", "--format", "{start-date}|{end-date}|{title}|{alarm-symbol}"
    )

    days = [line.split("|") for line in shown if line.count("|") == 3]
    assert [(begin, end, title) for begin, end, title, _alarm in days] == [
        ("2025-12-31", "2025-12-31", "⑦ 跨云签名、③ Rootless: 2026-01-01截止"),
        ("2025-12-31", "2025-12-31", "⑤ AI调度: 2025-12-31 K8s 1.32 GA"),
        ("2026-03-31", "2026-03-31", "⑥ Wasm+GPU: 2026-03-31截止"),
        ("2026-06-30", "2026-06-30", "② 多运行时、⑧ FPGA卸载: 2026-06-30截止"),
    ]
    assert all(alarm.strip() for _begin, _end, _title, alarm in days)


def test_khal_reads_it_again_without_doubling_anything(run_uc: UcRunner, tmp_path: Path) -> None:
    for day in ("2025-10-22", "2025-10-23"):
        assert run_uc("plan", "window", "--date", day, "--ics", tmp_path / "windows.ics").exit_code == 0
        khal(tmp_path, "import", "--batch", "--include-calendar", "plan", tmp_path / "windows.ics")

    listed = khal(tmp_path, "list", "--day-format", "", "--format", "{title}|{all-day}", "2025-01-01", "2027-01-01")

    assert sorted(line for line in listed if line) == [
        "② Many runtimes, ⑧ FPGA offload: closes 2026-06-30|True",
        "⑤ AI scheduling: 2025-12-31 K8s 1.32 GA|True",
        "⑥ Wasm and GPU: closes 2026-03-31|True",
        "⑦ Cross-cloud signing, ③ Rootless: closes 2026-01-01|True",
    ]


def test_calcurse_which_has_a_parser_of_its_own_reads_all_of_it(run_uc: UcRunner, tmp_path: Path) -> None:
    program = require_peer("calcurse")
    written = run_uc("plan", "window", "--date", "2025-10-22", "--lang", "zh", "--ics", tmp_path / "windows.ics")
    assert written.exit_code == 0, written.stderr

    done = subprocess.run(
        [program, "-D", tmp_path / "kept", "-C", tmp_path / "kept", "-i", tmp_path / "windows.ics"],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )

    assert "0 apps / 4 events / 0 todos / 0 skipped" in done.stdout
    kept = [
        re.sub(r" \[1\] >[0-9a-f]+ ", " ", line) for line in (tmp_path / "kept/apts").read_text("utf-8").splitlines()
    ]
    assert sorted(kept) == [
        "03/31/2026 ⑥ Wasm+GPU: 2026-03-31截止",
        "06/30/2026 ② 多运行时、⑧ FPGA卸载: 2026-06-30截止",
        "12/31/2025 ⑤ AI调度: 2025-12-31 K8s 1.32 GA",
        "12/31/2025 ⑦ 跨云签名、③ Rootless: 2026-01-01截止",
    ]
