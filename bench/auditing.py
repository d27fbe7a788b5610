"""How long an audit of many Dockerfiles takes: ``uc harden audit`` and hadolint, on the same files, in one run.

``python -m bench.auditing [--files N] [--runs N] [--corpora FOLDER] [--raw FILE]``. The files are those of the corpora
(`UNDERCURRENT_DATA`), again and again, each copy with commands of its own, so that nothing is the same twice. The
contenders run in turns, so that a busy machine is as busy for each of them. ``the model alone`` reads every file and
says who runs in each of its images, in one process, without rules and output. Nothing is asserted.
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Final

from undercurrent import __version__
from undercurrent.errors import UndercurrentError
from undercurrent.hardening.dockerfile import parse
from undercurrent.hardening.model import describe

__all__ = ["Taken", "copies", "main", "measure"]

_BESIDE: Final = Path(sys.executable).parent
_CORPORA: Final = Path(os.environ.get("UNDERCURRENT_DATA", "../shared/data")) / "dockerfiles"
_MIB: Final = 1024
_SHELL: Final = re.compile(rb"^RUN +(?![-<\[])", re.MULTILINE)
"""Where a shell's commands begin."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One run: seconds on the clock and of the processor, and the most memory that it had at once, in MiB."""

    seconds: float
    processor: float
    mib: float


def copies(corpora: Path, folder: Path, files: int) -> list[Path]:
    """Makes ``files`` Dockerfiles in ``folder``, each in a folder of its own, from those of the corpora."""
    found = sorted(path for path in corpora.rglob("Dockerfile*") if path.is_file() and "buildkit" not in path.parts)
    if not found:
        raise SystemExit(f"there is no Dockerfile in {corpora}; set UNDERCURRENT_DATA")
    made = []
    for number, path in enumerate(islice(cycle(found), files)):
        copy = folder / f"app-{number:04}" / "Dockerfile"
        copy.parent.mkdir()
        copy.write_bytes(_SHELL.sub(b"RUN : %d; " % number, path.read_bytes()) + b"\n# copy %d\n" % number)
        made.append(copy)
    return made


def measure(commands: Mapping[str, Sequence[str]], folder: Path, runs: int) -> dict[str, list[Taken]]:
    """What each run of each command took, in turns; one run before is not counted."""
    taken: dict[str, list[Taken]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            one = _taken(command, folder)
            if turn:
                taken[name].append(one)
    return taken


def _taken(command: Sequence[str], folder: Path) -> Taken:
    here = str(Path(__file__).parents[1])
    environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONPATH": here}
    start = time.perf_counter()
    with subprocess.Popen(
        command, env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        _pid, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - start
        if process.returncode not in ((0,) if "--model" in command else (0, 1)):  # 1: there are findings
            raise SystemExit(f"{' '.join(command[:4])} ended with {process.returncode}")
    return Taken(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / _MIB)


def _model(files: Sequence[str]) -> None:
    """What the contender ``the model alone`` runs."""
    for file in files:
        try:
            describe(parse(Path(file).read_bytes(), file))
        except UndercurrentError:
            continue


def _contenders(files: Sequence[Path]) -> dict[str, Sequence[str]]:
    uc, names = str(_BESIDE / "uc"), [str(path) for path in files]
    found: dict[str, Sequence[str]] = {
        "uc harden audit": (uc, "harden", "audit", "--hadolint", "off", "."),
        "uc harden audit --json": (uc, "harden", "audit", "--hadolint", "off", "--json", "."),
        "the model alone": (sys.executable, "-m", "bench.auditing", "--model", *names),
        "hadolint": (str(_BESIDE / "hadolint"), "--format", "json", *names),
    }
    if subprocess.run([uc, "harden", "audit", "--help"], capture_output=True, check=False).returncode:
        del found["uc harden audit"], found["uc harden audit --json"]
    return found


def main() -> None:
    """Measures, prints a table, and writes the raw data where asked to."""
    parser = argparse.ArgumentParser(prog="python -m bench.auditing")
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--corpora", type=Path, default=_CORPORA)
    parser.add_argument("--raw", type=Path, help="write every measurement there, as JSON")
    parser.add_argument("--model", nargs="+", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.model:
        _model(asked.model)
        return
    with tempfile.TemporaryDirectory() as scratch:
        files = copies(asked.corpora, Path(scratch), asked.files)
        taken = measure(_contenders(files), Path(scratch), asked.runs)
    print(f"undercurrent {__version__}, Python {platform.python_version()}, {platform.platform()}, {asked.runs} runs")
    print(f"{asked.files} Dockerfiles{'':18} {'best s':>8} {'median':>8} {'processor':>10} {'MiB':>6}")
    for name, runs in taken.items():
        seconds = [one.seconds for one in runs]
        processor, most = min(one.processor for one in runs), max(one.mib for one in runs)
        print(f"{name:34} {min(seconds):8.2f} {statistics.median(seconds):8.2f} {processor:10.2f} {most:6.0f}")
    if asked.raw:
        machine = {"python": platform.python_version(), "platform": platform.platform(), "version": __version__}
        raw = {name: [asdict(one) for one in runs] for name, runs in taken.items()}
        asked.raw.write_text(json.dumps({"machine": machine, "files": asked.files, "taken": raw}, indent=2) + "\n")


if __name__ == "__main__":
    main()
