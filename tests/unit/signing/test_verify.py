import asyncio
import base64
import json
import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.images import AMD64, ARM64, push_image
from tests.support.signatures import FailingLayout, legacy_layer, push_legacy, push_referrer, signed_bundle
from tests.support.tricks import SAYS_SIGN, TRICKS, Trick

from undercurrent.errors import CouldNotCheck, EnvironmentLacks, RateLimited, UsageError
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import Manifest, build_manifest
from undercurrent.oci.store import content_of
from undercurrent.signing import dsse, simplesigning, statement
from undercurrent.signing import verify as verifying
from undercurrent.signing.attached import attached
from undercurrent.signing.attest import attest
from undercurrent.signing.checks import Format, Reason, Trust
from undercurrent.signing.examine import MAX_SIGNATURE, SIGNATURE
from undercurrent.signing.keys import PrivateKey, load_public
from undercurrent.signing.places import ATTESTATIONS, PREDICATE_TYPE, SIGNATURES, legacy_manifest, legacy_name
from undercurrent.signing.sign import sign
from undercurrent.signing.signatory import KeySignatory
from undercurrent.signing.verify import Verdict, Verification, verify, verify_attestation

BOTH = (Format.BUNDLE, Format.LEGACY)


def refused(verification: Verification) -> list[Reason | None]:
    return [check.reason for check in verification.checks]


async def test_an_image_that_was_signed_is_verified_and_says_by_whom(
    image: Image, signer: PrivateKey, trust: Trust
) -> None:
    await sign(image, KeySignatory(signer), annotations={"team": "web"})

    verification = await verify(image, trust)

    assert (verification.verdict, verification.reason) == (Verdict.VERIFIED, "")
    assert signer.public.hint in verification.message
    assert (verification.formats, verification.keys, verification.problems) == (BOTH, (signer.public,), ())
    assert (verification.name, verification.digest) == (image.name, image.digest)
    bundle, legacy = verification.checks
    assert bundle.where == (await image.store.referrers(image.digest))[0].digest
    assert legacy.where == f"sha256-{image.digest.encoded}.sig#0"
    assert legacy.reference == "registry.example/acme/app"
    for check in (bundle, legacy):
        assert check.accepted
        assert check.is_signature
        assert check.annotations == {"team": "web"}
        assert check.hint == signer.public.hint


async def test_what_cosign_signed_is_verified_with_each_kind_of_key(recorded: Image, recorded_keys: Path) -> None:
    for name in ("cosign", "p384", "ed25519"):
        key = load_public(recorded_keys / f"{name}.pub")
        verification = await verify(recorded, Trust((key,), {"team": "web"}))

        assert (verification.verdict, verification.formats) == (Verdict.VERIFIED, BOTH)
        assert len(verification.checks) == 6
        assert len(verification.accepted) == 2
        assert refused(verification).count(Reason.UNTRUSTED_KEY) == 4


async def test_what_cosign_attested_is_verified(recorded: Image, recorded_trust: Trust) -> None:
    for kind in ("cyclonedx", "spdx", "spdxjson"):
        verification = await verify_attestation(recorded, kind, recorded_trust)

        assert (verification.verdict, verification.formats) == (Verdict.VERIFIED, BOTH)
    assert (await verify_attestation(recorded, "vuln", recorded_trust)).verdict is Verdict.UNSIGNED


async def test_an_image_without_signatures_is_unsigned(image: Image, trust: Trust) -> None:
    verification = await verify(image, trust)

    assert (verification.verdict, verification.reason) == (Verdict.UNSIGNED, "unsigned")
    assert verification.checks == ()


async def test_a_stranger_is_not_trusted_and_several_keys_may_be(
    image: Image, signer: PrivateKey, stranger: PrivateKey, trust: Trust
) -> None:
    await sign(image, KeySignatory(stranger))

    verification = await verify(image, trust)
    assert (verification.verdict, verification.reason) == (Verdict.UNTRUSTED, "untrusted-key")
    assert refused(verification) == [Reason.UNTRUSTED_KEY, Reason.UNTRUSTED_KEY]
    assert stranger.public.hint in verification.checks[0].message

    both = Trust((signer.public, stranger.public))
    assert (await verify(image, both)).keys == (stranger.public,)


async def test_annotations_that_are_asked_for_must_be_signed(image: Image, signer: PrivateKey) -> None:
    await sign(image, KeySignatory(signer), annotations={"team": "web"})

    assert (await verify(image, Trust((signer.public,), {"team": "web"}))).verdict is Verdict.VERIFIED
    for annotations in ({"team": "ops"}, {"team": "web", "stage": "live"}):
        verification = await verify(image, Trust((signer.public,), annotations))
        assert verification.verdict is Verdict.UNTRUSTED
        assert refused(verification) == [Reason.ANNOTATIONS_DIFFER, Reason.ANNOTATIONS_DIFFER]


def test_nobody_to_trust_is_no_way_to_verify() -> None:
    with pytest.raises(UsageError, match="nobody"):
        Trust(())


@pytest.mark.parametrize("trick", TRICKS, ids=str)
async def test_no_trick_makes_an_image_verified(
    image: Image, other_image: Image, signer: PrivateKey, trust: Trust, trick: Trick
) -> None:
    await trick.play(image, other_image, signer)

    verification = await verify(image, trust)

    assert (verification.verdict, verification.reason) == (Verdict.UNTRUSTED, trick.reason)
    assert refused(verification) == [trick.reason]
    assert verification.checks[0].message
    assert verification.checks[0].message in verification.message
    tree = await attached(image, trust=trust)
    assert not any(item.check.accepted for item in tree.attachments if item.check)

    await sign(image, KeySignatory(signer), formats=(Format.BUNDLE,))
    assert (await verify(image, trust)).verdict is Verdict.VERIFIED


def flip(layout: Layout, digest: str) -> None:
    path = layout.path / "blobs" / "sha256" / digest.partition(":")[2]
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


async def test_a_flipped_byte_in_the_manifest_is_refused(
    image: Image, signer: PrivateKey, trust: Trust, layout: Layout
) -> None:
    await sign(image, KeySignatory(signer))
    flip(layout, image.digest)

    verification = await verify(image, trust)

    assert (verification.verdict, verification.reason) == (Verdict.UNTRUSTED, "digest-mismatch")
    assert image.digest in verification.message
    assert (await verify_attestation(image, "spdx", trust)).reason == "digest-mismatch"


@pytest.mark.parametrize("part", ["config", "layer"])
async def test_a_flipped_byte_in_the_content_is_refused_when_it_is_read(
    image: Image, signer: PrivateKey, trust: Trust, layout: Layout, part: str
) -> None:
    await sign(image, KeySignatory(signer))
    manifest = await image.manifest()
    assert isinstance(manifest, Manifest)
    assert (await verify(image, trust, deep=True)).verdict is Verdict.VERIFIED
    flip(layout, manifest.config.digest if part == "config" else manifest.layers[0].digest)

    verification = await verify(image, trust, deep=True)

    assert (verification.verdict, verification.reason) == (Verdict.UNTRUSTED, "digest-mismatch")


@pytest.mark.parametrize("part", ["manifest", "payload"])
@pytest.mark.parametrize("how", ["flip", "remove"])
async def test_a_damaged_signature_does_not_count_and_the_other_one_does(
    image: Image, signer: PrivateKey, trust: Trust, layout: Layout, part: str, how: str
) -> None:
    await sign(image, KeySignatory(signer))
    legacy = await legacy_manifest(layout, image.digest, SIGNATURES)
    assert legacy is not None
    digest = legacy.digest if part == "manifest" else legacy.layers[0].digest
    if how == "flip":
        flip(layout, digest)
    else:
        (layout.path / "blobs" / "sha256" / digest.encoded).unlink()

    verification = await verify(image, trust)

    assert (verification.verdict, verification.formats) == (Verdict.VERIFIED, (Format.BUNDLE,))
    assert refused(verification) == [None, Reason.CONTENT_CHANGED if how == "flip" else Reason.CONTENT_MISSING]


async def test_an_image_that_is_not_there_could_not_be_checked(
    image: Image, signer: PrivateKey, trust: Trust, layout: Layout
) -> None:
    await sign(image, KeySignatory(signer))
    (layout.path / "blobs" / "sha256" / image.digest.encoded).unlink()

    verification = await verify(image, trust)

    assert (verification.verdict, verification.reason) == (Verdict.COULD_NOT_CHECK, "not-found")


async def test_layers_that_are_kept_elsewhere_are_not_read(layout: Layout, signer: PrivateKey, trust: Trust) -> None:
    config = Descriptor.of(b"{}", mediatypes.OCI_CONFIG)
    await layout.push_blob(config, content_of(b"{}"))
    foreign = Descriptor.of(b"windows", mediatypes.OCI_LAYER, extra={"urls": ["https://vendor.example/layer"]})
    manifest = build_manifest(config, [foreign])
    await layout.push_manifest(manifest, "windows")
    image = Image(layout, "windows", manifest.descriptor)
    await sign(image, KeySignatory(signer))

    assert (await verify(image, trust, deep=True)).verdict is Verdict.VERIFIED


# Stores that do not answer


def failing(image: Image, *calls: str, error: type[CouldNotCheck] = RateLimited) -> Image:
    """``image`` in a store that fails ``calls``: a method, or a method and the beginning of its argument."""
    assert isinstance(image.store, Layout)

    def failure(method: str, about: str) -> CouldNotCheck | None:
        return error("slow down") if any(f"{method} {about}".startswith(call) for call in calls) else None

    return replace(image, store=FailingLayout(image.store, failure))


@pytest.mark.parametrize("call", ["manifest", "referrers", "resolve sha256-"])
async def test_no_answer_is_never_read_as_unsigned(image: Image, trust: Trust, call: str) -> None:
    verification = await verify(failing(image, call), trust)

    assert (verification.verdict, verification.reason) == (Verdict.COULD_NOT_CHECK, "rate-limited")
    assert verification.problems[0].message == "slow down"


@pytest.mark.parametrize("call", ["referrers", "resolve sha256-", "blob"])
async def test_no_answer_is_never_read_as_untrusted(
    image: Image, stranger: PrivateKey, trust: Trust, call: str
) -> None:
    await sign(image, KeySignatory(stranger))

    assert (await verify(failing(image, call), trust)).verdict is Verdict.COULD_NOT_CHECK


async def test_one_acceptable_signature_is_enough_and_what_did_not_answer_is_told(
    image: Image, signer: PrivateKey, trust: Trust
) -> None:
    await sign(image, KeySignatory(signer))

    verification = await verify(failing(image, "referrers"), trust)

    assert (verification.verdict, verification.formats) == (Verdict.VERIFIED, (Format.LEGACY,))
    assert [problem.code for problem in verification.problems] == ["rate-limited"]


async def test_no_answer_about_attestations_is_none_either(image: Image, trust: Trust) -> None:
    for call in ("manifest", "referrers", "resolve sha256-"):
        verification = await verify_attestation(failing(image, call), "spdx", trust)
        assert verification.verdict is Verdict.COULD_NOT_CHECK


async def test_what_this_machine_lacks_is_no_verdict(image: Image, trust: Trust) -> None:
    assert isinstance(image.store, Layout)
    store = FailingLayout(image.store, lambda _method, _about: EnvironmentLacks("no certificates"))

    with pytest.raises(EnvironmentLacks):
        await verify(replace(image, store=store), trust)


# Indexes


async def test_every_platform_has_a_verdict_and_the_worst_is_the_whole(
    index: Image, signer: PrivateKey, stranger: PrivateKey, trust: Trust
) -> None:
    amd64, arm64 = await index.platforms()
    await sign(index, KeySignatory(signer))
    assert (await verify(index, trust)).platforms == ()

    await sign(amd64, KeySignatory(signer))
    verification = await verify(index, trust, recursive=True)
    assert [one.verdict for one in verification.platforms] == [Verdict.VERIFIED, Verdict.UNSIGNED]
    assert [one.platform for one in verification.platforms] == [AMD64, ARM64]
    assert (verification.verdict, verification.reason) == (Verdict.UNSIGNED, "unsigned")
    assert verification.message.startswith("linux/arm64: ")
    assert verification.formats == BOTH

    await sign(arm64, KeySignatory(stranger))
    assert (await verify(index, trust, recursive=True)).reason == "untrusted-key"
    await sign(arm64, KeySignatory(signer))
    assert (await verify(index, trust, recursive=True, deep=True)).verdict is Verdict.VERIFIED

    broken = failing(index, f"referrers {arm64.digest}", f"resolve {legacy_name(arm64.digest, '')}")
    assert (await verify(broken, trust, recursive=True)).verdict is Verdict.COULD_NOT_CHECK


async def test_the_content_of_every_platform_is_read_when_asked_for(
    index: Image, signer: PrivateKey, trust: Trust, layout: Layout
) -> None:
    await sign(index, KeySignatory(signer), recursive=True)
    manifest = await (await index.platforms())[1].manifest()
    assert isinstance(manifest, Manifest)
    flip(layout, manifest.layers[0].digest)

    assert (await verify(index, trust, recursive=True)).verdict is Verdict.VERIFIED
    assert (await verify(index, trust, deep=True)).verdict is Verdict.UNTRUSTED
    verification = await verify(index, trust, deep=True, recursive=True)
    assert [one.verdict for one in verification.platforms] == [Verdict.VERIFIED, Verdict.UNTRUSTED]


# Which referrers count


async def test_bundles_count_however_they_are_listed(image: Image, signer: PrivateKey, trust: Trust) -> None:
    """Without annotations, as go-containerregistry lists them; with the configuration's type, as older cosign."""
    await push_referrer(
        image,
        await signed_bundle(statement.build_signature(image.digest, {}), signer),
        artifact_type=mediatypes.OCI_EMPTY,
    )

    assert (await verify(image, trust)).formats == (Format.BUNDLE,)


async def test_what_does_not_call_itself_a_signature_is_passed_by(
    image: Image, signer: PrivateKey, trust: Trust
) -> None:
    attestation = statement.build_attestation("x", image.digest, "https://spdx.dev/Document", b"{}")
    filler = b'{"x":"%b"}' % (b"x" * 2 * MAX_SIGNATURE)
    large = statement.build_attestation("x", image.digest, "https://spdx.dev/Document", filler)
    await push_referrer(image, await signed_bundle(attestation, signer))
    await push_referrer(image, await signed_bundle(large, signer))
    await push_referrer(image, b"{}", artifact_type="application/spdx+json", layer_type="application/spdx+json")
    await push_referrer(image, b"{}", artifact_type=mediatypes.OCI_EMPTY, layer_type="text/plain")

    assert (await verify(image, trust)).verdict is Verdict.UNSIGNED
    verification = await verify_attestation(image, "spdx", trust)
    assert (verification.verdict, len(verification.statements)) == (Verdict.VERIFIED, 2)


async def test_a_bundle_that_is_listed_as_an_attestation_is_not_fetched(
    image: Image, signer: PrivateKey, trust: Trust
) -> None:
    await attest(image, b"{}", "spdx", KeySignatory(signer))
    watched = failing(image)
    assert isinstance(watched.store, FailingLayout)

    await verify(watched, trust)

    assert not [call for call in watched.store.calls if call[0] == "blob"]


async def test_of_too_many_referrers_the_first_count(
    image: Image, signer: PrivateKey, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "MAX_REFERRERS", 2)
    for number in range(3):
        await push_referrer(image, b"%d" % number, SAYS_SIGN)

    assert refused(await verify(image, trust))[-1] is Reason.TOO_LARGE
    await sign(image, KeySignatory(signer))
    assert (await verify(image, trust)).verdict is Verdict.VERIFIED


async def test_a_certificate_is_named_and_not_trusted(image: Image, signer: PrivateKey, trust: Trust) -> None:
    der, pem = certificate("ann@example.com")
    payload = statement.build_signature(image.digest, {})
    material = {"certificate": {"rawBytes": base64.b64encode(der).decode()}}
    await push_referrer(
        image, await signed_bundle(payload, PrivateKey.generate(), verificationMaterial=material), SAYS_SIGN
    )
    legacy = simplesigning.build("x", image.digest, {})
    layer = await legacy_layer(legacy, PrivateKey.generate())
    for text, identity, reason in (
        (pem, "ann@example.com", Reason.CERTIFICATE),
        ("no certificate", "an unreadable certificate", Reason.MALFORMED),
    ):
        annotations = {**layer.annotations, "dev.sigstore.cosign/certificate": text}
        await push_legacy(image, SIGNATURES, (replace(layer, annotations=annotations), legacy))
        verification = await verify(image, trust)
        assert refused(verification) == [Reason.CERTIFICATE, reason]
        assert [check.identity for check in verification.checks] == ["ann@example.com", identity]


def certificate(address: str) -> tuple[bytes, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(minutes=10))
        .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(address)]), critical=True)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.DER), made.public_bytes(Encoding.PEM).decode()


async def test_attestations_are_refused_for_the_same_reasons(
    image: Image, other_image: Image, signer: PrivateKey, stranger: PrivateKey, trust: Trust
) -> None:
    await attest(other_image, b"{}", "spdx", KeySignatory(signer))
    theirs = await legacy_manifest(image.store, other_image.digest, ATTESTATIONS)
    assert theirs is not None
    assert isinstance(image.store, Layout)
    await image.store.push_manifest(theirs, legacy_name(image.digest, ATTESTATIONS))
    await attest(image, b"{}", "spdx", KeySignatory(stranger), formats=(Format.BUNDLE,))

    verification = await verify_attestation(image, "spdx", trust)

    assert verification.verdict is Verdict.UNTRUSTED
    assert refused(verification) == [Reason.UNTRUSTED_KEY, Reason.OTHER_IMAGE]
    assert verification.statements == ()

    payload = statement.build_attestation("x", image.digest, "https://slsa.dev/provenance/v1", b"{}")
    envelope = json.dumps((await dsse.seal(payload, dsse.IN_TOTO, signer)).to_json()).encode()
    said = {"predicateType": "https://spdx.dev/Document"}
    await push_legacy(
        image,
        ATTESTATIONS,
        (Descriptor.of(envelope, mediatypes.DSSE_ENVELOPE, annotations=said), envelope),
        (Descriptor.of(envelope, mediatypes.DSSE_ENVELOPE), envelope),
        (Descriptor.of(b"{}", mediatypes.SIMPLE_SIGNING), b"{}"),
        (Descriptor.of(b"[]", mediatypes.DSSE_ENVELOPE, annotations=said), b"[]"),
    )
    assert refused(await verify_attestation(image, "spdx", trust))[1:] == [
        Reason.NOT_WHAT_IT_SAYS,
        Reason.NOT_WHAT_IT_SAYS,
        Reason.MALFORMED,
    ]


async def test_a_verification_travels_to_another_process(image: Image, signer: PrivateKey, trust: Trust) -> None:
    await sign(image, KeySignatory(signer))
    verification = await verify(image, pickle.loads(pickle.dumps(trust)))  # noqa: S301 - our own bytes

    assert pickle.loads(pickle.dumps(verification)).verdict is Verdict.VERIFIED  # noqa: S301


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode), st.data())
def test_nothing_beside_an_image_is_worse_than_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, signer: PrivateKey, content: bytes, data: st.DataObject
) -> None:
    async def body() -> None:
        layout = Layout.open(tmp_path_factory.mktemp("hostile"), create=True)
        image = Image(layout, "it", (await push_image(layout, {}, "it")).descriptor)
        media_type = data.draw(st.sampled_from([mediatypes.SIMPLE_SIGNING, mediatypes.DSSE_ENVELOPE, "", "x/y"]))
        annotations = data.draw(
            st.dictionaries(
                st.sampled_from([SIGNATURE, "predicateType", "dev.sigstore.cosign/certificate"]), st.text(max_size=9)
            )
        )
        layer = Descriptor.of(content, media_type, annotations=annotations)
        for ending in (SIGNATURES, ATTESTATIONS):
            await push_legacy(image, ending, (layer, content))
        said = data.draw(st.sampled_from([None, SAYS_SIGN, {PREDICATE_TYPE: "https://spdx.dev/Document"}]))
        await push_referrer(image, content, said)
        await push_referrer(image, await signed_bundle(content, signer), said)
        trust = Trust((signer.public,))
        assert (await verify(image, trust)).verdict is Verdict.UNTRUSTED
        assert (await verify_attestation(image, "spdx", trust)).verdict is not Verdict.VERIFIED
        await attached(image, trust=trust)

    asyncio.run(body())
