"""Images: a name in a store, resolved once; all that is done to it afterwards is done to that digest."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

from undercurrent.errors import BadContent, TooLarge
from undercurrent.i18n import translate as _
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest, is_digest
from undercurrent.oci.manifest import MAX_DESCRIPTORS, MAX_INDEX_DEPTH, AnyManifest, Index
from undercurrent.oci.store import Store

__all__ = ["Image"]


@dataclass(frozen=True, slots=True)
class Image:
    """What a name in a store meant when it was resolved.

    Attributes:
        store: where it is.
        name: as its user writes it, with tag or digest: ``ghcr.io/acme/app:1.0``.
        descriptor: what it was when it was resolved.
    """

    store: Store = field(compare=False)
    name: str
    descriptor: Descriptor

    @property
    def digest(self) -> Digest:
        """Digest of its manifest or index."""
        return self.descriptor.digest

    @property
    def repository(self) -> str:
        """The name without tag and digest: what a signature calls ``docker-reference``.

        An image that has no name where it is goes by its digest.
        """
        if is_digest(self.name):
            return self.name
        bare = self.name.partition("@")[0]
        head, slash, last = bare.rpartition("/")
        return head + slash + last.partition(":")[0]

    async def manifest(self) -> AnyManifest:
        """Its manifest or index, verified."""
        return await self.store.manifest(self.descriptor)

    async def platforms(self) -> "tuple[Image, ...]":
        """The images of an index, one a platform, through nested indexes; of a plain image, itself.

        Raises:
            BadContent: indexes are nested deeper than MAX_INDEX_DEPTH.
            TooLarge: there are more than MAX_DESCRIPTORS.
        """
        found: list[Image] = []
        async for image in _leaves(self, 0):
            found.append(image)
            # Nested indexes that name one another many times grow with the power of their depth.
            if len(found) > MAX_DESCRIPTORS:
                raise TooLarge(_("{name} has more than {limit} images").format(name=self.name, limit=MAX_DESCRIPTORS))
        return tuple(found)


async def _leaves(image: Image, depth: int) -> AsyncIterator[Image]:
    manifest = await image.manifest()
    if not isinstance(manifest, Index):
        yield image
        return
    if depth >= MAX_INDEX_DEPTH:
        raise BadContent(
            _("{name}: indexes are nested deeper than {limit}").format(name=image.name, limit=MAX_INDEX_DEPTH)
        )
    for child in manifest.manifests:
        async for leaf in _leaves(replace(image, descriptor=child), depth + 1):
            yield leaf
