"""Signatures by key that a timestamp authority witnessed: cosign accepts them, and refuses what was tampered with."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.support.cosign import PASSWORD, Cosign, CosignRefusedError, cosign_with_key
from tests.support.images import push_image
from tests.support.servers import RegistryServer
from tests.support.timestamps import Authority, timestamp_authority

from undercurrent.net import Client
from undercurrent.oci.image import Image
from undercurrent.oci.reference import Reference
from undercurrent.oci.stores import Stores
from undercurrent.settings import NetSettings
from undercurrent.signing.checks import Format
from undercurrent.signing.keys import load_signer
from undercurrent.signing.sign import sign
from undercurrent.signing.signatory import KeySignatory
from undercurrent.signing.timestamping import timestamp

FORMATS = (Format.LEGACY, Format.BUNDLE)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with timestamp_authority(tmp_path_factory.mktemp("authority")) as running:
        yield running


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with timestamp_authority(tmp_path_factory.mktemp("another")) as running:
        yield running


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


def verify(cosign: Cosign, image: Image, root: Path, format_: Format) -> None:
    """Lets cosign verify an image's signature, which must have a timestamp by somebody in ``root``."""
    cosign.run(
        *("verify", "--key", cosign.public_key, "--insecure-ignore-tlog=true", "--use-signed-timestamps"),
        *("--trusted-root", root, f"--new-bundle-format={str(format_ is Format.BUNDLE).lower()}"),
        f"{image.repository}@{image.digest}",
    )


@pytest.mark.parametrize("format_", FORMATS)
async def test_cosign_accepts_our_timestamps_by_those_that_it_trusts(
    format_: Format, image: Image, authority: Authority, another: Authority, cosign: Cosign, client: Client
) -> None:
    key = load_signer(cosign.key, PASSWORD.encode())
    await sign(image, KeySignatory(key, partial(timestamp, client, authority.url)), formats=(format_,))

    verify(cosign, image, authority.trusted_root, format_)
    with pytest.raises(CosignRefusedError, match=r"verified (timestamp|signed timestamps)"):
        verify(cosign, image, another.trusted_root, format_)


@pytest.mark.parametrize("format_", FORMATS)
async def test_a_timestamp_of_another_signature_is_refused(
    format_: Format, image: Image, authority: Authority, cosign: Cosign, client: Client
) -> None:
    async def moved(_signature: bytes) -> bytes:
        return await timestamp(client, authority.url, b"another signature")

    key = load_signer(cosign.key, PASSWORD.encode())
    await sign(image, KeySignatory(key, moved), formats=(format_,))

    with pytest.raises(CosignRefusedError, match=r"verified (timestamp|signed timestamps)"):
        verify(cosign, image, authority.trusted_root, format_)
