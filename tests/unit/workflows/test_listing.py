"""What a list says of an image, and what it does not claim to know."""

from collections.abc import AsyncIterator

from tests.support.images import AMD64, ARM64, push_image, push_index
from tests.support.registry import FakeRegistry, Fault

from undercurrent.errors import UndercurrentError
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.stores import Stores
from undercurrent.progress import silent
from undercurrent.settings import Settings, data_folder
from undercurrent.signing.attest import attest
from undercurrent.signing.checks import Format
from undercurrent.signing.keys import PrivateKey
from undercurrent.signing.sign import sign
from undercurrent.signing.signatory import KeySignatory
from undercurrent.workflows.estate import Found, Lost, Places, find
from undercurrent.workflows.hanging import look_at_images
from undercurrent.workflows.listing import Listed, list_images


async def listed(settings: Settings, places: Places) -> dict[str, Listed]:
    async with Stores(settings) as stores:
        summary = await list_images(find(places, stores, settings.images), settings, observer=silent)
    assert not summary.failures
    return {success.result.name: success.result for success in summary.results}


async def test_signatures_and_sboms_are_seen_and_not_verified(
    layout: Layout, settings: Settings, signer: PrivateKey
) -> None:
    async with Stores(settings) as stores:
        image = await stores.image(f"oci:{layout.path}:app:1.0")
        await sign(image, KeySignatory(signer), formats=(Format.LEGACY,))
        await attest(image, b"{}", "cyclonedx", KeySignatory(signer), formats=(Format.BUNDLE,))

    images = await listed(settings, Places(layouts=(layout.path,)))

    app, tool = images["app:1.0"], images["acme/tool:2.0"]
    assert (app.signatures, app.sbom) == (("legacy",), True)
    assert (tool.signatures, tool.sbom) == ((), False)
    assert app.platforms == ("linux/amd64",)
    assert app.place == f"oci:{layout.path}:app:1.0"
    assert app.size > 100
    assert not (data_folder() / "evidence.db").exists()


async def test_an_index_has_the_platforms_of_its_images(layout: Layout, settings: Settings) -> None:
    images = {platform: await push_image(layout, {}, platform=platform) for platform in (AMD64, ARM64)}
    await push_index(layout, images, "both:1.0")

    both = (await listed(settings, Places(layouts=(layout.path,))))["both:1.0"]

    assert both.platforms == ("linux/amd64", "linux/arm64")


async def test_what_nobody_can_say_is_not_called_unsigned(settings: Settings) -> None:
    async with FakeRegistry() as registry:
        registry.put_image("acme/app", "1.0")
        async with Stores(settings) as stores:
            found = [item async for item in find(Places(registries=(registry.host,)), stores, settings.images)]
            registry.fail(Fault(path="/referrers/", status=500, times=None))
            summary = await list_images(each(found), settings, observer=silent)

    (image,) = [success.result for success in summary.results]
    assert (image.signatures, image.sbom) == (None, None)
    assert "500" in image.problem


async def each(found: list[Found]) -> AsyncIterator[Found]:
    for item in found:
        yield item


async def test_a_lost_place_is_a_failure_once(settings: Settings) -> None:
    error = UndercurrentError("gone")

    summary = await list_images(each([Lost("a", error), Lost("a", error), Lost("b", error)]), settings, observer=silent)

    assert [failed.key for failed in summary.failures] == ["a", "b"]


async def test_a_tree_needs_no_key(layout: Layout, settings: Settings, signer: PrivateKey) -> None:
    async with Stores(settings) as stores:
        await sign(await stores.image(f"oci:{layout.path}:app:1.0"), KeySignatory(signer))
        found = find(Places(layouts=(layout.path,)), stores, settings.images)
        summary = await look_at_images(found, None, settings, observer=silent)

    hanging = {success.result.name: success.result for success in summary.results}
    assert sorted(str(item.format) for item in hanging["app:1.0"].attachments) == ["bundle", "legacy"]
    assert all(item.check and item.check.key is None for item in hanging["app:1.0"].attachments)
    assert hanging["acme/tool:2.0"].attachments == ()
