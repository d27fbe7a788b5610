"""The one protocol for whatever holds OCI content: a registry's repository, a layout, an archive, an engine.

A store holds manifests and blobs by digest, and gives some of them names. In a registry's repository the
names are tags; in a layout, an archive or an engine they are what the image is called there, mostly a whole
reference (``ghcr.io/acme/app:1.0``). Content that describes other content (a signature, an SBOM) is a
referrer, or sits under a name made from the digest (``sha256-….sig``): both work in every writable store.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol, TypeAlias, TypeVar, runtime_checkable

from undercurrent.errors import BadContent, DigestMismatch, NotFound, TooLarge
from undercurrent.i18n import translate as _
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.manifest import AnyManifest, parse

__all__ = [
    "CHUNK",
    "Amended",
    "Change",
    "Content",
    "Store",
    "WritableStore",
    "content_of",
    "is_derived",
    "parse_verified",
    "read_blob",
    "read_twice",
    "verified",
    "verified_whole",
]

Result = TypeVar("Result")

CHUNK = 256 * 1024
"""Bytes handed on at once where a store chooses."""

Content: TypeAlias = Callable[[], AsyncIterator[bytes]]
"""Opens content from its start, as often as it is called: a push that is cut off begins again."""

_DERIVED: Final = re.compile(r"sha(?:256|384|512)-[a-f0-9]{64,128}(?:\.[a-z]+)?")


@dataclass(frozen=True, slots=True)
class Amended:
    """What a name is to mean from now on.

    Attributes:
        manifest: that.
        parts: blobs that it names and that may not be there yet.
    """

    manifest: AnyManifest
    parts: tuple[tuple[Descriptor, bytes], ...] = ()


Change: TypeAlias = Callable[[AnyManifest | None], Amended | None]
"""Takes what a name means, None if nothing, and gives what it is to mean; None if it does not have to change."""


@runtime_checkable
class Store(Protocol):
    """Something OCI content can be read from."""

    @property
    def label(self) -> str:
        """What messages call it: ``ghcr.io/acme/app``, ``oci:./images``."""
        ...

    async def resolve(self, name: str) -> Descriptor:
        """What ``name`` (a tag, a name given here, or a digest) means now.

        Raises:
            NotFound: there is no such name.
            CouldNotCheck: the store did not answer.
        """
        ...

    async def find(self, name: str) -> AnyManifest | None:
        """The manifest or index that ``name`` means now, None if there is none; in one question where that will do.

        Raises:
            NotFound: the name is there, and its content is not.
            UndercurrentError: as `resolve` and `manifest`.
        """
        try:
            descriptor = await self.resolve(name)
        except NotFound:
            return None
        return await self.manifest(descriptor)

    async def manifest(self, descriptor: Descriptor) -> AnyManifest:
        """The manifest or index that ``descriptor`` names, its digest and size verified.

        Raises:
            NotFound, DigestMismatch, TooLarge, BadContent, CouldNotCheck.
        """
        ...

    def blob(self, descriptor: Descriptor) -> AsyncIterator[bytes]:
        """The content that ``descriptor`` names, piece by piece.

        The last piece is followed by DigestMismatch if the whole is not what the descriptor names: do not
        trust any of it before the iteration has ended.

        Raises:
            NotFound, DigestMismatch, CouldNotCheck.
        """
        ...

    async def content(self, descriptor: Descriptor) -> bytes:
        """The content that ``descriptor`` names, whole, for what is small.

        Raises:
            NotFound, DigestMismatch, CouldNotCheck.
        """
        return b"".join([piece async for piece in self.blob(descriptor)])

    def names(self) -> AsyncIterator[str]:
        """All names, in the store's order."""
        ...

    async def referrers(self, subject: Digest, artifact_type: str = "") -> tuple[Descriptor, ...]:
        """The manifests that name ``subject`` as their subject, of one artifact type or of all."""
        ...


@runtime_checkable
class WritableStore(Store, Protocol):
    """Something OCI content can also be written to. Content first, then the manifest that names it."""

    async def has(self, descriptor: Descriptor) -> bool:
        """Whether the content (blob or manifest) is here."""
        ...

    async def push_blob(
        self, descriptor: Descriptor, content: Content, *, mount_from: str = "", fresh: bool = False
    ) -> bool:
        """Stores content; nothing is in its place before its digest was verified.

        Args:
            descriptor: what it is.
            content: opens it.
            mount_from: a repository of the same registry that holds it already, if one is known.
            fresh: it was made just now, or is so small that asking whether it is here costs as much as sending it.

        Returns:
            False if it was here already (or could be mounted), so that nothing was transferred.
        """
        ...

    async def push_manifest(self, manifest: AnyManifest, name: str = "") -> None:
        """Stores a manifest, under ``name`` if one is given, and lists it as a referrer if it has a subject."""
        ...

    async def amend(self, name: str, change: Change) -> None:
        """Replaces what ``name`` means by what ``change`` makes of it; of what others change meanwhile nothing is lost.

        Args:
            name: a name that does not come with a subject of its own: a legacy name, a fallback tag.
            change: called with what is there; again, whenever that was changed by somebody else.

        Raises:
            CouldNotCheck: others keep overwriting it.
            UndercurrentError: whatever ``change`` raises.
        """
        ...

    async def delete_name(self, name: str) -> None:
        """Forgets ``name``.

        Raises:
            NotFound: there is no such name.
            Unsupported: the store cannot forget.
        """
        ...


async def verified(pieces: AsyncIterator[bytes], descriptor: Descriptor, where: str) -> AsyncIterator[bytes]:
    """Hands ``pieces`` on, and raises after the last one unless they were what ``descriptor`` names.

    Raises:
        DigestMismatch: another digest, or another size; raised before more than ``size`` bytes are handed on.
    """
    hasher, size = descriptor.digest.hasher(), 0
    async for piece in pieces:
        size += len(piece)
        if size > descriptor.size:
            break
        hasher.update(piece)
        yield piece
    if size != descriptor.size:
        raise _other_size(descriptor, where)
    if hasher.hexdigest() != descriptor.digest.encoded:
        raise _other_content(descriptor, where)


def verified_whole(content: bytes, descriptor: Descriptor, where: str) -> bytes:
    """``content``, if it is what ``descriptor`` names.

    Raises:
        DigestMismatch: another digest, or another size.
    """
    if len(content) != descriptor.size:
        raise _other_size(descriptor, where)
    if not descriptor.digest.matches(content):
        raise _other_content(descriptor, where)
    return content


def _other_size(descriptor: Descriptor, where: str) -> DigestMismatch:
    """The error for content that is larger or smaller than ``descriptor`` says."""
    return DigestMismatch(
        _("{digest} in {where} has another size than the {size} bytes it should have").format(
            digest=descriptor.digest, where=where, size=descriptor.size
        )
    )


def _other_content(descriptor: Descriptor, where: str) -> DigestMismatch:
    return DigestMismatch(
        _("{where} delivered other content than {digest}").format(where=where, digest=descriptor.digest),
        hint=_("the content was changed or damaged; fetch it again from where it was made"),
    )


async def read_twice(read: Callable[[], Awaitable[Result]]) -> Result:
    """What ``read`` gives; it is called again where what came first was not what its digest says.

    A cache or a proxy on the way may have cut or changed it. What is damaged where it is stored is so again.
    """
    try:
        return await read()
    except DigestMismatch:
        return await read()


async def read_blob(store: Store, descriptor: Descriptor, limit: int) -> bytes:
    """A small blob, whole; read a second time if it was damaged, and not at all if its descriptor carries it along.

    Raises:
        DigestMismatch: it is not what the descriptor says.
        TooLarge: it is larger than ``limit`` bytes; nothing is read then.
        BadContent: what its descriptor carries along is no base64.
    """
    if descriptor.size > limit:
        raise TooLarge(
            _("{digest} in {where} has {size} bytes; at most {limit} are read").format(
                digest=descriptor.digest, where=store.label, size=descriptor.size, limit=limit
            )
        )

    if (embedded := descriptor.embedded) is not None:
        return verified_whole(embedded, descriptor, store.label)
    return await read_twice(lambda: store.content(descriptor))


def is_derived(name: str) -> bool:
    """Whether a name was made from a digest, to hang something on what has that digest: it is nobody's image.

    So are cosign's ``.sig``, ``.att`` and ``.sbom``, and the fallback tags of referrers.
    """
    return _DERIVED.fullmatch(name) is not None


def content_of(data: bytes) -> Content:
    """Content that is in memory."""

    async def pieces() -> AsyncIterator[bytes]:
        yield data

    return pieces


def parse_verified(raw: bytes, descriptor: Descriptor, where: str) -> AnyManifest:
    """The manifest that ``descriptor`` names, from the bytes that ``where`` delivered for it.

    Its ``digest`` is the descriptor's, also where that is no SHA-256.

    Raises:
        DigestMismatch: the bytes are something else.
        TooLarge, BadContent, Unsupported: as in `parse`.
    """
    if len(raw) != descriptor.size or not descriptor.digest.matches(raw):
        raise DigestMismatch(
            _("{where} delivered another manifest than {digest}").format(where=where, digest=descriptor.digest),
            hint=_("the content was changed or damaged; fetch it again from where it was made"),
        )
    manifest = parse(raw, descriptor.media_type)
    if descriptor.media_type and manifest.media_type != descriptor.media_type:
        raise BadContent(
            _("{digest} in {where} is {actual}, not {expected}").format(
                digest=descriptor.digest, where=where, actual=manifest.media_type, expected=descriptor.media_type
            )
        )
    return manifest if manifest.digest == descriptor.digest else replace(manifest, digest=descriptor.digest)
