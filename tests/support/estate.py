"""A small estate: a layout with images that are signed, unsigned, and for two platforms, and keys of two people."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.images import AMD64, ARM64, push_image, push_index, python_package

from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.signing.keys import PrivateKey, write_key_pair
from undercurrent.signing.sign import sign
from undercurrent.signing.signatory import KeySignatory

__all__ = ["PASSWORD", "SIGNED", "STRANGE", "TWO_PLATFORMS", "UNSIGNED", "Estate", "build"]

PASSWORD: Final = "correct horse"
SIGNED: Final = "acme/signed:1.0"
UNSIGNED: Final = "acme/unsigned:1.0"
STRANGE: Final = "acme/strange:1.0"
"""Signed by somebody whom nobody knows."""
TWO_PLATFORMS: Final = "acme/both:1.0"
"""An index whose images hold a Python package each; unsigned."""


@dataclass(frozen=True, slots=True)
class Estate:
    """Where it is: ``images``, ``cosign.key`` with ``PASSWORD``, ``open.key`` with none, and their ``.pub``."""

    folder: Path

    @property
    def images(self) -> Path:
        """The layout."""
        return self.folder / "images"

    def blob(self, digest: str) -> Path:
        """The file of a blob."""
        algorithm, _colon, encoded = digest.partition(":")
        return self.images / "blobs" / algorithm / encoded

    def digest(self, name: str) -> str:
        """Of the manifest of an image."""
        return asyncio.run(Layout.open(self.images).resolve(name)).digest


def build(folder: Path) -> Estate:
    """Makes it in ``folder``."""
    ours, open_, strangers = (PrivateKey.generate() for _key in range(3))
    write_key_pair(ours, folder / "cosign.key", PASSWORD.encode())
    write_key_pair(open_, folder / "open.key", b"")
    asyncio.run(_fill(Layout.open(folder / "images", create=True), ours, strangers))
    return Estate(folder)


async def _fill(layout: Layout, ours: PrivateKey, strangers: PrivateKey) -> None:
    for name, key in ((SIGNED, ours), (UNSIGNED, None), (STRANGE, strangers)):
        manifest = await push_image(layout, {"name": name.encode()}, name)
        if key:
            await sign(Image(layout, name, manifest.descriptor), KeySignatory(key))
    files = {AMD64: python_package("click", "8.1.0"), ARM64: python_package("rich", "13.0.0")}
    images = {platform: await push_image(layout, files[platform], platform=platform) for platform in files}
    await push_index(layout, images, TWO_PLATFORMS)
