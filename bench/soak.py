"""One process that signs, attests, verifies and lists fresh images for a long time, while all kinds of things go wrong.

``python -m bench.soak [--minutes N] [--images N] [--raw FILE]``, after ``make peers``. Five minutes are the default; an
hour is ``--minutes 60``, and a night ``--minutes 480`` (some 100 MB of a temporary folder an hour). The registry is
distribution 3 on loopback; a proxy before it lets about one request in six go wrong, from a printed seed.

What counts is that nothing grows: memory, open files and tasks of the process, round after round. Each round is over
when every image is signed, attested and verified, which its last look at them shows.
"""

import argparse
import asyncio
import gc
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from tests.support.background import in_background
from tests.support.cli import command_line_environment
from tests.support.faultproxy import FaultProxy
from tests.support.faults import mixture
from tests.support.servers import distribution
from tests.support.standing import push_fleet, repository_at

from undercurrent import __version__
from undercurrent.fleet import Summary
from undercurrent.oci.stores import Stores
from undercurrent.progress import silent
from undercurrent.settings import Settings
from undercurrent.signing.keys import PrivateKey
from undercurrent.signing.sign import BOTH
from undercurrent.signing.signatory import KeySignatory
from undercurrent.signing.verify import Verdict, Verification
from undercurrent.workflows.attesting import Predicate, attest_images
from undercurrent.workflows.estate import Places, find
from undercurrent.workflows.listing import Listed, list_images
from undercurrent.workflows.signing import SignOptions, sign_images
from undercurrent.workflows.verifying import verify_images

__all__ = ["Round", "soak"]

_Step: TypeAlias = Callable[[Any], Awaitable[Summary[Any]]]
_MOST_TRIES: Final = 10
_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Round:
    """One round, at its end.

    Attributes:
        number: from 0.
        seconds: that it took.
        tries: runs that it took until each of the four had done all images.
        faults: requests that met one.
        resident: bytes of the process that are in memory.
        descriptors: files and connections that it has open.
        tasks: that its event loop has, this one included.
        verified: images whose last verdict was "verified".
    """

    number: int
    seconds: float
    tries: int
    faults: int
    resident: int
    descriptors: int
    tasks: int
    verified: int


def soak(seconds: float, images: int, seed: int) -> Iterator[Round]:
    """Lets a process work for ``seconds`` on ``images`` fresh images each round.

    Args:
        seconds: how long; the round that is under way then is finished.
        images: of each round.
        seed: of the faults.

    Yields:
        Each round, when it has ended.

    Raises:
        RuntimeError: the process died; its last words are in the message.
    """
    with (
        tempfile.TemporaryDirectory() as scratch,
        distribution("registry", Path(scratch)) as registry,
        in_background(FaultProxy(registry.host, seed=seed)) as proxy,
        _worker(Path(scratch) / "home") as ask,
    ):
        ends, number = time.monotonic() + seconds, 0
        while time.monotonic() < ends:
            name = f"soak/round{number}"
            asyncio.run(_push(registry.host, name, images))
            proxy.faults = mixture(random.Random(seed + number))  # noqa: S311 - faults, no secrets
            proxy.seen.clear()
            done = ask(f"{proxy.host}/{name}")
            yield Round(number, faults=sum(fault.met for fault in proxy.faults), **done)
            number += 1


async def _push(host: str, name: str, images: int) -> None:
    async with repository_at(host, name) as repository:
        await push_fleet(repository, [f"v{number}" for number in range(images)])


@contextmanager
def _worker(home: Path) -> Iterator[Callable[[str], dict[str, Any]]]:
    """The process; what is handed out gives it a place to work on, and waits for what it says of that round."""
    home.mkdir()
    with (home / "log").open("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.soak", "--worker"],
            env=command_line_environment(home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert process.stdin is not None  # noqa: S101 - both are pipes
        assert process.stdout is not None  # noqa: S101

        def ask(place: str) -> dict[str, Any]:
            print(place, file=process.stdin, flush=True)
            answer = process.stdout.readline() if process.stdout else ""
            if not answer:
                log.seek(0)
                raise RuntimeError(f"the process has ended: {log.read()[-2000:]}")
            found: dict[str, Any] = json.loads(answer)
            return found

        try:
            yield ask
        finally:
            process.communicate()


async def _work() -> None:
    """The worker: a round for each line of standard input, all on one event loop."""
    key = PrivateKey.generate()
    while place := (await asyncio.to_thread(sys.stdin.readline)).strip():
        began = time.monotonic()
        tries, verified = await _round(place, key)
        gc.collect()
        done = {
            "seconds": time.monotonic() - began,
            "tries": tries,
            "resident": _resident(),
            "descriptors": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - names are all it takes
            "tasks": len(asyncio.all_tasks()),
            "verified": verified,
        }
        print(json.dumps(done), flush=True)


async def _round(place: str, key: PrivateKey) -> tuple[int, int]:
    """Signs, attests, verifies and lists what is at ``place``; tries and verified images."""
    settings, signatory = Settings(), KeySignatory(key)
    asked = {"place": place}
    options, predicate = SignOptions(), Predicate("custom", b'{"soak": true}')
    steps: Sequence[_Step] = (
        lambda found: sign_images(found, signatory, options, settings, asked=asked, observer=silent),
        lambda found: attest_images(found, predicate, signatory, BOTH, settings, observer=silent),
        lambda found: verify_images(found, signatory.trust, settings, observer=silent),
        lambda found: list_images(found, settings, observer=silent),
    )
    tries, verified = 0, 0
    for step in steps:
        tried, summary = await _until_well(place, settings, step)
        tries += tried
        verified += sum(isinstance(done.result, Verification) and _is_well(done.result) for done in summary.results)
    return tries, verified


async def _until_well(place: str, settings: Settings, step: _Step) -> tuple[int, Summary[Any]]:
    """Takes one step as often as the faults make it necessary."""
    tries = 0
    while True:
        tries += 1
        async with Stores(settings) as stores:
            found: Any = find(Places(registries=(place,)), stores, settings.images, read=True)
            summary = await step(found)
        well = not summary.failures and all(_is_well(done.result) for done in summary.results)
        if well or tries == _MOST_TRIES:
            return tries, summary


def _is_well(result: object) -> bool:
    """Whether nobody has to look at the image again."""
    match result:
        case Verification():
            return result.verdict is Verdict.VERIFIED
        case Listed():
            return bool(result.signatures)
    return True


def _resident() -> int:
    with Path("/proc/self/status").open() as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024


def main() -> None:
    """Measures, prints a table, and writes the raw data where asked to."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--images", type=int, default=20, help="of each round")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--raw", type=Path, help="write every round there, as JSON")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        asyncio.run(_work())
        return
    machine = {
        "undercurrent": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "minutes": asked.minutes,
        "images": asked.images,
        "seed": asked.seed,
    }
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    print(f"{'round':>6} {'s':>6} {'tries':>6} {'faults':>7} {'MiB':>7} {'files':>6} {'tasks':>6} {'verified':>9}")
    rounds = []
    for done in soak(asked.minutes * 60, asked.images, asked.seed):
        rounds.append(done)
        print(
            f"{done.number:6} {done.seconds:6.1f} {done.tries:6} {done.faults:7} {done.resident / _MIB:7.1f} "
            f"{done.descriptors:6} {done.tasks:6} {done.verified:9}",
            flush=True,
        )
    if asked.raw:
        document = {"machine": machine, "rounds": [asdict(done) for done in rounds]}
        asked.raw.write_text(json.dumps(document, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
