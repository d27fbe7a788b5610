"""Fuzzes for as long as you like: ``python -m tests.fuzz [TARGET …] [--seconds N]``.

With atheris (``pip install atheris``) the coverage of the code guides it; without it, seeds and what was found before
are spoilt at random. What breaks a target is written to ``tests/fuzz/corpus/TARGET``, from where the tests replay it.
"""

import argparse
import contextlib
import hashlib
import importlib.util
import random
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Final

from tests.fuzz import seeds
from tests.fuzz.mutation import MUTATIONS

_LIMIT_S: Final = 10


def main() -> int:
    """Runs what the command line says; 1 if something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="all when none is named")
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default: 60)")
    parser.add_argument("--list", action="store_true", help="only print the names of the targets")
    parser.add_argument("--without-atheris", action="store_true", help="spoil seeds at random, even if it is installed")
    asked = parser.parse_args()
    guided = importlib.util.find_spec("atheris") is not None and not asked.without_atheris
    from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - atheris instruments what is imported after it

    if asked.list:
        sys.stdout.write("\n".join(TARGETS) + "\n")
        return 0
    broken = [name for name in asked.targets or TARGETS if not _fuzzed(name, asked.seconds, guided=guided)]
    for name in broken:
        sys.stdout.write(f"{name}: broken; see {seeds.CORPUS / name}\n")
    return 1 if broken else 0


def _fuzzed(name: str, seconds: int, *, guided: bool) -> bool:
    if not guided:
        return _replayed(name, seconds)
    with tempfile.TemporaryDirectory() as folder:
        # A process of its own: libFuzzer ends it, whatever happens.
        command = [sys.executable, "-m", "tests.fuzz.guided", name, folder, str(seconds), str(_LIMIT_S)]
        return subprocess.run(command, check=False).returncode == 0


def _replayed(name: str, seconds: int) -> bool:
    from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - see above

    target, found = TARGETS[name], list((seeds.CORPUS / name).glob("*"))
    inputs = [*target.seeds(), *(path.read_bytes() for path in found)]
    chance = random.Random()  # noqa: S311 - no secret
    ends, runs = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        data = chance.choice(inputs)
        for _step in range(chance.randrange(1, 7)):
            data = chance.choice(MUTATIONS[target.kind])(data, chance)[: 256 * 1024]
        runs += 1
        began = time.monotonic()
        try:
            target(data)
        except Exception:  # noqa: BLE001 - that is what is looked for
            sys.stdout.write(traceback.format_exc())
            _keep(name, data)
            return False
        if time.monotonic() - began > _LIMIT_S:
            sys.stdout.write(f"{name}: {len(data)} bytes took {time.monotonic() - began:.0f} s\n")
            _keep(name, data)
            return False
    sys.stdout.write(f"{name}: {runs} inputs in {seconds} s, nothing found\n")
    return True


def _keep(name: str, data: bytes) -> Path:
    folder = seeds.CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / hashlib.sha256(data).hexdigest()[:16]
    path.write_bytes(data)
    return path


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        raise SystemExit(main())
