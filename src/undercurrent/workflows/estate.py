"""Finds images: by the name a user types, or everything in the places they own.

What is found is a `Target`: text and a digest, so that it can be written to a journal and opened in any
process. A place that did not answer is `Lost`, with its error: the others go on.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

from undercurrent.errors import EnvironmentLacks, MissingTool, NotFound, UndercurrentError, Unreachable
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.engines.engine import Engine
from undercurrent.oci.image import Image
from undercurrent.oci.reference import Reference, names_host
from undercurrent.oci.registry import Repository
from undercurrent.oci.store import Store, is_derived, parse_verified
from undercurrent.oci.stores import Stores, has_transport, only_name
from undercurrent.progress import Noted, Observer, silent
from undercurrent.settings import ImagesSettings, Settings, data_folder
from undercurrent.workflows.places import Places

__all__ = [
    "Found",
    "Lost",
    "Places",
    "Target",
    "embedded_store",
    "find",
    "in_turn",
    "kept_places",
    "locate_all",
    "wanted",
]

_ANY_ENGINE: Final = "auto:"
_Item = TypeVar("_Item")
_RESOLVED_AT_ONCE: Final = 16
_CARRIED: Final = 64 * 1024
"""Bytes of a manifest that a target carries along; nearly all have less."""


@dataclass(frozen=True, slots=True)
class Target:
    """One image to work on.

    Attributes:
        place: what `Stores.open` takes: ``ghcr.io/acme/app:1.0``, ``oci:images:app:1.0``, ``auto:app:1.0``.
        name: what its user calls it.
        digest: of its manifest when it was found; in a local engine, which has no manifests, the image's id.
        media_type: of that manifest; "" in a local engine.
        size: of that manifest, bytes.
        manifest: its bytes, if it was read when it was found; it need not be asked for again then.
    """

    place: str
    name: str
    digest: str
    media_type: str = ""
    size: int = 0
    manifest: bytes = field(default=b"", repr=False, compare=False)

    @property
    def key(self) -> str:
        """Tells it from every other target: the same name at another digest is another target."""
        return f"{self.place}@{self.digest}"

    async def open(self, stores: Stores) -> Image:
        """The image as it was when it was found, whatever its name means by now."""
        store, _name = await stores.open(self.place)
        if isinstance(store, Engine):
            return Image(store, self.name, await store.resolve(self.digest))
        descriptor = Descriptor(self.media_type, Digest(self.digest), self.size)
        if self.manifest and isinstance(store, Repository) and not store.remembers(descriptor):
            store.remember(parse_verified(self.manifest, descriptor, store.label))
        return Image(store, self.name, descriptor)


@dataclass(frozen=True, slots=True)
class Lost:
    """A place or a name that could not be looked into, and why."""

    place: str
    error: UndercurrentError


Found: TypeAlias = Target | Lost


def embedded_store(settings: Settings) -> Path:
    """The OCI layout for images that have no registry."""
    return settings.images.store or data_folder() / "images"


def kept_places(settings: Settings) -> Iterator[str]:
    """Where images are on this machine apart from engines, as `Stores.open` takes it."""
    images, store = settings.images, embedded_store(settings)
    yield from Places(layouts=images.layouts, archives=images.archives).local
    if store.is_dir():
        yield f"oci:{store}"


def wanted(settings: Settings, places: Places) -> Places:
    """``places`` if there are any, else those of the settings, else the local engine and the embedded store."""
    if places:
        return places
    if configured := Places.of(settings.images):
        return configured
    store = embedded_store(settings)
    return Places(engines=("auto",), layouts=(store,) if store.is_dir() else (), implied=True)


async def find(
    places: Places, stores: Stores, images: ImagesSettings, *, read: bool = False, observer: Observer = silent
) -> AsyncIterator[Found]:
    """Every image in ``places`` whose name the patterns let through, each with the digest it has now.

    Args:
        places: where to look.
        stores: opens them.
        images: the patterns.
        read: read the manifests too, for whoever needs them anyway; registries count that more than a look.
        observer: is told of an engine that is left out, because nobody named it and it does not run.
    """

    async def resolve(name: _Name) -> Found:
        return await _look(name.place, name.name, stores, read=read)

    async for found in _several(_names(places, stores, images, observer), resolve):
        yield found


async def locate_all(
    texts: Iterable[str],
    places: Places,
    stores: Stores,
    settings: Settings,
    *,
    engine_first: bool = False,
    read: bool = False,
) -> AsyncIterator[Found]:
    """The images that a user means by ``texts``.

    A name with a transport or a host is looked for there. A bare name (``myapp:v1.0``) is looked for in
    ``places`` if there are any; else in the default registry and then in the local engine; else, without a default
    registry, in the places of ``undercurrent.toml``, the embedded store, the local engine, and on Docker Hub. Nobody
    has to run an engine; but while one is there and does not answer, a name is not taken for one on Docker Hub.

    Args:
        texts: what was typed.
        places: where to look, if the user said so.
        stores: opens them.
        settings: default registry and embedded store.
        engine_first: ask the engine before the other places on this machine, because what is there is what was built
            last.
        read: as in `find`.
    """

    async def locate(name: _Name) -> Found:
        return await _locate(name.name, places, stores, settings, engine_first=engine_first, read=read)

    async for found in _several(in_turn(_Name(text, text) for text in texts), locate):
        yield found


@dataclass(frozen=True, slots=True)
class _Name:
    place: str
    name: str


def _counts(name: str, images: ImagesSettings) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in images.include) and not any(
        fnmatchcase(name, pattern) for pattern in images.exclude
    )


async def _names(
    places: Places, stores: Stores, images: ImagesSettings, observer: Observer
) -> AsyncIterator[_Name | Lost]:
    for registry in places.registries:
        async for found in _or_lost(registry, _in_registry(registry, stores, images)):
            yield found
    for place in places.local:
        async for found in _or_lost(place.removesuffix(":"), _in_place(place, stores, images)):
            if not (isinstance(found, Lost) and _may_lack(place, places, found.error, observer)):
                yield found


async def _or_lost(place: str, names: AsyncIterator[_Name]) -> AsyncIterator[_Name | Lost]:
    try:
        async for name in names:
            yield name
    except UndercurrentError as error:
        yield Lost(place, error)


def _may_lack(place: str, places: Places, error: UndercurrentError, observer: Observer) -> bool:
    """Whether it is an engine that nobody has to run; one that is installed is not left out without a word."""
    if place == _ANY_ENGINE and isinstance(error, MissingTool):
        return True
    if not (places.implied and isinstance(error, EnvironmentLacks)):
        return False
    text = _("{problem}, so its images are left out; {hint}")
    observer(Noted(text.format(problem=error.message, hint=error.hint)))
    return True


async def _in_registry(text: str, stores: Stores, images: ImagesSettings) -> AsyncIterator[_Name]:
    async for reference in _registry_names(text, stores):
        if _counts(f"{reference.repository}:{reference.tag}", images):
            yield _Name(str(reference), str(reference))


async def _in_place(place: str, stores: Stores, images: ImagesSettings) -> AsyncIterator[_Name]:
    store, _everything = await stores.open(place)
    async for name in store.names():
        if _is_image(name, store) and _counts(name, images):
            yield _Name(f"{place.removesuffix(':')}:{name}", name)


def _is_image(name: str, store: Store) -> bool:
    """Not a signature; nor what a build leaves behind in an engine under no name, when the name goes to the next."""
    return not is_derived(name) and not (isinstance(store, Engine) and name.startswith("sha256:"))


async def _registry_names(text: str, stores: Stores) -> AsyncIterator[Reference]:
    host, _slash, prefix = text.removeprefix("https://").rstrip("/").partition("/")
    host = Reference.parse(prefix or "name", default_registry=host).registry
    async for repository in _repositories(host, prefix, stores):
        reference = Reference(host, repository)
        async for tag in stores.repository(reference).names():
            if not is_derived(tag):
                yield reference.with_tag(tag)


async def _repositories(host: str, prefix: str, stores: Stores) -> AsyncIterator[str]:
    """The repositories at ``prefix`` or below, from the catalogue; where there is none, the one so named."""
    listed = 0
    try:
        async for repository in stores.registry(host).catalog():
            if not prefix or repository == prefix or repository.startswith(prefix + "/"):
                listed += 1
                yield repository
    except UndercurrentError:
        if not prefix or listed:
            raise
    if prefix and not listed:
        yield prefix


async def in_turn(items: Iterable[_Item]) -> AsyncIterator[_Item]:
    """``items``, for whoever takes what is found as it comes."""
    for item in items:
        yield item


async def _several(
    names: AsyncIterator[_Name | Lost], resolve: Callable[[_Name], Awaitable[Found]]
) -> AsyncIterator[Found]:
    """What ``names`` mean, in their order; a few are asked for at once, and what fails is lost alone."""

    async def one(name: _Name | Lost) -> Found:
        if isinstance(name, Lost):
            return name
        try:
            return await resolve(name)
        except UndercurrentError as error:
            return Lost(name.name, error)

    waiting: deque[asyncio.Task[Found]] = deque()
    try:
        async for name in names:
            waiting.append(asyncio.create_task(one(name)))
            if len(waiting) == _RESOLVED_AT_ONCE:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def _locate(
    text: str, places: Places, stores: Stores, settings: Settings, *, engine_first: bool, read: bool
) -> Target:
    if has_transport(text) or names_host(text):
        return await _look(text, text, stores, read=read)
    skipped: list[UndercurrentError] = []
    candidates = list(_candidates(text, places, settings, engine_first=engine_first))
    if len(candidates) == 1:
        return await _look(candidates[0], text, stores, read=read)
    for candidate in candidates:
        if not has_transport(candidate) and any(isinstance(error, Unreachable) for error in skipped):
            break
        try:
            return await _look(candidate, text, stores, read=read)
        except (NotFound, MissingTool):
            continue
        except EnvironmentLacks as error:  # an engine that is installed and does not run
            skipped.append(error)
        except Unreachable as error:
            if not candidate.startswith(_ANY_ENGINE):
                raise
            skipped.append(error)
    if skipped:
        raise skipped[0]
    raise NotFound(
        _("there is no image {name}; looked in {places}").format(name=text, places=listed(candidates)),
        hint=_("`uc image list` shows what can be found"),
    )


def _candidates(text: str, places: Places, settings: Settings, *, engine_first: bool) -> Iterator[str]:
    """Where a bare name may be, in the order in which it is looked for."""
    if places:
        yield from (f"{registry}/{text}" for registry in places.registries)
        yield from _inside(places.local, text)
        return
    if settings.images.default_registry:
        yield str(Reference.parse(text, default_registry=settings.images.default_registry))
        yield f"{_ANY_ENGINE}{text}"
        return
    kept = [inside for spelling in _spellings(text) for inside in _inside(kept_places(settings), spelling)]
    engines = list(_inside((*(f"{engine}:" for engine in settings.images.engines), _ANY_ENGINE), text))
    yield from (*engines, *kept) if engine_first else (*kept, *engines)
    yield str(Reference.parse(text))


def _spellings(text: str) -> tuple[str, ...]:
    """What a layout may call the image: what comes from an engine has its tag, ``latest`` too."""
    return (text,) if ":" in text.rpartition("/")[2] else (text, f"{text}:latest")


def _inside(places: Iterable[str], text: str) -> Iterable[str]:
    return (f"{place.removesuffix(':')}:{text}" for place in places)


async def _look(place: str, name: str, stores: Stores, *, read: bool) -> Target:
    store, inside = await stores.open(place)
    if isinstance(store, Engine):
        return Target(place, name, await store.identify(inside))
    if not inside:
        inside = await only_name(store)
        place = f"{place.removesuffix(':')}:{inside}"
    # What a signature calls an image must not depend on how its place was typed.
    name = inside
    if isinstance(store, Repository):
        # A signature names the repository in full, however short the name was that was typed.
        name = str(Reference.parse(place.removeprefix("docker://")))
        if read and (manifest := await store.find(inside)):
            descriptor, kept = manifest.descriptor, manifest.raw if len(manifest.raw) <= _CARRIED else b""
            return Target(place, name, descriptor.digest, descriptor.media_type, descriptor.size, kept)
    descriptor = await store.resolve(inside)
    return Target(place, name, descriptor.digest, descriptor.media_type, descriptor.size)
