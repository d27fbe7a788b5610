"""Archives of images in one file, read where they lie: OCI layouts in a tar file, and what ``docker save`` writes.

Which of the two a file is, and whether it is compressed with gzip or zstd, is told by its content. Nothing is
unpacked to disk. A compressed archive has to be decompressed from its start for every large blob that is read:
cheap for a look at manifests, which are remembered, but slow for copying many layers.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from undercurrent.errors import BadContent, DigestMismatch, InvalidReference, NotFound, TooLarge
from undercurrent.i18n import translate as _
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.files.archivefiles import ArchiveFiles, scan
from undercurrent.oci.files.compression import open_decompressed
from undercurrent.oci.files.dockerarchive import MANIFEST_JSON, Held, read_docker_archive
from undercurrent.oci.files.layoutindex import MAX_INDEX_JSON, LayoutIndex, check_version
from undercurrent.oci.files.listed import ListedStore
from undercurrent.oci.files.tarball import content
from undercurrent.oci.manifest import MAX_MANIFEST, AnyManifest
from undercurrent.oci.store import parse_verified, verified

__all__ = ["Archive", "open_archive"]

_INDEX: Final = "index.json"
_MARKER: Final = "oci-layout"
_MAX_MARKER: Final = 4096


@dataclass(frozen=True, slots=True)
class _Contents:
    files: ArchiveFiles
    index: LayoutIndex
    held: Mapping[Digest, Held]


class Archive(ListedStore):
    """An OCI archive or a docker-archive; it is read through when it is first asked for something.

    Names are those that the writer gave: ``ref.name`` annotations, or RepoTags. Where a file is both kinds, as
    Docker writes it from version 25 on, it is read as an OCI archive, whose digests are the real ones.

    Attributes:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        """Takes ``path`` for an archive without looking; `open_archive` looks."""
        super().__init__()
        self.path = path
        self._kind = "oci-archive"
        self._scanning = asyncio.Lock()
        self._scanned: _Contents | None = None

    @property
    def label(self) -> str:
        """``oci-archive:`` or ``docker-archive:`` and the path, as users write it."""
        return f"{self._kind}:{self.path}"

    async def check(self) -> None:
        """Reads through the archive now, rather than when it is first asked for something.

        Raises:
            BadContent, TooLarge: as `open_archive` says.
        """
        await self._contents()

    async def _contents(self) -> _Contents:
        async with self._scanning:
            if self._scanned is None:
                files = await scan(self.path)
                if _INDEX in files.members and _MARKER in files.members:
                    self._scanned = await _read_oci_archive(files)
                elif MANIFEST_JSON in files.members:
                    self._kind = "docker-archive"
                    self._scanned = _Contents(files, *await read_docker_archive(files))
                else:
                    raise BadContent(
                        _("{path} is neither an OCI archive nor a docker-archive").format(path=self.path),
                        hint=_("to make an image of a root file system in a tar file, use `uc image pack`"),
                    )
            return self._scanned

    async def _listing(self) -> LayoutIndex:
        return (await self._contents()).index

    async def _held(self, digest: Digest) -> Held:
        held = (await self._contents()).held.get(digest)
        if held is None:
            raise NotFound(
                _("{label} lacks {digest}").format(label=self.label, digest=digest),
                hint=_("the archive is incomplete; write it again"),
            )
        return held

    async def _unverified(self, digest: Digest) -> bytes:
        held = await self._held(digest)
        if held.size > MAX_MANIFEST:
            raise TooLarge(_("manifest {digest} is larger than 4 MiB").format(digest=digest))
        return b"".join([piece async for piece in self._pieces(held)])

    async def manifest(self, descriptor: Descriptor) -> AnyManifest:
        """See `Store.manifest`."""
        return parse_verified(await self._unverified(descriptor.digest), descriptor, self.label)

    async def blob(self, descriptor: Descriptor) -> AsyncIterator[bytes]:
        """See `Store.blob`."""
        held = await self._held(descriptor.digest)
        if held.size != descriptor.size:
            raise DigestMismatch(
                _("{digest} in {label} has {actual} bytes instead of {expected}").format(
                    digest=descriptor.digest, label=self.label, actual=held.size, expected=descriptor.size
                ),
                hint=_("the archive was changed or damaged; write it again"),
            )
        async for piece in verified(self._pieces(held), descriptor, self.label):
            yield piece

    async def _pieces(self, held: Held) -> AsyncIterator[bytes]:
        if held.raw is not None:
            yield held.raw
        elif held.member is not None:
            for piece in content(self.path, held.member, held.compression):
                await asyncio.sleep(0)  # files never make the loop wait, so let the others run
                if piece:
                    yield piece


async def _read_oci_archive(files: ArchiveFiles) -> _Contents:
    check_version(await files.read(files.find(_MARKER), _MAX_MARKER), str(files.path))
    raw = await files.read(files.find(_INDEX), MAX_INDEX_JSON)
    held: dict[Digest, Held] = {}
    for name in files.members:
        match name.split("/"):
            case ["blobs", algorithm, encoded]:
                try:
                    digest = Digest(f"{algorithm}:{encoded}")
                except InvalidReference:
                    continue
                member = files.find(name)
                start = files.start(member)
                whole = start if len(start) == member.size else None
                held[digest] = Held(member.size, whole, member)
    return _Contents(files, LayoutIndex.parse(raw, f"{files.path}: {_INDEX}"), held)


def open_archive(path: Path | str) -> Archive:
    """The archive at ``path``, plain or compressed.

    Raises:
        NotFound, UsageError, CouldNotCheck: there is no such file, it is none, or it may not be read.
        Unsupported: a compression that is not read here.

    Whether it is an archive shows in `Archive.check`, or when it is first asked for something, with:
        BadContent: it is neither kind, damaged, cut off, or holds what no archive of images has.
        TooLarge: it has more than 100,000 members, or expands to absurd size.
    """
    with open_decompressed(Path(path)):
        return Archive(Path(path))
