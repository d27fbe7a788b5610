"""Nothing that hangs on an image in a real registry makes it verified; and what cosign says of the same."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.cosign import PASSWORD, Cosign, cosign_with_key
from tests.support.images import AMD64, ARM64, push_image, push_index
from tests.support.servers import RegistryServer
from tests.support.signatures import store_of
from tests.support.tricks import TRICKS, Trick

from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import Manifest, build_manifest
from undercurrent.oci.reference import Reference
from undercurrent.oci.stores import Stores
from undercurrent.signing.algorithms import PrivateKey
from undercurrent.signing.checks import Format, Reason, Trust
from undercurrent.signing.keys import load_signer
from undercurrent.signing.places import ATTESTATIONS, SIGNATURES, legacy_manifest, legacy_name
from undercurrent.signing.verify import Verdict, verify

FORMATS = (Format.BUNDLE, Format.LEGACY)


@pytest.fixture(scope="module")
def cosign(tmp_path_factory: pytest.TempPathFactory) -> Cosign:
    return cosign_with_key(tmp_path_factory.mktemp("cosign"))


@pytest.fixture(scope="module")
def signer(cosign: Cosign) -> PrivateKey:
    return load_signer(cosign.key, PASSWORD.encode())


@pytest.fixture
def trust(signer: PrivateKey) -> Trust:
    return Trust((signer.public,))


@pytest.fixture(params=["distribution3", "with_referrers"])
def server(request: pytest.FixtureRequest) -> RegistryServer:
    """Without the referrers API, and with it."""
    found: RegistryServer = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def image(server: RegistryServer, repository_name: str, stores: Stores) -> Image:
    return await push(f"{server.host}/{repository_name}:1.0", stores)


@pytest.fixture
async def other(server: RegistryServer, repository_name: str, stores: Stores) -> Image:
    return await push(f"{server.host}/{repository_name}:2.0", stores)


async def push(name: str, stores: Stores) -> Image:
    repository = stores.repository(Reference.parse(name))
    await push_image(repository, {"motd": name.encode()}, name.rpartition(":")[2])
    return await stores.image(name)


def fooled(cosign: Cosign, image: Image) -> set[Format]:
    """The formats in which cosign takes the image for signed."""
    return {format_ for format_ in FORMATS if cosign.accepts(by_digest(image), legacy=format_ is Format.LEGACY)}


def by_digest(image: Image) -> str:
    return f"{image.repository}@{image.digest}"


@pytest.mark.parametrize("trick", TRICKS, ids=str)
async def test_no_trick_makes_an_image_verified(
    trick: Trick, image: Image, other: Image, signer: PrivateKey, trust: Trust, cosign: Cosign, server: RegistryServer
) -> None:
    if server.referrers_api and "referrer_of_another_image" in str(trick):
        pytest.skip("this registry lists by itself, and does not lie")
    await trick.play(image, other, signer)

    verification = await verify(image, trust)

    assert (verification.verdict, verification.problems) == (Verdict.UNTRUSTED, ())
    assert [check.reason for check in verification.checks] == [trick.reason]
    assert fooled(cosign, image) == trick.fools


# What cosign itself makes, in places where it does not belong


async def attestation_alone(cosign: Cosign, image: Image, _other: Image, predicate: Path) -> None:
    cosign.attest(by_digest(image), predicate, "spdxjson", legacy=False)


async def legacy_attestation_alone(cosign: Cosign, image: Image, _other: Image, predicate: Path) -> None:
    cosign.attest(by_digest(image), predicate, "spdxjson", legacy=True)


async def legacy_signature_moved(cosign: Cosign, image: Image, other: Image, _predicate: Path) -> None:
    cosign.sign(by_digest(other), legacy=True)
    manifest = await legacy_manifest(other.store, other.digest, SIGNATURES)
    assert manifest is not None
    await store_of(image).push_manifest(manifest, legacy_name(image.digest, SIGNATURES))


async def legacy_attestations_as_signatures(cosign: Cosign, image: Image, _other: Image, predicate: Path) -> None:
    cosign.attest(by_digest(image), predicate, "spdxjson", legacy=True)
    manifest = await legacy_manifest(image.store, image.digest, ATTESTATIONS)
    assert manifest is not None
    await store_of(image).push_manifest(manifest, legacy_name(image.digest, SIGNATURES))


async def bundle_moved(cosign: Cosign, image: Image, other: Image, _predicate: Path) -> None:
    cosign.sign(by_digest(other), legacy=False)
    await hung_on(image, other)


async def older_referrer_moved(cosign: Cosign, image: Image, other: Image, _predicate: Path) -> None:
    cosign.sign_as_referrer(by_digest(other))
    await hung_on(image, other)


async def hung_on(image: Image, other: Image) -> None:
    """What refers to ``other`` refers to ``image``, too."""
    (referrer,) = await other.store.referrers(other.digest)
    manifest = await other.store.manifest(referrer)
    assert isinstance(manifest, Manifest)
    subject = Descriptor(image.descriptor.media_type, image.digest, image.descriptor.size)
    kind, annotations = manifest.artifact_type, manifest.annotations
    await store_of(image).push_manifest(
        build_manifest(manifest.config, manifest.layers, artifact_type=kind, subject=subject, annotations=annotations)
    )


@dataclass(frozen=True, slots=True)
class Misplaced:
    """What cosign made, where it does not belong; ``reasons`` are of the signatures that are refused."""

    place: Callable[[Cosign, Image, Image, Path], Awaitable[None]]
    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    fools: frozenset[Format] = frozenset()

    def __str__(self) -> str:
        return self.place.__name__


MISPLACED = (
    # https://github.com/sigstore/cosign/blob/v3.1.3/pkg/cosign/verify.go takes any bundle for a signature.
    Misplaced(attestation_alone, Verdict.UNSIGNED, fools=frozenset({Format.BUNDLE})),
    Misplaced(legacy_attestation_alone, Verdict.UNSIGNED),
    Misplaced(legacy_signature_moved, Verdict.UNTRUSTED, (Reason.OTHER_IMAGE,)),
    Misplaced(legacy_attestations_as_signatures, Verdict.UNTRUSTED, (Reason.NOT_WHAT_IT_SAYS,)),
    Misplaced(bundle_moved, Verdict.UNTRUSTED, (Reason.OTHER_IMAGE,)),
    Misplaced(older_referrer_moved, Verdict.UNTRUSTED, (Reason.OTHER_IMAGE,)),
)


@pytest.mark.parametrize("misplaced", MISPLACED, ids=str)
async def test_what_cosign_made_counts_only_where_it_belongs(
    misplaced: Misplaced, image: Image, other: Image, trust: Trust, cosign: Cosign, tmp_path: Path
) -> None:
    (tmp_path / "predicate.json").write_text(json.dumps({"spdxVersion": "SPDX-2.3"}))
    await misplaced.place(cosign, image, other, tmp_path / "predicate.json")

    verification = await verify(image, trust)

    assert (verification.verdict, verification.problems) == (misplaced.verdict, ())
    assert tuple(check.reason for check in verification.checks) == misplaced.reasons
    assert fooled(cosign, image) == misplaced.fools


@pytest.mark.parametrize("format_", FORMATS)
async def test_a_platform_that_nobody_signed_is_not_signed_by_the_signature_of_its_index(
    format_: Format, server: RegistryServer, repository_name: str, stores: Stores, trust: Trust, cosign: Cosign
) -> None:
    name = f"{server.host}/{repository_name}:3.0"
    store = stores.repository(Reference.parse(name))
    images = {one: await push_image(store, {"motd": str(one).encode()}, platform=one) for one in (AMD64, ARM64)}
    await push_index(store, images, "3.0")
    index = await stores.image(name)
    cosign.sign(by_digest(index), legacy=format_ is Format.LEGACY)
    one = (await index.platforms())[0]
    cosign.sign(by_digest(one), legacy=format_ is Format.LEGACY)

    assert (await verify(index, trust)).verdict is Verdict.VERIFIED
    every = await verify(index, trust, recursive=True)
    assert every.verdict is Verdict.UNSIGNED
    assert [platform.verdict for platform in every.platforms] == [Verdict.VERIFIED, Verdict.UNSIGNED]
    assert str(ARM64) in every.message
