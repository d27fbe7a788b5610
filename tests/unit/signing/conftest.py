"""An empty layout, images in it, keys, and what the real cosign wrote."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.images import AMD64, ARM64, push_image, push_index

from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.signing.checks import Trust
from undercurrent.signing.keys import PrivateKey, load_public

RECORDED = Path(__file__).parent / "recorded"
NAME = "registry.example/acme/app:1.0"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout.open(tmp_path / "images", create=True)


@pytest.fixture
async def image(layout: Layout) -> Image:
    manifest = await push_image(layout, {"etc/motd": b"hello"}, NAME)
    return Image(layout, NAME, manifest.descriptor)


@pytest.fixture
async def other_image(layout: Layout) -> Image:
    manifest = await push_image(layout, {"etc/motd": b"something else"}, "registry.example/acme/other:1.0")
    return Image(layout, "registry.example/acme/other:1.0", manifest.descriptor)


@pytest.fixture
async def index(layout: Layout) -> Image:
    children = {
        platform: await push_image(layout, {"arch": str(platform).encode()}, platform=platform)
        for platform in (AMD64, ARM64)
    }
    manifest = await push_index(layout, children, NAME)
    return Image(layout, NAME, manifest.descriptor)


@pytest.fixture(scope="session")
def signer() -> PrivateKey:
    return PrivateKey.generate()


@pytest.fixture(scope="session")
def stranger() -> PrivateKey:
    return PrivateKey.generate()


@pytest.fixture
def trust(signer: PrivateKey) -> Trust:
    return Trust((signer.public,))


@pytest.fixture
def recorded_keys(tmp_path: Path) -> Path:
    """Key files as cosign wrote them; git does not keep their mode."""
    keys = shutil.copytree(RECORDED / "keys", tmp_path / "keys")
    for path in keys.glob("*.key"):
        path.chmod(0o600)
    return keys


@pytest.fixture
async def recorded(tmp_path: Path) -> Image:
    """An index that cosign 3.1.3 signed and attested; see recorded/README.md."""
    store = Layout.open(shutil.copytree(RECORDED / "layout", tmp_path / "recorded"))
    image = Image(store, "recorded/app:1.0", await store.resolve("recorded/app:1.0"))
    return replace(image, name="127.0.0.1:5917/recorded/app:1.0")


@pytest.fixture
def recorded_trust() -> Trust:
    return Trust((load_public(RECORDED / "keys" / "cosign.pub"),))
