"""What OCI layouts and archives share: their manifests are listed in an index.json, or in one made up for them."""

from abc import abstractmethod
from collections.abc import AsyncIterator
from dataclasses import replace

from undercurrent.errors import NotFound, UndercurrentError, UsageError
from undercurrent.i18n import translate as _
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.files.layoutindex import LayoutIndex
from undercurrent.oci.manifest import AnyManifest, Index, parse
from undercurrent.oci.store import Store

__all__ = ["ListedStore"]


class ListedStore(Store):
    """A store with an index.json. A manifest is opened once to see whether it has a subject."""

    def __init__(self) -> None:
        self._seen: dict[str, Descriptor] = {}
        self._with_subject: set[str] = set()
        self._referrers: dict[Digest, dict[str, Descriptor]] = {}

    @abstractmethod
    async def _listing(self) -> LayoutIndex:
        """The index.json as it is now."""

    @abstractmethod
    async def _unverified(self, digest: Digest) -> bytes:
        """What lies under ``digest``, whatever it is; little more than MAX_MANIFEST bytes at most.

        Raises:
            NotFound: nothing does.
        """

    async def resolve(self, name: str) -> Descriptor:
        """See `Store.resolve`. A digest need not be listed in index.json."""
        entry = (await self._listing()).find(name)
        if entry is not None:
            return entry.descriptor
        try:
            digest = Digest(name)
            raw = await self._unverified(digest)
        except (NotFound, UsageError) as error:
            raise NotFound(
                _("{label} has no image {name}").format(label=self.label, name=name),
                hint=_("`uc image list` shows what it has"),
            ) from error
        return Descriptor(parse(raw).media_type, digest, len(raw))

    async def names(self) -> AsyncIterator[str]:
        """See `Store.names`; an image that has none is there by its digest."""
        index = await self._listing()
        named = {entry.digest for entry in index.names.values()}
        for name in index.names:
            yield name
        for entry in index.entries:
            if entry.digest and entry.digest not in named and not await self._is_referrer(entry.digest):
                named.add(entry.digest)
                yield entry.digest

    async def referrers(self, subject: Digest, artifact_type: str = "") -> tuple[Descriptor, ...]:
        """See `Store.referrers`.

        A manifest is listed by what it says itself, whether or not it has the digest that names it: reading it
        by the descriptor given here then fails, which tells more than leaving it out.
        """
        index = await self._listing()
        for digest in index.positions.keys() - self._seen.keys():
            await self._look(digest)
        hanging = self._referrers.get(subject, {})
        places = sorted((index.positions[digest], digest) for digest in hanging if digest in index.positions)
        found = {digest: hanging[digest] for _place, digest in places}
        fallback = index.names.get(f"{subject.algorithm}-{subject.encoded}")
        if fallback is not None:
            listed = await self.manifest(fallback.descriptor)
            for item in listed.manifests if isinstance(listed, Index) else ():
                seen = await self._look(item.digest)
                found.setdefault(item.digest, item if seen is None else seen)
        return tuple(item for item in found.values() if artifact_type in {"", item.artifact_type})

    async def _is_referrer(self, digest: str) -> bool:
        await self._look(digest)
        return digest in self._with_subject

    async def _look(self, digest: str) -> Descriptor | None:
        """How a listing of referrers shows a manifest; None if nothing can be read.

        What is damaged or missing is passed over here, so that the store's other images can still be used.
        """
        if digest not in self._seen:
            try:
                name = Digest(digest)
                self._remember(name, parse(await self._unverified(name)))
            except UndercurrentError:
                return None
        return self._seen[digest]

    def _remember(self, digest: Digest, manifest: AnyManifest) -> None:
        shown = replace(manifest.referrer, digest=digest)
        self._seen[digest] = shown
        if manifest.subject:
            self._with_subject.add(digest)
            self._referrers.setdefault(manifest.subject.digest, {})[digest] = shown
