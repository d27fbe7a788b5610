"""Copies from anywhere to a layout or a registry."""

import shutil
from pathlib import Path

import pytest
from tests.support.registry import FakeRegistry

from undercurrent.errors import NotFound, Unsupported, UsageError
from undercurrent.evidence import open_store
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.manifest import Manifest
from undercurrent.oci.stores import Stores
from undercurrent.progress import silent
from undercurrent.settings import Settings, data_folder
from undercurrent.signing.attached import attached
from undercurrent.signing.keys import PrivateKey
from undercurrent.signing.sign import sign
from undercurrent.signing.signatory import KeySignatory
from undercurrent.workflows.copying import Copied, copy_image


async def copy(source: str, goal: str, settings: Settings, *, referrers: bool = True) -> Copied:
    return await copy_image(source, goal, settings, referrers=referrers, observer=silent)


@pytest.mark.parametrize("referrers", [True, False])
async def test_what_hangs_on_an_image_goes_along_unless_it_is_left(
    layout: Layout, settings: Settings, signer: PrivateKey, tmp_path: Path, referrers: bool
) -> None:
    async with FakeRegistry() as registry, Stores(settings) as stores:
        image = await stores.image(f"oci:{layout.path}:app:1.0")
        await sign(image, KeySignatory(signer))

        there = await copy(f"oci:{layout.path}:app:1.0", f"{registry.host}/acme/app:2.0", settings, referrers=referrers)
        back = await copy(there.place, f"oci:{tmp_path}/back:app:3.0", settings, referrers=referrers)

        assert (there.name, there.place) == (f"{registry.host}/acme/app:2.0",) * 2
        assert (back.name, back.place) == ("app:3.0", f"oci:{tmp_path}/back:app:3.0")
        for copied in (there, back):
            assert copied.descriptor.digest == image.digest
            hanging = await attached(await stores.image(copied.place))
            assert len(hanging.attachments) == (2 if referrers else 0)
    with open_store(f"sqlite:///{data_folder()}/evidence.db") as store:
        places = [(record.proof["source"], record.proof["place"]) for record in store.query(newest=False)]
    assert places == [(f"oci:{layout.path}:app:1.0", there.place), (there.place, back.place)]


async def test_a_transport_for_the_registry_may_be_written(layout: Layout, settings: Settings) -> None:
    async with FakeRegistry() as registry:
        copied = await copy(f"oci:{layout.path}:app:1.0", f"docker://{registry.host}/app", settings)

        assert copied.place == f"{registry.host}/app"
        assert list(registry.repositories["app"].tags) == ["latest"]


@pytest.mark.parametrize(
    ("goal", "error", "message"),
    [
        ("docker-archive:app.tar", Unsupported, "nothing can be copied to docker-archive:app.tar"),
        ("podman:app:1.0", Unsupported, "nothing can be copied to podman:app:1.0"),
        ("oci:somewhere", UsageError, "oci:somewhere does not say what the image is to be called"),
        ("Not A Reference", UsageError, "is not an image reference"),
    ],
)
async def test_goals_that_are_none(
    layout: Layout, settings: Settings, goal: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        await copy(f"oci:{layout.path}:app:1.0", goal, settings)


async def test_a_source_that_is_not_there_leaves_no_goal(layout: Layout, settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        await copy(f"oci:{layout.path}:nothing", f"oci:{tmp_path}/new:app:1.0", settings)
    assert not (tmp_path / "new").exists()


async def test_an_incomplete_source_does_not_get_a_name_in_the_goal(
    layout: Layout, settings: Settings, tmp_path: Path
) -> None:
    async with Stores(settings) as stores:
        manifest = await (await stores.image(f"oci:{layout.path}:app:1.0")).manifest()
    (layer,) = manifest.layers  # type: ignore[union-attr]  # it is an image
    shutil.copytree(layout.path, tmp_path / "broken")
    (tmp_path / "broken" / "blobs" / "sha256" / layer.digest.encoded).unlink()

    with pytest.raises(NotFound, match="lacks"):
        await copy(f"oci:{tmp_path}/broken:app:1.0", f"oci:{tmp_path}/new:app:1.0", settings)
    assert [name async for name in Layout.open(tmp_path / "new").names()] == []


async def test_evidence_says_how_much_went_from_where_to_where(
    layout: Layout, settings: Settings, tmp_path: Path
) -> None:
    async with FakeRegistry() as one, FakeRegistry() as other, Stores(settings) as stores:
        image = await stores.image(f"oci:{layout.path}:app:1.0")
        manifest = await image.manifest()
        assert isinstance(manifest, Manifest)
        size = sum(part.size for part in (manifest.config, *manifest.layers))

        first = await copy(f"oci:{layout.path}:app:1.0", f"{one.host}/acme/app:1.0", settings, referrers=False)
        await copy(first.place, f"{other.host}/acme/app:1.0", settings, referrers=True)
        await copy(first.place, f"{other.host}/acme/app:2.0", settings, referrers=True)

    with open_store(f"sqlite:///{data_folder()}/evidence.db") as store:
        proofs = [record.proof for record in store.query(newest=False)]
    assert [proof["registries"] for proof in proofs] == [["", one.host], *[[one.host, other.host]] * 2]
    assert [proof["bytes"] for proof in proofs] == [size, size, 0]
    assert [proof["referrers"] for proof in proofs] == [False, True, True]
    assert [proof["from"] for proof in proofs] == ["app:1.0", first.name, first.name]
