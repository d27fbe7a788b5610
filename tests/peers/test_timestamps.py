"""Signatures by key that an authority witnessed: cosign and uc accept them, and refuse a time that is not proved."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from tests.support.cosign import PASSWORD, Cosign, CosignRefusedError, cosign_with_key
from tests.support.images import push_image
from tests.support.servers import RegistryServer
from tests.support.sigstore_stack import Sigstore
from tests.support.timestamps import timestamp_authority

from undercurrent.net import Client
from undercurrent.oci.image import Image
from undercurrent.oci.reference import Reference
from undercurrent.oci.stores import Stores
from undercurrent.settings import NetSettings
from undercurrent.signing.checks import Format, Reason, Trust
from undercurrent.signing.keys import load_signer
from undercurrent.signing.proofs.trustedroot import parse
from undercurrent.signing.sign import sign
from undercurrent.signing.signatory import KeySignatory
from undercurrent.signing.timestamping import timestamp
from undercurrent.signing.verify import Verdict, verify

FORMATS = (Format.LEGACY, Format.BUNDLE)


@dataclass(frozen=True, slots=True)
class Witness:
    """A timestamp authority: where it is asked, and the file that says to trust it."""

    url: str
    trusted_root: Path


@pytest.fixture(scope="module")
def openssl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Witness]:
    with timestamp_authority(tmp_path_factory.mktemp("authority")) as running:
        yield Witness(running.url, running.trusted_root)


@pytest.fixture(scope="module")
def sigstores(sigstore: Sigstore) -> Witness:
    return Witness(sigstore.urls.timestamps, sigstore.trusted_root)


@pytest.fixture(params=["openssl", "sigstores"])
def authority(request: pytest.FixtureRequest) -> Witness:
    """Each of two authorities in turn."""
    witness: Witness = request.getfixturevalue(request.param)
    return witness


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Witness]:
    with timestamp_authority(tmp_path_factory.mktemp("another")) as running:
        yield Witness(running.url, running.trusted_root)


@pytest.fixture(scope="module")
def cosign(tmp_path_factory: pytest.TempPathFactory) -> Cosign:
    return cosign_with_key(tmp_path_factory.mktemp("cosign"))


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client(NetSettings()) as running:
        yield running


@pytest.fixture
async def image(with_referrers: RegistryServer, repository_name: str, stores: Stores) -> Image:
    reference = Reference.parse(f"{with_referrers.host}/{repository_name}:1.0")
    await push_image(stores.repository(reference), {"motd": repository_name.encode()}, "1.0")
    return await stores.image(str(reference))


def verify_with(cosign: Cosign, image: Image, root: Path, format_: Format) -> None:
    """Lets cosign verify an image's signature, which must have a timestamp by somebody in ``root``."""
    cosign.run(
        *("verify", "--key", cosign.public_key, "--insecure-ignore-tlog=true", "--use-signed-timestamps"),
        *("--trusted-root", root, f"--new-bundle-format={str(format_ is Format.BUNDLE).lower()}"),
        f"{image.repository}@{image.digest}",
    )


@pytest.mark.parametrize("format_", FORMATS)
async def test_a_timestamp_counts_for_whoever_trusts_the_authority(
    format_: Format, image: Image, authority: Witness, another: Witness, cosign: Cosign, client: Client
) -> None:
    key = load_signer(cosign.key, PASSWORD.encode())
    began = datetime.now(UTC)
    await sign(image, KeySignatory(key, partial(timestamp, client, authority.url)), formats=(format_,))

    verify_with(cosign, image, authority.trusted_root, format_)
    with pytest.raises(CosignRefusedError, match=r"verified (timestamp|signed timestamps)"):
        verify_with(cosign, image, another.trusted_root, format_)
    (check,) = (
        await verify(image, Trust((key.public,), root=parse(authority.trusted_root.read_bytes(), "root")))
    ).accepted
    assert check.signed_at is not None
    assert abs(check.signed_at - began) < timedelta(minutes=1)
    (check,) = (
        await verify(image, Trust((key.public,), root=parse(another.trusted_root.read_bytes(), "root")))
    ).accepted
    assert check.signed_at is None


@pytest.mark.parametrize("format_", FORMATS)
async def test_a_timestamp_of_another_signature_is_refused(
    format_: Format, image: Image, authority: Witness, cosign: Cosign, client: Client
) -> None:
    async def moved(_signature: bytes) -> bytes:
        return await timestamp(client, authority.url, b"another signature")

    key = load_signer(cosign.key, PASSWORD.encode())
    await sign(image, KeySignatory(key, moved), formats=(format_,))

    with pytest.raises(CosignRefusedError, match=r"verified (timestamp|signed timestamps)"):
        verify_with(cosign, image, authority.trusted_root, format_)
    found = await verify(image, Trust((key.public,), root=parse(authority.trusted_root.read_bytes(), "root")))
    assert (found.verdict, found.reason) == (Verdict.UNTRUSTED, Reason.TIMESTAMP)
