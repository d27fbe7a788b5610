"""Copies images between any two stores: byte for byte, each blob once, and named only when all of it is there.

What hangs on an image comes along when asked for: its referrers, theirs in turn, and what cosign keeps under names
made from digests (``sha256-….sig``).
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias, runtime_checkable

from undercurrent.errors import BadContent, NotFound, TooLarge
from undercurrent.i18n import translate as _
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.image import Image
from undercurrent.oci.legacy import ENDINGS, legacy_name, with_layers
from undercurrent.oci.manifest import MAX_DESCRIPTORS, MAX_INDEX_DEPTH, AnyManifest, Index, Manifest
from undercurrent.oci.store import Amended, Store, WritableStore
from undercurrent.progress import Advanced, Finished, Observer, Started, silent

__all__ = ["Hosted", "copy"]

_JOB: Final = "copy"
_BLOBS_AT_ONCE: Final = 8
_IMAGES_AT_ONCE: Final = 16
_MAX_REFERRER_DEPTH: Final = 8
_MANIFEST_TYPES: Final = mediatypes.MANIFESTS | mediatypes.INDEXES


@runtime_checkable
class Hosted(Protocol):
    """A store in a registry: it takes a manifest only when it has what that names, and can mount blobs.

    Attributes:
        registry: what it is part of; two stores of one registry have the same one.
        name: its path there.
    """

    registry: Any
    name: str


async def copy(
    image: Image,
    to: WritableStore,
    name: str,
    *,
    referrers: bool = False,
    elsewhere: Store | None = None,
    observer: Observer = silent,
) -> Descriptor:
    """Copies an image with everything that its manifest names. What is there already is not moved again.

    Layers that may be fetched from elsewhere (their descriptor has ``urls``) are left there, as skopeo does it.

    Args:
        image: what to copy, as it was resolved.
        to: where it goes.
        name: what it is called there; "" keeps it under its digest only.
        referrers: take along what hangs on it and on the images of an index. Signatures that the target has already
            stay there.
        elsewhere: a store in which such things are too, beside the image's own. At the target all of them are beside
            the image, as after ``cosign copy``.
        observer: is told about each blob and manifest.

    Returns:
        What was copied: the image's own descriptor.

    Raises:
        NotFound: the source lacks part of it.
        DigestMismatch, BadContent, TooLarge: the source delivers something else, or nests too deeply.
        CouldNotCheck, EnvironmentLacks: as the stores raise them.
    """
    observer(Started(_JOB))
    try:
        async with asyncio.TaskGroup() as tasks:
            begun: _Begun = {}
            own = _Transfer(image.store, to, tasks, observer, begun)
            others = [] if elsewhere is None else [_Transfer(elsewhere, to, tasks, observer, begun)]
            await own.run(image.descriptor, name, [own, *others] if referrers else [])
    except BaseExceptionGroup as group:
        # Callers decide by the error; the other tasks were only cancelled because of the first.
        raise next(_leaves(group)) from None
    finally:
        observer(Finished(_JOB))
    return image.descriptor


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


@dataclass(frozen=True, slots=True)
class _Hanging:
    """What hangs on one manifest: its referrers, and what cosign's names for it mean."""

    subject: Digest
    referrers: tuple[Descriptor, ...]
    legacy: tuple[tuple[str, Descriptor], ...]

    def __bool__(self) -> bool:
        return bool(self.referrers or self.legacy)


_Begun: TypeAlias = dict[tuple[Digest, int, bool], asyncio.Task[None]]
"""What was begun. What has one digest is the same content, whatever store it comes from."""


class _Transfer:
    """One copy from one store: remembers what was begun, so that nothing is done twice."""

    def __init__(
        self,
        source: Store,
        to: WritableStore,
        tasks: asyncio.TaskGroup,
        observer: Observer,
        begun: _Begun,
    ) -> None:
        self._source, self._to, self._tasks, self._observer = source, to, tasks, observer
        self._mount_from = _mount_from(source, to)
        self._blob_slots = asyncio.Semaphore(_BLOBS_AT_ONCE)
        self._image_slots = asyncio.Semaphore(_IMAGES_AT_ONCE)
        self._begun = begun
        self._manifests: list[Digest] = []
        self._looked_at: set[Digest] = set()

    async def run(self, root: Descriptor, name: str, sources: "Sequence[_Transfer]") -> None:
        """Copies the image, and what hangs on it in each of ``sources``."""
        manifest = await self._source.manifest(root)
        was_here = await self._to.has(root)
        await self._content(root, manifest, 0, was_here=was_here)
        is_here = was_here
        for source in sources:  # one after the other: both may have something under the same name
            hanging = await source.look_at(self._manifests)
            if hanging and not is_here:
                # Some registries want a subject before its referrers; the name waits for all of them.
                await self._to.push_manifest(manifest)
                is_here = True
            for task in [self._tasks.create_task(source.bring(item, 1)) for item in hanging]:
                await task
        if not (was_here and await self._means(name or root.digest, root.digest)):
            await self._to.push_manifest(manifest, name or root.digest)

    # What a manifest names

    async def _content(self, descriptor: Descriptor, manifest: AnyManifest, depth: int, *, was_here: bool) -> None:
        """Brings all that ``manifest`` names, children before their index; the manifest itself is not stored."""
        self._manifests.append(descriptor.digest)
        if len(self._manifests) > MAX_DESCRIPTORS:
            raise TooLarge(
                _("{where}: one image has more than {limit} manifests").format(
                    where=self._source.label, limit=MAX_DESCRIPTORS
                )
            )
        if isinstance(manifest, Index):
            if depth >= MAX_INDEX_DEPTH:
                raise BadContent(
                    _("{where}: indexes are nested deeper than {limit}").format(
                        where=self._source.label, limit=MAX_INDEX_DEPTH
                    )
                )
            await self._once([(item, depth + 1) for item in manifest.manifests])
        elif not (was_here and isinstance(self._to, Hosted)):
            await self._once([(item, depth) for item in (manifest.config, *manifest.layers)])

    async def _once(self, items: Sequence[tuple[Descriptor, int]]) -> None:
        """Brings manifests and blobs, each once however often it is named."""
        wanted = []
        for item, depth in items:
            is_manifest = item.media_type in _MANIFEST_TYPES
            key = item.digest, item.size, is_manifest
            if key not in self._begun:
                work = self._manifest(item, depth) if is_manifest else self._blob(item)
                self._begun[key] = self._tasks.create_task(work)
            wanted.append(self._begun[key])
        self._observer(Started(_JOB, len(self._begun)))
        for task in wanted:
            await task

    async def _manifest(self, descriptor: Descriptor, depth: int) -> None:
        if descriptor.media_type in mediatypes.INDEXES:
            await self._store(descriptor, depth)
        else:
            # An image waits for nothing but its blobs, so it can keep its slot; that bounds what is in memory.
            async with self._image_slots:
                await self._store(descriptor, depth)
        self._observer(Advanced(_JOB, item=descriptor.digest))

    async def _store(self, descriptor: Descriptor, depth: int) -> None:
        manifest = await self._source.manifest(descriptor)
        was_here = await self._to.has(descriptor)
        await self._content(descriptor, manifest, depth, was_here=was_here)
        if not was_here:
            await self._to.push_manifest(manifest)

    async def _blob(self, descriptor: Descriptor) -> None:
        moved = False
        if not descriptor.extra.get("urls"):
            async with self._blob_slots:
                moved = await self._to.push_blob(
                    descriptor, lambda: self._source.blob(descriptor), mount_from=self._mount_from
                )
        self._observer(Advanced(_JOB, item=descriptor.digest, size=descriptor.size * moved))

    # What hangs on it

    async def look_at(self, subjects: Sequence[Digest]) -> list[_Hanging]:
        """What hangs on ``subjects``, those that were not looked at before."""
        new = [subject for subject in dict.fromkeys(subjects) if subject not in self._looked_at]
        self._looked_at.update(new)
        looking = [self._tasks.create_task(self._hanging_on(subject)) for subject in new]
        return [found for task in looking if (found := await task)]

    async def _hanging_on(self, subject: Digest) -> _Hanging:
        async with self._image_slots:
            legacy = []
            for ending in ENDINGS:
                name = legacy_name(subject, ending)
                try:
                    legacy.append((name, await self._source.resolve(name)))
                except NotFound:
                    continue
            return _Hanging(subject, await self._source.referrers(subject), tuple(legacy))

    async def bring(self, hanging: _Hanging, depth: int) -> None:
        """Brings what hangs on one manifest, one after the other: a registry lists them in one place."""
        if depth > _MAX_REFERRER_DEPTH:
            raise BadContent(
                _("{where}: what hangs on {digest} is nested deeper than {limit}").format(
                    where=self._source.label, digest=hanging.subject, limit=_MAX_REFERRER_DEPTH
                )
            )
        listed: frozenset[Digest] = frozenset()
        if hanging.referrers:
            listed = frozenset(item.digest for item in await self._to.referrers(hanging.subject))
        for referrer in hanging.referrers:
            manifest = await self._source.manifest(referrer)
            was_here = await self._to.has(referrer)
            await self._content(referrer, manifest, 0, was_here=was_here)
            if not (was_here and referrer.digest in listed):
                await self._to.push_manifest(manifest)
            await self._brought(referrer, depth)
        for name, descriptor in hanging.legacy:
            await self._bring_named(name, descriptor)
            await self._brought(descriptor, depth)

    async def _bring_named(self, name: str, descriptor: Descriptor) -> None:
        """Brings what cosign keeps under a name; what the target has under it beside that stays."""
        coming = await self._source.manifest(descriptor)
        try:
            here = await self._to.manifest(await self._to.resolve(name))
        except NotFound:
            here = None
        if here is not None and (here.digest == coming.digest or _adds(here, coming) is None):
            return
        await self._content(descriptor, coming, 0, was_here=False)
        await self._to.amend(name, lambda here: _adds(here, coming))

    async def _brought(self, descriptor: Descriptor, depth: int) -> None:
        """Brings what hangs on something that hangs on the image."""
        self._observer(Advanced(_JOB, item=descriptor.digest))
        for item in await self.look_at([descriptor.digest]):
            await self.bring(item, depth + 1)

    async def _means(self, name: str, digest: Digest) -> bool:
        """Whether ``name`` means ``digest`` in the registry already: some do not let a tag be written twice."""
        if not isinstance(self._to, Hosted):
            return False
        try:
            return (await self._to.resolve(name)).digest == digest
        except NotFound:
            return False


def _adds(here: AnyManifest | None, coming: AnyManifest) -> Amended | None:
    """What ``here`` becomes with all that ``coming`` has; None if it has that already."""
    if not isinstance(here, Manifest) or not isinstance(coming, Manifest):
        return None if here is not None and here.digest == coming.digest else Amended(coming)
    return with_layers(here, coming.layers)


def _mount_from(source: Store, to: WritableStore) -> str:
    if isinstance(source, Hosted) and isinstance(to, Hosted) and source.registry == to.registry:
        return source.name
    return ""
