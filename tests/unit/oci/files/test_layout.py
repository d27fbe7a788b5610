import asyncio
import errno
import json
import os
import re
from pathlib import Path

import pytest

from undercurrent.errors import (
    BadContent,
    CouldNotCheck,
    DigestMismatch,
    EnvironmentLacks,
    NotFound,
    TooLarge,
    UndercurrentError,
    Unsupported,
    UsageError,
)
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.legacy import with_layers
from undercurrent.oci.manifest import EMPTY, EMPTY_BYTES, AnyManifest, Manifest, build_index, build_manifest
from undercurrent.oci.store import Amended, Change, Content, WritableStore, content_of, read_blob


async def store(layout: Layout, text: str, name: str = "", subject: Descriptor | None = None) -> Manifest:
    """A small artifact whose one layer is ``text``."""
    content = text.encode()
    layer = Descriptor.of(content, "text/plain")
    await layout.push_blob(EMPTY, content_of(EMPTY_BYTES))
    await layout.push_blob(layer, content_of(content))
    manifest = build_manifest(EMPTY, [layer], artifact_type=f"test/{text}", subject=subject, annotations={"text": text})
    await layout.push_manifest(manifest, name)
    return manifest


def listed(layout: Layout) -> list[dict[str, object]]:
    value = json.loads((layout.path / "index.json").read_bytes())["manifests"]
    assert isinstance(value, list)
    return value


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout.open(tmp_path / "images", create=True)


async def test_what_is_written_is_read_by_name_and_by_digest(layout: Layout) -> None:
    written = await store(layout, "hello", "example.org/app:1")
    again = Layout.open(layout.path)
    assert isinstance(again, WritableStore)
    descriptor = await again.resolve("example.org/app:1")
    assert descriptor == written.descriptor == await again.resolve(written.digest)
    assert await again.manifest(descriptor) == written
    assert await read_blob(again, written.layers[0], 100) == b"hello"
    assert [name async for name in again.names()] == ["example.org/app:1"]


async def test_a_name_moves(layout: Layout) -> None:
    await store(layout, "one", "app:1")
    two = await store(layout, "two", "app:1")
    assert await layout.resolve("app:1") == two.descriptor
    assert len(listed(layout)) == 1


async def test_what_is_here_is_not_written_again(layout: Layout) -> None:
    blob = Descriptor.of(b"x", "text/plain")

    async def never() -> None:
        raise AssertionError

    assert not await layout.has(blob)
    assert await layout.push_blob(blob, content_of(b"x"))
    assert await layout.has(blob)
    assert not await layout.push_blob(blob, never)  # type: ignore[arg-type]


async def test_a_damaged_file_is_replaced(layout: Layout) -> None:
    blob = Descriptor.of(b"whole", "text/plain")
    for damaged in (b"who", b"whOle"):
        (layout.path / "blobs/sha256" / blob.digest.encoded).write_bytes(damaged)
        assert not await layout.has(blob)
    assert await layout.push_blob(blob, content_of(b"whole"))
    assert await read_blob(layout, blob, 10) == b"whole"


@pytest.mark.parametrize("content", [b"other", b"", b"right and more"])
async def test_other_content_never_gets_a_place(layout: Layout, content: bytes) -> None:
    blob = Descriptor.of(b"right", "text/plain")
    with pytest.raises(DigestMismatch):
        await layout.push_blob(blob, content_of(content))
    assert not await layout.has(blob)
    assert not list(layout.path.glob(".uc-*.tmp"))


async def test_sha512(layout: Layout) -> None:
    content = b"long digest"
    hasher = Digest("sha512:" + "0" * 128).hasher()
    hasher.update(content)
    blob = Descriptor("text/plain", Digest("sha512:" + hasher.hexdigest()), len(content))
    await layout.push_blob(blob, content_of(content))
    assert await read_blob(layout, blob, 100) == content


async def test_the_images_of_an_index_are_not_listed(layout: Layout) -> None:
    child = await store(layout, "child")
    index = build_index([child.descriptor])
    await layout.push_manifest(index, "multi")
    assert [entry["digest"] for entry in listed(layout)] == [index.digest]
    assert [name async for name in layout.names()] == ["multi"]
    assert await layout.resolve(child.digest) == child.descriptor


async def test_an_image_without_a_name_is_called_by_its_digest(layout: Layout) -> None:
    image = await store(layout, "x")
    await layout.push_manifest(image, image.digest)
    await layout.push_manifest(image, image.digest)
    assert len(listed(layout)) == 1
    assert "annotations" not in listed(layout)[0]
    assert [name async for name in Layout.open(layout.path).names()] == [image.digest]


async def test_delete_name(layout: Layout) -> None:
    image = await store(layout, "x", "app")
    await layout.delete_name("app")
    with pytest.raises(NotFound, match="has no image app"):
        await layout.resolve("app")
    assert await layout.resolve(image.digest) == image.descriptor
    with pytest.raises(NotFound):
        await layout.delete_name("app")


# Referrers


async def test_referrers_are_listed_without_a_name(layout: Layout) -> None:
    image = await store(layout, "image", "app")
    other = await store(layout, "other", "other")
    first = await store(layout, "sbom", subject=image.descriptor)
    second = await store(layout, "signature", subject=image.descriptor)
    await store(layout, "signature of other", subject=other.descriptor)
    for reader in (layout, Layout.open(layout.path)):
        assert await reader.referrers(image.digest) == (first.referrer, second.referrer)
        assert await reader.referrers(image.digest, "test/signature") == (second.referrer,)
        assert await reader.referrers(first.digest) == ()
        assert [name async for name in reader.names()] == ["app", "other"]
    entry = listed(layout)[2]
    assert entry["artifactType"] == "test/sbom"
    assert entry["annotations"] == {"text": "sbom"}


async def test_a_referrer_may_have_a_name_too(layout: Layout) -> None:
    image = await store(layout, "image", "app")
    signature = await store(layout, "signature", "app-signature", subject=image.descriptor)
    assert await layout.referrers(image.digest) == (signature.referrer,)
    assert await layout.resolve("app-signature") == signature.descriptor
    await layout.delete_name("app-signature")
    assert await layout.referrers(image.digest) == (signature.referrer,)


async def test_fallback_tag_of_regclient(layout: Layout) -> None:
    image = await store(layout, "image", "app")
    subject = image.descriptor
    signature = build_manifest(EMPTY, [], artifact_type="test/signature", subject=subject, annotations={"a": "b"})
    await layout.push_blob(signature.descriptor, content_of(signature.raw))
    # Older writers put the configuration's type and leave the annotations out.
    poor = Descriptor(signature.media_type, signature.digest, len(signature.raw), {}, mediatypes.OCI_EMPTY)
    gone = Descriptor.of(b"gone", mediatypes.OCI_MANIFEST, artifact_type="test/gone")
    await layout.push_manifest(build_index([poor, gone]), f"sha256-{image.digest.encoded}")
    assert await layout.referrers(image.digest) == (signature.referrer, gone)
    await layout.push_manifest(signature)
    assert await layout.referrers(image.digest) == (signature.referrer, gone)


async def test_a_changed_referrer_is_listed_and_then_refused(layout: Layout) -> None:
    image = await store(layout, "image", "app")
    signature = await store(layout, "signature", subject=image.descriptor)
    lost = await store(layout, "lost", subject=image.descriptor)
    path = layout.path / "blobs/sha256" / signature.digest.encoded
    path.write_bytes(path.read_bytes().replace(b'"text":"signature"', b'"text":"signaturE"'))
    (layout.path / "blobs/sha256" / lost.digest.encoded).unlink()
    again = Layout.open(layout.path)
    (found,) = await again.referrers(image.digest)
    with pytest.raises(DigestMismatch, match=signature.digest):
        await again.manifest(found)


# What others wrote


def rewrite(layout: Layout, **more: object) -> None:
    path = layout.path / "index.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | more))


async def test_unknown_fields_and_entries_survive(layout: Layout) -> None:
    image = await store(layout, "x", "app")
    strange = [
        {"mediaType": "x/y", "digest": "blake3:00", "size": 1, "new": {"a": [1.5, None]}},
        "not even an object",
        {"annotations": 7},
        {**listed(layout)[0], "data": "e30=", "urls": ["https://example.org"]},
    ]
    rewrite(layout, manifests=strange, annotations={"a": "ä"}, future=[1])
    await store(layout, "y", "other")
    document = json.loads((layout.path / "index.json").read_bytes())
    assert document["manifests"][:4] == strange
    assert document["annotations"] == {"a": "ä"}
    assert document["future"] == [1]
    assert await layout.resolve("app") == image.descriptor
    assert [name async for name in layout.names()][:2] == ["app", "other"]
    with pytest.raises(BadContent):
        await layout.resolve("blake3:00")


def entry(image: Manifest, **annotations: str) -> dict[str, object]:
    names = {"ref": "org.opencontainers.image.ref.name", "containerd": "io.containerd.image.name"}
    return image.descriptor.to_dict() | {"annotations": {names[key]: value for key, value in annotations.items()}}


async def test_names_as_docker_and_containerd_write_them(layout: Layout) -> None:
    one, two = await store(layout, "one"), await store(layout, "two")
    rewrite(
        layout,
        manifests=[
            entry(one, ref="latest", containerd="docker.io/library/a:latest"),
            entry(two, ref="latest", containerd="docker.io/library/b:latest"),
            entry(one, ref="v1", containerd="docker.io/library/a:v1"),
            entry(two, containerd="docker.io/library/b:v1"),
        ],
    )
    names = [name async for name in layout.names()]
    assert names == [
        "docker.io/library/a:latest",
        "docker.io/library/b:latest",
        "v1",
        "docker.io/library/b:v1",
    ]
    assert await layout.resolve("docker.io/library/b:latest") == two.descriptor
    assert await layout.resolve("docker.io/library/a:v1") == one.descriptor
    with pytest.raises(NotFound):
        await layout.resolve("latest")
    await layout.delete_name("docker.io/library/a:latest")
    assert [name async for name in layout.names()] == ["latest", "v1", "docker.io/library/b:v1"]


async def test_the_first_of_two_with_one_name_counts(layout: Layout) -> None:
    one, two = await store(layout, "one"), await store(layout, "two")
    rewrite(layout, manifests=[entry(one, ref="app"), entry(two, ref="app")])
    assert await layout.resolve("app") == one.descriptor
    three = await store(layout, "three", "app")
    assert [item["digest"] for item in listed(layout)] == [three.digest]


# Bad input


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        Layout.open(tmp_path / "nowhere")


@pytest.mark.parametrize("create", [False, True])
def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, create: bool) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(UsageError, match="is not an OCI layout") as raised:
        Layout.open(tmp_path, create=create)
    assert raised.value.hint
    assert [item.name for item in tmp_path.iterdir()] == ["letter.txt"]
    with pytest.raises(UsageError, match="is not an OCI layout"):
        Layout.open(tmp_path / "letter.txt", create=create)


def test_a_creation_that_was_cut_off_is_finished(tmp_path: Path) -> None:
    whole = Layout.open(tmp_path / "whole", create=True)
    for kept in ([], ["blobs"], ["blobs", ".uc-lock"], ["blobs", "index.json"]):
        path = tmp_path / f"cut-{len(kept)}-{kept[-1:]}"
        path.mkdir()
        for name in kept:
            source = whole.path / name
            if source.is_dir():
                (path / name).mkdir()
            else:
                (path / name).write_bytes(source.read_bytes())
        Layout.open(path, create=True)
        Layout.open(path)


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("oci-layout", None, BadContent, "oci-layout is missing"),
        ("oci-layout", b"{", BadContent, "not valid JSON"),
        ("oci-layout", b'{"imageLayoutVersion":"2.0.0"}', Unsupported, "version '2.0.0'"),
        ("oci-layout", b"{}", Unsupported, "version None"),
        ("index.json", None, BadContent, "index.json is missing"),
        ("index.json", b'{"schemaVersion":2,"manif', BadContent, "index.json is not valid JSON"),
        ("index.json", b"[]", BadContent, "index.json is not a JSON object"),
        ("index.json", b'{"schemaVersion":1}', BadContent, "index.json is not an image index"),
        ("index.json", b'{"schemaVersion":2,"manifests":{}}', BadContent, "index.json is not an image index"),
    ],
)
def test_damaged_layouts(
    layout: Layout, name: str, content: bytes | None, error: type[UndercurrentError], message: str
) -> None:
    path = layout.path / name
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error, match=re.escape(message)) as raised:
        Layout.open(layout.path)
    assert str(layout.path) in raised.value.message


def test_null_is_an_empty_list(layout: Layout) -> None:
    rewrite(layout, manifests=None)
    Layout.open(layout.path)


def test_index_json_is_bounded(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("undercurrent.oci.files.layout.MAX_INDEX_JSON", 200)
    rewrite(layout, padding="x" * 200)
    with pytest.raises(TooLarge, match=r"index\.json"):
        Layout.open(layout.path)


async def test_an_index_json_that_grows_too_large(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    await store(layout, "x", "app")
    monkeypatch.setattr("undercurrent.oci.files.layout.MAX_INDEX_JSON", 600)
    with pytest.raises(TooLarge, match=r"index\.json would be larger"):
        await store(layout, "y", "n" * 600)
    assert [name async for name in layout.names()] == ["app"]


async def test_an_index_json_that_is_damaged_meanwhile(layout: Layout) -> None:
    (layout.path / "index.json").write_text("{")
    with pytest.raises(BadContent, match=r"index\.json is not valid JSON"):
        await store(layout, "x", "app")


def test_what_may_not_be_read_or_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Layout.open(tmp_path / "images", create=True).path

    def refuse(*_rest: object, **_more: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    with monkeypatch.context() as patched:
        patched.setattr("undercurrent.oci.files.layout.os.open", refuse)
        with pytest.raises(CouldNotCheck, match="oci-layout cannot be read: Permission denied"):
            Layout.open(path)
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(EnvironmentLacks, match="cannot be made: Permission denied"):
        Layout.open(tmp_path / "new", create=True)


async def test_missing_and_damaged_blobs(layout: Layout) -> None:
    image = await store(layout, "hello", "app")
    path = layout.path / "blobs/sha256" / image.layers[0].digest.encoded
    path.write_bytes(b"hellO")
    with pytest.raises(DigestMismatch) as raised:
        await read_blob(layout, image.layers[0], 100)
    assert f"remove {path}" in raised.value.hint
    path.write_bytes(b"hell")
    with pytest.raises(DigestMismatch, match="4 bytes instead of 5"):
        await read_blob(layout, image.layers[0], 100)
    path.unlink()
    with pytest.raises(NotFound, match=f"{re.escape(str(layout.path))} lacks {image.layers[0].digest}"):
        await read_blob(layout, image.layers[0], 100)
    manifest = layout.path / "blobs/sha256" / image.digest.encoded
    manifest.write_bytes(b"x" + manifest.read_bytes()[1:])
    with pytest.raises(DigestMismatch, match=image.digest):
        await layout.manifest(image.descriptor)
    with pytest.raises(TooLarge):
        await layout.manifest(Descriptor(image.media_type, image.digest, 5 * 2**20))


async def test_links_do_not_leave_the_layout(layout: Layout, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    blob = Descriptor.of(b"secret", "text/plain")
    path = layout.path / "blobs/sha256" / blob.digest.encoded
    path.symlink_to(secret)
    assert not await layout.has(blob)
    with pytest.raises(BadContent, match="leaves the layout"):
        await read_blob(layout, blob, 100)
    path.unlink()
    (layout.path / "inside").write_bytes(b"secret")
    path.symlink_to(layout.path / "inside")
    assert await read_blob(layout, blob, 100) == b"secret"


async def test_nothing_is_written_out_of_the_layout(layout: Layout, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (layout.path / "blobs" / "sha256").rmdir()
    (layout.path / "blobs" / "sha256").symlink_to(tmp_path / "elsewhere")
    blob = Descriptor.of(b"x", "text/plain")
    with pytest.raises(BadContent, match="leaves the layout"):
        await layout.push_blob(blob, content_of(b"x"))
    assert not list((tmp_path / "elsewhere").iterdir())


async def test_what_is_no_file_does_not_hang(layout: Layout) -> None:
    blob = Descriptor.of(b"x", "text/plain")
    os.mkfifo(layout.path / "blobs/sha256" / blob.digest.encoded)
    with pytest.raises(BadContent, match="is not a file"):
        await read_blob(layout, blob, 100)


# Several writers, and sudden ends


async def test_concurrent_tasks_and_instances_lose_nothing(layout: Layout) -> None:
    writers = [layout, Layout.open(layout.path), Layout.open(layout.path)]
    async with asyncio.TaskGroup() as group:
        for number in range(30):
            group.create_task(store(writers[number % 3], f"text {number}", f"app:{number}"))
    names = {name async for name in Layout.open(layout.path).names()}
    assert names == {f"app:{number}" for number in range(30)}


def test_abandoned_temporary_files_are_removed(layout: Layout) -> None:
    old, young = layout.path / ".uc-1.tmp", layout.path / ".uc-2.tmp"
    old.touch()
    young.touch()
    os.utime(old, (0, 0))
    Layout.open(layout.path)
    assert not old.exists()
    assert young.exists()


async def test_a_writer_at_work_keeps_its_temporary_file(layout: Layout) -> None:
    blob = Descriptor.of(b"slow", "text/plain")
    content: Content

    async def pieces():  # type: ignore[no-untyped-def]  # noqa: ANN202
        yield b"sl"
        for path in layout.path.glob(".uc-*.tmp"):
            os.utime(path, (0, 0))
        Layout.open(layout.path)
        yield b"ow"

    content = pieces
    assert await layout.push_blob(blob, content)
    assert await layout.has(blob)


async def test_a_name_that_many_add_to_keeps_what_each_of_them_added(layout: Layout) -> None:
    """Each opens the layout anew, as processes do that know nothing of one another."""
    layers = [Descriptor.of(f"{number}".encode(), "text/plain") for number in range(20)]

    def adding(layer: Descriptor) -> Change:
        def change(manifest: AnyManifest | None) -> Amended | None:
            assert manifest is None or isinstance(manifest, Manifest)
            return with_layers(manifest, [layer])

        return change

    async with asyncio.TaskGroup() as tasks:
        for layer in layers * 2:
            tasks.create_task(Layout.open(layout.path).amend("sha256-0.att", adding(layer)))

    manifest = await layout.manifest(await layout.resolve("sha256-0.att"))
    assert isinstance(manifest, Manifest)
    assert sorted(item.digest for item in manifest.layers) == sorted(item.digest for item in layers)
    assert await layout.has(manifest.config)


async def test_a_name_that_has_what_is_to_be_added_is_not_written_again(layout: Layout) -> None:
    await store(layout, "hello", "app")
    before = (layout.path / "index.json").stat().st_mtime_ns

    await layout.amend("app", lambda _manifest: None)

    assert (layout.path / "index.json").stat().st_mtime_ns == before
