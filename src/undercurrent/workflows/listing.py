"""Lists images: what they are, and whether they are signed and have SBOMs."""

import asyncio
from collections.abc import AsyncIterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from undercurrent.errors import CouldNotCheck, Refused, UndercurrentError
from undercurrent.fleet import Summary
from undercurrent.oci.engines.engine import Engine, EngineImage
from undercurrent.oci.image import Image
from undercurrent.oci.overview import overview
from undercurrent.oci.store import Store
from undercurrent.oci.stores import Stores
from undercurrent.progress import Observer
from undercurrent.settings import Settings
from undercurrent.signing.attached import Glance, glance, names_in
from undercurrent.workflows.copies import copy_of
from undercurrent.workflows.each import each
from undercurrent.workflows.estate import Found, Target
from undercurrent.workflows.recording import Recording

__all__ = ["Listed", "list_images"]


@dataclass(frozen=True, slots=True)
class Listed:
    """An image in a list; nothing about it is verified.

    Attributes:
        name: what it is called.
        place: where it is.
        digest: of its manifest or index; of an engine's image, its id.
        platforms: what it runs on.
        size: bytes as stored.
        created: when it was built, if it says.
        signatures: formats in which something is there that calls itself a signature; None where nobody can say.
        sbom: whether an SBOM hangs on it; None where nobody can say.
        problem: why nobody can say.
    """

    name: str
    place: str
    digest: str
    platforms: tuple[str, ...]
    size: int
    created: datetime | None
    signatures: tuple[str, ...] | None = ()
    sbom: bool | None = False
    problem: str = ""


async def list_images(found: AsyncIterable[Found], settings: Settings, *, observer: Observer) -> Summary[Listed]:
    """Looks at every image in ``found``.

    Args:
        found: what to list.
        settings: where things are, and how many at once.
        observer: is told what happens.

    Raises:
        Stopped: the user interrupted it.
    """
    return await each("list", found, partial(_Listing, settings), settings, observer=observer)


@dataclass(frozen=True, slots=True)
class _Listing:
    """What a whole store is asked for is asked once."""

    settings: Settings
    stores: Stores
    record: Recording
    names: "dict[str, asyncio.Task[AbstractSet[str]]]" = field(default_factory=dict)
    engines: "dict[str, asyncio.Task[tuple[EngineImage, ...]]]" = field(default_factory=dict)

    async def __call__(self, found: Target) -> Listed:
        store, inside = await self.stores.open(found.place)
        if isinstance(store, Engine):
            return await self._in_engine(found, store, inside)
        image = await found.open(self.stores)
        seen = await overview(image)
        listed = Listed(found.name, found.place, found.digest, tuple(map(str, seen.platforms)), seen.size, seen.created)
        return await self._with_hanging(listed, image)

    async def _names(self, store: Store) -> AbstractSet[str]:
        if store.label not in self.names:
            self.names[store.label] = asyncio.create_task(names_in(store))
        return await self.names[store.label]

    async def _in_engine(self, found: Target, engine: Engine, inside: str) -> Listed:
        if engine.name not in self.engines:
            self.engines[engine.name] = asyncio.create_task(engine.list_images())
        images = await self.engines[engine.name]
        image = next((image for image in images if image.name == inside or image.id == found.digest), None)
        listed = Listed(
            found.name,
            f"{engine.label}:{inside}",
            found.digest,
            (str(image.platform),) if image else (),
            image.size if image else 0,
            image.created if image else None,
        )
        try:
            copy = await copy_of(found, self.stores, self.settings, export=False)
        except UndercurrentError as error:
            return replace(listed, signatures=None, sbom=None, problem=error.message)
        if copy is None or not copy.same:
            return listed
        return await self._with_hanging(listed, copy.image)

    async def _with_hanging(self, listed: Listed, image: Image) -> Listed:
        where = self.stores.signatures_of
        try:
            names = await self._names(where(image))
        except (CouldNotCheck, Refused) as error:
            return replace(listed, signatures=None, sbom=None, problem=error.message)
        return _with(listed, await glance(image, names, where=where))


def _with(listed: Listed, hanging: Glance) -> Listed:
    """What hangs on it too, as far as anybody can say."""
    known = hanging.problem is None
    return replace(
        listed,
        signatures=hanging.signatures if known or hanging.signatures else None,
        sbom=hanging.sbom if known or hanging.sbom else None,
        problem=hanging.problem.message if hanging.problem else "",
    )
