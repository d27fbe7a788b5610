"""Where the time of verifying an image goes: in this process, package by package, and in the registry that answers.

``python -m bench.profiling [--images N] [--repeat N] [--registry distribution|referrers]``, after ``make peers``, on
Linux. Both are processor time, so that others on the machine do not change much. The first is sampled while images are
verified in one process, again and again, its start left out; the second is counted while a request is sent often.
"""

import argparse
import asyncio
import http.client
import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

from tests.support.servers import RegistryServer

from bench.signing import make, seconds_of_children, serving
from undercurrent.oci import mediatypes
from undercurrent.oci.legacy import SIGNATURES, legacy_name
from undercurrent.oci.manifest import Manifest
from undercurrent.oci.reference import Reference
from undercurrent.oci.stores import Stores
from undercurrent.progress import silent
from undercurrent.settings import EvidenceSettings, Settings
from undercurrent.signing.checks import Format, Trust
from undercurrent.signing.keys import PrivateKey
from undercurrent.signing.signatory import KeySignatory
from undercurrent.workflows.estate import Places, locate_all
from undercurrent.workflows.signing import SignOptions, sign_images
from undercurrent.workflows.verifying import verify_images

_EVERY_S: Final = 0.002
_SENT: Final = 400
_SHOWN: Final = 16
_ACCEPT: Final = ", ".join(sorted(mediatypes.MANIFESTS | mediatypes.INDEXES))


async def _sign(settings: Settings, key: PrivateKey, names: list[str]) -> None:
    async with Stores(settings) as stores:
        found = locate_all(names, Places(), stores, settings, read=True)
        options = SignOptions(formats=(Format.BUNDLE,), resume=False)
        summary = await sign_images(found, KeySignatory(key), options, settings, asked={}, observer=silent)
    if summary.failures:
        raise summary.failures[0].error


async def _verify(settings: Settings, key: PrivateKey, names: list[str]) -> None:
    async with Stores(settings) as stores:
        found = locate_all(names, Places(), stores, settings, read=True)
        summary = await verify_images(found, Trust((key.public,)), settings, observer=silent)
    if not all(end.result.accepted for end in summary.results) or summary.failures:
        raise RuntimeError("not all is verified")


def _package(file: str) -> str:
    """What a source file belongs to, in a word or two."""
    parts = Path(file).parts
    for folder in ("site-packages", "undercurrent"):
        if folder in parts:
            inside = parts[len(parts) - parts[::-1].index(folder) :]
            return f"undercurrent.{inside[0].removesuffix('.py')}" if folder == "undercurrent" else inside[0]
    return parts[-2] if parts[-2:-1] and parts[-2] in {"asyncio", "json"} else "Python's library"


@contextmanager
def _sampled() -> Iterator[Counter[str]]:
    """Counts, every other millisecond of processor time, which package's code runs."""
    found = Counter[str]()

    def look(_number: int, frame: FrameType | None) -> None:
        if frame is not None:
            found[_package(frame.f_code.co_filename)] += 1

    before = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, _EVERY_S, _EVERY_S)
    try:
        yield found
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _profile_client(settings: Settings, key: PrivateKey, names: list[str], repeat: int) -> None:
    asyncio.run(_verify(settings, key, names))  # imports, and what is read once
    began = time.process_time()
    with _sampled() as found:
        for _again in range(repeat):
            asyncio.run(_verify(settings, key, names))
    microseconds = (time.process_time() - began) / (repeat * len(names)) * 1e6
    print(f"\nin this process: {microseconds:.0f} µs an image")
    for package, count in found.most_common(_SHOWN):
        print(f"  {microseconds * count / found.total():6.0f}  {package}")


async def _paths(settings: Settings, name: str) -> dict[str, str]:
    """What is asked about a signed image, in order."""
    reference = Reference.parse(name)
    async with Stores(settings) as stores:
        repository = stores.repository(reference)
        image = await repository.resolve(reference.target)
        (referrer,) = await repository.referrers(image.digest)
        bundle = await repository.manifest(referrer)
        lists = repository.path("referrers", image.digest)
        if repository.registry.has_referrers is False:
            lists = repository.path("manifests", image.digest.replace(":", "-"))
    if not isinstance(bundle, Manifest):
        raise TypeError("a bundle is no index")
    return {
        "the image, by its tag": repository.path("manifests", reference.target),
        "what refers to it": lists,
        "the bundle's manifest": repository.path("manifests", referrer.digest),
        "the legacy tag, which is not there": repository.path("manifests", legacy_name(image.digest, SIGNATURES)),
        "not asked any more: the bundle": repository.path("blobs", bundle.layers[0].digest),
    }


def _profile_registry(registry: RegistryServer, paths: dict[str, str]) -> None:
    connection = http.client.HTTPConnection(registry.host)
    print("\nin the registry, µs a request")
    for what, path in paths.items():
        began = seconds_of_children()
        for _again in range(_SENT):
            connection.request("GET", path, headers={"Accept": _ACCEPT})
            connection.getresponse().read()
        print(f"  {(seconds_of_children() - began) / _SENT * 1e6:6.0f}  {what}")
    connection.close()


def main() -> None:
    """Measures, and prints both profiles."""
    parser = argparse.ArgumentParser(prog="python -m bench.profiling")
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--repeat", type=int, default=10)
    parser.add_argument("--registry", choices=("distribution", "referrers"), default="distribution")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, serving(asked.registry, Path(scratch)) as registry:
        os.environ |= {f"XDG_{kind}_HOME": f"{scratch}/{kind}" for kind in ("STATE", "DATA", "CACHE")}
        settings = Settings(evidence=EvidenceSettings(url=f"sqlite:///{scratch}/evidence.db"))
        names, key = [f"{registry.host}/app{number}:1" for number in range(asked.images)], PrivateKey.generate()
        app = Path(scratch) / "app"
        app.mkdir()
        asyncio.run(make(app, names))
        asyncio.run(_sign(settings, key, names))
        _profile_client(settings, key, names, asked.repeat)
        _profile_registry(registry, asyncio.run(_paths(settings, names[0])))


if __name__ == "__main__":
    main()
