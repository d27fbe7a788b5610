"""Signatures of all images in one repository: uc and cosign put them there, and find them, alike."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.cosign import PASSWORD, Cosign, CosignRefusedError, cosign_with_key
from tests.support.images import push_image
from tests.support.servers import RegistryServer

from undercurrent.oci.image import Image
from undercurrent.oci.stores import Stores
from undercurrent.settings import Settings, SigningSettings
from undercurrent.signing.attached import attached, glance
from undercurrent.signing.attest import attest
from undercurrent.signing.checks import Format, Trust
from undercurrent.signing.keys import PrivateKey, load_signer
from undercurrent.signing.sign import sign
from undercurrent.signing.signatory import KeySignatory
from undercurrent.signing.verify import Verdict, verify, verify_attestation

FORMATS = (Format.LEGACY, Format.BUNDLE)


@pytest.fixture(scope="module")
def plain_cosign(tmp_path_factory: pytest.TempPathFactory) -> Cosign:
    return cosign_with_key(tmp_path_factory.mktemp("cosign"))


@pytest.fixture
def signer(plain_cosign: Cosign) -> PrivateKey:
    return load_signer(plain_cosign.key, PASSWORD.encode())


@pytest.fixture
def repository(distribution3: RegistryServer, registry_server: RegistryServer, repository_name: str) -> str:
    """Not where the image is."""
    return f"{registry_server.host}/signatures/{repository_name}"


@pytest.fixture
def cosign(plain_cosign: Cosign, repository: str) -> Cosign:
    return plain_cosign.keeping_signatures_in(repository)


@pytest.fixture
async def stores(repository: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stores]:
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(tmp_path / "no-credentials.json"))
    async with Stores(Settings(signing=SigningSettings(repository=repository))) as opened:
        yield opened


@pytest.fixture
async def image(distribution3: RegistryServer, repository_name: str, stores: Stores) -> Image:
    store, _name = await stores.open(f"{distribution3.host}/{repository_name}:1.0")
    await push_image(store, {"motd": repository_name.encode()}, "1.0")  # type: ignore[arg-type]  # a registry's
    return await stores.image(f"{distribution3.host}/{repository_name}:1.0")


def by_digest(image: Image) -> str:
    return f"{image.repository}@{image.digest}"


async def test_cosign_finds_there_what_uc_made(
    image: Image, stores: Stores, signer: PrivateKey, cosign: Cosign, plain_cosign: Cosign
) -> None:
    await sign(image, KeySignatory(signer), where=stores.signatures_of)
    await attest(image, b"{}", "cyclonedx", KeySignatory(signer), where=stores.signatures_of)

    for legacy in (True, False):
        assert cosign.verify(by_digest(image), legacy=legacy)
        assert cosign.verify_attestation(by_digest(image), "cyclonedx", legacy=legacy)
        with pytest.raises(CosignRefusedError):
            plain_cosign.verify(by_digest(image), legacy=legacy)
    assert [name async for name in image.store.names()] == ["1.0"]


@pytest.mark.parametrize("format_", FORMATS)
async def test_uc_finds_there_what_cosign_made(
    format_: Format, image: Image, stores: Stores, signer: PrivateKey, cosign: Cosign, tmp_path: Path
) -> None:
    legacy, where, trust = format_ is Format.LEGACY, stores.signatures_of, Trust((signer.public,))
    (tmp_path / "sbom.json").write_text(json.dumps({"bomFormat": "CycloneDX"}))
    cosign.sign(by_digest(image), legacy=legacy)
    cosign.attest(by_digest(image), tmp_path / "sbom.json", "cyclonedx", legacy=legacy)

    found = await verify(image, trust, where=where)
    assert (found.verdict, found.formats) == (Verdict.VERIFIED, (format_,))
    assert (await verify_attestation(image, "cyclonedx", trust, where=where)).verdict is Verdict.VERIFIED
    seen = await glance(image, where=where)
    assert (seen.signatures, seen.sbom, seen.problem) == ((format_,), True, None)
    tree = await attached(image, trust=trust, where=where)
    assert [attachment.check and attachment.check.accepted for attachment in tree.attachments] == [True, True]
    assert (await verify(image, trust)).verdict is Verdict.UNSIGNED
    assert (await sign(image, KeySignatory(signer), where=where)).present == (format_,)
