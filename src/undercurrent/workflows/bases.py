"""Finds out who runs in the images that Dockerfiles are built from: from settings, stores, and documentation.

What cannot be found out stays unknown, with the reason; it is never taken for safe.
"""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Literal

from undercurrent.errors import NotFound, UndercurrentError
from undercurrent.hardening.accountfiles import account_files
from undercurrent.hardening.dockerfile import Dockerfile
from undercurrent.hardening.model import BaseImage, configured, describe, known
from undercurrent.hardening.model.configuration import as_base, completed, from_configuration, with_accounts
from undercurrent.hardening.model.documented import SCRATCH, normal_name
from undercurrent.i18n import translate as _
from undercurrent.oci import mediatypes, strictjson
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import MAX_MANIFEST, Manifest
from undercurrent.oci.store import read_blob
from undercurrent.oci.stores import Stores
from undercurrent.progress import Observer, silent
from undercurrent.settings import Settings

__all__ = ["FoundBases", "find_bases", "siblings"]

_CONFIGS = frozenset({mediatypes.OCI_CONFIG, mediatypes.DOCKER_CONFIG})

_DEEPEST = 20
"""Dockerfiles that are built from one another, at most."""


@dataclass(frozen=True, slots=True)
class FoundBases(Mapping[str, BaseImage | None]):
    """Base images by name; None for one that nothing is known of.

    Attributes:
        images: that.
        notes: why nothing could be found out, by name: a registry that did not answer, say.
    """

    images: Mapping[str, BaseImage | None]
    notes: Mapping[str, UndercurrentError] = field(default_factory=dict)

    def __getitem__(self, name: str) -> BaseImage | None:
        return self.images[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.images)

    def __len__(self) -> int:
        return len(self.images)


async def find_bases(
    names: Iterable[str],
    settings: Settings,
    *,
    offline: bool | None = None,
    named: Collection[str] = (),
    built: Mapping[str, BaseImage | None] | None = None,
    observer: Observer = silent,
) -> FoundBases:
    """What is known of each of ``names``: by the table in the settings, layouts, engines, its registry, documentation.

    The first of these that knows it counts; a Dockerfile that builds it comes after the registry.

    Args:
        names: as FROM has them.
        settings: ``[harden]`` and ``[images]``.
        offline: ask neither engines nor registries; as set when None.
        named: those whose accounts decide who runs in something that is built from them: these are read, too, where a
            store is asked. Of others, they are where the image's own configuration names a user.
        built: images that Dockerfiles at hand build (`siblings`).
        observer: is told about retries.
    """
    wanted = sorted(set(names))
    silently = settings.harden.offline if offline is None else offline
    images: dict[str, BaseImage | None] = {name: configured(name, settings.harden.bases) for name in wanted}
    open_ones = [name for name, image in images.items() if image is None and name != SCRATCH]
    notes: dict[str, UndercurrentError] = {}
    if open_ones and (settings.images.layouts or not silently):
        asked = await _from_stores(open_ones, settings, named, silently, notes, observer)
        images |= asked
    for name in wanted:
        images[name] = images[name] or (built or {}).get(name) or _documented(name, settings)
    return FoundBases(images, {name: note for name, note in notes.items() if images[name] is None})


def siblings(dockerfiles: Collection[Dockerfile], names: Iterable[str]) -> Mapping[str, BaseImage | None]:
    """Base images that Dockerfiles of the same tree build: ``acme/curl`` is what ``curl/Dockerfile`` builds.

    By the folder alone, so that only names with a host or an owner count, and only where one file fits.

    Args:
        dockerfiles: of the tree; their names are paths.
        names: of base images.
    """
    folders: dict[tuple[str, ...], list[Dockerfile]] = {}
    for dockerfile in dockerfiles:
        path = PurePath(dockerfile.name)
        if path.name in {"Dockerfile", "Containerfile"}:
            parts = path.parent.parts
            for ending in {parts[-1:], parts[-2:]}:  # the same one below a folder that has none above
                folders.setdefault(ending, []).append(dockerfile)
    found: dict[str, BaseImage | None] = {}
    for name in dict.fromkeys(names):
        _resolve(name, folders, found, ())
    return {name: image for name, image in found.items() if image}


def _resolve(
    name: str,
    folders: Mapping[tuple[str, ...], list[Dockerfile]],
    found: dict[str, BaseImage | None],
    above: tuple[str, ...],
) -> BaseImage | None:
    """What builds ``name``, and what that is built from in turn."""
    if name in found or name in above or len(above) > _DEEPEST:
        return found.get(name)
    repository, tag = normal_name(name)
    *_owner, last = repository.split("/")
    fitting = folders.get((last, tag)) or folders.get((last,)) or []
    if "/" not in repository or len(fitting) != 1:
        return known(name)
    image = None
    try:
        built = describe(fitting[0], bases=_Lazily(folders, found, (*above, name)))
        image = as_base(built, name)
    except UndercurrentError:
        pass  # a file that builds nothing says nothing
    found[name] = image
    return image


@dataclass(frozen=True, slots=True)
class _Lazily(Mapping[str, BaseImage | None]):
    folders: Mapping[tuple[str, ...], list[Dockerfile]]
    found: dict[str, BaseImage | None]
    above: tuple[str, ...]

    def __getitem__(self, name: str) -> BaseImage | None:
        return known(name) or _resolve(name, self.folders, self.found, self.above)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str)

    def __iter__(self) -> Iterator[str]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)


def _documented(name: str, settings: Settings) -> BaseImage | None:
    return known(name) if settings.harden.builtin_bases or name == SCRATCH else None


async def _from_stores(
    names: Iterable[str],
    settings: Settings,
    named: Collection[str],
    silently: bool,
    notes: dict[str, UndercurrentError],
    observer: Observer,
) -> dict[str, BaseImage | None]:
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
