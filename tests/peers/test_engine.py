"""Images of real engines: what they hold is listed unread, and read as what it is."""

import io
import json
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.engines import EngineServer

from undercurrent.errors import NotFound
from undercurrent.oci.descriptor import Descriptor, Platform
from undercurrent.oci.engines.engine import Engine
from undercurrent.oci.manifest import Manifest
from undercurrent.oci.store import read_blob
from undercurrent.settings import NetSettings

MIB = 1024 * 1024


def rootfs(path: Path, **files: str) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return path


def engine_of(server: EngineServer, scratch: Path) -> Engine:
    variable = {"podman": "CONTAINER_HOST", "docker": "DOCKER_HOST"}[server.engine]
    return Engine("auto", NetSettings(), environ={variable: f"unix://{server.socket}"}, scratch=scratch)


async def files_in(engine: Engine, manifest: Manifest) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for layer in manifest.layers:
        with tarfile.open(fileobj=io.BytesIO(await read_blob(engine, layer, MIB))) as tar:
            for member in tar:
                if content := tar.extractfile(member):
                    found[member.name] = content.read()
    return found


async def test_images_are_listed_without_being_read(engine_server: EngineServer, tmp_path: Path) -> None:
    named = "example.test/listed:1.0"
    engine_server.run("import", rootfs(tmp_path / "a.tar", motd="listed"), named)
    engine_server.run("tag", named, "example.test/listed:latest")
    unnamed = engine_server.run("import", rootfs(tmp_path / "b.tar", motd="unnamed")).splitlines()[-1]
    scratch = tmp_path / "scratch"
    async with engine_of(engine_server, scratch) as engine:
        images = {image.name: image for image in await engine.list_images()}
        names = [name async for name in engine.names()]
        assert engine.label == engine_server.engine
    assert {named, "example.test/listed:latest", unnamed} <= images.keys()
    assert set(names) == images.keys()
    image = images[named]
    assert image.id == images["example.test/listed:latest"].id
    assert image.size > 0
    assert abs(datetime.now(UTC) - image.created).total_seconds() < 600
    assert image.platform == Platform.of_this_machine()
    assert images[unnamed].id == unnamed
    assert not scratch.exists()


async def test_an_image_is_read_with_its_content(engine_server: EngineServer, tmp_path: Path) -> None:
    name = "example.test/read:1.0"
    engine_server.run("import", "--change", "ENV COLOUR=green", rootfs(tmp_path / "a.tar", motd="hello"), name)
    async with engine_of(engine_server, tmp_path / "scratch") as engine:
        descriptor = await engine.resolve(name)
        manifest = await engine.manifest(descriptor)
        assert isinstance(manifest, Manifest)
        config = json.loads(await read_blob(engine, manifest.config, MIB))
        assert "COLOUR=green" in config["config"]["Env"]
        assert (await files_in(engine, manifest))["motd"] == b"hello"
        assert await engine.referrers(descriptor.digest) == ()
        assert len(list((tmp_path / "scratch").iterdir())) == 1
    assert list((tmp_path / "scratch").iterdir()) == []


async def test_the_digest_is_the_same_each_time_and_by_every_name(engine_server: EngineServer, tmp_path: Path) -> None:
    name = "example.test/same:1.0"
    engine_server.run("import", rootfs(tmp_path / "a.tar", motd="same"), name)
    engine_server.run("tag", name, "example.test/same:2.0")
    found: set[Descriptor] = set()
    for _round in range(2):
        async with engine_of(engine_server, tmp_path / "scratch") as engine:
            image_id = next(image.id for image in await engine.list_images() if image.name == name)
            for alias in (name, "example.test/same:2.0", image_id, image_id.short):
                found.add(await engine.resolve(alias))
            assert len(list((tmp_path / "scratch").iterdir())) == 1
    assert len(found) == 1


async def test_what_is_not_there_is_not_found(engine_server: EngineServer, tmp_path: Path) -> None:
    async with engine_of(engine_server, tmp_path / "scratch") as engine:
        with pytest.raises(NotFound, match=f"{engine_server.engine} has no image example.test/absent:1"):
            await engine.resolve("example.test/absent:1")
        with pytest.raises(NotFound):
            await engine.manifest(Descriptor.of(b"absent", "application/vnd.oci.image.manifest.v1+json"))


async def test_an_image_that_buildah_built_is_read(podman_engine: EngineServer, tmp_path: Path) -> None:
    (tmp_path / "motd").write_text("built")
    container = podman_engine.buildah("from", "scratch")
    podman_engine.buildah("copy", container, tmp_path / "motd", "/etc/motd")
    podman_engine.buildah("config", "--label", "colour=blue", "--arch", "arm64", "--user", "10001", container)
    podman_engine.buildah("commit", "--rm", container, "built:1.0")
    async with engine_of(podman_engine, tmp_path / "scratch") as engine:
        listed = next(item for item in await engine.list_images() if item.name == "localhost/built:1.0")
        assert listed.platform.architecture == "arm64"
        manifest = await engine.manifest(await engine.resolve("built:1.0"))
        assert isinstance(manifest, Manifest)
        config = json.loads(await read_blob(engine, manifest.config, MIB))
        assert config["config"]["Labels"]["colour"] == "blue"
        assert (await files_in(engine, manifest))["etc/motd"] == b"built"
