"""Signatures in another store than the image's: every format counts there, and binds to the image all the same."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.images import push_image
from tests.support.notation import certify, jws, policy, push_notation, target, trusting
from tests.support.signatures import FailingLayout, push_older_referrer
from tests.support.tricks import older_signature

from undercurrent.errors import RateLimited
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import parse
from undercurrent.signing.attached import attached, glance
from undercurrent.signing.checks import Format, Reason, Trust
from undercurrent.signing.keys import PrivateKey
from undercurrent.signing.places import Where
from undercurrent.signing.sign import sign
from undercurrent.signing.signatory import KeySignatory
from undercurrent.signing.verify import Verdict, verify

AUTHORITY = certify("C=US,ST=WA,O=acme,CN=root", authority=True)
RELEASE = certify("C=US,ST=WA,O=acme,CN=release", AUTHORITY)
Plant = Callable[[Image, PrivateKey], Awaitable[object]]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Layout:
    """A store that does not hold the image."""
    return Layout.open(tmp_path / "signatures", create=True)


@pytest.fixture
def where(elsewhere: Layout) -> Where:
    return lambda _image: elsewhere


@pytest.fixture
def trust(signer: PrivateKey, tmp_path: Path) -> Trust:
    return Trust((signer.public,), notation=trusting(tmp_path / "trust", {"ca:acme": [AUTHORITY]}, policy()))


async def bundle(image: Image, signer: PrivateKey) -> None:
    await sign(image, KeySignatory(signer), formats=(Format.BUNDLE,))


async def legacy(image: Image, signer: PrivateKey) -> None:
    await sign(image, KeySignatory(signer), formats=(Format.LEGACY,))


async def referrer(image: Image, signer: PrivateKey) -> None:
    await push_older_referrer(image, await older_signature(image, signer))


async def notation(image: Image, _signer: PrivateKey) -> None:
    await push_notation(image, jws(target(image), RELEASE))


PLANTS = pytest.mark.parametrize("plant", [bundle, legacy, referrer, notation], ids=lambda plant: plant.__name__)


async def planted(plant: Plant, image: Image, signer: PrivateKey, elsewhere: Layout) -> None:
    """In a store that does not hold the image."""
    if plant in (bundle, legacy):
        formats = (Format.BUNDLE if plant is bundle else Format.LEGACY,)
        await sign(image, KeySignatory(signer), formats=formats, where=lambda _image: elsewhere)
    else:
        await plant(replace(image, store=elsewhere), signer)


@PLANTS
async def test_every_format_counts_there_and_nowhere_else(
    plant: Plant, image: Image, signer: PrivateKey, trust: Trust, elsewhere: Layout, where: Where
) -> None:
    await planted(plant, image, signer, elsewhere)

    found = await verify(image, trust, where=where)

    assert (found.verdict, [str(one) for one in found.formats]) == (Verdict.VERIFIED, [plant.__name__])
    assert [str(one) for one in (await glance(image, where=where)).signatures] == [plant.__name__]
    tree = await attached(image, trust=trust, where=where)
    assert [item.check and item.check.accepted for item in tree.attachments] == [True]
    assert (await verify(image, trust)).verdict is Verdict.UNSIGNED


@PLANTS
async def test_what_is_signed_there_is_one_image(
    plant: Plant, image: Image, layout: Layout, signer: PrivateKey, trust: Trust, elsewhere: Layout, where: Where
) -> None:
    """The same signature, hung on another digest."""
    manifest = await push_image(layout, {"etc/motd": b"evil"}, "registry.example/acme/evil:1.0")
    evil = Image(layout, "registry.example/acme/evil:1.0", manifest.descriptor)
    await planted(plant, image, signer, elsewhere)
    if plant is legacy:
        name = f"sha256-{image.digest.encoded}.sig"
        theirs = await elsewhere.manifest(await elsewhere.resolve(name))
        await elsewhere.push_manifest(theirs, name.replace(image.digest.encoded, evil.digest.encoded))
    else:
        (there,) = await elsewhere.referrers(image.digest)
        text = (await elsewhere.manifest(there)).raw
        moved = parse(text.replace(image.digest.encode(), evil.digest.encode()))
        await elsewhere.push_manifest(moved)

    found = await verify(evil, trust, where=where)

    assert found.verdict is Verdict.UNTRUSTED
    assert [check.reason for check in found.checks] == [Reason.OTHER_IMAGE]


@PLANTS
async def test_beside_the_image_only_notation_counts_which_knows_no_other_place(
    plant: Plant, image: Image, signer: PrivateKey, trust: Trust, where: Where
) -> None:
    await plant(image, signer)

    found = await verify(image, trust, where=where)

    assert found.verdict is (Verdict.VERIFIED if plant is notation else Verdict.UNSIGNED)
    assert len((await glance(image, where=where)).signatures) == (plant is notation)
    assert len((await attached(image, where=where)).attachments) == (plant is notation)


@pytest.mark.parametrize("place", ["beside", "elsewhere"])
async def test_neither_place_is_passed_over_that_does_not_answer(
    place: str, image: Image, signer: PrivateKey, trust: Trust, elsewhere: Layout
) -> None:
    def broken(store: object) -> FailingLayout:
        assert isinstance(store, Layout)
        return FailingLayout(store, lambda method, _about: RateLimited("later") if method == "referrers" else None)

    signatures: Layout = elsewhere
    if place == "beside":
        image = replace(image, store=broken(image.store))
    else:
        signatures = broken(elsewhere)

    assert (await verify(image, trust, where=lambda _image: signatures)).verdict is Verdict.COULD_NOT_CHECK
    await sign(image, KeySignatory(signer), formats=(Format.LEGACY,), where=lambda _image: signatures)
    found = await verify(image, trust, where=lambda _image: signatures)
    assert (found.verdict, len(found.problems)) == (Verdict.VERIFIED, 1)
