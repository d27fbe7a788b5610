"""Who has an account in an image that is built: its passwd and group files, out of the layers that have them last."""

from typing import Final

from undercurrent.errors import TooLarge, Unsupported
from undercurrent.hardening.layers import layer_members, taken_away
from undercurrent.i18n import translate as _
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.files.tarball import Kind
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import Manifest

__all__ = ["account_files"]

_FOLDER: Final = "etc"
_FILES: Final = (f"{_FOLDER}/passwd", f"{_FOLDER}/group")
_LARGEST: Final = 256 * 1024
_MOST: Final = 512 * 1024 * 1024
"""Bytes of layers, as they are stored, that are read for it."""


async def account_files(image: Image, manifest: Manifest) -> tuple[str, str]:
    """The texts of ``/etc/passwd`` and ``/etc/group``; empty for one that the image does not have.

    Layers are read from the topmost down, until both are found.

    Args:
        image: of one platform.
        manifest: its own.

    Raises:
        TooLarge: they are not in the topmost 512 MiB of layers, or larger than 256 KiB.
        Unsupported: one of them is a link.
        UndercurrentError: a layer cannot be read.
    """
    found: dict[str, str] = {}
    left = _MOST
    for layer in reversed(manifest.layers):
        left -= layer.size
        if left < 0:
            raise TooLarge(
                _("{name}: the accounts are not in the topmost {limit} MiB of its layers").format(
                    name=image.name, limit=_MOST >> 20
                )
            )
        found = await _in_layer(image, layer) | found
        if len(found) == len(_FILES):
            break
    passwd, group = (found.get(path, "") for path in _FILES)
    return passwd, group


async def _in_layer(image: Image, layer: Descriptor) -> dict[str, str]:
    """The files that the layer decides about: their text, empty where it takes them away."""
    found: dict[str, str] = {}
    gone: set[str] = set()
    async for path, member, content in layer_members(image.store, layer, _LARGEST):
        if path in _FILES or (path == _FOLDER and member.kind is not Kind.FOLDER):
            if member.kind is not Kind.FILE:
                raise Unsupported(_("{name}: /{path} is a link").format(name=image.name, path=path))
            if member.size > _LARGEST:
                raise TooLarge(_("{name}: /{path} is larger than people write").format(name=image.name, path=path))
            found[path] = content.decode("utf-8", "replace")
        elif away := taken_away(path):
            place, within = away
            gone |= {one for one in _FILES if place in ({"", _FOLDER} if within else {one, _FOLDER})}
    # What a layer takes away is that of lower ones, wherever it stands.
    return dict.fromkeys(gone, "") | found
