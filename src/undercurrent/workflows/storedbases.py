"""Asks layouts, engines and registries who runs in base images."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from undercurrent.errors import NotFound, UndercurrentError
from undercurrent.hardening.accountfiles import account_files
from undercurrent.hardening.model import BaseImage, known
from undercurrent.hardening.model.configuration import completed, from_configuration, with_accounts
from undercurrent.hardening.model.documented import normal_name
from undercurrent.i18n import translate as _
from undercurrent.oci import mediatypes, strictjson
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import MAX_MANIFEST, Manifest
from undercurrent.oci.store import read_blob
from undercurrent.oci.stores import Stores
from undercurrent.progress import Observer
from undercurrent.settings import Settings

__all__ = ["stored_bases"]

_CONFIGS: Final = frozenset({mediatypes.OCI_CONFIG, mediatypes.DOCKER_CONFIG})


async def stored_bases(
    names: Iterable[str],
    settings: Settings,
    named: Collection[str],
    notes: dict[str, UndercurrentError],
    *,
    silently: bool,
    observer: Observer,
) -> dict[str, BaseImage | None]:
    """What the stores know of each of ``names``: layouts, and if not ``silently``, engines and registries.

    Args:
        names: as FROM has them.
        settings: ``[images]`` and how to reach registries.
        named: those whose accounts are wanted in any case.
        notes: is told why something was not found out, by name.
        silently: ask neither engines nor registries.
        observer: is told about retries.
    """
    found: dict[str, BaseImage | None] = {}
    slots = asyncio.Semaphore(settings.fleet.concurrency)
    async with Stores(settings, observer=observer) as stores:
        local = await _in_layouts(stores, settings, notes)

        async def one(name: str) -> None:
            async with slots:
                found[name] = await _asked(name, _Asking(stores, local, notes, name in named), silently)

        async with asyncio.TaskGroup() as tasks:
            for name in names:
                tasks.create_task(one(name))
    return found


async def _in_layouts(
    stores: Stores, settings: Settings, notes: dict[str, UndercurrentError]
) -> Mapping[tuple[str, str], Image]:
    """Images in the layouts of the settings, by the name that is compared."""
    found: dict[tuple[str, str], Image] = {}
    for path in settings.images.layouts:
        try:
            layout = stores.layout(path)
            async for name in layout.names():
                found.setdefault(normal_name(name), Image(layout, name, await layout.resolve(name)))
        except UndercurrentError as error:
            notes[str(path)] = error
    return found


@dataclass(frozen=True, slots=True)
class _Asking:
    """Where to ask for an image, and for what.

    Attributes:
        stores: that are open.
        local: images in layouts.
        notes: why something was not found out.
        accounts: they are wanted in any case.
    """

    stores: Stores
    local: Mapping[tuple[str, str], Image]
    notes: dict[str, UndercurrentError]
    accounts: bool

    async def base(self, image: Image, name: str, source: Literal["layout", "engine", "registry"]) -> BaseImage:
        """What it is, with its accounts where they matter."""
        leaf, manifest = await _leaf(image, name)
        raw = await read_blob(leaf.store, manifest.config, MAX_MANIFEST)
        document = strictjson.loads_object(raw, str(manifest.config.digest))
        self.notes.pop(name, None)  # of a place before this one
        base = completed(from_configuration(name, document, source), known(name))
        if not self.accounts and not _names_somebody_else(base):
            return base
        try:
            return with_accounts(base, *await account_files(leaf, manifest))
        except UndercurrentError as error:  # who runs in it is not known then, and all else is
            self.notes[name] = error
            return base


def _names_somebody_else(base: BaseImage) -> bool:
    user = base.user.partition(":")[0]
    return bool(user) and not user.isdecimal() and user not in {"root", *(one.name for one in base.accounts)}


async def _asked(name: str, asking: _Asking, silently: bool) -> BaseImage | None:
    stores = asking.stores
    places = [] if silently else [f"{engine}:{name}" for engine in stores.settings.images.engines]
    try:
        if image := asking.local.get(normal_name(name)):
            return await asking.base(image, name, "layout")
        for place in places:
            try:
                return await asking.base(await stores.image(place), name, "engine")
            except NotFound:
                continue
            except UndercurrentError as error:  # one that does not run, say: the registry may know
                asking.notes[name] = error
        if silently:
            return None
        return await asking.base(await stores.image(f"docker://{name}"), name, "registry")
    except UndercurrentError as error:
        asking.notes[name] = error
        return None


async def _leaf(image: Image, name: str) -> tuple[Image, Manifest]:
    """The image for Linux on amd64, or the first that runs where there is none; and its manifest.

    Raises:
        NotFound: none of them is a container image.
    """
    leaves = [leaf for leaf in await image.platforms() if leaf.descriptor.runs]
    wanted = [
        leaf for leaf in leaves if (place := leaf.descriptor.platform) and _is_wanted(place.os, place.architecture)
    ]
    for leaf in (wanted or leaves)[:1]:
        manifest = await leaf.manifest()
        assert isinstance(manifest, Manifest)  # noqa: S101 - `platforms` goes through every index
        if manifest.config.media_type in _CONFIGS:
            return leaf, manifest
    raise NotFound(_("{name} is no image that runs").format(name=name))


def _is_wanted(system: str, architecture: str) -> bool:
    return (system, architecture) == ("linux", "amd64")
