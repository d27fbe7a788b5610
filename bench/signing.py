"""Signing and verifying many images with a key, beside cosign: in a loop, and with all images in one call.

``python -m bench.signing [--images N] [--rounds N] [--raw FILE]``, after ``make peers``. The registry is
distribution 3 on loopback. Each round makes fresh images and lets every contender work on its own copies, in
turns; what is compared are medians over rounds.
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
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.support.cosign import PASSWORD, Cosign, cosign_with_key
from tests.support.servers import distribution

from undercurrent import __version__
from undercurrent.oci.packing.pack import ImageConfig, Source, pack
from undercurrent.oci.reference import Reference
from undercurrent.oci.stores import Stores
from undercurrent.settings import Settings

_UC = Path(sys.executable).with_name("uc")
_COSIGN_SIGN = ("--use-signing-config=false", "--tlog-upload=false", "--yes")
_COSIGN_VERIFY = ("--insecure-ignore-tlog",)


def _uc(home: Path, *arguments: str | Path) -> None:
    environment = {**os.environ, "HOME": str(home), "COSIGN_PASSWORD": PASSWORD, "XDG_DATA_HOME": str(home)}
    subprocess.run([_UC, *arguments, "--quiet"], env=environment, check=True, capture_output=True, cwd=home)


async def _make(folder: Path, names: Sequence[str]) -> None:
    """A small image of its own under each name; ``folder`` is there."""
    async with Stores(Settings()) as stores:
        for name in names:
            (folder / "content").write_text(name)
            reference = Reference.parse(name)
            await pack([Source(folder)], stores.repository(reference), reference.target, ImageConfig())


def _timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _round(number: int, images: int, host: str, cosign: Cosign) -> dict[str, float]:
    """Seconds an image, by contender."""
    home = cosign.home
    names = {
        who: [f"{host}/round{number}/{who}/{image}:1" for image in range(images)] for who in ("uc", "loop", "call")
    }
    (home / "app").mkdir(exist_ok=True)
    asyncio.run(_make(home / "app", [names[who][image] for image in range(images) for who in names]))

    def each(arguments: Sequence[str | Path], who: str) -> None:
        for name in names[who]:
            cosign.run(*arguments, name)

    sign = ("sign", "--key", cosign.key, *_COSIGN_SIGN)
    verify = ("verify", "--key", cosign.public_key, *_COSIGN_VERIFY)
    contenders = {
        "sign: uc, both formats, one call": lambda: _uc(home, "image", "sign", "--key", cosign.key, *names["uc"]),
        "sign: cosign, bundles, a loop": lambda: each(sign, "loop"),
        "sign: cosign, bundles, one call": lambda: cosign.run(*sign, *names["call"]),
        "verify: uc, one call": lambda: _uc(home, "image", "verify", "--key", cosign.public_key, *names["uc"]),
        "verify: cosign, a loop": lambda: each(verify, "loop"),
        "verify: cosign, one call": lambda: cosign.run(*verify, *names["call"]),
    }
    return {name: _timed(work) / images for name, work in contenders.items()}  # type: ignore[arg-type]  # results unused


def main() -> None:
    """Measures, prints a table, and writes the raw data where asked to."""
    parser = argparse.ArgumentParser(prog="python -m bench.signing")
    parser.add_argument("--images", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--raw", type=Path, help="write every measurement there, as JSON")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, distribution("registry", Path(scratch)) as registry:
        home = Path(scratch) / "home"
        home.mkdir()
        cosign = cosign_with_key(home)
        rounds = [_round(number, asked.images, registry.host, cosign) for number in range(asked.rounds)]
    machine = {
        "undercurrent": __version__,
        "cosign": "3.1.3",
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "images": asked.images,
    }
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    print(f"{'':36} {'ms an image':>12} {'spread':>8}")
    for name in rounds[0]:
        taken = [found[name] * 1e3 for found in rounds]
        print(f"{name:36} {statistics.median(taken):12.1f} {statistics.pstdev(taken):8.1f}")
    if asked.raw:
        asked.raw.write_text(json.dumps({"machine": machine, "seconds_an_image": rounds}, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
