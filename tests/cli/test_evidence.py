"""``uc evidence``: what was done, asked in different ways, and taken elsewhere."""

import csv
import io
import json

import pytest
from tests.support.cli import UcRunner
from tests.support.estate import PASSWORD, Estate
from tests.support.evidence import make_record

from undercurrent.evidence import Record, open_store


@pytest.fixture
def records(run_uc: UcRunner) -> list[Record]:
    """Three records, the oldest first."""
    made = [
        make_record(1),
        make_record(2, kind="image-verified", outcome="unsigned", name="other:1.0", run="run-2"),
        make_record(3, kind="image-verified", outcome="verified", run="run-2"),
    ]
    with open_store(f"sqlite:///{run_uc.home}/.local/share/undercurrent/evidence.db") as store:
        store.record(*made)
    return made


def test_records_are_listed_and_shown_by_the_beginning_of_their_identifier(
    run_uc: UcRunner, records: list[Record]
) -> None:
    listed = run_uc("evidence", "list")
    lines = listed.stdout.splitlines()

    shown = run_uc("evidence", "show", lines[2].split()[0])

    assert lines[-1] == "3 records"
    assert max(map(len, lines)) <= 80
    assert f"record   {records[-1].id}" in shown.stdout
    assert f"subject  {records[-1].subject}" in shown.stdout
    assert "formats  bundle, legacy" in shown.stdout
    assert "['" not in shown.stdout


@pytest.mark.parametrize(
    ("flags", "count"),
    [
        (["--kind", "image-verified"], 2),
        (["--outcome", "unsigned"], 1),
        (["--name", "other:1.0"], 1),
        (["--run", "run-2"], 2),
        (["--run", "run-2", "--kind", "image-signed"], 0),
        (["--subject", "sha256:" + f"{1:064x}"], 1),
        (["--since", "2000-01-01"], 3),
        (["--since", "2999-01-01T08:00"], 0),
        (["--limit", "2"], 2),
        (["--kind", "nothing"], 0),
    ],
)
def test_records_can_be_asked_for(run_uc: UcRunner, records: list[Record], flags: list[str], count: int) -> None:
    assert len(run_uc("evidence", "list", *flags, "--json").json["data"]["records"]) == count


def test_records_can_be_taken_elsewhere(run_uc: UcRunner, records: list[Record]) -> None:
    as_json = run_uc("evidence", "export")
    as_lines = run_uc("evidence", "export", "--format", "jsonl", "--kind", "image-signed")
    as_csv = run_uc("evidence", "export", "--format", "csv", "--to", "records.csv")

    assert {record["id"] for record in as_json.json["records"]} == {record.id for record in records}
    assert [json.loads(line)["kind"] for line in as_lines.stdout.splitlines()] == ["image-signed"]
    assert as_csv.stdout == ""
    rows = list(csv.DictReader(io.StringIO((run_uc.folder / "records.csv").read_text())))
    assert [row["name"] for row in rows].count("other:1.0") == 1
    assert len(rows) == 3


def test_an_empty_store_has_no_table(run_uc: UcRunner) -> None:
    assert run_uc("evidence", "list").stdout == "0 records\n"


@pytest.mark.parametrize(
    ("arguments", "url", "code", "message"),
    [
        (["list"], "sqlite:///text", "invalid-config", "text is not an evidence store"),
        (["list"], "sqlite:///folder", "invalid-config", "cannot use the evidence store folder"),
        (["list"], "nonsense", "invalid-config", "the evidence URL is not a URL of a database"),
        (["list"], "oracle://a:secret@b/c", "invalid-config", "evidence cannot be kept in oracle://"),
        (["show", "nonsense"], "", "not-found", "has no record nonsense"),
        (["list", "--since", "yesterday"], "", "usage", "--since 'yesterday' is no date"),
        (["export", "--to", "nowhere/file"], "", "usage", "nowhere/file"),
    ],
)
def test_what_is_no_evidence(run_uc: UcRunner, arguments: list[str], url: str, code: str, message: str) -> None:
    (run_uc.folder / "text").write_text("no database " * 100)
    (run_uc.folder / "folder").mkdir()

    result = run_uc("evidence", *arguments, env={"UNDERCURRENT_EVIDENCE_URL": url})

    assert (result.exit_code, result.stdout) == (2, "")
    assert f"error[{code}]: " in result.stderr
    assert message in result.stderr
    assert "secret" not in result.stderr
    assert "Traceback" not in result.stderr


def test_evidence_that_cannot_be_kept_stops_a_run_before_anything_is_done(run_uc: UcRunner, estate: Estate) -> None:
    before = (estate.images / "index.json").read_bytes()

    result = run_uc(
        *("image", "sign", "--all", "--layout", "images"),
        env={"COSIGN_PASSWORD": PASSWORD, "UNDERCURRENT_EVIDENCE_URL": "sqlite:///cosign.pub"},
    )

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error[invalid-config]: cosign.pub is not an evidence store\n")
    assert (estate.images / "index.json").read_bytes() == before
