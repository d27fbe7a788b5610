"""Signing, verifying and listing many images with a key, beside cosign: in a loop, and with all images in one call.

``python -m bench.signing [--images N] [--rounds N] [--raw FILE]``, after ``make peers``. The registries are on
loopback: distribution 3, which has no referrers API, and one that has it. In each round every contender works on fresh
images of its own, in turns, so that a busy machine is as busy for each of them; what is compared are medians over
rounds. A loop costs the same for each image, so only some of the images are looped over. Processor time is told
beside the time on the clock, of the contender and of the registry: it counts where others use the machine, too.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tests.support.cosign import PASSWORD, Cosign, cosign_with_key
from tests.support.peers import require_peer
from tests.support.servers import RegistryServer, distribution, referrers_registry

from undercurrent import __version__
from undercurrent.oci.packing.pack import ImageConfig, Source, pack
from undercurrent.oci.reference import Reference
from undercurrent.oci.stores import Stores
from undercurrent.settings import Settings

__all__ = ["make", "seconds_of_children", "serving", "versions"]

_UC: Final = Path(sys.executable).with_name("uc")
_COSIGN_SIGN: Final = ("--use-signing-config=false", "--tlog-upload=false", "--yes")
_COSIGN_VERIFY: Final = ("--insecure-ignore-tlog",)
_AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class Taken:
    """What one contender needed.

    Attributes:
        seconds: of wall time for each image, or for the whole where there is only one.
        peak_mib: the largest resident memory of its process, MiB.
        processor_s: of processor time for each image, of its processes.
        registry_s: the same of the registry.
    """

    seconds: float
    peak_mib: float
    processor_s: float
    registry_s: float


@dataclass(frozen=True, slots=True)
class Scene:
    """A registry, a home with a key, and how much to do."""

    registry: RegistryServer
    cosign: Cosign
    images: int
    looped: int

    def uc(self, *arguments: str | Path) -> None:
        """Runs ``uc``."""
        home = str(self.cosign.home)
        environment = {**os.environ, "HOME": home, "COSIGN_PASSWORD": PASSWORD, "XDG_DATA_HOME": home}
        command = [_UC, *arguments, "--quiet"]
        subprocess.run(command, env=environment, check=True, capture_output=True, cwd=home)

    def names(self, place: str, count: int) -> list[str]:
        """Names of images, each in a repository of its own."""
        return [f"{self.registry.host}/{place}/app{number}:1" for number in range(count)]


@contextmanager
def serving(kind: str, folder: Path) -> Iterator[RegistryServer]:
    """A registry: ``referrers`` has their API, ``distribution`` has not."""
    running = referrers_registry(folder) if kind == "referrers" else distribution("registry", folder)
    with running as registry:
        yield registry


async def make(folder: Path, names: Sequence[str]) -> None:
    """Pushes a small image of its own under each name; ``folder`` is there."""
    running = asyncio.Semaphore(_AT_ONCE)

    async def one(stores: Stores, name: str) -> None:
        async with running:
            config = ImageConfig(labels={"name": name})
            reference = Reference.parse(name)
            await pack([Source(folder)], stores.repository(reference), reference.target, config)

    (folder / "content").write_text("content")
    async with Stores(Settings()) as stores, asyncio.TaskGroup() as group:
        for name in names:
            group.create_task(one(stores, name))


def seconds_of_children() -> float:
    """Processor time of the programs that this one has started and that still run; on Linux."""
    spent = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[1]) == os.getpid():
                spent += int(fields[11]) + int(fields[12])
    return spent / os.sysconf("SC_CLK_TCK")


def _timed(work: Callable[[], object], count: int) -> Taken:
    start, registry = time.perf_counter(), seconds_of_children()
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - the parent is told by the exit status
            print(error, file=sys.stderr)
            os._exit(1)
        os._exit(0)
    _pid, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - start
    if status:
        raise RuntimeError("a contender failed; see above")
    registry = seconds_of_children() - registry
    return Taken(seconds / count, usage.ru_maxrss / 1024, (usage.ru_utime + usage.ru_stime) / count, registry / count)


def _signing(scene: Scene, place: str) -> dict[str, Taken]:
    """Every contender signs and verifies images of its own."""
    who = {"uc": scene.images, "bundles": scene.images, "call": scene.images, "loop": scene.looped}
    names = {name: scene.names(f"{place}/{name}", count) for name, count in who.items()}
    app = scene.cosign.home / "app"
    app.mkdir(exist_ok=True)
    asyncio.run(make(app, [name for several in names.values() for name in several]))
    key, public_key = scene.cosign.key, scene.cosign.public_key
    sign = ("sign", "--key", key, *_COSIGN_SIGN)
    verify = ("verify", "--key", public_key, *_COSIGN_VERIFY)

    def each(arguments: Sequence[str | Path]) -> None:
        for name in names["loop"]:
            scene.cosign.run(*arguments, name)

    contenders: Mapping[str, tuple[Callable[[], object], int]] = {
        "sign: uc, both formats": (lambda: scene.uc("image", "sign", "--key", key, *names["uc"]), scene.images),
        "sign: uc, bundles": (
            lambda: scene.uc("image", "sign", "--key", key, "--format", "bundle", *names["bundles"]),
            scene.images,
        ),
        "sign: cosign, bundles, one call": (lambda: scene.cosign.run(*sign, *names["call"]), scene.images),
        "sign: cosign, bundles, a loop": (lambda: each(sign), scene.looped),
        "verify: uc, both formats": (
            lambda: scene.uc("image", "verify", "--key", public_key, *names["uc"]),
            scene.images,
        ),
        "verify: uc, bundles": (
            lambda: scene.uc("image", "verify", "--key", public_key, *names["bundles"]),
            scene.images,
        ),
        "verify: uc, images that cosign signed": (
            lambda: scene.uc("image", "verify", "--key", public_key, *names["call"]),
            scene.images,
        ),
        "verify: cosign, one call": (lambda: scene.cosign.run(*verify, *names["call"]), scene.images),
        "verify: cosign, a loop": (lambda: each(verify), scene.looped),
        "verify one image: uc": (
            lambda: scene.uc("image", "verify", "--key", public_key, names["uc"][0]),
            1,
        ),
        "verify one image: cosign": (lambda: scene.cosign.run(*verify, names["call"][0]), 1),
    }
    return {name: _timed(work, count) for name, (work, count) in contenders.items()}


def _tagged(scene: Scene, tags: int, place: str) -> str:
    """A repository with many tags, half of them signed; returns its name."""
    repository = f"{scene.registry.host}/{place}/tags"
    names = [f"{repository}:{number}" for number in range(tags)]
    app = scene.cosign.home / "app"
    app.mkdir(exist_ok=True)
    asyncio.run(make(app, names))
    scene.uc("image", "sign", "--key", scene.cosign.key, *names[::2])
    return repository


def _listing(scene: Scene, repository: str, tags: int) -> dict[str, Taken]:
    """All tags with their signing state, beside what is written with crane and cosign today."""
    crane = str(require_peer("crane"))

    def loop() -> None:
        listed = subprocess.run([crane, "ls", repository], capture_output=True, check=True, text=True).stdout
        images = [tag for tag in listed.split() if not tag.startswith("sha256-")]
        for tag in images[: scene.looped]:
            scene.cosign.run("tree", f"{repository}:{tag}")

    return {
        "list: uc": _timed(lambda: scene.uc("image", "list", "--registry", repository, "--json"), tags),
        "list: crane ls, cosign tree in a loop": _timed(loop, scene.looped),
    }


def _measure(kind: str, asked: argparse.Namespace) -> list[dict[str, Taken]]:
    with tempfile.TemporaryDirectory() as scratch, serving(kind, Path(scratch)) as registry:
        home = Path(scratch) / "home"
        home.mkdir()
        scene = Scene(registry, cosign_with_key(home), asked.images, min(asked.looped, asked.images))
        repository = _tagged(scene, asked.tags, "list")
        found = []
        for number in range(asked.rounds):
            found.append(_signing(scene, f"round{number}") | _listing(scene, repository, asked.tags))
            print(f"{kind}: round {number + 1} of {asked.rounds}", file=sys.stderr)
        many = scene.names("many", asked.many)
        asyncio.run(make(home / "app", many))
        found[0][f"sign {asked.many} images: uc"] = _timed(
            lambda: scene.uc("image", "sign", "--key", scene.cosign.key, *many), asked.many
        )
        return found


def versions() -> dict[str, str | int | None]:
    """What was measured, and on which machine."""
    return {
        "undercurrent": __version__,
        "cosign": "3.1.3",
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
    }


def main() -> None:
    """Measures, prints a table for each registry, and writes the raw data where asked to."""
    parser = argparse.ArgumentParser(prog="python -m bench.signing")
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--looped", type=int, default=40, help="images in a loop of cosign")
    parser.add_argument("--tags", type=int, default=1000)
    parser.add_argument("--many", type=int, default=1000, help="images of the run whose memory is measured")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--registries", default="distribution,referrers")
    parser.add_argument("--raw", type=Path, help="write every measurement there, as JSON")
    asked = parser.parse_args()
    measured = {kind: _measure(kind, asked) for kind in asked.registries.split(",")}
    machine = {**versions(), "images": asked.images, "tags": asked.tags}
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    for kind, rounds in measured.items():
        print(f"\n{kind:40} {'ms an image':>12} {'spread':>8} {'here':>8} {'registry':>8} {'peak MiB':>9}")
        for name in dict.fromkeys(name for one in rounds for name in one):
            taken = [one[name] for one in rounds if name in one]
            seconds = [one.seconds * 1e3 for one in taken]
            peak = max(one.peak_mib for one in taken)
            here = statistics.median(one.processor_s for one in taken) * 1e3
            there = statistics.median(one.registry_s for one in taken) * 1e3
            wall, spread = statistics.median(seconds), statistics.pstdev(seconds)
            print(f"{name:40} {wall:12.1f} {spread:8.1f} {here:8.1f} {there:8.1f} {peak:9.0f}")
    if asked.raw:
        raw = {
            kind: [{name: asdict(one) for name, one in round_.items()} for round_ in rounds]
            for kind, rounds in measured.items()
        }
        asked.raw.write_text(json.dumps({"machine": machine, "measured": raw}, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
