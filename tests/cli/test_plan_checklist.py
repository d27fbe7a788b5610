"""``uc plan checklist``: lists compared with evidence, marked by hand, and kept in Markdown files."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
import pytest
from tests.support.cli import UcRunner
from tests.support.evidence import make_record
from tests.support.source import ROOT

from undercurrent.cli.lazy import LazyGroup
from undercurrent.cli.main import root
from undercurrent.evidence import open_store
from undercurrent.planning.catalogue import Label
from undercurrent.planning.loading import BUILTIN, builtin

FIRST_DAY = "2025-10-22"
EXPORTS = ROOT / "toolkit" / "checklist"


def uc(run_uc: UcRunner, *arguments: str, code: int = 0, **more: Any) -> Any:
    """The document of ``uc plan checklist``."""
    ran = run_uc("plan", "checklist", *arguments, "--json", **more)
    assert ran.exit_code == code, ran.stderr
    return ran.json["data"]


def sign(run_uc: UcRunner, images: int, *, unsigned: int = 0) -> None:
    """Puts into evidence that so many images were signed, and so many were found unsigned."""
    signed = [make_record(number) for number in range(images)]
    found = [
        make_record(number, kind="image-verified", outcome="unsigned") for number in range(images, images + unsigned)
    ]
    with open_store(f"sqlite:///{run_uc.home}/.local/share/undercurrent/evidence.db") as store:
        store.record(*signed, *found)


def item(data: Any, name: str) -> Any:
    """An item of a shown checklist."""
    (found,) = [
        one for checklist in data["checklists"] for part in checklist["sections"] for one in part["items"]
        if one["id"] == name
    ]  # fmt: skip
    return found


def test_the_built_in_lists(run_uc: UcRunner) -> None:
    found = uc(run_uc, "list")["checklists"]
    listed = run_uc("plan", "checklist", "list", "--lang", "zh")

    assert {one["id"]: (one["items"], one["states"]["done"]) for one in found} == {
        "2025-q4": (67, 0),
        "2026-q1": (18, 0),
        "delivery": (26, 0),
    }
    assert "2025 年第四季度行动清单" in listed.stdout


def test_items_are_open_until_their_last_day_is_over(run_uc: UcRunner) -> None:
    on_the_day = uc(run_uc, "status", "2025-q4", "--date", FIRST_DAY, "--exit-code")["checklists"][0]
    after = uc(run_uc, "status", "2025-q4", "--date", "2025-10-23", "--exit-code", code=1)["checklists"][0]
    without_flag = run_uc("plan", "checklist", "status", "2025-q4", "--date", "2025-10-23")

    assert on_the_day["overdue"] == []
    assert on_the_day["states"] == {"done": 0, "marked": 0, "open": 42, "overdue": 0, "not-checkable": 25}
    assert [one["id"] for one in after["overdue"]] == [
        "audit-machine", "audit-images", "audit-root", "audit-capabilities", "audit-order",
    ]  # fmt: skip
    assert without_flag.exit_code == 0
    assert without_flag.stdout.splitlines()[-1] == "5 items are overdue"
    assert max(map(len, without_flag.stdout.splitlines())) <= 80


def test_evidence_ticks_items(run_uc: UcRunner) -> None:
    sign(run_uc, 49, unsigned=11)
    before = uc(run_uc, "show", "2025-q4", "--date", FIRST_DAY)
    sign(run_uc, 50)
    after = uc(run_uc, "show", "2025-q4", "--date", FIRST_DAY)

    fifty, eighty, every = (item(before, name) for name in ("sign-50", "sign-80", "sign-all"))
    assert [one["state"] for one in (fifty, eighty, every)] == ["open", "done", "open"]
    assert (fifty["evidence"]["done"], fifty["evidence"]["of"]) == (49, 60)
    assert item(after, "sign-50")["state"] == "done"
    assert item(after, "sign-50")["evidence"]["records"]
    assert item(before, "rootless-all")["state"] == "not-checkable"


def test_a_mark_is_evidence_and_is_shown_beside_what_else_evidence_says(run_uc: UcRunner) -> None:
    sign(run_uc, 12, unsigned=50)
    tried = uc(run_uc, "mark", "2025-q4/sign-50", "--by", "Ann", "--dry-run")
    nothing = run_uc("evidence", "list", "--kind", "checklist-marked", "--json").json["data"]["records"]

    made = run_uc("plan", "checklist", "mark", "sign-50", "audit-root", "--by", "Ann", "--note", "all that matter")
    status = uc(run_uc, "status", "2025-q4", "--date", "2025-11-19", "--exit-code", code=1)["checklists"][0]
    (kept,) = run_uc("evidence", "list", "--subject", "2025-q4/sign-50", "--json").json["data"]["records"]

    assert nothing == []
    assert (tried["dry_run"], tried["items"][0]["state"]) == (True, "marked")
    assert made.exit_code == 0, made.stderr
    assert "all that matter · evidence: 12 of 50 needed" in " ".join(made.stdout.replace("│", "").split())
    assert "marked by hand by Ann on " in made.stdout
    assert (kept["outcome"], kept["proof"]) == ("done", {"by": "Ann", "note": "all that matter"})
    # The day is over and evidence says no, so the mark does not excuse it; where evidence knows nothing, it does.
    overdue = [one["id"] for one in status["overdue"]]
    assert "sign-50" in overdue
    assert "audit-root" not in overdue
    assert [one["id"] for one in status["refuted"]] == ["sign-50"]


def test_the_newest_mark_counts_and_is_by_whoever_is_logged_in(run_uc: UcRunner) -> None:
    uc(run_uc, "mark", "audit-root", env={"LOGNAME": "bo"})
    (closed,) = uc(run_uc, "mark", "audit-order", env={"LOGNAME": "bo"})["items"]
    (opened,) = uc(run_uc, "mark", "audit-order", "--open", "--by", "Ann")["items"]

    shown = uc(run_uc, "show", "2025-q4", "--date", FIRST_DAY)

    assert (closed["state"], closed["mark"]["by"]) == ("marked", "bo")
    assert (opened["state"], item(shown, "audit-order")["state"], item(shown, "audit-root")["state"]) == (
        "overdue", "open", "marked",
    )  # fmt: skip


def test_two_who_mark_at_the_same_time_lose_nothing(run_uc: UcRunner) -> None:
    names = ("audit-machine", "audit-images", "audit-root", "audit-order", "key-made", "key-kept")
    with ThreadPoolExecutor(2) as pool:
        codes = [ran.exit_code for ran in pool.map(lambda name: run_uc("plan", "checklist", "mark", name), names)]

    shown = uc(run_uc, "show", "2025-q4", "--date", FIRST_DAY)

    assert codes == [0] * len(names)
    assert {item(shown, name)["state"] for name in names} == {"marked"}


def test_an_export_keeps_what_people_wrote_and_takes_their_ticks_only_when_asked(run_uc: UcRunner) -> None:
    new = uc(run_uc, "export", "2025-q4", "--to", "lists/")["files"]
    file = run_uc.folder / "lists" / "2025-q4.md"
    assert [(one["file"], one["change"]) for one in new] == [("lists/2025-q4.md", "new")]
    text = file.read_text("utf-8").replace("\n", "\r\n")
    text = text.replace(
        "- [ ] Write down which applications run as root: `uc harden audit`", "My notes.\r\n- [x] Write it all down"
    )
    file.write_bytes(text.encode())
    file.chmod(0o640)

    told = run_uc("plan", "checklist", "export", "2025-q4", "--to", file)
    kept = file.read_bytes().decode()
    adopted = uc(run_uc, "export", "2025-q4", "--to", str(file), "--adopt", "--by", "Ann")["files"][0]
    again = uc(run_uc, "export", "2025-q4", "--to", str(file), "--adopt")["files"][0]

    assert told.exit_code == 0, told.stderr
    assert "ticked in it by hand: audit-root; --adopt takes them over as marks" in told.stdout
    line = (
        "- [x] Write down which applications run as root: `uc harden audit` <!-- uc:audit-root -->"
        " · ticked in this file, not taken over"
    )
    assert f"\r\nMy notes.\r\n{line}\r\n" in kept
    assert not re.search("(?<!\r)\n", kept)
    assert (adopted["change"], adopted["adopted"]) == ("changed", ["2025-q4/audit-root"])
    assert (again["change"], again["adopted"], again["ticked"]) == ("unchanged", [], 1)
    assert re.search(
        "\r\nMy notes.\r\n- .x. .*<!-- uc:audit-root done --> · marked by hand by Ann on [0-9-]+ · in 2025-q4.md\r\n",
        file.read_bytes().decode(),
    )
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(file.parent.iterdir()) == [file]


def test_a_dry_run_writes_and_adopts_nothing(run_uc: UcRunner) -> None:
    file = run_uc.folder / "q1.md"
    dry = uc(run_uc, "export", "2026-q1", "--to", "q1.md", "--dry-run")["files"][0]
    assert (dry["change"], file.exists()) == ("new", False)

    uc(run_uc, "export", "2026-q1", "--to", "q1.md")
    ticked = file.read_text("utf-8").replace("[ ]", "[x]", 2)
    file.write_text(ticked, "utf-8")
    dry = uc(run_uc, "export", "2026-q1", "--to", "q1.md", "--adopt", "--by", "Ann", "--dry-run")["files"][0]

    assert (dry["change"], dry["adopted"]) == ("changed", ["2026-q1/keep-signed", "2026-q1/keep-verified"])
    assert file.read_text("utf-8") == ticked
    assert item(uc(run_uc, "show", "2026-q1"), "keep-signed")["mark"] is None


def test_a_link_leads_to_the_file_that_is_written(run_uc: UcRunner) -> None:
    (run_uc.folder / "wiki").mkdir()
    link = run_uc.folder / "q1.md"
    link.symlink_to("wiki/list.md")

    uc(run_uc, "export", "2026-q1", "--to", "q1.md")

    assert link.is_symlink()
    assert "<!-- uc:checklist:2026-q1 -->" in (run_uc.folder / "wiki" / "list.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("content", "arguments", "said"),
    [
        (b"# Diary\n", ("2026-q1", "--to", "file.md"), "file.md is not a file that checklist 2026-q1 was exported to"),
        (b"\xff\xfe", ("2026-q1", "--to", "file.md"), "file.md is not text in UTF-8"),
        (b"x" * 262_145, ("2026-q1", "--to", "file.md"), "file.md is larger than 256 KiB"),
        (None, ("--to", "file.md"), "3 checklists do not go into one file"),
        (None, ("q1", "--to", "file.md"), "there is no checklist 'q1'"),
        (None, ("--catalogue", "mine"), "there is no catalogue 'mine'"),
    ],
)
def test_an_export_that_is_refused(
    run_uc: UcRunner, content: bytes | None, arguments: tuple[str, ...], said: str
) -> None:
    file = run_uc.folder / "file.md"
    if content is not None:
        file.write_bytes(content)

    ran = run_uc("plan", "checklist", "export", *arguments)

    assert ran.exit_code == 2
    assert said in ran.stderr
    assert "hint: " in ran.stderr or "256 KiB" in ran.stderr
    assert (file.read_bytes() if content is not None else None) == content


def test_a_pipe_is_no_file_to_read(run_uc: UcRunner) -> None:
    os.mkfifo(run_uc.folder / "pipe.md")

    exported = run_uc("plan", "checklist", "export", "2026-q1", "--to", "pipe.md")
    imported = run_uc("plan", "checklist", "import", "pipe.md")

    assert (exported.exit_code, imported.exit_code) == (2, 2)
    assert "pipe.md is not a file" in exported.stderr


def test_a_list_of_ones_own_is_imported_shown_and_marked(run_uc: UcRunner) -> None:
    (run_uc.folder / "Launch.md").write_text(
        "# Launch\n\n## 第 1 周 (2025-10-28)\n\n- [x] sign\n- [ ] 通知客户，截止：2025-11-30\n- a thought\n", "utf-8"
    )
    printed = run_uc("plan", "checklist", "import", "Launch.md")
    read = uc(run_uc, "import", "Launch.md", "--to", "launch.toml")
    again = run_uc("plan", "checklist", "import", "Launch.md", "--to", "launch.toml")
    (run_uc.folder / "undercurrent.toml").write_text('[planning]\ncatalogues = ["launch.toml"]\n')

    (entry,) = [one for one in uc(run_uc, "list")["checklists"] if one["id"] == "launch"]
    uc(run_uc, "mark", "launch/sign", "--open", "--by", "Ann")
    shown = uc(run_uc, "show", "launch", "--date", "2025-10-29")
    written = uc(run_uc, "export", "--catalogue", "launch", "--to", "out")["files"]

    assert printed.stdout == (run_uc.folder / "launch.toml").read_text("utf-8")
    assert (read["checklist"], read["items"], read["left_out"]) == ("launch", 2, 1)
    assert (again.exit_code, "launch.toml is there already" in again.stderr) == (2, True)
    assert (entry["items"], entry["ticked"]) == (2, 1)
    first, second = shown["checklists"][0]["sections"][0]["items"]
    assert (first["state"], first["due"], first["given"]) == ("overdue", "2025-10-28", True)
    assert (second["text"], second["state"], second["due"]) == ("通知客户", "open", "2025-11-30")
    assert [one["file"] for one in written] == ["out/launch.md"]


def test_a_list_that_two_catalogues_have_has_to_be_named_by_its_catalogue(run_uc: UcRunner) -> None:
    (run_uc.folder / "2026-q1.md").write_text("- [ ] mine\n")
    uc(run_uc, "import", "2026-q1.md", "--to", "mine.toml")
    (run_uc.folder / "undercurrent.toml").write_text('[planning]\ncatalogues = ["mine.toml"]\n')

    both = run_uc("plan", "checklist", "show", "2026-q1")
    folder = run_uc("plan", "checklist", "export", "--to", "out")
    mine = uc(run_uc, "show", "2026-q1", "--catalogue", "2026-q1")["checklists"][0]

    assert (both.exit_code, folder.exit_code) == (2, 2)
    assert "several catalogues have a checklist '2026-q1': 2025-undercurrents, 2026-q1" in both.stderr
    assert "--catalogue" in folder.stderr
    assert mine["items"] == 1


@pytest.mark.parametrize("arguments", [("mark", "audit-rot"), ("mark", "zzz"), ("status", "--date", "31.12.2025")])
def test_typing_errors(run_uc: UcRunner, arguments: tuple[str, ...]) -> None:
    ran = run_uc("plan", "checklist", *arguments)

    assert ran.exit_code == 2
    hints = "hint: (did you mean 'audit-root'|`uc plan checklist show ID`)|write it like 2025-10-22"
    assert re.search(hints, ran.stderr)


@pytest.mark.parametrize(
    ("name", "checklist", "language"),
    [
        ("2025_Q4_actions.md", "2025-q4", "zh"),
        ("2025_Q4_actions.en.md", "2025-q4", "en"),
        ("2026_Q1_actions.md", "2026-q1", "zh"),
        ("2026_Q1_actions.en.md", "2026-q1", "en"),
    ],
)
def test_the_toolkit_has_what_is_exported_without_evidence(
    run_uc: UcRunner, name: str, checklist: str, language: str
) -> None:
    exported = run_uc("plan", "checklist", "export", checklist, "--lang", language)

    assert exported.stdout == (EXPORTS / name).read_text("utf-8"), (
        f"run: uc plan checklist export {checklist} --lang {language} > toolkit/checklist/{name}"
    )


def texts() -> set[Label]:
    """What the built-in lists say."""
    return {
        one.text
        for name in BUILTIN
        for checklist in builtin(name).checklists
        for section in checklist.sections
        for one in section.items
    }


def test_the_lists_name_commands_that_there_are_and_the_same_ones_in_both_languages() -> None:
    named = 0
    for text in texts():
        commands = re.findall("`uc ([a-z -]+)`", text.en)
        assert commands == re.findall("`uc ([a-z -]+)`", text.zh)
        for words in set(commands):
            group: click.Command = root()
            for word in words.split():
                assert isinstance(group, LazyGroup)
                found = group.get_command(click.Context(group), word)
                assert found is not None, f"there is no `uc {words}`"
                group = found
            named += 1

    assert named > 30


def test_what_is_ticked_as_delivered_is_there() -> None:
    (delivery,) = [one for one in builtin("2025-undercurrents").checklists if one.id == "delivery"]
    ticked = [one.text.en for section in delivery.sections for one in section.items if one.given]
    open_ones = [one.text.en for section in delivery.sections for one in section.items if not one.given]

    paths = re.findall("`([0-9a-zA-Z_]+(?:/[0-9a-zA-Z_.]+)+)`", " ".join(ticked))
    assert len(paths) == 13
    assert [path for path in paths if not (ROOT / "toolkit" / path).is_file()] == []
    folders = re.findall("`(0[0-9]_[a-z_]+)`", " ".join(open_ones))
    assert len(folders) == 6
    assert [name for name in folders if (ROOT / "toolkit" / name).exists()] == [], "tick what is there now"


def test_a_day_is_one_of_the_zone_that_is_set(run_uc: UcRunner) -> None:
    def shown(zone: str) -> str:
        return str(uc(run_uc, "list", env={"UNDERCURRENT_PLANNING_TIME_ZONE": zone})["day"])

    zones = "Pacific/Kiritimati", "Pacific/Pago_Pago"  # 25 hours apart: never the same day
    before = [datetime.now(ZoneInfo(zone)).date().isoformat() for zone in zones]
    days = [shown(zone) for zone in zones]
    after = [datetime.now(ZoneInfo(zone)).date().isoformat() for zone in zones]
    wrong = run_uc("plan", "checklist", "list", env={"UNDERCURRENT_PLANNING_TIME_ZONE": "Mars/Olympus"})

    assert days in (before, after)
    assert days[0] > days[1]
    assert wrong.exit_code == 2
