"""Places, as users write them, and the stores behind them."""

import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.registry import FakeRegistry

from undercurrent.errors import InvalidReference, NotFound, UndercurrentError, UsageError
from undercurrent.oci.engines.engine import Engine
from undercurrent.oci.files.archive import Archive
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.manifest import EMPTY, EMPTY_BYTES, Manifest, build_manifest
from undercurrent.oci.registry import Repository
from undercurrent.oci.store import WritableStore, content_of
from undercurrent.oci.stores import Stores, has_transport
from undercurrent.settings import Settings


@pytest.fixture
async def stores(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Stores]:
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(tmp_path / "no-such-file"))
    async with Stores(Settings()) as opened:
        yield opened


async def put_image(store: WritableStore, name: str, mark: str = "") -> Manifest:
    await store.push_blob(EMPTY, content_of(EMPTY_BYTES))
    manifest = build_manifest(EMPTY, [EMPTY], artifact_type="application/vnd.acme", annotations={"mark": mark})
    await store.push_manifest(manifest, name)
    return manifest


async def test_a_plain_reference_is_in_a_registry(stores: Stores) -> None:
    async with FakeRegistry() as registry:
        text = f"{registry.host}/acme/app"
        store, _name = await stores.open(text)
        assert isinstance(store, Repository)
        manifest = await put_image(store, "latest")
        for place in (text, f"docker://{text}", f"{text}:latest"):
            image = await stores.image(place)
            assert (image.name, image.digest) == (f"{text}:latest", manifest.digest)
        pinned = await stores.image(f"{text}:other@{manifest.digest}")
        assert (pinned.name, pinned.repository) == (f"{text}@{manifest.digest}", text)
        with pytest.raises(NotFound, match=r"acme/app:2\.0"):
            await stores.image(f"{text}:2.0")


async def test_a_layout_and_an_archive_of_it(stores: Stores, tmp_path: Path) -> None:
    manifest = await put_image(stores.layout(tmp_path / "images", create=True), "ghcr.io/acme/app:1.0")
    with tarfile.open(tmp_path / "images.tar", "w") as archive:
        archive.add(tmp_path / "images", arcname=".")
    for place in (f"oci:{tmp_path}/images", f"oci-archive:{tmp_path}/images.tar"):
        for text in (place, f"{place}:ghcr.io/acme/app:1.0", f"{place}:{manifest.digest}"):
            assert (await stores.image(text)).digest == manifest.digest
        assert (await stores.image(place)).repository == "ghcr.io/acme/app"


async def test_one_of_several_must_be_named(stores: Stores, tmp_path: Path) -> None:
    layout = stores.layout(tmp_path / "images", create=True)
    with pytest.raises(NotFound, match="no image that has a name"):
        await stores.image(f"oci:{tmp_path}/images")
    for name in ("a:1", "b:1"):
        await put_image(layout, name, name)
    with pytest.raises(UsageError, match="holds 2 images") as caught:
        await stores.image(f"oci:{tmp_path}/images")
    assert "a:1, b:1" in caught.value.hint


async def test_an_engine_is_not_asked_before_it_must(stores: Stores) -> None:
    store, name = await stores.open("podman:docker.io/library/app:1.0")
    assert isinstance(store, Engine)
    assert name == "docker.io/library/app:1.0"


async def test_every_place_is_opened_once(stores: Stores, tmp_path: Path) -> None:
    await put_image(stores.layout(tmp_path / "images", create=True), "a")
    with tarfile.open(tmp_path / "images.tar", "w") as archive:
        archive.add(tmp_path / "images", arcname=".")
    for place, kind in {
        "ghcr.io/acme/app:1.0": Repository,
        f"oci:{tmp_path}/images:a": Layout,
        f"oci-archive:{tmp_path}/images.tar": Archive,
        "docker:app": Engine,
    }.items():
        first, _name = await stores.open(place)
        again, _name = await stores.open(place)
        assert isinstance(first, kind)
        assert first is again
    assert stores.registry("ghcr.io") is stores.registry("ghcr.io")


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("oci:images", True),
        ("docker-archive:a.tar", True),
        ("docker://ghcr.io/a/b", True),
        ("auto:app", True),
        ("ghcr.io/a/b:1", False),
        ("localhost:5000/a", False),
        ("app", False),
    ],
)
def test_a_transport_is_told_from_a_host(text: str, known: bool) -> None:
    assert has_transport(text) is known


@pytest.mark.parametrize(
    "place", ["", "ghcr.io/UPPER", "docker://", "a b", "oci:/no/such/folder", "oci-archive:/no.tar"]
)
async def test_places_that_are_none(stores: Stores, place: str) -> None:
    with pytest.raises(UndercurrentError) as caught:
        await stores.image(place)
    assert isinstance(caught.value, InvalidReference | NotFound)
