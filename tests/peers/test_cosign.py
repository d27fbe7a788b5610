"""uc and cosign believe each other's signatures and attestations, and refuse the same."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.cosign import PASSWORD, Cosign, CosignRefusedError, cosign_with_key
from tests.support.images import AMD64, ARM64, push_image, push_index
from tests.support.servers import RegistryServer

from undercurrent.oci import mediatypes
from undercurrent.oci.copying import copy
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import Manifest, build_manifest
from undercurrent.oci.reference import Reference
from undercurrent.oci.store import WritableStore, content_of, read_blob
from undercurrent.oci.stores import Stores
from undercurrent.signing.algorithms import KeyKind, PrivateKey
from undercurrent.signing.attached import attached, glance
from undercurrent.signing.attest import attach, attest
from undercurrent.signing.checks import Format, Reason, Trust
from undercurrent.signing.examine import SIGNATURE
from undercurrent.signing.keys import load_signer, write_key_pair
from undercurrent.signing.places import SIGNATURES, legacy_name
from undercurrent.signing.sign import sign
from undercurrent.signing.signatory import KeySignatory
from undercurrent.signing.statement import build_joint_attestation
from undercurrent.signing.verify import Verdict, verify, verify_attestation

MIB = 1024 * 1024
FORMATS = (Format.LEGACY, Format.BUNDLE)
SBOM = {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "café", "packages": []}


@pytest.fixture(scope="module")
def cosign(tmp_path_factory: pytest.TempPathFactory) -> Cosign:
    return cosign_with_key(tmp_path_factory.mktemp("cosign"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Cosign:
    return cosign_with_key(tmp_path_factory.mktemp("stranger"))


@pytest.fixture(scope="module")
def signer(cosign: Cosign) -> PrivateKey:
    """The key that cosign made, as uc reads it."""
    return load_signer(cosign.key, PASSWORD.encode())


@pytest.fixture
async def image(registry_server: RegistryServer, repository_name: str, stores: Stores) -> Image:
    """An index of two platforms in a repository of its own."""
    return await push(f"{registry_server.host}/{repository_name}:1.0", stores)


async def push(name: str, stores: Stores) -> Image:
    repository = stores.repository(Reference.parse(name))
    one = {
        platform: await push_image(repository, {"motd": f"{name} {platform}".encode()}, platform=platform)
        for platform in (AMD64, ARM64)
    }
    await push_index(repository, one, name.rpartition(":")[2])
    return await stores.image(name)


def by_digest(image: Image) -> str:
    return f"{image.repository}@{image.digest}"


async def all_of(image: Image) -> tuple[Image, ...]:
    platforms = await image.platforms()
    assert len(platforms) == 2
    return image, *platforms


def predicate_of(envelope: dict[str, Any]) -> object:
    return json.loads(base64.b64decode(envelope["payload"]))["predicate"]


# What uc makes


async def test_cosign_accepts_what_uc_signs(image: Image, signer: PrivateKey, cosign: Cosign, stranger: Cosign) -> None:
    signed = await sign(image, KeySignatory(signer), annotations={"colour": "green"}, recursive=True)
    assert set(signed.added) == set(FORMATS)
    for one in await all_of(image):
        for legacy in (True, False):
            (claim,) = cosign.verify(by_digest(one), legacy=legacy, annotations=("colour=green",))
            assert claim["critical"]["image"]["docker-manifest-digest"] == one.digest
            assert claim["optional"]["colour"] == "green"
            with pytest.raises(CosignRefusedError):
                cosign.verify(by_digest(one), legacy=legacy, annotations=("colour=red",))
            with pytest.raises(CosignRefusedError):
                cosign.verify(by_digest(one), legacy=legacy, key=stranger.public_key)


@pytest.mark.parametrize("format_", FORMATS)
async def test_cosign_finds_the_one_format_that_uc_wrote(
    format_: Format, image: Image, signer: PrivateKey, cosign: Cosign
) -> None:
    await sign(image, KeySignatory(signer), formats=(format_,))
    assert cosign.verify(by_digest(image), legacy=format_ is Format.LEGACY)
    if format_ is Format.LEGACY:
        with pytest.raises(CosignRefusedError):
            cosign.verify(by_digest((await image.platforms())[0]), legacy=True)


@pytest.mark.parametrize("predicate_type", ["spdxjson", "cyclonedx", "slsaprovenance1", "openvex", "https://a.test/b"])
async def test_cosign_accepts_what_uc_attests(
    predicate_type: str, image: Image, signer: PrivateKey, cosign: Cosign, stranger: Cosign
) -> None:
    raw = json.dumps(SBOM, ensure_ascii=False, indent=1).encode()
    for one in await all_of(image):
        await attest(one, raw, predicate_type, KeySignatory(signer))
        for legacy in (True, False):
            (envelope,) = cosign.verify_attestation(by_digest(one), predicate_type, legacy=legacy)
            assert predicate_of(envelope) == SBOM
    for legacy in (True, False):
        with pytest.raises(CosignRefusedError):
            cosign.verify_attestation(by_digest(image), predicate_type, legacy=legacy, key=stranger.public_key)
        with pytest.raises(CosignRefusedError):
            cosign.verify_attestation(by_digest(image), "vuln", legacy=legacy)


async def test_cosign_accepts_one_statement_about_many_images_on_each_of_them(
    image: Image, signer: PrivateKey, cosign: Cosign, stranger: Cosign
) -> None:
    images = await all_of(image)
    subjects = [(one.repository, one.digest) for one in images[:2]]
    payload = build_joint_attestation(subjects, "https://a.test/release", json.dumps(SBOM).encode())
    for one in images:  # also where it does not belong
        await attach(one, payload, KeySignatory(signer))
    for legacy in (True, False):
        for one in images[:2]:
            (envelope,) = cosign.verify_attestation(by_digest(one), "https://a.test/release", legacy=legacy)
            assert predicate_of(envelope) == SBOM
            with pytest.raises(CosignRefusedError):
                cosign.verify_attestation(
                    by_digest(one), "https://a.test/release", legacy=legacy, key=stranger.public_key
                )
        with pytest.raises(CosignRefusedError):
            cosign.verify_attestation(by_digest(images[2]), "https://a.test/release", legacy=legacy)
    verdicts = [(await verify_attestation(one, "https://a.test/release", Trust((signer.public,)))) for one in images]
    assert [found.verdict for found in verdicts] == [Verdict.VERIFIED, Verdict.VERIFIED, Verdict.UNTRUSTED]
    assert {check.reason for check in verdicts[2].checks} == {Reason.OTHER_IMAGE}


@pytest.mark.parametrize("kind", list(KeyKind))
async def test_keys_of_every_kind_are_cosigns_keys_too(
    kind: KeyKind, distribution3: RegistryServer, repository_name: str, stores: Stores, tmp_path: Path
) -> None:
    image = await push(f"{distribution3.host}/{repository_name}:1.0", stores)
    key = PrivateKey.generate(kind)
    write_key_pair(key, tmp_path / "cosign.key", PASSWORD.encode())
    cosign = Cosign(tmp_path)
    await sign(image, KeySignatory(key))
    platform = (await image.platforms())[0]
    for legacy in (True, False):
        assert cosign.verify(by_digest(image), legacy=legacy)
        cosign.sign(by_digest(platform), legacy=legacy)
    found = await verify(platform, Trust((key.public,)))
    assert (found.verdict, set(found.formats)) == (Verdict.VERIFIED, set(FORMATS))


# What cosign makes


@pytest.mark.parametrize("format_", FORMATS)
async def test_uc_verifies_what_cosign_signs(
    format_: Format, image: Image, signer: PrivateKey, cosign: Cosign, stranger: Cosign
) -> None:
    assert (await verify(image, Trust((signer.public,)))).verdict is Verdict.UNSIGNED
    legacy = format_ is Format.LEGACY
    cosign.sign(by_digest(image), legacy=legacy, recursive=True, annotations=("colour=green",))
    found = await verify(image, Trust((signer.public,), {"colour": "green"}), recursive=True)
    assert (found.verdict, found.formats, found.problems) == (Verdict.VERIFIED, (format_,), ())
    assert [platform.formats for platform in found.platforms] == [(format_,), (format_,)]
    other = await verify(image, Trust((signer.public,), {"colour": "red"}))
    assert (other.verdict, other.reason) == (Verdict.UNTRUSTED, Reason.ANNOTATIONS_DIFFER)
    strange = load_signer(stranger.key, PASSWORD.encode()).public
    other = await verify(image, Trust((strange,)))
    assert (other.verdict, other.reason) == (Verdict.UNTRUSTED, Reason.UNTRUSTED_KEY)


@pytest.mark.parametrize("format_", FORMATS)
async def test_uc_verifies_what_cosign_attests(
    format_: Format, image: Image, signer: PrivateKey, cosign: Cosign, tmp_path: Path
) -> None:
    (tmp_path / "sbom.json").write_text(json.dumps(SBOM))
    for one in await all_of(image):
        cosign.attest(by_digest(one), tmp_path / "sbom.json", "spdxjson", legacy=format_ is Format.LEGACY)
        found = await verify_attestation(one, "spdxjson", Trust((signer.public,)))
        assert (found.verdict, found.formats) == (Verdict.VERIFIED, (format_,))
        assert [json.loads(statement.predicate_bytes) for statement in found.statements] == [SBOM]
    absent = await verify_attestation(image, "cyclonedx", Trust((signer.public,)))
    assert absent.verdict is Verdict.UNSIGNED


async def test_uc_verifies_and_takes_along_what_cosign_signed_in_a_referrer(
    image: Image, signer: PrivateKey, cosign: Cosign, stranger: Cosign, tmp_path: Path
) -> None:
    trust = Trust((signer.public,))
    stranger.sign_as_referrer(by_digest(image))
    refused = await verify(image, trust)
    assert (refused.verdict, refused.reason) == (Verdict.UNTRUSTED, Reason.UNTRUSTED_KEY)
    cosign.sign_as_referrer(by_digest(image))
    layout = Layout.open(tmp_path / "copy", create=True)
    copied = Image(layout, image.name, await copy(image, layout, "app:1.0", referrers=True))
    for one in (image, copied):
        found = await verify(one, trust)
        assert (found.verdict, found.formats, found.problems) == (Verdict.VERIFIED, (Format.REFERRER,), ())
        assert (await glance(one)).signatures == (Format.REFERRER,)
        tree = await attached(one, trust=trust)
        assert sorted(item.check.accepted for item in tree.attachments if item.check) == [False, True]
        assert (await verify((await one.platforms())[0], trust)).verdict is Verdict.UNSIGNED


# Both on one image


@pytest.mark.parametrize("format_", FORMATS)
async def test_what_cosign_signed_with_this_key_is_left_alone(
    format_: Format, image: Image, signer: PrivateKey, cosign: Cosign
) -> None:
    cosign.sign(by_digest(image), legacy=format_ is Format.LEGACY)
    signed = await sign(image, KeySignatory(signer))
    assert (signed.present, signed.added) == ((format_,), tuple(other for other in FORMATS if other != format_))


@pytest.mark.parametrize("format_", FORMATS)
async def test_neither_loses_the_others_signatures_and_attestations(
    format_: Format, image: Image, signer: PrivateKey, cosign: Cosign, stranger: Cosign, tmp_path: Path
) -> None:
    legacy = format_ is Format.LEGACY
    (tmp_path / "sbom.json").write_text(json.dumps(SBOM))
    stranger.sign(by_digest(image), legacy=legacy)
    stranger.attest(by_digest(image), tmp_path / "sbom.json", "spdxjson", legacy=legacy)
    await sign(image, KeySignatory(signer))
    await attest(image, json.dumps(SBOM).encode(), "spdxjson", KeySignatory(signer))
    stranger.sign(by_digest(image), legacy=legacy, annotations=("again=yes",))
    strange = load_signer(stranger.key, PASSWORD.encode()).public
    ours, theirs = [await verify(image, Trust((key,))) for key in (signer.public, strange)]
    assert ours.verdict is theirs.verdict is Verdict.VERIFIED
    assert len(theirs.accepted) == 2
    for key in (signer.public, strange):
        assert (await verify_attestation(image, "spdxjson", Trust((key,)))).verdict is Verdict.VERIFIED
    for one in (cosign, stranger):
        assert one.verify(by_digest(image), legacy=legacy)
        assert one.verify_attestation(by_digest(image), "spdxjson", legacy=legacy)


# Tampered


def flipped(text: str) -> str:
    raw = bytearray(base64.b64decode(text))
    raw[-1] ^= 1
    return base64.b64encode(raw).decode()


async def forge_legacy(source: Image, target: Image, tampering: str) -> None:
    store = repository_of(target)
    manifest = await store.manifest(await store.resolve(legacy_name(source.digest, SIGNATURES)))
    assert isinstance(manifest, Manifest)
    (layer,) = manifest.layers
    payload, annotations = await read_blob(store, layer, MIB), dict(layer.annotations)
    if tampering == "signature":
        annotations[SIGNATURE] = flipped(annotations[SIGNATURE])
    if tampering == "payload":
        payload = payload.replace(source.digest.encode(), target.digest.encode())
    forged = Descriptor.of(payload, layer.media_type, annotations=annotations)
    await store.push_blob(forged, content_of(payload))
    await store.push_manifest(build_manifest(manifest.config, [forged]), legacy_name(target.digest, SIGNATURES))


async def forge_bundle(source: Image, target: Image, tampering: str) -> None:
    store = repository_of(target)
    (referrer,) = await store.referrers(source.digest)
    manifest = await store.manifest(referrer)
    assert isinstance(manifest, Manifest)
    document = json.loads(await read_blob(store, manifest.layers[0], MIB))
    envelope = document["dsseEnvelope"]
    if tampering == "signature":
        envelope["signatures"][0]["sig"] = flipped(envelope["signatures"][0]["sig"])
    if tampering == "payload":
        payload = base64.b64decode(envelope["payload"])
        payload = payload.replace(source.digest.encoded.encode(), target.digest.encoded.encode())
        envelope["payload"] = base64.b64encode(payload).decode()
    raw = json.dumps(document).encode()
    forged = Descriptor.of(raw, mediatypes.SIGSTORE_BUNDLE)
    await store.push_blob(forged, content_of(raw))
    hung = build_manifest(
        manifest.config,
        [forged],
        artifact_type=manifest.artifact_type,
        subject=(await target.manifest()).descriptor,
        annotations=manifest.annotations,
    )
    await store.push_manifest(hung)


def repository_of(image: Image) -> WritableStore:
    assert isinstance(image.store, WritableStore)
    return image.store


@pytest.mark.parametrize(
    ("tampering", "reasons"),
    [
        ("moved", {Reason.OTHER_IMAGE, Reason.OTHER_SUBJECT}),
        ("signature", {Reason.BAD_SIGNATURE, Reason.UNTRUSTED_KEY}),
        ("payload", {Reason.BAD_SIGNATURE, Reason.UNTRUSTED_KEY}),
    ],
)
@pytest.mark.parametrize("format_", FORMATS)
async def test_both_refuse_what_was_tampered_with(
    format_: Format, tampering: str, reasons: set[Reason], image: Image, signer: PrivateKey, cosign: Cosign
) -> None:
    await sign(image, KeySignatory(signer))
    target = (await image.platforms())[0]
    await (forge_legacy if format_ is Format.LEGACY else forge_bundle)(image, target, tampering)
    found = await verify(target, Trust((signer.public,)))
    assert found.verdict is Verdict.UNTRUSTED
    assert [check.reason in reasons for check in found.checks] == [True]
    with pytest.raises(CosignRefusedError):
        cosign.verify(by_digest(target), legacy=format_ is Format.LEGACY)
    assert (await verify(image, Trust((signer.public,)))).verdict is Verdict.VERIFIED


async def test_both_refuse_a_tag_that_moved_to_another_image(
    image: Image, signer: PrivateKey, cosign: Cosign, stores: Stores
) -> None:
    await sign(image, KeySignatory(signer))
    await push_image(repository_of(image), {"motd": b"evil"}, "1.0")
    moved = await stores.image(image.name)
    assert moved.digest != image.digest
    assert (await verify(moved, Trust((signer.public,)))).verdict is Verdict.UNSIGNED
    for legacy in (True, False):
        with pytest.raises(CosignRefusedError):
            cosign.verify(image.name, legacy=legacy)
