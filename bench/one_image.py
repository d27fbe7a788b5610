"""How long it takes to verify one image with a key, from the start of the process to its end, beside cosign.

``python -m bench.one_image [--runs N] [--raw FILE]``, after ``make peers``. The registry is on loopback. Programs are
run in turns, so that a busy machine is as busy for each of them; what they use of a processor depends less on that than
the time that passes. Nothing is asserted: the target is under 400 ms, best of N, on an idle machine.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.cosign import cosign_with_key
from tests.support.peers import require_peer

from bench.signing import Scene, make, serving, versions

__all__ = ["Run", "main", "measure"]

_UC: Final = Path(sys.executable).with_name("uc")
_NEW_EVERY_TIME: Final = "uc, no evidence yet"


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took, in seconds: the time that passed, and that of a processor (user and system)."""

    wall: float
    processor: float


def _once(command: tuple[str, ...], environment: Mapping[str, str]) -> Run:
    nowhere = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_WRONLY, 0) for stream in (1, 2)]
    start = time.perf_counter()
    process = os.posix_spawn(command[0], command, environment, file_actions=nowhere)
    _process, status, usage = os.wait4(process, 0)
    taken = time.perf_counter() - start
    if status:
        raise RuntimeError(f"{command[0]} ended with {os.waitstatus_to_exitcode(status)}")
    return Run(taken, usage.ru_utime + usage.ru_stime)


def measure(scene: Scene, runs: int) -> dict[str, list[Run]]:
    """Verifies one image again and again; one run before is not counted.

    Args:
        scene: its first image is signed here.
        runs: how often each program verifies it.
    """
    image = scene.names("one", 1)[0]
    app = scene.cosign.home / "app"
    app.mkdir()
    asyncio.run(make(app, [image]))
    scene.uc("image", "sign", "--key", scene.cosign.key, image)
    home, key = str(scene.cosign.home), str(scene.cosign.public_key)
    uc = (str(_UC), "image", "verify", "--key", key, image)
    commands = {
        "python -c pass": (sys.executable, "-c", "pass"),
        "uc": uc,
        _NEW_EVERY_TIME: uc,
        "cosign": (str(require_peer("cosign")), "verify", "--key", key, "--insecure-ignore-tlog", image),
    }
    environment = {"HOME": home, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    taken: dict[str, list[Run]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            with tempfile.TemporaryDirectory() as fresh:
                data = fresh if name == _NEW_EVERY_TIME else home
                run = _once(command, {**environment, "XDG_DATA_HOME": data})
            if turn:
                taken[name].append(run)
    return taken


def main() -> None:
    """Measures, prints a table, and writes the raw data where asked to."""
    parser = argparse.ArgumentParser(prog="python -m bench.one_image")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--raw", type=Path, help="write every measurement there, as JSON")
    asked = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as scratch, serving("distribution", Path(scratch)) as registry:
        home = Path(scratch) / "home"
        home.mkdir()
        taken = measure(Scene(registry, cosign_with_key(home), 1, 1), asked.runs)
    machine = {**versions(), "other work": f"load {load:.1f}"}
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    print(f"{'verify one image':24} {'best ms':>8} {'median':>8} {'spread':>8} {'processor, best':>16} {'median':>8}")
    for name, several in taken.items():
        wall, processor = ([getattr(run, kind) * 1e3 for run in several] for kind in ("wall", "processor"))
        print(
            f"{name:24} {min(wall):8.1f} {statistics.median(wall):8.1f} {statistics.pstdev(wall):8.1f} "
            f"{min(processor):16.1f} {statistics.median(processor):8.1f}"
        )
    if asked.raw:
        raw = {name: [[run.wall, run.processor] for run in several] for name, several in taken.items()}
        written = {"machine": machine, "wall and processor seconds": raw}
        asked.raw.write_text(json.dumps(written, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
