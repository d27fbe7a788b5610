import gzip
import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from undercurrent.errors import (
    BadContent,
    DigestMismatch,
    NotFound,
    TooLarge,
    UndercurrentError,
    Unsupported,
    UsageError,
)
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.files.archive import Archive, open_archive
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.manifest import EMPTY, EMPTY_BYTES, Manifest, build_manifest
from undercurrent.oci.store import Store, WritableStore, content_of, read_blob

COMPRESSIONS = [bytes, gzip.compress, zstandard.compress]
LAYER = b"a layer, which is a tar file in earnest" * 100
LARGE = bytes(300_000)
"""More than a scan remembers."""


def tar(files: dict[str, bytes | tarfile.TarInfo]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as out:
        for name, content in files.items():
            if isinstance(content, bytes):
                info = tarfile.TarInfo(name)
                info.size = len(content)
                out.addfile(info, io.BytesIO(content))
            else:
                content.name = name
                out.addfile(content)
    return buffer.getvalue()


def special(kind: bytes, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo()
    info.type, info.linkname = kind, link
    return info


async def make_layout(path: Path) -> tuple[Layout, Manifest]:
    layout = Layout.open(path, create=True)
    layers = [Descriptor.of(content, mediatypes.OCI_LAYER) for content in (LAYER, LARGE)]
    for layer, content in zip(layers, (LAYER, LARGE), strict=True):
        await layout.push_blob(layer, content_of(content))
    await layout.push_blob(EMPTY, content_of(EMPTY_BYTES))
    manifest = build_manifest(EMPTY, layers)
    await layout.push_manifest(manifest, "example.org/app:1")
    return layout, manifest


def files_of(layout: Layout) -> dict[str, bytes | tarfile.TarInfo]:
    return {
        f"./{path.relative_to(layout.path)}": path.read_bytes()
        for path in sorted(layout.path.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def config(*layers: bytes, **more: Any) -> bytes:
    diff_ids = [Digest.of(layer) for layer in layers]
    return json.dumps({"os": "linux", "rootfs": {"type": "layers", "diff_ids": diff_ids}} | more).encode()


def docker_files(**changes: Any) -> dict[str, bytes | tarfile.TarInfo]:
    """As `docker save` before version 25 writes two images that share a layer."""
    one, two = config(LAYER), config(LAYER, LARGE)
    images = [
        {"Config": "one.json", "RepoTags": ["app:1", "app:latest"], "Layers": ["a/layer.tar"]},
        {"Config": "two.json", "RepoTags": None, "Layers": ["b/layer.tar", "c/layer.tar"]},
    ]
    files: dict[str, bytes | tarfile.TarInfo] = {
        "a/layer.tar": LAYER,
        "b/layer.tar": special(tarfile.SYMTYPE, "../a/layer.tar"),
        "c/layer.tar": LARGE,
        "one.json": one,
        "two.json": two,
        "manifest.json": json.dumps(images).encode(),
    }
    return files | changes


def written(path: Path, content: bytes) -> Archive:
    path.write_bytes(content)
    return open_archive(path)


async def names(store: Store) -> list[str]:
    return [name async for name in store.names()]


# Reading


@pytest.mark.parametrize("compress", COMPRESSIONS)
async def test_an_oci_archive(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    layout, manifest = await make_layout(tmp_path / "layout")
    archive = written(tmp_path / "images", compress(tar(files_of(layout))))
    assert await names(archive) == ["example.org/app:1"]
    descriptor = await archive.resolve("example.org/app:1")
    assert descriptor == manifest.descriptor
    assert descriptor == await archive.resolve(manifest.digest)
    assert await archive.manifest(descriptor) == manifest
    assert [await read_blob(archive, layer, 2**20) for layer in manifest.layers] == [LAYER, LARGE]
    assert archive.label == f"oci-archive:{tmp_path}/images"
    assert not isinstance(archive, WritableStore)


async def test_referrers_in_an_oci_archive(tmp_path: Path) -> None:
    layout, manifest = await make_layout(tmp_path / "layout")
    signature = build_manifest(EMPTY, [], artifact_type="test/signature", subject=manifest.descriptor)
    await layout.push_manifest(signature)
    archive = written(tmp_path / "images.tar", tar(files_of(layout)))
    assert await archive.referrers(manifest.digest) == (signature.referrer,)
    assert await archive.referrers(manifest.digest, "test/other") == ()
    assert await names(archive) == ["example.org/app:1"]


@pytest.mark.parametrize("compress", COMPRESSIONS)
async def test_a_docker_archive(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    archive = written(tmp_path / "saved", compress(tar(docker_files())))
    first, latest, second = await names(archive)
    assert (first, latest) == ("app:1", "app:latest")
    one, two = await archive.resolve(first), await archive.resolve(second)
    assert one == await archive.resolve("app:latest")
    assert two.digest == second
    assert archive.label == f"docker-archive:{tmp_path}/saved"
    manifest = await archive.manifest(two)
    assert isinstance(manifest, Manifest)
    assert manifest.config.media_type == mediatypes.OCI_CONFIG
    assert [layer.digest for layer in manifest.layers] == [Digest.of(LAYER), Digest.of(LARGE)]
    assert await read_blob(archive, manifest.config, 2**20) == config(LAYER, LARGE)
    assert [await read_blob(archive, layer, 2**20) for layer in manifest.layers] == [LAYER, LARGE]
    assert await archive.referrers(one.digest) == ()


async def test_the_digest_of_an_image_in_a_docker_archive_stays(tmp_path: Path) -> None:
    archive = written(tmp_path / "saved.tar", tar(docker_files()))
    assert (
        await archive.resolve("app:1")
    ).digest == "sha256:c14b3e7064ae9b1774fb5034678be692e92bb7990b027de27e58df063d53b9a7"


@pytest.mark.parametrize("outer", COMPRESSIONS)
@pytest.mark.parametrize("inner", COMPRESSIONS[1:])
async def test_layers_that_are_compressed_in_a_docker_archive(
    tmp_path: Path, outer: Callable[[bytes], bytes], inner: Callable[[bytes], bytes]
) -> None:
    plain = written(tmp_path / "plain.tar", tar(docker_files()))
    files = docker_files(**{"a/layer.tar": inner(LAYER), "c/layer.tar": inner(LARGE)})
    archive = written(tmp_path / "packed.tar", outer(tar(files)))
    assert await names(archive) == await names(plain)
    manifest = await archive.manifest(await archive.resolve((await names(archive))[-1]))
    assert isinstance(manifest, Manifest)
    assert [await read_blob(archive, layer, 2**20) for layer in manifest.layers] == [LAYER, LARGE]


async def test_what_is_both_is_read_as_an_oci_archive(tmp_path: Path) -> None:
    layout, manifest = await make_layout(tmp_path / "layout")
    archive = written(tmp_path / "both.tar", tar(files_of(layout) | docker_files()))
    assert await names(archive) == ["example.org/app:1"]
    assert (await archive.resolve("example.org/app:1")).digest == manifest.digest


async def test_other_files_in_an_archive_do_no_harm(tmp_path: Path) -> None:
    layout, _manifest = await make_layout(tmp_path / "layout")
    more: dict[str, bytes | tarfile.TarInfo] = {
        "README": b"hello",
        "blobs/sha256/README": b"hello",
        "blobs/sha256": special(tarfile.DIRTYPE),
        "blobs/blake3/00": b"hello",
        "empty": special(tarfile.DIRTYPE),
        "dangling": special(tarfile.SYMTYPE, "/nowhere"),
    }
    archive = written(tmp_path / "images.tar", tar(files_of(layout) | more))
    assert await names(archive) == ["example.org/app:1"]


async def test_a_hard_link_to_a_blob(tmp_path: Path) -> None:
    layout, manifest = await make_layout(tmp_path / "layout")
    files = files_of(layout)
    name = f"./blobs/sha256/{manifest.layers[0].digest.encoded}"
    files = {"elsewhere": files.pop(name)} | files | {name: special(tarfile.LNKTYPE, "elsewhere")}
    archive = written(tmp_path / "images.tar", tar(files))
    assert await read_blob(archive, manifest.layers[0], 2**20) == LAYER


# Bad input


async def fails(path: Path, content: bytes, error: type[UndercurrentError], message: str) -> None:
    path.write_bytes(content)
    with pytest.raises(error, match=message) as raised:
        await open_archive(path).check()
    assert str(path) in raised.value.message


@pytest.mark.parametrize("compress", COMPRESSIONS)
async def test_an_archive_that_is_cut_off(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    files = docker_files()
    files["noise"] = os.urandom(5000)
    whole = compress(tar(files))
    plain_end = len(tar(files).rstrip(b"\0"))
    last = plain_end // 512 * 512 if compress is bytes else len(whole) - 20
    for size in (last, len(whole) // 2, 600, 10, 0):
        await fails(tmp_path / "images.tar", whole[:size], BadContent, "cut off|damaged")


@pytest.mark.parametrize(
    ("files", "error", "message"),
    [
        ({"../escape": b""}, BadContent, "leaves the root"),
        ({"a/../../escape": b""}, BadContent, "leaves the root"),
        ({"/etc/passwd": b""}, BadContent, "absolute"),
        ({"null": special(tarfile.CHRTYPE)}, BadContent, "a device"),
        ({"pipe": special(tarfile.FIFOTYPE)}, BadContent, "a device or a FIFO"),
        ({"sparse": special(tarfile.GNUTYPE_SPARSE)}, Unsupported, "sparse"),
        ({"a": b"", "./a": b""}, BadContent, "two files 'a'"),
        ({"etc/passwd": b"root"}, BadContent, "neither an OCI archive nor a docker-archive"),
        ({"index.json": b"{}"}, BadContent, "neither"),
        ({"oci-layout": b"{}", "index.json": b"{}"}, Unsupported, "layout version None"),
        ({"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": b"{"}, BadContent, "not valid JSON"),
        (
            {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": special(tarfile.SYMTYPE, "/etc/passwd")},
            BadContent,
            r"lacks its file index\.json",
        ),
        ({"manifest.json": b"[" + b" " * 2**24 + b"]"}, TooLarge, r"manifest\.json has \d+ bytes; at most"),
        ({"manifest.json": b"{}"}, BadContent, "not a list"),
        ({"manifest.json": b"[{}]"}, BadContent, "lacks the name of a configuration"),
        ({"manifest.json": b'[{"Config":"x","Layers":[1]}]'}, BadContent, "Layers is not a list of texts"),
        ({"manifest.json": b'[{"Config":"../x","Layers":[]}]'}, BadContent, r"lacks its file \.\./x"),
        ({"manifest.json": b"[" + b"0," * 10_000 + b"0]"}, TooLarge, "lists 10001 images, more than 10000"),
        (docker_files(**{"one.json": b"[]"}), BadContent, "not a JSON object"),
        (docker_files(**{"one.json": b"{}"}), BadContent, "names 0 layers, and 1 are there"),
        (docker_files(**{"one.json": b'{"rootfs":{"diff_ids":["x"]}}'}), BadContent, "'x' is not a digest"),
        (docker_files(**{"a/layer.tar": special(tarfile.DIRTYPE)}), BadContent, "lacks its file a/layer.tar"),
        (docker_files(**{"c/layer.tar": special(tarfile.SYMTYPE, "/etc/passwd")}), BadContent, "lacks its file"),
        (docker_files(**{"c/layer.tar": special(tarfile.SYMTYPE, "../../x")}), BadContent, "lacks its file"),
        (docker_files(**{"c/layer.tar": special(tarfile.SYMTYPE, "layer.tar")}), BadContent, "lacks its file"),
        (docker_files(**{"a/layer.tar": b"BZh9 bzip2"}), Unsupported, "compressed with bzip2"),
        (docker_files(**{"a/layer.tar": b"\x1f\x8b no gzip"}), BadContent, "is damaged"),
    ],
)
async def test_hostile_archives(
    tmp_path: Path, files: dict[str, bytes | tarfile.TarInfo], error: type[UndercurrentError], message: str
) -> None:
    await fails(tmp_path / "images.tar", tar(files), error, message)


async def test_a_decompression_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("undercurrent.oci.files.tarball._FREE_EXPANSION", 2**20)
    bomb = tar(docker_files(zeros=bytes(3 * 2**20)))
    await fails(tmp_path / "bomb.tar.gz", gzip.compress(bomb), TooLarge, "decompression bomb")
    await fails(tmp_path / "bomb.tar.zst", zstandard.compress(bomb), TooLarge, "decompression bomb")
    inner = docker_files(**{"a/layer.tar": gzip.compress(bytes(3 * 2**20))})
    await fails(tmp_path / "inner.tar", tar(inner), TooLarge, r"a/layer\.tar expands .* decompression bomb")


@pytest.mark.timeout(60)
async def test_an_image_of_very_many_names(tmp_path: Path) -> None:
    manifest = docker_files()["manifest.json"]
    assert isinstance(manifest, bytes)
    document = json.loads(manifest)
    document[0]["RepoTags"] = [f"app:{number}" for number in range(100_000)]
    archive = written(tmp_path / "images.tar", tar(docker_files(**{"manifest.json": json.dumps(document).encode()})))
    assert len([name async for name in archive.names()]) > 100_000
    assert await archive.resolve("app:99999") == await archive.resolve("app:0")


async def test_too_many_configurations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("undercurrent.oci.files.dockerarchive._MAX_CONFIGS", 100)
    await fails(tmp_path / "images.tar", tar(docker_files()), TooLarge, "64 MiB of configurations")


async def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("undercurrent.oci.files.archivefiles._MAX_MEMBERS", 10)
    many: dict[str, bytes | tarfile.TarInfo] = {str(number): b"" for number in range(11)}
    await fails(tmp_path / "images.tar", tar(many), TooLarge, "more than 10 members")


async def test_only_so_much_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("undercurrent.oci.files.archivefiles._MAX_REMEMBERED", 1)
    archive = written(tmp_path / "images.tar.gz", gzip.compress(tar(docker_files())))
    manifest = await archive.manifest(await archive.resolve("app:1"))
    assert isinstance(manifest, Manifest)
    assert await read_blob(archive, manifest.config, 2**20) == config(LAYER)


async def test_content_that_is_not_what_it_is_called(tmp_path: Path) -> None:
    layout, manifest = await make_layout(tmp_path / "layout")
    files = files_of(layout)
    layer, large = (f"./blobs/sha256/{item.digest.encoded}" for item in manifest.layers)
    files[layer] = LAYER[:-1] + b"X"
    files[large] = LARGE[:-1]
    archive = written(tmp_path / "images.tar", tar(files))
    for item in manifest.layers:
        with pytest.raises(DigestMismatch, match=item.digest):
            await read_blob(archive, item, 2**20)
    del files[layer], files[f"./blobs/sha256/{manifest.digest.encoded}"]
    archive = written(tmp_path / "images.tar", tar(files))
    with pytest.raises(NotFound, match=f"lacks {manifest.layers[0].digest}"):
        await read_blob(archive, manifest.layers[0], 2**20)
    with pytest.raises(NotFound, match=f"lacks {manifest.digest}"):
        await archive.manifest(await archive.resolve("example.org/app:1"))
    with pytest.raises(NotFound, match="has no image other"):
        await archive.resolve("other")


async def test_a_layer_that_has_another_diff_id(tmp_path: Path) -> None:
    archive = written(tmp_path / "saved.tar", tar(docker_files(**{"a/layer.tar": LAYER[:-1] + b"X"})))
    manifest = await archive.manifest(await archive.resolve("app:1"))
    assert isinstance(manifest, Manifest)
    with pytest.raises(DigestMismatch):
        await read_blob(archive, manifest.layers[0], 2**20)


async def test_a_large_blob_is_no_manifest(tmp_path: Path) -> None:
    content = bytes(4 * 2**20 + 1)
    files = docker_files(**{"c/layer.tar": content, "two.json": config(LAYER, content)})
    archive = written(tmp_path / "saved.tar", tar(files))
    with pytest.raises(TooLarge):
        await archive.resolve(Digest.of(content))


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"nowhere\.tar"):
        open_archive(tmp_path / "nowhere.tar")
    with pytest.raises(UsageError, match="is not a file"):
        open_archive(tmp_path)
    (tmp_path / "x.tar.xz").write_bytes(b"\xfd7zXZ\x00")
    with pytest.raises(Unsupported, match="xz"):
        open_archive(tmp_path / "x.tar.xz")
