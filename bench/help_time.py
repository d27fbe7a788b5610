"""How long ``uc --help`` takes, beside what it cannot be faster than and what people use instead.

``python -m bench.help_time [--runs N] [--raw FILE]``. Programs are run in turns, so that a busy machine is as busy
for each of them. Nothing is asserted: the promise of issue 3 is under 100 ms, best of N, on an idle machine.
"""

import argparse
import json
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from undercurrent import __version__

__all__ = ["main", "measure"]

_UC = Path(sys.executable).with_name("uc")
_PEERS = ("cosign", "skopeo", "podman", "docker")


def _candidates() -> Mapping[str, Sequence[str]]:
    ours = {
        "python -c pass": (sys.executable, "-c", "pass"),
        "python -c 'import click'": (sys.executable, "-c", "import click"),
        "uc --help": (str(_UC), "--help"),
        "uc --lang zh --help": (str(_UC), "--lang", "zh", "--help"),
        "uc imgae (a typing error)": (str(_UC), "imgae"),
    }
    return ours | {f"{peer} --help": (path, "--help") for peer in _PEERS if (path := shutil.which(peer))}


def measure(commands: Mapping[str, Sequence[str]], runs: int) -> dict[str, list[float]]:
    """Seconds of each run of each command, in turns; one run before is not counted.

    Args:
        commands: argument lists by name.
        runs: how often each is run.
    """
    taken: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as home:
        environment = {"HOME": home, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        for turn in range(runs + 1):
            for name, command in commands.items():
                start = time.perf_counter()
                subprocess.run(command, env=environment, capture_output=True, check=False)
                if turn:
                    taken[name].append(time.perf_counter() - start)
    return taken


def main() -> None:
    """Measures, prints a table, and writes the raw data where asked to."""
    parser = argparse.ArgumentParser(prog="python -m bench.help_time")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--raw", type=Path, help="write every measurement there, as JSON")
    asked = parser.parse_args()
    taken = measure(_candidates(), asked.runs)
    floor = min(taken["python -c pass"])
    print(f"undercurrent {__version__}, Python {platform.python_version()}, {platform.platform()}, {asked.runs} runs")
    print(f"{'command':28} {'best ms':>8} {'median':>8} {'spread':>8} {'× bare Python':>14}")
    for name, seconds in taken.items():
        best, median = min(seconds), statistics.median(seconds)
        spread = statistics.pstdev(seconds)
        print(f"{name:28} {best * 1e3:8.1f} {median * 1e3:8.1f} {spread * 1e3:8.1f} {best / floor:14.1f}")
    if asked.raw:
        machine = {"python": platform.python_version(), "platform": platform.platform(), "version": __version__}
        asked.raw.write_text(json.dumps({"machine": machine, "seconds": taken}, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
