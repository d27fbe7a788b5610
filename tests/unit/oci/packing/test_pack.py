import errno
import gzip
import io
import json
import os
import socket
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import zstandard
from tests.support.memory import LITTLE, peak_memory
from tests.support.oci_schemas import complaints

from undercurrent.errors import (
    BadContent,
    ConfigError,
    CouldNotCheck,
    EnvironmentLacks,
    NotFound,
    TooLarge,
    UndercurrentError,
    Unsupported,
    UsageError,
)
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor, Platform
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.manifest import Index, Manifest
from undercurrent.oci.packing.pack import ImageConfig, Source, pack, source_date_epoch
from undercurrent.oci.store import read_blob
from undercurrent.progress import Event, Noted

AMD64, ARM64 = Platform("linux", "amd64"), Platform("linux", "arm64")
LIMIT = 2**24


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout.open(tmp_path / "layout", create=True)


async def packed(layout: Layout, path: Path, **more: Any) -> Manifest:
    config = more.pop("config", ImageConfig())
    descriptor = await pack([Source(path, AMD64)], layout, "app", config, **more)
    assert await layout.resolve("app") == descriptor
    manifest = await layout.manifest(descriptor)
    assert isinstance(manifest, Manifest)
    return manifest


async def config_of(layout: Layout, manifest: Manifest) -> dict[str, Any]:
    value = json.loads(await read_blob(layout, manifest.config, LIMIT))
    assert isinstance(value, dict)
    return value


async def tar_of(layout: Layout, manifest: Manifest) -> bytes:
    raw = await read_blob(layout, manifest.layers[0], LIMIT)
    if manifest.layers[0].media_type == mediatypes.OCI_LAYER_GZIP:
        return gzip.decompress(raw)
    if manifest.layers[0].media_type == mediatypes.OCI_LAYER_ZSTD:
        return zstandard.ZstdDecompressor().stream_reader(raw).read()
    return raw


async def listing(layout: Layout, manifest: Manifest) -> dict[str, tarfile.TarInfo]:
    raw = await tar_of(layout, manifest)
    with tarfile.open(fileobj=io.BytesIO(raw), errorlevel=2) as tar:
        return {member.name: member for member in tar.getmembers()}


def make_tree(root: Path, *, backwards: bool = False) -> Path:
    files: list[Callable[[], object]] = [
        lambda: (root / "bin" / "tool").write_bytes(b"#!/bin/sh\n"),
        lambda: (root / "etc" / "ä").write_text("umlaut"),
        lambda: (root / "etc" / ("long" * 60)).write_text("long"),
        lambda: (root / "etc.d").write_text("sorts before etc/ as text, and after it as a path"),
        (root / "empty").mkdir,
        lambda: (root / "link").symlink_to("/etc/ä"),
    ]
    for name in ("bin", "etc"):
        (root / name).mkdir(parents=True)
    for make in reversed(files) if backwards else files:
        make()
    for path in root.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)  # whatever the umask
    (root / "bin" / "tool").chmod(0o4755)
    (root / "bin" / "alias").hardlink_to(root / "bin" / "tool")
    return root


async def test_a_folder(layout: Layout, tmp_path: Path) -> None:
    manifest = await packed(layout, make_tree(tmp_path / "tree"))
    members = await listing(layout, manifest)
    assert list(members) == [
        "bin",
        "bin/alias",
        "bin/tool",
        "empty",
        "etc",
        "etc/" + "long" * 60,
        "etc/ä",
        "etc.d",
        "link",
    ]
    assert members["bin/alias"].isreg()
    assert members["bin/alias"].mode == 0o4755
    assert members["bin/tool"].islnk()
    assert members["bin/tool"].linkname == "bin/alias"
    assert members["link"].issym()
    assert members["link"].linkname == "/etc/ä"
    assert {(item.uid, item.gid, item.mtime, item.uname) for item in members.values()} == {(0, 0, 0, "")}
    assert manifest.raw == (await layout.manifest(manifest.descriptor)).raw
    assert (await config_of(layout, manifest)) == {
        "created": "1970-01-01T00:00:00Z",
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {
            "type": "layers",
            "diff_ids": [Descriptor.of(await tar_of(layout, manifest), "").digest],
        },
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "undercurrent image pack"}],
    }


async def test_the_same_files_make_the_same_digest(layout: Layout, tmp_path: Path) -> None:
    one = await packed(layout, make_tree(tmp_path / "one"))
    two = make_tree(tmp_path / "two", backwards=True)
    for path in two.rglob("*"):
        os.utime(path, (1e9, 1e9), follow_symlinks=False)
    two.chmod(0o700)
    assert (await packed(layout, two)).digest == one.digest


async def test_the_digest_of_a_release_stays(layout: Layout, tmp_path: Path) -> None:
    manifest = await packed(layout, make_tree(tmp_path / "tree"), compression="none")
    assert manifest.digest == "sha256:490cee9babfc6a60742fb2af368fe2c02a35a1197c6cfe14b6ec704afb52fd5a"


@pytest.mark.parametrize(
    ("compression", "media_type"),
    [
        ("none", mediatypes.OCI_LAYER),
        ("gzip", mediatypes.OCI_LAYER_GZIP),
        ("zstd", mediatypes.OCI_LAYER_ZSTD),
    ],
)
async def test_compression(layout: Layout, tmp_path: Path, compression: str, media_type: str) -> None:
    manifest = await packed(layout, make_tree(tmp_path / "tree"), compression=compression)
    assert manifest.layers[0].media_type == media_type
    assert (await config_of(layout, manifest))["rootfs"]["diff_ids"] == [
        Descriptor.of(await tar_of(layout, manifest), "").digest
    ]
    if compression == "gzip":
        assert (await read_blob(layout, manifest.layers[0], LIMIT))[3:8] == bytes(5)  # no name, no time


async def test_times_follow_source_date_epoch(layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    manifest = await packed(layout, make_tree(tmp_path / "tree"))
    assert {member.mtime for member in (await listing(layout, manifest)).values()} == {1700000000}
    assert (await config_of(layout, manifest))["created"] == "2023-11-14T22:13:20Z"


@pytest.mark.parametrize("text", ["yesterday", "1e9", "9" * 30])
def test_bad_source_date_epoch(text: str) -> None:
    with pytest.raises(ConfigError, match="SOURCE_DATE_EPOCH"):
        source_date_epoch({"SOURCE_DATE_EPOCH": text})


async def test_config(layout: Layout, tmp_path: Path) -> None:
    config = ImageConfig(
        entrypoint=("/bin/tool", "--flag"),
        cmd=("serve",),
        env={"PATH": "/bin", "LANG": "C.UTF-8"},
        user="10001:10001",
        workdir="/work",
        labels={"b": "2", "a": "ä"},
        ports=("8080", "53/udp"),
        author="Ada",
        created=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )
    manifest = await packed(layout, make_tree(tmp_path / "tree"), config=config)
    found = await config_of(layout, manifest)
    assert complaints(json.dumps(found).encode(), "config") == []
    assert complaints(manifest.raw, "image-manifest") == []
    assert complaints((layout.path / "index.json").read_bytes(), "image-index") == []
    assert complaints((layout.path / "oci-layout").read_bytes(), "image-layout") == []
    assert found["author"] == "Ada"
    assert found["created"] == "2026-01-02T03:04:05Z"
    assert found["config"] == {
        "User": "10001:10001",
        "ExposedPorts": {"53/udp": {}, "8080/tcp": {}},
        "Env": ["PATH=/bin", "LANG=C.UTF-8"],
        "Entrypoint": ["/bin/tool", "--flag"],
        "Cmd": ["serve"],
        "WorkingDir": "/work",
        "Labels": {"a": "ä", "b": "2"},
    }


@pytest.mark.parametrize(
    "bad",
    [{"env": {"": "x"}}, {"env": {"A=B": "x"}}, {"ports": ("http",)}, {"ports": ("80/icmp",)}, {"workdir": "work"}],
)
def test_bad_config(bad: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        ImageConfig(**bad)


async def test_several_platforms(layout: Layout, tmp_path: Path) -> None:
    one, two = make_tree(tmp_path / "one"), make_tree(tmp_path / "two")
    (two / "bin" / "only-arm").touch()
    sources = [Source(two, ARM64), Source(one, AMD64)]
    descriptor = await pack(sources, layout, "multi", ImageConfig())
    index = await layout.manifest(descriptor)
    assert isinstance(index, Index)
    assert [item.platform for item in index.manifests] == [AMD64, ARM64]
    assert await pack(sources[::-1], layout, "multi", ImageConfig()) == descriptor
    for item in index.manifests:
        manifest = await layout.manifest(item)
        assert isinstance(manifest, Manifest)
        assert item.platform == Platform.from_dict(await config_of(layout, manifest))
    assert [name async for name in layout.names()] == ["multi"]


async def test_owner(layout: Layout, tmp_path: Path) -> None:
    manifest = await packed(layout, make_tree(tmp_path / "tree"), owner=(5, 2**22))
    assert {(item.uid, item.gid) for item in (await listing(layout, manifest)).values()} == {(5, 2**22)}


async def test_what_no_layer_can_hold_is_left_out(layout: Layout, tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree")
    whole = await packed(layout, tree)
    os.mkfifo(tree / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tree / "sock"))
        events: list[Event] = []
        assert (await packed(layout, tree, observer=events.append)).digest == whole.digest
    (note,) = (event for event in events if isinstance(event, Noted))
    assert note.message == f"{tree}: 2 devices, sockets or FIFOs were left out"


# Tar files


def tar_bytes(*members: tarfile.TarInfo, format: int = tarfile.PAX_FORMAT) -> bytes:  # noqa: A002
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as tar:
        for info in members:
            tar.addfile(info, io.BytesIO(b"x" * info.size) if info.isreg() else None)
    return buffer.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, **more: Any) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    for key, value in more.items():
        setattr(info, key, value)
    return info


async def test_a_tar_file_and_the_folder_it_holds_make_the_same_image(layout: Layout, tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for path in sorted(tree.rglob("*"), reverse=True):
            if path.name != "tool":
                tar.add(path, "./" + path.relative_to(tree).as_posix(), recursive=False)
        tar.add(tree / "bin" / "tool", "bin/tool")
        tar.add(tree, ".", recursive=False)
    wanted = await packed(layout, tree)
    for name, content in (
        ("plain.tar", buffer.getvalue()),
        ("misnamed.tar", gzip.compress(buffer.getvalue())),
        ("zstd", zstandard.compress(buffer.getvalue())),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        assert (await packed(layout, path, owner=(0, 0))).digest == wanted.digest


async def test_a_tar_file_keeps_owners_and_capabilities(layout: Layout, tmp_path: Path) -> None:
    capability = b"\x01\x00\x00\x02\x00\x20\x00\x00\xff\xfe\n="
    attributes = {
        "SCHILY.xattr.security.capability": capability.decode("utf-8", "surrogateescape"),
        "SCHILY.xattr.user.note": "dropped",
    }
    path = tmp_path / "root.tar"
    path.write_bytes(
        tar_bytes(
            member("ping", size=3, uid=7, gid=2**31, uname="me", pax_headers=attributes),
            member("device", tarfile.CHRTYPE, devmajor=1, devminor=3),
            member("/absolute", size=1),
        )
    )
    events: list[Event] = []
    manifest = await packed(layout, path, observer=events.append)
    raw = await tar_of(layout, manifest)
    assert b"SCHILY.xattr.security.capability=" + capability in raw
    assert b"user.note" not in raw
    members = await listing(layout, manifest)
    assert list(members) == ["absolute", "ping"]
    assert (members["ping"].uid, members["ping"].gid, members["ping"].uname) == (7, 2**31, "")
    assert [event.message for event in events if isinstance(event, Noted)] == [
        f"{path}: 1 devices, sockets or FIFOs were left out",
        f"{path}: 1 names lost their leading slash",
    ]


async def test_the_later_of_two_members_counts(layout: Layout, tmp_path: Path) -> None:
    path = tmp_path / "root.tar"
    path.write_bytes(tar_bytes(member("a", size=1), member("b", tarfile.LNKTYPE, linkname="./a"), member("a", size=2)))
    members = await listing(layout, await packed(layout, path))
    assert [(name, item.size, item.type) for name, item in members.items()] == [
        ("a", 2, tarfile.REGTYPE),
        ("b", 1, tarfile.REGTYPE),
    ]


@pytest.mark.parametrize(
    ("members", "error", "message"),
    [
        ([member("../x")], BadContent, "leaves the root"),
        ([member("a/../../x")], BadContent, "leaves the root"),
        ([member("a", tarfile.LNKTYPE, linkname="../x")], BadContent, "leaves the root"),
        ([member("a", tarfile.LNKTYPE, linkname="b")], BadContent, "no file that comes before"),
        ([member("d", tarfile.DIRTYPE), member("a", tarfile.LNKTYPE, linkname="d")], BadContent, "no file"),
        ([member("a"), member("a/b")], BadContent, "lies in a file"),
        ([member("etc/.wh.passwd")], BadContent, "deletion"),
        ([member("a", tarfile.GNUTYPE_SPARSE)], Unsupported, "sparse"),
        ([member("a", pax_headers={"GNU.sparse.major": "1"})], Unsupported, "sparse"),
        ([member("a", pax_headers={"comment": "x" * 2**20})], TooLarge, "absurd"),
    ],
)
async def test_bad_members(
    layout: Layout, tmp_path: Path, members: list[tarfile.TarInfo], error: type[UndercurrentError], message: str
) -> None:
    path = tmp_path / "root.tar"
    path.write_bytes(tar_bytes(*members))
    with pytest.raises(error, match=message) as raised:
        await packed(layout, path)
    assert str(path) in raised.value.message


@pytest.mark.parametrize("compress", [bytes, gzip.compress, zstandard.compress])
async def test_a_tar_file_that_is_cut_off(layout: Layout, tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    noise = tarfile.TarInfo("noise")
    noise.size = 5000
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.addfile(noise, io.BytesIO(os.urandom(5000)))
    whole = compress(buffer.getvalue())
    path = tmp_path / "root.tar"
    for size in (len(whole) // 2, 512 if compress is bytes else 300):
        path.write_bytes(whole[:size])
        with pytest.raises(BadContent, match=f"{path} is (cut off|damaged)"):
            await packed(layout, path)


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"PK\x03\x04" * 300, BadContent, "is no tar file"),
        (b"", BadContent, "is cut off"),
        (b"BZh9" + bytes(600), Unsupported, "bzip2"),
        (gzip.compress(b"hello", mtime=0), BadContent, "is cut off"),
        (b"\x1f\x8b" + bytes(600), BadContent, "is damaged"),
    ],
)
async def test_what_is_no_tar_file(
    layout: Layout, tmp_path: Path, content: bytes, error: type[UndercurrentError], message: str
) -> None:
    path = tmp_path / "root.tar"
    path.write_bytes(content)
    with pytest.raises(error, match=message):
        await packed(layout, path)


async def test_no_such_source(layout: Layout, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        await packed(layout, tmp_path / "nowhere")
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(UsageError, match="is not a file"):
        await packed(layout, tmp_path / "fifo")
    with pytest.raises(UsageError, match="nothing to pack"):
        await pack([], layout, "app", ImageConfig())
    with pytest.raises(UsageError, match="two sources are for linux/amd64"):
        await pack([Source(tmp_path, AMD64)] * 2, layout, "app", ImageConfig())


async def test_a_file_that_shrinks(layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = make_tree(tmp_path / "tree")
    real = os.open

    def shrinking(path: Any, *rest: Any, **more: Any) -> int:
        if Path(path).name == "etc.d":
            os.truncate(path, 3)
        return real(path, *rest, **more)

    monkeypatch.setattr("undercurrent.oci.packing.rootfs.os.open", shrinking)
    with pytest.raises(BadContent, match=r"etc\.d changed"):
        await packed(layout, tree)


async def test_what_may_not_be_read(layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = make_tree(tmp_path / "tree")
    real = os.open

    def forbidding(path: Any, *rest: Any, **more: Any) -> int:
        if Path(path).name == "etc.d":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, *rest, **more)

    monkeypatch.setattr("undercurrent.oci.packing.rootfs.os.open", forbidding)
    with pytest.raises(CouldNotCheck, match=r"etc\.d cannot be read: Permission denied"):
        await packed(layout, tree)


async def test_a_full_disk(layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(EnvironmentLacks, match="no temporary file") as raised:
        await packed(layout, make_tree(tmp_path / "tree"))
    assert "TMPDIR" in raised.value.hint


def test_a_large_folder_is_packed_in_little_memory(tmp_path: Path) -> None:
    """512 MiB in one file, and many small ones."""
    tree = tmp_path / "tree"
    (tree / "many").mkdir(parents=True)
    for number in range(2000):
        (tree / "many" / f"file-{number}").touch()
    with (tree / "large").open("wb") as file:
        file.truncate(2**29)
    script = """
import asyncio, sys
from pathlib import Path
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.packing.pack import ImageConfig, Source, pack

layout = Layout.open(Path(sys.argv[2]), create=True)
asyncio.run(pack([Source(Path(sys.argv[1]))], layout, "large", ImageConfig(), compression="zstd"))
"""
    assert peak_memory(script, str(tree), str(tmp_path / "layout")) < LITTLE
