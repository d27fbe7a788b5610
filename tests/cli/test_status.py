"""``uc status``: one screen, for people and for machines."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from tests.support.catalogues import MINIMAL
from tests.support.cli import UcRunner
from tests.support.evidence import make_record

from undercurrent.evidence import Record, open_store

ONE, TWO = f"sha256:{1:064x}", f"sha256:{2:064x}"
LINES, CELLS = 24, 80
OLD = """
[[window]]
id = "w"
day = 9999-12-31
kind = "ends"
name = "the world"
source = { text = "a book", read = 2020-02-29 }
"""


def store_of(run_uc: UcRunner) -> Path:
    return run_uc.home / ".local/share/undercurrent/evidence.db"


def record(run_uc: UcRunner, *records: Record) -> None:
    with open_store(f"sqlite:///{store_of(run_uc)}") as store:
        store.record(*records)


def happened(kind: str, outcome: str, name: str = "ghcr.io/acme/app:1.0", digest: str = ONE, **proof: Any) -> Record:
    return make_record(kind=kind, outcome=outcome, name=name, subject=digest, proof=proof, at=datetime.now(UTC))


def a_full_estate(run_uc: UcRunner) -> None:
    """All that a screen may have to show, with names as long as they come."""
    longest = f"registry-{'x' * 50}.example.com/{'team/' * 20}app"
    record(
        run_uc,
        *(happened("image-verified", "verified", f"{longest}:{number}", ONE) for number in range(4)),
        happened("image-rootless", "rootless", f"{longest}:1", ONE),
        happened("dockerfile-rootless", "root", "a/Dockerfile", TWO),
        happened("image-copied", "copied", registries=["a.example.com", "b.example.com"], bytes=12_345_678),
    )
    run_uc("status")
    record(run_uc, *(happened("image-verified", "untrusted", f"{longest}:{number}", ONE) for number in range(4)))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_fits_a_screen(run_uc: UcRunner, language: str) -> None:
    empty = run_uc("status", "--lang", language)
    a_full_estate(run_uc)
    full = run_uc("status", "--lang", language)

    for shown in (empty, full):
        assert (shown.exit_code, shown.stderr) == (0, "")
        assert len(shown.stdout.splitlines()) <= LINES - 1, "the last one is for the prompt"
        assert max(map(cell_len, shown.stdout.splitlines())) <= CELLS
    assert "█" in full.stdout
    assert "untrusted" in full.stdout


def test_who_has_nothing_yet_is_told_what_to_type(run_uc: UcRunner) -> None:
    shown = run_uc("status")

    assert "Nothing is recorded yet." in shown.stdout
    assert "$ uc image list" in shown.stdout
    assert "$ uc harden audit" in shown.stdout
    assert run_uc("status", "--exit-code").exit_code == 1, "nothing known is not all well"


def test_counts_shares_and_commands_are_shown(run_uc: UcRunner) -> None:
    record(
        run_uc,
        happened("image-signed", "signed", place="ghcr.io/acme/app:1.0", sboms=1),
        happened("image-packed", "made", "app:2.0", TWO, place="oci:my images:app:2.0"),
    )
    lines = run_uc("status").stdout.splitlines()

    assert lines[0].endswith("2 images · 1 registry · 2 records")
    assert [line.split("  ")[0] for line in lines if "█" in line] == ["signed", "with an SBOM"]
    assert "  50 %   1 of 2   as of " in lines[2]
    assert "rootless      not checkable here" in lines
    assert "        $ uc image sign 'oci:my images:app:2.0' --sbom" in lines
    assert lines[-1] == "1 not signed: see `uc image verify --all`"


def test_places_that_are_set_make_the_command_take_all_of_them(run_uc: UcRunner) -> None:
    (run_uc.folder / "undercurrent.toml").write_text('[images]\nregistries = ["ghcr.io/acme"]\n')
    record(run_uc, happened("image-packed", "made", place="ghcr.io/acme/app:1.0"))

    assert "$ uc image sign --all --sbom" in run_uc("status").stdout


def test_dockerfiles_that_end_as_root_lead_to_their_audit(run_uc: UcRunner) -> None:
    record(run_uc, happened("dockerfile-rootless", "root", "a/Dockerfile", TWO))

    steps = {step["action"]: step["command"] for step in run_uc("status", "--json").json["data"]["next"]}

    assert steps["rootless"] == "uc harden audit"


def test_a_look_is_remembered_only_when_a_person_looked(run_uc: UcRunner) -> None:
    record(run_uc, happened("image-packed", "made"))
    for flags in (["--no-remember"], ["--json"], ["--exit-code"], ["-o", "markdown"]):
        run_uc("status", *flags)
        assert run_uc("status", "--json").json["data"]["changes"] is None
    assert "since" not in run_uc("status").stdout.partition("Windows")[0]

    record(run_uc, happened("image-signed", "signed"), happened("image-packed", "made", "app:2.0", TWO))
    kept = run_uc("status", "--no-remember").stdout
    assert "; since then 2 records, +1 image\n" in kept
    assert "  50 %   1 of 2   +1   as of " in kept
    changes = run_uc("status", "--json").json["data"]["changes"]
    assert (changes["records"], changes["images"], changes["worse"]) == (2, 1, [])
    assert changes["shares"]["images-signed"] == {"before": [0, 1], "after": [1, 2]}
    assert "; since then 2 records, +1 image\n" in run_uc("status").stdout, "the flag has kept the look before it"
    assert "since" not in run_uc("status").stdout.partition("Windows")[0]


def test_what_got_worse_is_told(run_uc: UcRunner) -> None:
    record(run_uc, happened("image-verified", "verified"))
    run_uc("status")
    record(run_uc, happened("image-verified", "untrusted"))

    assert "ghcr.io/acme/app:1.0: verified → untrusted" in run_uc("status").stdout


def test_machines_get_everything(run_uc: UcRunner) -> None:
    record(run_uc, happened("image-signed", "signed"), happened("image-packed", "made", "app:2.0", TWO))
    answer = run_uc("status", "--json", "--lang", "zh").json
    data = answer["data"]

    assert (answer["schema"], answer["kind"]) == ("undercurrent/v1", "status")
    assert data["estate"]["images"] == 2
    assert data["estate"]["registries"] == ["ghcr.io"]
    assert data["shares"]["images-signed"]["percent"] == "50.0"
    assert data["shares"]["images-rootless"] == {"done": 0, "of": 0, "percent": None, "as_of": None, "records": []}
    assert data["troubles"] == [{"kind": "unsigned", "names": ["app:2.0"]}]
    assert {"window", "day", "kind", "action", "days"} == set(data["windows"][0])
    assert all(isinstance(step["at_risk"], str) for step in data["next"]), "money is text, so that nobody rounds it"
    (shown,) = run_uc("evidence", "list", "--kind", "image-signed", "--json").json["data"]["records"]
    assert data["shares"]["images-signed"]["records"] == [shown["id"]]


def test_the_exit_code_says_whether_something_is_wrong(run_uc: UcRunner) -> None:
    record(run_uc, happened("image-signed", "signed"))
    assert run_uc("status", "--exit-code").exit_code == 0
    record(run_uc, happened("image-verified", "denied"))
    assert run_uc("status").exit_code == 0
    refused = run_uc("status", "--exit-code")
    assert refused.exit_code == 1
    assert refused.stdout.splitlines()[-1] == "1 refused: see `uc image verify --all`"


def test_what_was_read_long_ago_is_told(run_uc: UcRunner) -> None:
    (run_uc.folder / "undercurrent.toml").write_text('[planning]\ncatalogues = ["old.toml"]\n')
    (run_uc.folder / "old.toml").write_text(MINIMAL + OLD)
    told = "was read more than 180 days ago, w on 2020-02-29: look again"
    assert told in run_uc("status").stdout
    assert told not in run_uc("status", "--catalogue", "today").stdout
    assert told in run_uc("report", "-o", "-").stdout


def test_one_catalogue_can_be_asked_for(run_uc: UcRunner) -> None:
    assert run_uc("status", "--catalogue", "today", "--json").json["data"]["catalogues"] == ["today"]
    unknown = run_uc("status", "--catalogue", "todai")
    assert unknown.exit_code == 2
    assert "today" in unknown.stderr


def test_a_bad_catalogue_is_left_out_only_if_that_is_asked_for(run_uc: UcRunner) -> None:
    (run_uc.folder / "bad.toml").write_text("version = 2\n")
    (run_uc.folder / "undercurrent.toml").write_text('[planning]\ncatalogues = ["bad.toml"]\n')

    assert run_uc("status").exit_code == 2
    kept = run_uc("status", "--keep-going")
    assert kept.exit_code == 0
    assert "left out" in kept.stderr


def test_a_store_of_a_newer_version_is_told(run_uc: UcRunner) -> None:
    record(run_uc, happened("image-signed", "signed"))
    with sqlite3.connect(store_of(run_uc)) as store:
        store.execute("UPDATE evidence_version SET version_num = '9999'")
    store.close()
    shown = run_uc("status")
    assert shown.exit_code == 3
    assert "newer" in shown.stderr


def test_what_is_no_store_is_told(run_uc: UcRunner) -> None:
    store_of(run_uc).parent.mkdir(parents=True)
    store_of(run_uc).write_text("something else entirely, and long enough to be looked at" * 50)
    shown = run_uc("status", "--json")
    assert shown.exit_code == 2
    assert "is not an evidence store" in shown.json["error"]["message"]


def test_a_store_that_somebody_writes_to_is_read_all_the_same(run_uc: UcRunner) -> None:
    record(run_uc, happened("image-signed", "signed"))
    with sqlite3.connect(store_of(run_uc), isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        shown = run_uc("status", env={"UNDERCURRENT_PLANNING_TIME_ZONE": "Asia/Shanghai"})
        other.execute("ROLLBACK")
    other.close()
    assert shown.exit_code == 0
    there = datetime.now(UTC) + timedelta(hours=8)
    assert shown.stdout.startswith(f"{there:%Y-%m-%d} · 1 image")
