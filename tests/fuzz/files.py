"""Targets that read files: archives, layers, keys, configurations."""

import asyncio
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Final

from undercurrent import settings
from undercurrent.errors import UndercurrentError
from undercurrent.oci.files.archive import open_archive
from undercurrent.oci.files.tarball import decompress, inner_name, members_of
from undercurrent.oci.manifest import Manifest
from undercurrent.oci.packing.layerfile import tar_stream
from undercurrent.oci.packing.rootfs import tar_entries
from undercurrent.oci.registry import Credentials
from undercurrent.planning import loading
from undercurrent.planning.loading import read_catalogue
from undercurrent.report import catalogues as views
from undercurrent.report.human import human
from undercurrent.report.render import as_json
from undercurrent.signing import keys

__all__ = ["archive", "catalogue", "catalogues", "config_file", "key_file", "layer", "scratch", "settings_file"]

_SMALL: Final = 4 * 1024 * 1024
"""Bytes of content that a target reads; bombs have tests of their own."""


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="uc-fuzz-")


@contextmanager
def scratch(data: bytes, name: str = "input") -> Iterator[Path]:
    """A file with this content."""
    path = Path(_folder().name) / name
    path.write_bytes(data)
    path.chmod(0o600)
    yield path


def archive(data: bytes) -> None:
    with scratch(data) as path:
        asyncio.run(_read_archive(path))


async def _read_archive(path: Path) -> None:
    found = open_archive(path)
    await found.check()
    async for name in found.names():
        assert name
        try:
            manifest = await found.manifest(await found.resolve(name))
            await found.referrers(manifest.digest)
        except UndercurrentError:
            continue
        if isinstance(manifest, Manifest):
            for descriptor in (manifest.config, *manifest.layers):
                if descriptor.size < _SMALL:
                    async for _piece in found.blob(descriptor):
                        pass


def layer(data: bytes) -> None:
    """A layer that was packed has no name that leaves the root, and is read again as what was packed."""
    plain = b""
    with scratch(data) as path:
        for piece in decompress(path):
            plain += piece
            if len(plain) > _SMALL:
                return
    entries = list(tar_entries(io.BytesIO(plain), len(plain), "it", None, lambda _text: None))
    packed = b"".join(tar_stream(entries, 0))
    again = list(members_of(io.BytesIO(packed), len(packed), "it"))
    assert [member.name for member in again] == [entry.name for entry in entries]
    for member in again:
        assert inner_name(member.name, "it") == member.name
        assert "\0" not in member.name + member.link


def key_file(data: bytes) -> None:
    with scratch(data) as path:
        with suppress(UndercurrentError):
            assert not keys.load_public(path).verify(b"signature", b"data")
        assert len(keys.load_any(path, b"").fingerprint) == 64


def config_file(data: bytes) -> None:
    with scratch(data) as path:
        for host in ("docker.io", "ghcr.io", "x.io", "gcr.io"):
            with suppress(UndercurrentError):
                asyncio.run(Credentials(files=[path]).find(host, "acme/app"))


def catalogue(data: bytes) -> None:
    """What is read can be shown, reckoned with, and has no circle."""
    with scratch(data, "catalogue.toml") as path:
        found = read_catalogue(path)
    TopologicalSorter({action.id: action.needs for action in found.actions}).prepare()
    assert all(action.risk >= 0 and action.yearly >= 0 for action in found.actions)
    assert set(found.by_id).issuperset(name for window in found.windows for name in window.actions)
    human(views.view(found, date(2026, 11, 30)))
    as_json(views.view(found, date(2026, 11, 30)))


def catalogues() -> tuple[bytes, ...]:
    return tuple((Path(loading.__file__).parent / "data" / f"{name}.toml").read_bytes() for name in loading.BUILTIN)


def settings_file(data: bytes) -> None:
    with scratch(data, "undercurrent.toml") as path:
        list(settings.load(file=path, environ={}).rows())
