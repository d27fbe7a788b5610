"""Packs an image, puts it where it belongs, and records that."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.packing.pack import CompressionName, ImageConfig, Source, pack
from undercurrent.oci.packing.rootfs import Owner
from undercurrent.oci.stores import Stores
from undercurrent.progress import Observer
from undercurrent.settings import Settings
from undercurrent.workflows.destinations import destination
from undercurrent.workflows.recording import recording

__all__ = ["Packed", "pack_image"]


@dataclass(frozen=True, slots=True)
class Packed:
    """An image that was packed, and where it is now (as `Stores.open` takes it)."""

    name: str
    place: str
    descriptor: Descriptor
    platforms: int


async def pack_image(
    sources: Sequence[Source],
    name: str,
    config: ImageConfig,
    settings: Settings,
    *,
    layout: Path | None = None,
    push: bool = False,
    compression: CompressionName = "gzip",
    owner: Owner | None = None,
    observer: Observer,
) -> Packed:
    """Packs ``sources`` into one image under ``name``.

    Args:
        sources: one for each platform.
        name: what the image is called.
        config: how it is run.
        settings: where things are.
        layout: put it into this OCI layout instead of the embedded store.
        push: put it into the registry that ``name`` begins with.
        compression: of the layers.
        owner: to whom every file belongs.
        observer: is told what happens.

    Raises:
        UndercurrentError: as `undercurrent.oci.packing.pack.pack` and the store do.
    """
    async with Stores(settings, observer=observer) as stores:
        goal = destination(name, stores, settings, layout=layout, registry=push)
        descriptor = await pack(
            sources, goal.store, goal.inside, config, compression=compression, owner=owner, observer=observer
        )
        packed = Packed(goal.name, goal.place, descriptor, len(sources))
    with recording(settings) as record:
        origins = [str(source.path) for source in sources]
        record.add("image-packed", str(descriptor.digest), "made", name, place=packed.place, sources=origins)
    return packed
