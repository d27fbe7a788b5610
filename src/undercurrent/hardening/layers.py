"""Layers of images, read header by header; nothing is unpacked."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.files.tarball import Member, inner_name, members
from undercurrent.oci.store import Store

__all__ = ["layer_members", "taken_away"]

_WHITEOUT: Final = ".wh."
"""How the name of a file begins that takes away what lower layers have by the rest of the name."""
_OPAQUE: Final = ".wh..wh..opq"
"""A file that takes away all that lower layers have in its folder."""


async def layer_members(store: Store, layer: Descriptor, small: int) -> AsyncIterator[tuple[str, Member, bytes]]:
    """The members of a layer with their paths, relative to the root, and how the content of each begins.

    Args:
        store: where it is.
        layer: that.
        small: the content of members that have at most so many bytes is given whole.

    Raises:
        As `undercurrent.oci.files.tarball.members`, and what the store raises.
    """
    with tempfile.NamedTemporaryFile(prefix="undercurrent-layer-") as kept:
        async for piece in store.blob(layer):
            kept.write(piece)
        kept.flush()
        for found in members(Path(kept.name), small):
            if found is None:
                await asyncio.sleep(0)
            else:
                member, content = found
                yield inner_name(member.name, str(layer.digest)), member, content


def taken_away(path: str) -> tuple[str, bool] | None:
    """What a member of a layer takes away of lower ones: a path, or all that is in a folder, and which of the two."""
    folder, _slash, name = path.rpartition("/")
    if name == _OPAQUE:
        return folder, True
    return (f"{folder}/{name.removeprefix(_WHITEOUT)}".lstrip("/"), False) if name.startswith(_WHITEOUT) else None
