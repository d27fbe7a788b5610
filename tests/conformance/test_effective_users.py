"""Who runs, on nearly three hundred images that were read one by one: root is found, and called so only where it is.

The files are public (awesome-compose, CC0; jessfraz/dockerfiles, MIT) and not ours; the table beside this file says
what each target is, and why.
"""

import os
from pathlib import Path
from typing import Final

import pytest
from bench.root_users import Row, contenders, last_stages, rows, scored, verdicts

DATA: Final = Path(os.environ.get("UNDERCURRENT_DATA", "../shared/data")) / "dockerfiles"
ENOUGH: Final = 0.99

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the corpora are not here: UNDERCURRENT_DATA")


@pytest.fixture(scope="module")
def table() -> tuple[Row, ...]:
    return rows()


def test_the_table_is_large_and_says_why(table: tuple[Row, ...]) -> None:
    assert len([row for row in table if row.truth != "unknown"]) >= 120
    assert len({(row.path, row.target) for row in table}) == len(table)
    assert all(row.reason and row.truth in {"root", "rootless", "unknown"} for row in table)
    assert {row.path for row in table} == {
        path.relative_to(DATA).as_posix()
        for corpus in ("awesome-compose", "jessfraz")
        for path in (DATA / corpus).rglob("Dockerfile")
    }


def test_root_is_found_and_nothing_else_is_called_so(table: tuple[Row, ...]) -> None:
    says_root = contenders(table, DATA)["uc"]
    score = scored(table, says_root)

    assert score.recall >= ENOUGH
    assert score.precision >= ENOUGH
    assert not any(says_root(row) for row in table if row.truth == "unknown")


def test_what_nobody_can_tell_is_not_called_safe(table: tuple[Row, ...]) -> None:
    verdict = verdicts(table, DATA)
    assert {row.path: verdict[row] for row in table if row.truth == "unknown"} == {
        "jessfraz/bpftrace/Dockerfile": "unknown",
        "jessfraz/gitiles/Dockerfile": "unknown",
        "jessfraz/telize/Dockerfile": "unknown",
    }
    assert not [row for row in table if row.truth == "root" and verdict[row] == "rootless"]


def test_others_do_worse_on_the_same_images(table: tuple[Row, ...]) -> None:
    part = last_stages(table, DATA)
    scores = {name: scored(part, says_root) for name, says_root in contenders(part, DATA).items()}

    assert scores["uc"].recall >= ENOUGH
    assert scores["hadolint, DL3002"].recall < 0.1
    assert all(score.images == scores["uc"].images for score in scores.values())


CASES: Final = {
    "FROM golang AS build\nUSER 10001\nFROM alpine": ("root", False, False, False),
    "FROM gcr.io/distroless/static:nonroot": ("rootless", False, False, True),
    "FROM nginxinc/nginx-unprivileged": ("rootless", False, False, True),
    "FROM alpine\nRUN adduser -D -o -u 0 app\nUSER app": ("root", False, False, False),
    "FROM alpine\nARG UID=0\nUSER $UID": ("root", False, False, False),
    "FROM alpine AS base\nUSER root\nFROM base\nUSER 10001": ("rootless", True, True, False),
}
"""As in docs/who-runs.md: what is true; whether the last USER, any USER, and DL3002 get it right."""


def test_stages_and_bases_decide(tmp_path: Path) -> None:
    table = []
    for number, text in enumerate(CASES):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "Dockerfile").write_text(text + "\n")
        table.append(Row(f"{number}/Dockerfile", "", CASES[text][0], ""))  # type: ignore[arg-type]
    asked = contenders(table, tmp_path)

    right = {name: [says(row) == (row.truth == "root") for row in table] for name, says in asked.items()}

    assert all(right.pop("uc"))
    expected = {
        "last USER of the file (as Trivy's DS-0002)": [last for _truth, last, _any, _hadolint in CASES.values()],
        "any USER in the file (as Checkov's CKV_DOCKER_3)": [some for _truth, _last, some, _hadolint in CASES.values()],
        "hadolint, DL3002": [linted for _truth, _last, _any, linted in CASES.values()],
    }
    assert right == {name: expected[name] for name in right}
