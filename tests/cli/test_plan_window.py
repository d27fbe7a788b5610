"""``uc plan window``: days left, what is over, what is open instead, and a calendar."""

from datetime import UTC, date, datetime
from pathlib import Path

import icalendar
import pytest
from tests.support.cli import UcRunner

from undercurrent.evidence import Record, open_store

SAMPLE = (Path(__file__).parent / "samples" / "window.zh.txt").read_text("utf-8")
CRA = (
    "CRA Art. 14: exploited vulnerabilities within 24 h, 72 h, and 14 days after a fix; "
    "severe incidents 24 h, 72 h, one month"
)
CHINESE = {"LANG": "zh_CN.UTF-8"}


def lines(run_uc: UcRunner, *arguments: str | Path, language: str = "en") -> list[str]:
    result = run_uc("plan", "window", "--lang", language, *arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout.splitlines()


def test_the_sample_byte_for_byte(run_uc: UcRunner) -> None:
    result = run_uc("plan", "window", "--date", "2025-10-22", env=CHINESE)

    assert (result.exit_code, result.stdout, result.stderr) == (0, SAMPLE, "")


def test_the_same_shape_in_english(run_uc: UcRunner) -> None:
    assert lines(run_uc, "--date", "2025-10-22") == [
        "===== Windows of opportunity =====",
        "Current date: 2025-10-22",
        "State: ✅ within the window",
        "",
        "Days left:",
        "  ⑦ Cross-cloud signing: 70 days (closes 2026-01-01)",
        "  ③ Rootless: 70 days (closes 2026-01-01)",
        "  ⑤ AI scheduling: 70 days (2025-12-31 K8s 1.32 GA)",
        "  ",
        "⚠️ Act now: Start signing images now!",
        "====================================",
    ]


@pytest.mark.parametrize(
    ("day", "state", "first"),
    [
        ("2024-02-29", "✅ within the window", "  none closes within 90 days; the next one:"),
        ("2025-12-16", "✅ within the window", "  ⑦ Cross-cloud signing: 15 days (closes 2026-01-01)"),
        ("2025-12-17", "⚠️ a window is about to close", "  ⑦ Cross-cloud signing: 14 days (closes 2026-01-01)"),
        ("2025-12-30", "⚠️ a window is about to close", "  ⑦ Cross-cloud signing: 1 day (closes 2026-01-01)"),
        ("2025-12-31", "⚠️ today is the last day", "  ⑦ Cross-cloud signing: today is the last day (closes 2026-01-01)"),
        ("2026-01-01", "⚠️ some windows are over", "  ⑥ Wasm and GPU: 89 days (closes 2026-03-31)"),
    ],
)
def test_each_state_is_told(run_uc: UcRunner, day: str, state: str, first: str) -> None:
    shown = lines(run_uc, "--date", day)

    assert shown[2] == f"State: {state}"
    assert shown[4:6] == ["Days left:", first]


def test_far_before_the_next_window_is_shown_with_its_distance(run_uc: UcRunner) -> None:
    assert "  ⑦ Cross-cloud signing: 671 days (closes 2026-01-01)" in lines(run_uc, "--date", "2024-02-29")


def test_afterwards_it_says_since_when_and_what_is_open_instead(run_uc: UcRunner) -> None:
    assert lines(run_uc, "--date", "2026-11-30") == [
        "===== Windows of opportunity =====",
        "Current date: 2026-11-30",
        "State: ❌ all windows are over",
        "",
        "Over:",
        "  ② Many runtimes: over for 153 days, since 2026-07-01 (closes 2026-06-30)",
        "  ⑧ FPGA offload: over for 153 days, since 2026-07-01 (closes 2026-06-30)",
        "  ⑥ Wasm and GPU: over for 244 days, since 2026-04-01 (closes 2026-03-31)",
        "  ⑦ Cross-cloud signing: over for 334 days, since 2026-01-01 (closes 2026-01-01)",
        "  ③ Rootless: over for 334 days, since 2026-01-01 (closes 2026-01-01)",
        "  ⑤ AI scheduling: over for 334 days, since 2026-01-01 (2025-12-31 K8s 1.32 GA)",
        "  ",
        "Open instead (The windows of today):",
        "  support of Kubernetes 1.35 ends: in 90 days (2027-02-28)",
        "  ",
        "In force (The windows of today):",
        f"  {CRA}: since 2026-09-11, 80 days",
        "  GB/T 47020-2026, data format of software bills of materials (SBOMDF), in force: since 2026-08-01, 121 days",
        "  EU Cyber Resilience Act: chapter IV (notified bodies) applies: since 2026-06-11, 172 days",
        "  GB/T 43698-2024, software supply chain security requirements, in force: since 2024-11-01, 759 days",
        "  ",
        "What to do next: Look for removed APIs, then upgrade a test cluster",
        "====================================",
    ]


def test_afterwards_in_chinese(run_uc: UcRunner) -> None:
    shown = lines(run_uc, "--date", "2026-11-30", language="zh")

    assert shown[2] == "状态: ❌ 窗口期已过"
    assert "  ⑦ 跨云签名: 已关闭 334 天，自 2026-01-01 起 (2026-01-01截止)" in shown
    assert "还开着的 (今天的窗口):" in shown
    assert "  Kubernetes 1.35 停止支持: 90 天后 (2027-02-28)" in shown
    assert "下一步行动: 先查被移除的 API，再在测试集群升级" in shown


def test_all_shows_what_is_beyond_the_horizon(run_uc: UcRunner) -> None:
    near, far = lines(run_uc, "--date", "2025-10-22"), lines(run_uc, "--date", "2025-10-22", "--all")

    assert [line for line in far if line not in near] == [
        "  ⑥ Wasm and GPU: 160 days (closes 2026-03-31)",
        "  ② Many runtimes: 251 days (closes 2026-06-30)",
        "  ⑧ FPGA offload: 251 days (closes 2026-06-30)",
    ]


def test_the_horizon_is_a_setting(run_uc: UcRunner) -> None:
    result = run_uc("plan", "window", "--date", "2025-10-22", env={"UNDERCURRENT_PLANNING_HORIZON_DAYS": "160"})

    assert "⑥ Wasm and GPU: 160 days" in result.stdout


def test_another_catalogue_has_dates_that_begin_and_end(run_uc: UcRunner) -> None:
    shown = lines(run_uc, "--catalogue", "today", "--date", "2026-10-27")

    assert "  support of Kubernetes 1.34 ends: today (2026-10-27)" in shown
    assert f"  {CRA}: since 2026-09-11, 46 days" in shown


def test_what_was_read_long_ago_is_to_be_looked_at_again(run_uc: UcRunner) -> None:
    shown = lines(run_uc, "--catalogue", "today", "--date", "2027-12-01")

    assert any("read more than 180 days ago" in line for line in shown)


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2025-02-30", "'2025-02-30' is not in the calendar"),
        ("0000-01-01", "'0000-01-01' is not in the calendar"),
        ("25-10-22", "'25-10-22' is not a date: write it like 2025-10-22"),
        ("20251022", "is not a date"),
        ("2025-W43-3", "is not a date"),
        ("2025-10-22T00:00", "is not a date"),
        ("22.10.2025", "is not a date"),
        ("NaN", "'NaN' is not a date"),
        ("", "'' is not a date"),
        ("２０２５-10-22", "is not a date"),
        ("2025-10-22\n", "is not a date"),
    ],
)
def test_a_date_that_is_none_is_told(run_uc: UcRunner, day: str, said: str) -> None:
    result = run_uc("plan", "window", "--date", day)

    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_the_last_and_the_first_day_that_there_is(run_uc: UcRunner) -> None:
    assert lines(run_uc, "--date", "9999-12-31")[2] == "State: ❌ all windows are over"
    assert lines(run_uc, "--date", "0001-01-01")[2] == "State: ✅ within the window"


def test_today_is_that_of_the_users_zone(run_uc: UcRunner) -> None:
    def today(zone: str) -> date:
        env = {"UNDERCURRENT_PLANNING_TIME_ZONE": zone}
        return date.fromisoformat(run_uc("plan", "window", "--json", env=env).json["data"]["date"])

    # 25 hours apart, so never on the same day.
    assert today("Pacific/Kiritimati") > today("Pacific/Pago_Pago")


def test_a_zone_that_nobody_knows_is_told(run_uc: UcRunner) -> None:
    result = run_uc("plan", "window", env={"UNDERCURRENT_PLANNING_TIME_ZONE": "Asia/Shangai"})

    assert result.exit_code == 2
    assert "planning.time_zone: 'Asia/Shangai' is not a known time zone" in result.stderr
    assert "did you mean 'Asia/Shanghai'?" in result.stderr


# For cron


def evidence(run_uc: UcRunner, *signed: str) -> None:
    """Evidence of images, each signed or not."""
    with open_store(f"sqlite:///{run_uc.home / '.local/share/undercurrent/evidence.db'}") as store:
        for number, outcome in enumerate(signed):
            digest = f"sha256:{number:064x}"
            name = f"reg.example.com/app{number}:1.0"
            kind = "image-signed" if outcome == "signed" else "image-verified"
            proof = {"name": name}
            store.record(Record(kind, digest, outcome, proof, "undercurrent", "1", datetime.now(UTC), "run", name))


def judged(run_uc: UcRunner, day: str, *arguments: str) -> tuple[int, list[tuple[str, str]]]:
    result = run_uc("plan", "window", "--exit-code", "--json", "--date", day, *arguments)
    return result.exit_code, [(one["ground"], one["action"]) for one in result.json["data"]["findings"]]


def test_cron_is_told_when_a_window_is_near(run_uc: UcRunner) -> None:
    near = [("closing", "sign"), ("closing", "rootless"), ("closing", "ai-scheduler")]

    assert judged(run_uc, "2025-12-16") == (0, [])
    assert judged(run_uc, "2025-12-17") == (1, near)
    assert judged(run_uc, "2025-12-16", "--within", "15") == (1, near)
    assert judged(run_uc, "2025-12-30", "--within", "0") == (0, [])
    assert judged(run_uc, "2025-12-31", "--within", "0") == (1, near)


def test_cron_is_told_of_what_closed_undone(run_uc: UcRunner) -> None:
    """AI scheduling closed, too; no evidence could ever show it, so it is no finding."""
    assert judged(run_uc, "2026-01-02") == (1, [("closed", "sign"), ("closed", "rootless")])


def test_what_evidence_shows_to_be_done_is_no_finding(run_uc: UcRunner) -> None:
    evidence(run_uc, "signed", "signed")

    assert judged(run_uc, "2026-01-02") == (1, [("closed", "rootless")])
    assert judged(run_uc, "2025-12-31")[1] == [("closing", "rootless"), ("closing", "ai-scheduler")]


def test_one_image_that_is_not_signed_is_not_done(run_uc: UcRunner) -> None:
    evidence(run_uc, "signed", "unsigned")

    assert ("closed", "sign") in judged(run_uc, "2026-01-02")[1]


def test_without_the_flag_the_exit_code_is_no_judgement(run_uc: UcRunner) -> None:
    assert run_uc("plan", "window", "--date", "2025-12-31").exit_code == 0


def test_a_store_that_cannot_be_used_is_not_taken_for_nothing_done(run_uc: UcRunner) -> None:
    (run_uc.folder / "evidence.db").write_text("no database")

    result = run_uc("plan", "window", "--exit-code", env={"UNDERCURRENT_EVIDENCE_URL": "sqlite:///evidence.db"})

    assert result.exit_code == 2
    assert "evidence.db" in result.stderr


def test_the_appeal_is_about_what_is_not_done(run_uc: UcRunner) -> None:
    evidence(run_uc, "signed")

    shown = lines(run_uc, "--date", "2025-10-22", "--evidence")

    assert "  ⑦ Cross-cloud signing: 70 days (closes 2026-01-01) ✓ done" in shown
    assert "⚠️ Act now: Stop running as root now!" in shown


# The calendar


def test_the_calendar_is_what_another_program_reads(run_uc: UcRunner) -> None:
    result = run_uc("plan", "window", "--date", "2025-10-22", "--ics", "windows.ics", env=CHINESE)

    assert result.exit_code == 0
    assert "日历已写入 windows.ics" in result.stdout
    raw = (run_uc.folder / "windows.ics").read_bytes()
    events = {str(event["UID"]): event for event in icalendar.Calendar.from_ical(raw).walk("VEVENT")}
    assert set(events) == {
        f"{name}.2025-undercurrents@undercurrent" for name in ("signing", "k8s-1.32", "wasm", "hardware")
    }
    signing = events["signing.2025-undercurrents@undercurrent"]
    assert str(signing["SUMMARY"]) == "⑦ 跨云签名、③ Rootless: 2026-01-01截止"
    assert signing["SUMMARY"].params["LANGUAGE"] == "zh-CN"
    assert signing.decoded("DTSTART") == date(2025, 12, 31)


def test_the_calendar_may_go_to_a_pipe(run_uc: UcRunner) -> None:
    result = run_uc("plan", "window", "--ics", "-", "--date", "2026-11-30")

    assert result.exit_code == 0
    assert result.stdout.startswith("BEGIN:VCALENDAR\r\n")
    uids = [str(event["UID"]) for event in icalendar.Calendar.from_ical(result.stdout).walk("VEVENT")]
    assert "kubernetes-1.35.today@undercurrent" in uids  # what is open instead is in it, too
    assert len(uids) == len(set(uids))


def test_a_calendar_in_a_pipe_leaves_no_room_for_a_judgement(run_uc: UcRunner) -> None:
    result = run_uc("plan", "window", "--ics", "-", "--exit-code")

    assert result.exit_code == 2
    assert "leave out --exit-code" in result.stderr


def test_a_place_that_cannot_be_written_is_told(run_uc: UcRunner) -> None:
    result = run_uc("plan", "window", "--ics", "nowhere/windows.ics")

    assert result.exit_code == 3
    assert "nowhere/windows.ics cannot be written: No such file or directory" in result.stderr
