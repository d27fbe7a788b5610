"""A new key signs again what an old one signed: what verifies, as it was said, and nothing that is not sure."""

import json

import pytest
from tests.support.signatures import FailingLayout, legacy_layer, push_legacy

from undercurrent.errors import CouldNotCheck, Unreachable
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.signing import simplesigning
from undercurrent.signing.attest import attest
from undercurrent.signing.checks import Format, Trust
from undercurrent.signing.keys import PrivateKey
from undercurrent.signing.places import SIGNATURES
from undercurrent.signing.resign import resign
from undercurrent.signing.sign import sign
from undercurrent.signing.signatory import KeySignatory
from undercurrent.signing.verify import Verdict, verify, verify_attestation

PREDICATE = b'{ "n": 1.50,\n "deep": [{}] }'
LONG_SPDX = b"SPDXVersion: SPDX-2.3\nDocumentName: app\n"


@pytest.fixture
def old(signer: PrivateKey) -> KeySignatory:
    return KeySignatory(signer)


@pytest.fixture
def new() -> PrivateKey:
    return PrivateKey.generate()


async def test_predicates_keep_their_bytes(
    image: Image, signer: PrivateKey, old: KeySignatory, new: PrivateKey
) -> None:
    await attest(image, PREDICATE, "custom", old)
    await attest(image, LONG_SPDX, "spdx", old, formats=(Format.LEGACY,))

    done = await resign(image, signer.public, KeySignatory(new))
    again = await resign(image, signer.public, KeySignatory(new))

    assert (done.found, done.added, done.refused) == (2, 2, "")
    assert (again.found, again.added) == (2, 0)
    trust = Trust((new.public,))
    (custom,) = (await verify_attestation(image, "custom", trust)).statements
    (spdx,) = (await verify_attestation(image, "spdx", trust)).statements
    assert custom.predicate_bytes == PREDICATE
    assert spdx.predicate == LONG_SPDX.decode()


async def test_one_format_becomes_all_that_are_asked_for(
    image: Image, signer: PrivateKey, old: KeySignatory, new: PrivateKey
) -> None:
    await sign(image, old, formats=(Format.LEGACY,))

    await resign(image, signer.public, KeySignatory(new))

    assert set((await verify(image, Trust((new.public,)))).formats) == {Format.BUNDLE, Format.LEGACY}
    assert (await verify(image, Trust((signer.public,)))).formats == (Format.LEGACY,)


async def test_a_signature_of_another_image_is_not_signed_again(
    image: Image, other_image: Image, signer: PrivateKey, new: PrivateKey
) -> None:
    payload = simplesigning.build(other_image.repository, other_image.digest, {})
    await push_legacy(image, SIGNATURES, (await legacy_layer(payload, signer), payload))

    done = await resign(image, signer.public, KeySignatory(new))

    assert (done.found, done.added) == (0, 0)
    assert "another image" in done.refused
    assert (await verify(image, Trust((new.public,)))).verdict is Verdict.UNTRUSTED


async def test_what_is_not_text_in_a_signature_is_left_out(image: Image, signer: PrivateKey, new: PrivateKey) -> None:
    document = json.loads(simplesigning.build(image.repository, image.digest, {"team": "red"}))
    document["optional"]["timestamp"] = 1700000000
    payload = json.dumps(document).encode()
    await push_legacy(image, SIGNATURES, (await legacy_layer(payload, signer), payload))

    done = await resign(image, signer.public, KeySignatory(new))

    assert done.added == 1
    assert (await verify(image, Trust((new.public,), {"team": "red"}))).verdict is Verdict.VERIFIED


@pytest.mark.parametrize("method", ["referrers", "resolve"])
async def test_where_a_place_does_not_answer_nobody_can_say(
    method: str, image: Image, layout: Layout, signer: PrivateKey, old: KeySignatory, new: PrivateKey
) -> None:
    await sign(image, old)
    failing = FailingLayout(layout, lambda called, _about: Unreachable("down") if called == method else None)

    with pytest.raises(CouldNotCheck, match="down"):
        await resign(Image(failing, image.name, image.descriptor), signer.public, KeySignatory(new))
    assert (await verify(image, Trust((new.public,)))).verdict is Verdict.UNTRUSTED


async def test_what_a_thief_said_with_the_key_is_not_said_again(
    image: Image, index: Image, signer: PrivateKey, old: KeySignatory, new: PrivateKey
) -> None:
    await sign(index, old, recursive=True)
    await sign(image, old)
    await sign(image, old, annotations={"approved": "yes"})
    await attest(image, b'{"status": "not_affected"}', "openvex", old)
    platform, other = await index.platforms()

    ours = await resign(image, signer.public, KeySignatory(new), recorded={image.digest})
    parts = await resign(index, signer.public, KeySignatory(new), recorded={index.digest, platform.digest})

    trust = Trust((new.public,))
    assert (ours.found, ours.added) == (1, 1)
    assert (await verify(image, trust)).verdict is Verdict.VERIFIED
    assert (await verify(image, Trust((new.public,), {"approved": "yes"}))).verdict is Verdict.UNTRUSTED
    assert (await verify_attestation(image, "openvex", trust)).verdict is Verdict.UNTRUSTED
    assert (parts.found, parts.platforms) == (2, (platform.digest,))
    assert (await verify(platform, trust)).verdict is Verdict.VERIFIED
    assert (await verify(other, trust)).verdict is Verdict.UNTRUSTED
