"""Layouts and archives between us and skopeo, podman, buildah and docker: what one writes, the others read."""

import gzip
import io
import json
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from tests.support.engines import EngineServer
from tests.support.peers import require_peer

from undercurrent.oci.copying import copy
from undercurrent.oci.descriptor import Platform
from undercurrent.oci.files.archive import open_archive
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import Manifest
from undercurrent.oci.packing.pack import ImageConfig, Source, pack
from undercurrent.oci.store import Store, read_blob

LIMIT = 2**24
NAME = "example.org/app:1"


def skopeo(*arguments: str) -> str:
    program = require_peer("skopeo", "apt-get install skopeo")
    command = (str(program), "--insecure-policy", *arguments)
    return str(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def make_tree(root: Path) -> Path:
    (root / "bin").mkdir(parents=True)
    (root / "bin" / "tool").write_bytes(b"#!/bin/sh\n")
    (root / "bin" / "tool").chmod(0o755)
    (root / "bin" / "alias").hardlink_to(root / "bin" / "tool")
    (root / "etc").mkdir()
    (root / "etc" / ("long" * 40)).write_text("ä" * 100_000)
    (root / "lib").symlink_to("usr/lib")
    return root


CONFIG = ImageConfig(cmd=("/bin/tool",), env={"LANG": "C.UTF-8"}, user="10001", labels={"team": "ä"}, ports=("80",))


async def packed(folder: Path, *platforms: str) -> Layout:
    layout = Layout.open(folder / "layout", create=True)
    tree = make_tree(folder / "tree")
    (folder / "other").mkdir()
    sources = [
        Source(tree if number == 0 else folder / "other", Platform.parse(platform))
        for number, platform in enumerate(platforms)
    ]
    await pack(sources, layout, NAME, CONFIG)
    return layout


async def files_of(store: Store, manifest: Manifest) -> dict[str, tuple[str, int, bytes]]:
    """What is in an image's layers: kind, mode and content by path."""
    found = {}
    for layer in manifest.layers:
        raw = await read_blob(store, layer, LIMIT)
        if layer.media_type.endswith("gzip"):
            raw = gzip.decompress(raw)
        with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isreg() else None
                kind = member.type.decode()
                mode = member.mode & 0o7777  # Go adds the kind to it
                found[member.name] = (kind, mode, content.read() if content else member.linkname.encode())
    return found


async def only_manifest(store: Store, name: str) -> Manifest:
    manifest = await store.manifest(await store.resolve(name))
    assert isinstance(manifest, Manifest)
    return manifest


async def test_skopeo_reads_what_is_packed(tmp_path: Path) -> None:
    layout = await packed(tmp_path, "linux/amd64")
    place = f"oci:{layout.path}:{NAME}"
    told = json.loads(skopeo("inspect", place))
    assert told["Labels"] == {"team": "ä"}
    assert told["Architecture"] == "amd64"
    config = json.loads(skopeo("inspect", "--config", place))
    assert config["config"]["ExposedPorts"] == {"80/tcp": {}}
    assert config["config"]["User"] == "10001"


async def test_skopeo_copies_an_index_that_is_packed(tmp_path: Path) -> None:
    layout = await packed(tmp_path, "linux/amd64", "linux/arm64")
    skopeo("copy", "--all", f"oci:{layout.path}:{NAME}", f"oci:{tmp_path}/copy:{NAME}")
    copied = Layout.open(tmp_path / "copy")
    root = await copied.resolve(NAME)
    assert root == await layout.resolve(NAME)
    await copy(Image(copied, NAME, root), Layout.open(tmp_path / "back", create=True), NAME)


@pytest.mark.parametrize("compress", [bytes, gzip.compress, zstandard.compress])
@pytest.mark.parametrize("kind", ["oci-archive", "docker-archive"])
async def test_archives_of_skopeo(tmp_path: Path, kind: str, compress: Callable[[bytes], bytes]) -> None:
    layout = await packed(tmp_path, "linux/amd64")
    path = tmp_path / "archive"
    skopeo("copy", f"oci:{layout.path}:{NAME}", f"{kind}:{path}:{NAME}")
    path.write_bytes(compress(path.read_bytes()))
    archive = open_archive(path)
    assert [name async for name in archive.names()] == [NAME]
    assert archive.label == f"{kind}:{path}"
    found, wanted = await only_manifest(archive, NAME), await only_manifest(layout, NAME)
    assert await files_of(archive, found) == await files_of(layout, wanted)
    assert await read_blob(archive, found.config, LIMIT) == await read_blob(layout, wanted.config, LIMIT)
    if kind == "oci-archive":
        assert found == wanted


async def test_what_is_copied_from_an_archive_is_read_by_skopeo(tmp_path: Path) -> None:
    layout = await packed(tmp_path, "linux/amd64")
    path = tmp_path / "archive.tar"
    skopeo("copy", f"oci:{layout.path}:{NAME}", f"docker-archive:{path}:{NAME}")
    archive = open_archive(path)
    image = Image(archive, NAME, await archive.resolve(NAME))
    await copy(image, Layout.open(tmp_path / "copied", create=True), NAME)
    places = f"oci:{tmp_path}/copied:{NAME}", f"oci:{tmp_path}/again:{NAME}"
    skopeo("copy", "--dest-oci-accept-uncompressed-layers", *places)
    again = Layout.open(tmp_path / "again")
    assert (await again.resolve(NAME)).digest == image.digest


async def test_skopeo_and_we_write_to_one_layout(tmp_path: Path) -> None:
    layout = await packed(tmp_path, "linux/amd64")
    skopeo("copy", f"oci:{layout.path}:{NAME}", f"oci:{tmp_path}/shared:first")
    shared = Layout.open(tmp_path / "shared")
    root = await shared.resolve("first")
    await copy(Image(shared, "first", root), shared, "second")
    skopeo("copy", f"oci:{layout.path}:{NAME}", f"oci:{tmp_path}/shared:third")
    skopeo("copy", f"oci:{layout.path}:{NAME}", f"oci:{tmp_path}/shared:first")
    assert {name async for name in shared.names()} == {"first", "second", "third"}
    assert skopeo("inspect", "--raw", f"oci:{shared.path}:second") == (await shared.manifest(root)).raw.decode()


# Engines


@pytest.fixture
def built(podman_engine: EngineServer, tmp_path: Path) -> str:
    """An image that buildah built, with a layer an instruction."""
    make_tree(tmp_path / "context")
    recipe = "FROM scratch\nCOPY bin /bin\nCOPY etc /etc\nLABEL built=yes\n"
    (tmp_path / "context" / "Containerfile").write_text(recipe)
    name = "example.org/built:1"
    podman_engine.buildah("bud", "--layers", "--isolation", "chroot", "--quiet", "--tag", name, tmp_path / "context")
    return name


@pytest.mark.parametrize("format", ["docker-archive", "oci-archive"])
async def test_podman_save(podman_engine: EngineServer, built: str, tmp_path: Path, format: str) -> None:  # noqa: A002
    podman_engine.run("save", "--quiet", "--format", format, "--output", tmp_path / "saved", built)
    archive = open_archive(tmp_path / "saved")
    assert [name async for name in archive.names()] == [built]
    files = await files_of(archive, await only_manifest(archive, built))
    linked = {files["bin/tool"], files["bin/alias"]}  # whichever of the two comes first is the file
    assert ("0", 0o755, b"#!/bin/sh\n") in linked
    assert {kind for kind, _mode, _content in linked} == {"0", "1"}
    assert files["etc/" + "long" * 40] == ("0", 0o644, ("ä" * 100_000).encode())


async def test_podman_save_of_several_images(podman_engine: EngineServer, built: str, tmp_path: Path) -> None:
    other = "example.org/built:other"
    podman_engine.run("tag", built, other)
    podman_engine.run("save", "--quiet", "--multi-image-archive", "--output", tmp_path / "saved", built, other)
    archive = open_archive(tmp_path / "saved")
    assert {name async for name in archive.names()} == {built, other}
    assert await archive.resolve(built) == await archive.resolve(other)


async def test_podman_save_to_a_folder(podman_engine: EngineServer, built: str, tmp_path: Path) -> None:
    podman_engine.run("save", "--quiet", "--format", "oci-dir", "--output", tmp_path / "saved", built)
    layout = Layout.open(tmp_path / "saved")
    assert [name async for name in layout.names()] == [built]
    assert len((await only_manifest(layout, built)).layers) == 2


async def test_docker_save(docker_engine: EngineServer, tmp_path: Path) -> None:
    layout = await packed(tmp_path, "linux/amd64")
    skopeo("copy", f"oci:{layout.path}:{NAME}", f"docker-archive:{tmp_path}/load.tar:{NAME}")
    docker_engine.run("load", "--input", tmp_path / "load.tar")
    docker_engine.run("save", "--output", tmp_path / "saved.tar", NAME)
    archive = open_archive(tmp_path / "saved.tar")
    assert [name async for name in archive.names()] == [NAME]
    wanted = await files_of(layout, await only_manifest(layout, NAME))
    assert await files_of(archive, await only_manifest(archive, NAME)) == wanted


async def test_podman_unpacks_what_is_packed(podman_engine: EngineServer, tmp_path: Path) -> None:
    layout = await packed(tmp_path, "linux/amd64")
    pulled = podman_engine.run("pull", "--quiet", f"oci:{layout.path}:{NAME}").splitlines()[-1]
    container = podman_engine.run("create", pulled)
    podman_engine.run("export", "--output", tmp_path / "export.tar", container)
    podman_engine.run("rm", container)
    with tarfile.open(tmp_path / "export.tar") as tar:
        found = {member.name: member for member in tar}
    assert found["bin/tool"].mode & 0o7777 == 0o755
    assert found["lib"].linkname == "usr/lib"
    assert found["etc/" + "long" * 40].size == 200_000
    assert {(member.uid, member.gid) for name, member in found.items() if name.startswith("bin")} == {(0, 0)}
    # What an engine exports is a root file system, which can be packed in turn.
    again = await pack([Source(tmp_path / "export.tar")], layout, "again", ImageConfig())
    assert again == await layout.resolve("again")
