"""Images with notation's signatures: what the real notation wrote, and how its signatures go with others."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from tests.support.images import push_image
from tests.support.notation import Certified, certify, jws, policy, push_notation, revoke, target, trusting
from tests.support.signatures import FailingLayout

from undercurrent.errors import Unreachable
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.signing.attached import Kind, attached, glance
from undercurrent.signing.attest import attest
from undercurrent.signing.checks import Format, Reason, Trust
from undercurrent.signing.keys import PrivateKey
from undercurrent.signing.notation.trust import NotationTrust, load
from undercurrent.signing.sign import sign
from undercurrent.signing.signatory import KeySignatory
from undercurrent.signing.verify import Verdict, verify, verify_attestation

RECORDED = Path(__file__).parent / "recorded"
URL = x509.UniformResourceIdentifier("http://lists.example/acme.crl")
POINT = (x509.CRLDistributionPoints([x509.DistributionPoint([URL], None, None, None)]), False)


@pytest.fixture
async def written(tmp_path: Path) -> Image:
    """An image that the real notation signed in both envelopes; see recorded/README.md."""
    store = Layout.open(shutil.copytree(RECORDED / "layout", tmp_path / "recorded"))
    return Image(store, "recorded/app:1.0", await store.resolve("recorded/app:1.0"))


def configured(folder: Path, *stores: str) -> NotationTrust:
    path = folder / "recorded.json"
    path.write_text(json.dumps({"version": "1.0", "trustPolicies": [policy(stores=stores)]}))
    return load(RECORDED / "truststore", path)


@pytest.fixture
def trust(tmp_path: Path, root: Certified) -> Trust:
    return Trust(notation=trusting(tmp_path / "trust", {"ca:acme": [root]}, policy()))


async def test_what_notation_wrote_is_verified(tmp_path: Path, written: Image) -> None:
    trust = Trust((), {"build": "7"}, notation=configured(tmp_path, "ca:acme", "tsa:clock"))

    verification = await verify(written, trust)

    assert verification.verdict is Verdict.VERIFIED
    assert verification.message == "signed by CN=release,O=acme,ST=WA,C=US"
    assert [check.accepted for check in verification.checks] == [True, True]
    for check in verification.checks:
        assert check.signed_at is not None
        assert check.signed_at.date() == datetime(2026, 11, 25, tzinfo=UTC).date()
    assert (await glance(written)).signatures == (Format.NOTATION,)
    assert [item.kind for item in (await attached(written, trust=trust)).attachments] == [Kind.SIGNATURE] * 2


async def test_an_authority_for_the_time_vouches_for_nobody_else(tmp_path: Path, written: Image) -> None:
    verification = await verify(written, Trust(notation=configured(tmp_path, "tsa:clock")))

    assert verification.verdict is Verdict.UNTRUSTED
    assert {check.reason for check in verification.checks} == {Reason.CERTIFICATE}


async def test_one_acceptable_signature_of_either_kind_is_enough(
    image: Image, signer: PrivateKey, stranger: Certified, trust: Trust
) -> None:
    await push_notation(image, jws(target(image), stranger))
    assert (await verify(image, trust)).reason == Reason.CERTIFICATE

    await sign(image, KeySignatory(signer), formats=(Format.LEGACY,))

    both = await verify(image, replace(trust, keys=(signer.public,)))
    assert (both.verdict, both.formats) == (Verdict.VERIFIED, (Format.LEGACY,))
    assert (await verify(image, trust)).verdict is Verdict.UNTRUSTED


async def test_a_signature_is_no_attestation(
    image: Image, signer: PrivateKey, release: Certified, trust: Trust
) -> None:
    await push_notation(image, jws(target(image), release))
    believed = replace(trust, keys=(signer.public,))
    assert (await verify_attestation(image, "spdx", believed)).verdict is Verdict.UNSIGNED

    await attest(image, b"{}", "spdx", KeySignatory(signer))
    assert (await verify_attestation(image, "spdx", believed)).formats == (Format.BUNDLE, Format.LEGACY)


async def test_of_one_signature_nobody_can_say_and_the_other_counts(
    tmp_path: Path, image: Image, root: Certified, release: Certified
) -> None:
    listed = certify("C=US,ST=WA,O=acme,CN=listed", root, more=[POINT])
    trust = Trust(notation=trusting(tmp_path / "trust", {"ca:acme": [root]}, policy()))
    asked = Trust(notation=trusting(tmp_path / "more", {"ca:acme": [root]}, policy(), revoked=[revoke(root)]))
    await push_notation(image, jws(target(image), listed))

    unknown = await verify(image, trust)
    assert (unknown.verdict, unknown.reason) == (Verdict.COULD_NOT_CHECK, "could-not-check")
    assert "CN=listed" in unknown.message
    assert (await verify(image, asked)).verdict is Verdict.VERIFIED
    await push_notation(image, jws(target(image), release))

    drawn = await attached(image, trust=trust)
    assert sorted(bool(item.check and item.check.accepted) for item in drawn.attachments) == [False, True]
    assert [problem.code for problem in drawn.problems] == ["could-not-check"]
    known = await verify(image, trust)
    assert known.verdict is Verdict.VERIFIED
    assert [problem.code for problem in known.problems] == ["could-not-check"]


async def test_a_store_that_does_not_answer_is_asked_for_one_signature_only(
    image: Image, layout: Layout, release: Certified, middle: Certified, trust: Trust
) -> None:
    for signer in (release, certify("C=US,ST=WA,O=acme,CN=other", middle)):
        await push_notation(image, jws(target(image), signer))
    down = FailingLayout(layout, lambda method, _about: Unreachable("down") if method == "blob" else None)

    verification = await verify(replace(image, store=down), trust)

    assert (verification.verdict, verification.reason) == (Verdict.COULD_NOT_CHECK, "unreachable")
    assert [method for method, _about in down.calls].count("blob") == 1


async def test_the_images_of_an_index_are_signed_one_by_one(index: Image, release: Certified, trust: Trust) -> None:
    await push_notation(index, jws(target(index), release))
    first, second = await index.platforms()
    await push_notation(first, jws(target(first), release))
    await push_notation(second, jws(target(index), release))

    assert (await verify(index, trust)).verdict is Verdict.VERIFIED
    recursive = await verify(index, trust, recursive=True)

    assert recursive.verdict is Verdict.UNTRUSTED
    assert [platform.reason for platform in recursive.platforms] == ["", Reason.OTHER_IMAGE]


async def test_signatures_elsewhere_are_judged_by_the_repository_of_the_image(
    tmp_path: Path, image: Image, root: Certified, release: Certified
) -> None:
    elsewhere = Layout.open(tmp_path / "elsewhere", create=True)
    copied = await push_image(elsewhere, {"etc/motd": b"hello"}, "signatures.example/all:1.0")
    assert copied.digest == image.digest
    await push_notation(replace(image, store=elsewhere), jws(target(image), release))
    statement = policy(scopes=["registry.example/acme/app"])
    trust = Trust(notation=trusting(tmp_path / "trust", {"ca:acme": [root]}, statement))

    assert (await verify(image, trust)).verdict is Verdict.UNSIGNED
    assert (await verify(image, trust, where=lambda _image: elsewhere)).verdict is Verdict.VERIFIED
