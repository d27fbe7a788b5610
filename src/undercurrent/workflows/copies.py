"""Finds the copy of an engine's image that can carry signatures: an engine keeps none itself.

`uc image sign` makes that copy. An image that was built again under the same name is another one: what was signed
before says nothing about it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from undercurrent.errors import NotFound, UsageError
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import Manifest
from undercurrent.oci.reference import Reference
from undercurrent.oci.stores import Stores
from undercurrent.settings import Settings
from undercurrent.workflows.destinations import home_name
from undercurrent.workflows.estate import Target, kept_places

__all__ = ["Copy", "copy_of"]


@dataclass(frozen=True, slots=True)
class Copy:
    """An image of the same name, where signatures can be.

    Attributes:
        place: as `Stores.open` takes it.
        image: what is there.
        same: whether it is the very image that the engine has, not another build.
    """

    place: str
    image: Image
    same: bool


async def copy_of(target: Target, stores: Stores, settings: Settings, *, export: bool = True) -> Copy | None:
    """Where an engine's image can have been signed: in the default registry, else in a place on this machine.

    Args:
        target: the image in the engine.
        stores: opens the places.
        settings: default registry, layouts, archives and embedded store.
        export: export the image, where its id does not tell whether it is the same one.

    Returns:
        The copy of this image; else an image that has its name and is another build; else None.

    Raises:
        CouldNotCheck, BadContent: a place does not answer, or what it has cannot be read.
    """
    _engine, inside = await stores.open(target.place)
    other: Copy | None = None
    for place in _places(inside, settings):
        try:
            image = replace(await stores.image(place), name=target.name)
        except NotFound:
            continue
        # The id is what the engine calls the image; what else it is takes an export to find out.
        same = target.digest in await _names(image) or (export and (await target.open(stores)).digest == image.digest)
        if same:
            return Copy(place, image, same=True)
        other = other or Copy(place, image, same=False)
    return other


def _places(inside: str, settings: Settings) -> Iterator[str]:
    try:
        name = home_name(inside, settings)
    except UsageError:  # it has only an id, so nothing can have been copied under its name
        return
    if registry := settings.images.default_registry:
        yield str(Reference.parse(name, default_registry=registry))
    else:
        yield from (f"{place}:{name}" for place in kept_places(settings))


async def _names(image: Image) -> set[str]:
    """What an engine may call it: the digest of its configuration, of its manifest, or of its index."""
    names: set[str] = {image.digest}
    for leaf in await image.platforms():
        manifest = await leaf.manifest()
        names |= {leaf.digest, *([manifest.config.digest] if isinstance(manifest, Manifest) else [])}
    return names
