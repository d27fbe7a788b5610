"""Who finds the images that run as root: recall and precision of ours and of others, on a table checked by hand.

``python -m bench.root_users [--data FOLDER] [--raw FILE]``. The table, `tests/conformance/effective_users.csv`, says of
targets of public Dockerfiles whether they run as root, and why; each file was read for it. FOLDER has the files
(``UNDERCURRENT_DATA`` when not given).
"""

import argparse
import csv
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

from undercurrent import __version__
from undercurrent.hardening.dockerfile import Dockerfile, parse, stages
from undercurrent.hardening.model import describe, wanted_bases
from undercurrent.workflows.bases import siblings

__all__ = ["TABLE", "Row", "Score", "contenders", "last_stages", "main", "rows", "scored", "verdicts"]

TABLE: Final = Path(__file__).parents[1] / "tests" / "conformance" / "effective_users.csv"
_HADOLINT: Final = Path(sys.executable).with_name("hadolint")
_USER: Final = re.compile(r"^[ \t]*USER[ \t]+(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Row:
    """One image: a target of a Dockerfile (the last stage when empty), and what reading it showed."""

    path: str
    target: str
    truth: Literal["root", "rootless", "unknown"]
    reason: str


@dataclass(frozen=True, slots=True)
class Score:
    """How a contender did on images of which the truth is known: those that it calls root are right or wrong."""

    found: int
    missed: int
    wrongly: int
    images: int

    @property
    def recall(self) -> float:
        """Of the images that run as root, the part that is called so."""
        return self.found / (self.found + self.missed)

    @property
    def precision(self) -> float:
        """Of the images that are called so, the part that is."""
        called = self.found + self.wrongly
        return self.found / called if called else 1.0


def rows() -> tuple[Row, ...]:
    """The table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(Row(**row) for row in csv.DictReader(file))  # type: ignore[arg-type]


def contenders(table: Sequence[Row], data: Path) -> Mapping[str, Callable[[Row], bool]]:
    """By name, what says of a row that it is root.

    Args:
        table: the rows that will be asked about.
        data: the folder of ``dockerfiles``.
    """
    files = _files(table, data)
    ours = verdicts(table, data)
    found: dict[str, Callable[[Row], bool]] = {
        "uc": lambda row: ours[row] == "root",
        "last USER of the file (as Trivy's DS-0002)": lambda row: _last_user(files[row.path]) in {None, "root", "0"},
        "any USER in the file (as Checkov's CKV_DOCKER_3)": lambda row: _last_user(files[row.path]) is None,
    }
    if _HADOLINT.exists():
        flagged = _hadolint(sorted(files), data)
        found["hadolint, DL3002"] = lambda row: row.path in flagged
    return found


def _files(table: Sequence[Row], data: Path) -> Mapping[str, Dockerfile]:
    return {path: parse((data / path).read_bytes(), path) for path in dict.fromkeys(row.path for row in table)}


def verdicts(table: Sequence[Row], data: Path) -> Mapping[Row, str]:
    """What ``uc`` says of each row: ``root``, ``rootless``, ``unknown``."""
    files = _files(table, data)
    wanted = [name for row in table for name in wanted_bases(files[row.path], row.target or None)]
    built = siblings(tuple(files.values()), wanted)
    return {
        row: describe(files[row.path], target=row.target or None, bases=built).runner.identity.value for row in table
    }


def _last_user(dockerfile: Dockerfile) -> str | None:
    users = _USER.findall(dockerfile.source)
    return users[-1].partition(":")[0] if users else None


def _hadolint(paths: Sequence[str], data: Path) -> frozenset[str]:
    command = [str(_HADOLINT), "--no-color", "--format", "json", "--no-fail", *paths]
    done = subprocess.run(command, cwd=data, capture_output=True, text=True, check=True)
    return frozenset(one["file"] for one in json.loads(done.stdout) if one["code"] == "DL3002")


def _hadolint_version() -> str:
    """Empty where it is not here."""
    if not _HADOLINT.exists():
        return ""
    done = subprocess.run([str(_HADOLINT), "--version"], capture_output=True, text=True, check=True)
    return done.stdout.split()[-1]


def scored(table: Sequence[Row], says_root: Callable[[Row], bool]) -> Score:
    """How one contender does on the rows of which the truth is known."""
    known = [row for row in table if row.truth != "unknown"]
    root = [row for row in known if row.truth == "root"]
    found = sum(map(says_root, root))
    wrongly = sum(says_root(row) for row in known if row.truth == "rootless")
    return Score(found, len(root) - found, wrongly, len(known))


def last_stages(table: Sequence[Row], data: Path) -> tuple[Row, ...]:
    """The rows about what a file builds when no target is named: others look at nothing else."""

    def is_last(row: Row) -> bool:
        found = stages(parse((data / row.path).read_bytes(), row.path))
        return row.target in {"", found[-1].name}

    return tuple(row for row in table if is_last(row))


def main() -> None:
    """Prints both tables, and writes the raw figures where asked to."""
    parser = argparse.ArgumentParser(prog="python -m bench.root_users")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("UNDERCURRENT_DATA", "../shared/data")))
    parser.add_argument("--raw", type=Path, help="write the figures there, as JSON")
    asked = parser.parse_args()
    data = asked.data / "dockerfiles"
    if not data.is_dir():
        raise SystemExit(f"{data} is not there; set UNDERCURRENT_DATA")
    table = rows()
    scores: dict[str, object] = {}
    for title, part in (("every target", table), ("last stages", last_stages(table, data))):
        print(
            f"{title}: {sum(row.truth != 'unknown' for row in part)} images, "
            f"{sum(row.truth == 'root' for row in part)} of them root"
        )
        print(f"  {'':50} {'recall':>8} {'precision':>10}")
        for name, says_root in contenders(part, data).items():
            score = scored(part, says_root)
            scores[f"{title}: {name}"] = asdict(score)
            print(f"  {name:50} {score.recall:8.1%} {score.precision:10.1%}")
    if asked.raw:
        versions = {"python": platform.python_version(), "undercurrent": __version__, "hadolint": _hadolint_version()}
        asked.raw.write_text(json.dumps({"versions": versions, "scores": scores}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
