"""Finds out who runs in the images that Dockerfiles are built from: from settings, stores, and documentation.

What cannot be found out stays unknown, with the reason; it is never taken for safe.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

from undercurrent.errors import UndercurrentError
from undercurrent.hardening.dockerfile import Dockerfile
from undercurrent.hardening.model import BaseImage, configured, describe, known
from undercurrent.hardening.model.configuration import as_base
from undercurrent.hardening.model.documented import SCRATCH, normal_name
from undercurrent.progress import Observer, silent
from undercurrent.settings import Settings

__all__ = ["FoundBases", "find_bases", "siblings"]

_STORES: Final = frozenset({"layout", "engine", "registry"})

_DEEPEST = 20
"""Dockerfiles that are built from one another, at most."""


@dataclass(frozen=True, slots=True)
class FoundBases(Mapping[str, BaseImage | None]):
    """Base images by name; None for one that nothing is known of.

    Attributes:
        images: that.
        notes: why something could not be found out, by name: a registry that did not answer, say, or accounts that
            cannot be read; and why a layout could not be looked into, by its path.
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
        # What speaks to registries takes longer to import than most audits take.
        from undercurrent.workflows.storedbases import stored_bases  # noqa: PLC0415

        images |= await stored_bases(open_ones, settings, named, notes, silently=silently, observer=observer)
    for name in wanted:
        images[name] = images[name] or (built or {}).get(name) or _documented(name, settings)
    answered = {name for name, image in images.items() if image is not None and image.source not in _STORES}
    return FoundBases(images, {name: note for name, note in notes.items() if name not in answered})


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
