from dataclasses import replace

import pytest
from tests.support.images import AMD64, ARM64
from tests.support.signatures import FailingLayout, push_legacy, push_referrer

from undercurrent.errors import NotFound, RateLimited, Unreachable
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.signing.attached import Kind, attached, glance, names_in
from undercurrent.signing.attest import attest
from undercurrent.signing.checks import Format, Reason, Trust
from undercurrent.signing.keys import PrivateKey
from undercurrent.signing.places import SBOM
from undercurrent.signing.predicates import COSIGN_SIGN, CYCLONEDX
from undercurrent.signing.sign import sign
from undercurrent.signing.signatory import KeySignatory

BOTH = (Format.BUNDLE, Format.LEGACY)


async def push_everything(image: Image, signer: PrivateKey) -> None:
    await sign(image, KeySignatory(signer))
    await attest(image, b"{}", "cyclonedx", KeySignatory(signer))
    text = Descriptor.of(b"SPDXVersion: SPDX-2.3", "text/spdx")
    await push_legacy(image, SBOM, (text, b"SPDXVersion: SPDX-2.3"))
    for kind in ("application/vnd.cyclonedx+json", "application/pdf"):
        await push_referrer(image, b"{}", artifact_type=kind, layer_type="application/json")
    await push_referrer(image, b"{}", artifact_type="", layer_type="application/json")


async def test_all_that_hangs_on_an_image_is_told_with_whom_it_is_by(
    image: Image, signer: PrivateKey, trust: Trust
) -> None:
    await push_everything(image, signer)

    found = await attached(image, trust=trust)

    assert (found.digest, found.media_type, found.platform) == (image.digest, mediatypes.OCI_MANIFEST, None)
    assert (found.problems, found.platforms) == ((), ())
    assert sorted((item.kind, item.type, item.format or "") for item in found.attachments) == [
        (Kind.ATTESTATION, CYCLONEDX, Format.BUNDLE),
        (Kind.ATTESTATION, CYCLONEDX, Format.LEGACY),
        (Kind.OTHER, "application/pdf", ""),
        (Kind.OTHER, mediatypes.OCI_EMPTY, ""),
        (Kind.SBOM, "application/vnd.cyclonedx+json", ""),
        (Kind.SBOM, "text/spdx", ""),
        (Kind.SIGNATURE, COSIGN_SIGN, Format.BUNDLE),
        (Kind.SIGNATURE, COSIGN_SIGN, Format.LEGACY),
    ]
    assert [item.is_sbom for item in found.attachments].count(True) == 4
    checks = [item.check for item in found.attachments if item.check]
    assert len(checks) == 4
    assert all(check.accepted and check.hint == signer.public.hint for check in checks)


async def test_without_trust_signatures_are_read_and_not_judged(image: Image, signer: PrivateKey) -> None:
    await push_everything(image, signer)

    checks = [item.check for item in (await attached(image)).attachments if item.check]

    assert not any(check.accepted or check.reason for check in checks)
    assert [check.hint for check in checks if check.format is Format.BUNDLE] == [signer.public.hint] * 2


async def test_what_a_stranger_attached_is_told_too(
    image: Image, signer: PrivateKey, stranger: PrivateKey, trust: Trust
) -> None:
    await push_everything(image, stranger)

    checks = [item.check for item in (await attached(image, trust=trust)).attachments if item.check]

    assert [check.reason for check in checks] == [Reason.UNTRUSTED_KEY] * 4


async def test_each_platform_has_its_own(index: Image, signer: PrivateKey) -> None:
    arm64 = (await index.platforms())[1]
    await sign(index, KeySignatory(signer), formats=(Format.BUNDLE,))
    await attest(arm64, b"{}", "spdx", KeySignatory(signer), formats=(Format.LEGACY,))

    found = await attached(index)

    assert [item.kind for item in found.attachments] == [Kind.SIGNATURE]
    assert [platform.platform for platform in found.platforms] == [AMD64, ARM64]
    assert [[item.kind for item in platform.attachments] for platform in found.platforms] == [[], [Kind.ATTESTATION]]


async def test_what_cosign_attached_is_told(recorded: Image, recorded_trust: Trust) -> None:
    found = await attached(recorded, trust=recorded_trust)

    kinds = [item.kind for item in found.attachments]
    assert (kinds.count(Kind.SIGNATURE), kinds.count(Kind.ATTESTATION)) == (6, 4)
    assert sum(item.check is not None and item.check.accepted for item in found.attachments) == 6
    assert (await glance(recorded)).signatures == BOTH


async def test_a_place_that_does_not_answer_is_told_beside_the_rest(
    image: Image, signer: PrivateKey, layout: Layout
) -> None:
    await push_everything(image, signer)
    store = FailingLayout(layout, lambda method, _about: RateLimited("slow") if method == "referrers" else None)

    found = await attached(replace(image, store=store))

    assert [problem.code for problem in found.problems] == ["rate-limited"]
    assert {item.format for item in found.attachments} == {Format.LEGACY, None}


async def test_an_image_that_is_not_there_has_nothing(image: Image, layout: Layout) -> None:
    (layout.path / "blobs" / "sha256" / image.digest.encoded).unlink()

    with pytest.raises(NotFound):
        await attached(image)


@pytest.mark.parametrize("listed", [False, True])
async def test_a_glance_tells_what_a_list_needs(
    image: Image, other_image: Image, signer: PrivateKey, listed: bool
) -> None:
    await push_everything(image, signer)
    names = await names_in(image.store) if listed else None

    seen = await glance(image, names)

    assert (seen.signatures, seen.predicate_types, seen.sbom, seen.problem) == (BOTH, (CYCLONEDX,), True, None)
    nothing = await glance(other_image, names)
    assert (nothing.signatures, nothing.predicate_types, nothing.sbom) == ((), (), False)


async def test_a_glance_costs_one_request_once_the_names_are_listed(
    image: Image, other_image: Image, signer: PrivateKey, layout: Layout
) -> None:
    await sign(image, KeySignatory(signer))
    names = await names_in(layout)
    store = FailingLayout(layout, lambda _method, _about: None)

    for one in (image, other_image):
        await glance(replace(one, store=store), names)

    assert store.calls == [("referrers", image.digest), ("referrers", other_image.digest)]


async def test_a_glance_says_why_it_knows_nothing(image: Image, signer: PrivateKey, layout: Layout) -> None:
    await sign(image, KeySignatory(signer))
    store = FailingLayout(layout, lambda method, _about: Unreachable("gone") if method == "referrers" else None)

    seen = await glance(replace(image, store=store))

    assert seen.problem is not None
    assert (seen.problem.code, seen.problem.message) == ("unreachable", "gone")
    assert seen.signatures == (Format.LEGACY,)
