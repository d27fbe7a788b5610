"""What an engine that misbehaves leads to. How real ones behave is shown in tests/peers."""

import io
import json
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from tests.support.fakeengine import FakeEngine
from tests.support.images import AMD64, ARM64, layer_tar, push_image, push_index

from undercurrent.errors import (
    BadContent,
    EnvironmentLacks,
    InvalidReference,
    NotFound,
    RemoteFault,
    UnexpectedAnswer,
    Unreachable,
)
from undercurrent.oci.digest import Digest
from undercurrent.oci.engines.engine import Engine
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.manifest import Manifest
from undercurrent.oci.store import read_blob
from undercurrent.settings import NetSettings

NO_RETRIES = NetSettings(retries=0)


@pytest.fixture
async def fake(tmp_path: Path) -> AsyncIterator[FakeEngine]:
    async with FakeEngine(tmp_path / "docker.sock") as engine:
        yield engine


@pytest.fixture
async def engine(fake: FakeEngine, tmp_path: Path) -> AsyncIterator[Engine]:
    environ = {"DOCKER_HOST": f"unix://{fake.socket}"}
    async with Engine("docker", NO_RETRIES, environ=environ, scratch=tmp_path / "scratch") as opened:
        yield opened


def kept(tmp_path: Path) -> int:
    return len(list((tmp_path / "scratch").iterdir()))


async def motd(engine: Engine, manifest: Manifest) -> bytes:
    layer = await read_blob(engine, manifest.layers[0], 100_000)
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        member = tar.extractfile("motd")
        assert member
        return member.read()


async def test_an_image_without_a_name_is_called_by_its_id(fake: FakeEngine, engine: Engine) -> None:
    image_id = fake.add("hello")
    (image,) = await engine.list_images()
    assert (image.name, image.id, str(image.platform)) == (image_id, image_id, "linux/amd64")


async def test_an_image_that_is_removed_while_listing_is_left_out(fake: FakeEngine, engine: Engine) -> None:
    gone, stays = fake.add("gone"), fake.add("stays")
    fake.answers[f"/images/{gone}/json"] = lambda _request: web.Response(status=404)
    assert [image.name for image in await engine.list_images()] == [stays]


async def test_few_exports_are_kept_and_dropped_ones_are_made_again(
    fake: FakeEngine, engine: Engine, tmp_path: Path
) -> None:
    manifests = []
    for number in range(7):
        manifest = await engine.manifest(await engine.resolve(fake.add(f"image {number}")))
        assert isinstance(manifest, Manifest)
        manifests.append(manifest)
    assert kept(tmp_path) == 4
    exports = len([path for path in fake.asked if path.endswith("/get")])
    assert [await motd(engine, manifest) for manifest in manifests] == [f"image {n}".encode() for n in range(7)]
    assert len([path for path in fake.asked if path.endswith("/get")]) > exports
    assert kept(tmp_path) == 4


async def test_an_export_in_use_is_not_dropped(fake: FakeEngine, engine: Engine, tmp_path: Path) -> None:
    manifest = await engine.manifest(await engine.resolve(fake.add("in use")))
    assert isinstance(manifest, Manifest)
    reading = engine.blob(manifest.layers[0])
    first = await anext(reading)
    for number in range(7):
        await engine.resolve(fake.add(f"image {number}"))
    assert Digest.of(first + b"".join([piece async for piece in reading])) == manifest.layers[0].digest
    assert kept(tmp_path) == 4


async def test_an_index_is_read_though_only_one_platform_was_pulled(
    fake: FakeEngine, engine: Engine, tmp_path: Path
) -> None:
    # As Docker saves images since it keeps them in containerd.
    layout = Layout.open(tmp_path / "layout", create=True)
    images = {one: await push_image(layout, {"motd": str(one).encode()}, platform=one) for one in (AMD64, ARM64)}
    index = await push_index(layout, images, "1.0")
    for descriptor in (images[ARM64].descriptor, images[ARM64].config, *images[ARM64].layers):
        (layout.path / "blobs" / "sha256" / descriptor.digest.encoded).unlink()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(layout.path, ".")
    fake.images[index.digest] = packed.getvalue()
    found = await engine.resolve(index.digest)
    assert found.digest == index.digest
    assert (await engine.manifest(found)).raw == index.raw
    assert (await engine.manifest(images[AMD64].descriptor)).raw == images[AMD64].raw
    assert await read_blob(engine, images[AMD64].config, 100_000)
    with pytest.raises(NotFound, match="docker lacks"):
        await engine.manifest(images[ARM64].descriptor)


async def test_names_and_ids_are_told_without_exporting(fake: FakeEngine, engine: Engine) -> None:
    image_id = fake.add("hello")
    assert [name async for name in engine.names()] == [image_id]
    assert await engine.identify(image_id) == image_id
    assert await engine.referrers(image_id) == ()
    assert not [path for path in fake.asked if path.endswith("/get")]


async def test_one_error_ends_the_listing_as_itself(fake: FakeEngine, engine: Engine) -> None:
    image_id = fake.add("hello")
    fake.answers[f"/images/{image_id}/json"] = lambda _request: web.Response(status=500)
    with pytest.raises(RemoteFault):
        await engine.list_images()


async def test_an_export_that_is_cut_off_leaves_nothing(fake: FakeEngine, engine: Engine, tmp_path: Path) -> None:
    image_id = fake.add("hello")

    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = len(fake.images[image_id])
        await response.prepare(request)
        await response.write(fake.images[image_id][:1000])
        assert request.transport
        request.transport.abort()
        return response

    fake.answers[f"/images/{image_id}/get"] = cut
    with pytest.raises(Unreachable):
        await engine.resolve(image_id)
    assert kept(tmp_path) == 0


async def test_an_export_that_is_no_image_is_refused(fake: FakeEngine, engine: Engine, tmp_path: Path) -> None:
    image_id = fake.add("hello")
    fake.images[image_id] = b"no tar " * 1000
    with pytest.raises(BadContent):
        await engine.resolve(image_id)
    assert kept(tmp_path) == 0


async def test_an_export_of_several_images_is_refused(fake: FakeEngine, engine: Engine) -> None:
    one, other = fake.add("one"), fake.add("other")
    members: dict[str, bytes] = {}
    for image in (one, other):
        with tarfile.open(fileobj=io.BytesIO(fake.images[image])) as tar:
            members |= {member.name: content.read() for member in tar if (content := tar.extractfile(member))}
    both = [{"Config": f"{image.encoded}.json", "Layers": ["layer.tar"]} for image in (one, other)]
    fake.images[one] = layer_tar({**members, "manifest.json": json.dumps(both).encode()})
    with pytest.raises(BadContent, match="docker saved no single image"):
        await engine.resolve(one)


async def test_an_image_that_is_removed_before_it_is_exported_is_not_found(fake: FakeEngine, engine: Engine) -> None:
    image_id = fake.add("hello")
    fake.answers[f"/images/{image_id}/get"] = lambda _request: web.json_response({"message": "gone"}, status=404)
    with pytest.raises(NotFound, match="docker has no image"):
        await engine.resolve(image_id)


@pytest.mark.parametrize(
    "body", [b"<html>hello</html>", b"{}", b'[{"Id": "x"}]', b'[{"Id": "x", "Created": 1, "Size": 1}]']
)
async def test_nonsense_is_an_unexpected_answer(body: bytes, fake: FakeEngine, engine: Engine) -> None:
    fake.answers["/images/json"] = lambda _request: web.Response(body=body)
    with pytest.raises(UnexpectedAnswer, match="docker does not answer as Docker's API says"):
        await engine.list_images()


async def test_a_refusal_is_quoted(fake: FakeEngine, engine: Engine) -> None:
    fake.answers["/images/json"] = lambda _request: web.json_response({"message": "too old"}, status=400)
    with pytest.raises(UnexpectedAnswer, match=r"docker answers with status 400: .*too old"):
        await engine.list_images()


async def test_a_full_disk_is_said(fake: FakeEngine, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    environ = {"DOCKER_HOST": f"unix://{fake.socket}"}
    async with Engine("docker", NO_RETRIES, environ=environ, scratch=tmp_path / "file" / "scratch") as engine:
        with pytest.raises(EnvironmentLacks, match="no image can be kept in") as caught:
            await engine.resolve(fake.add("hello"))
    assert "XDG_CACHE_HOME" in caught.value.hint


@pytest.mark.parametrize("name", ["../../containers/json", "", "Big:1", "a b"])
async def test_what_is_no_name_is_not_asked_for(name: str, fake: FakeEngine, engine: Engine) -> None:
    with pytest.raises(InvalidReference):
        await engine.resolve(name)
    assert fake.asked == []
