"""How long standing takes over many records: seconds and MiB of ``uc status``, ``uc report`` and ``uc --help``.

``python -m bench.standing [--records N …] [--runs N] [--raw FILE]``. The store is a SQLite file of records like those
of a team that packs, signs and verifies a tenth as many images again and again. Programs are run in turns, so that a
busy machine is as busy for each of them; nothing is asserted.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from undercurrent import __version__
from undercurrent.evidence import Record, open_store

__all__ = ["Taken", "fill", "main", "measure"]

_UC = Path(sys.executable).with_name("uc")
_STORY = (
    ("image-packed", "made"),
    ("image-signed", "signed"),
    ("sbom-made", "made"),
    ("image-verified", "verified"),
    ("image-verified", "could-not-check"),
    ("image-verified", "verified"),
    ("image-signed", "already-signed"),
    ("image-verified", "untrusted"),
    ("image-signed", "signed"),
    ("image-verified", "verified"),
)
"""What happens to each image, one after the other."""
_DAYS = 90
_MIB = 1024


@dataclass(frozen=True, slots=True)
class Taken:
    """One run: wall-clock seconds, and the most memory that it had at once, in MiB."""

    seconds: float
    mib: float


def fill(file: Path, records: int) -> None:
    """Makes a store of ``records`` records, spread over the last 90 days."""
    start, step = datetime.now(UTC) - timedelta(days=_DAYS), timedelta(days=_DAYS) / records
    images = max(records // len(_STORY), 1)
    with open_store(f"sqlite:///{file}") as store:
        for first in range(0, records, 1000):
            numbers = range(first, min(first + 1000, records))
            store.record(*(_record(number, images, start + step * number) for number in numbers))


def _record(number: int, images: int, at: datetime) -> Record:
    turn, image = divmod(number, images)
    kind, outcome = _STORY[turn % len(_STORY)]
    name, digest = f"registry.example.com/team/app-{image}:1.0", f"sha256:{image:064x}"
    proof = {"place": name, "keys": ["ab" * 32], "formats": ["bundle", "legacy"], "image": digest, "sboms": 1}
    return Record(kind, digest, outcome, proof, "undercurrent", __version__, at, f"run-{turn}", name)


def measure(commands: Mapping[str, Sequence[str]], file: Path, home: Path, runs: int) -> dict[str, list[Taken]]:
    """What each run of each command took, in turns; one run before is not counted.

    Args:
        commands: argument lists by name.
        file: the store.
        home: the home folder of the runs, in which they are.
        runs: how often each is run.
    """
    environment = {
        "HOME": str(home),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "UNDERCURRENT_EVIDENCE_URL": f"sqlite:///{file}",
    }
    taken: dict[str, list[Taken]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            one = _taken(command, environment, home)
            if turn:
                taken[name].append(one)
    return taken


def _taken(command: Sequence[str], environment: Mapping[str, str], home: Path) -> Taken:
    start = time.perf_counter()
    with subprocess.Popen(
        command, env=environment, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        _pid, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - start
        if process.returncode and process.stderr:
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}: {process.stderr.read().decode()}")
    return Taken(seconds, used.ru_maxrss / _MIB)


def _is_there(command: str) -> bool:
    return not subprocess.run([_UC, command, "--help"], capture_output=True, check=False).returncode


def main() -> None:
    """Measures, prints a table, and writes the raw data where asked to."""
    parser = argparse.ArgumentParser(prog="python -m bench.standing")
    parser.add_argument("--records", type=int, nargs="+", default=[0, 1000, 10_000, 100_000])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--raw", type=Path, help="write every measurement there, as JSON")
    asked = parser.parse_args()
    commands = {
        "uc --help": (str(_UC), "--help"),
        "uc status": (str(_UC), "status", "--no-remember"),
        "uc status --json": (str(_UC), "status", "--json"),
        "uc report": (str(_UC), "report", "-o", "standing.html"),
    }
    if not _is_there("report"):
        del commands["uc report"]
    print(f"undercurrent {__version__}, Python {platform.python_version()}, {platform.platform()}, {asked.runs} runs")
    print(f"{'records':>8}  {'command':18} {'best s':>8} {'median':>8} {'spread':>8} {'MiB':>8}  page MiB")
    raw: dict[str, object] = {}
    for records in asked.records:
        with tempfile.TemporaryDirectory() as home:
            file = Path(home, "evidence.db")
            fill(file, records) if records else None
            taken = measure(commands, file, Path(home), asked.runs)
            file = Path(home, "standing.html")
            page = file.stat().st_size / _MIB / _MIB if file.exists() else 0.0
        _print(records, taken, page)
        raw[str(records)] = {
            "page_mib": page,
            **{name: [{"seconds": one.seconds, "mib": one.mib} for one in runs] for name, runs in taken.items()},
        }
    if asked.raw:
        machine = {"python": platform.python_version(), "platform": platform.platform(), "version": __version__}
        asked.raw.write_text(json.dumps({"machine": machine, "records": raw}, indent=2) + "\n", "utf-8")


def _print(records: int, taken: Mapping[str, Sequence[Taken]], page: float) -> None:
    for name, runs in taken.items():
        seconds = [one.seconds for one in runs]
        most = max(one.mib for one in runs)
        size = f"{page:8.2f}" if name == "uc report" else ""
        print(
            f"{records:8}  {name:18} {min(seconds):8.2f} {statistics.median(seconds):8.2f}"
            f" {statistics.pstdev(seconds):8.2f} {most:8.0f}  {size}"
        )


if __name__ == "__main__":
    main()
