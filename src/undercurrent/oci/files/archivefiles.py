"""The files in an archive of images, looked up where they lie: nothing is unpacked, and no name leaves the archive."""

import asyncio
import posixpath
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from undercurrent.errors import BadContent, TooLarge
from undercurrent.i18n import translate as _
from undercurrent.oci.files.tarball import Kind, Member, content, inner_name, members

__all__ = ["ArchiveFiles", "scan"]

_SMALL: Final = 64 * 1024
"""Bytes of files that are remembered from the first pass: most manifests and configurations."""
_MAX_REMEMBERED: Final = 32 * 1024 * 1024
_MAX_MEMBERS: Final = 100_000
_LINKS: Final = frozenset({Kind.SYMLINK, Kind.HARD_LINK})


@dataclass(frozen=True, slots=True)
class ArchiveFiles:
    """What is where in an archive.

    Attributes:
        path: the archive.
        members: files and links, by normalised name.
        starts: how each file begins; of small ones, all of it.
    """

    path: Path
    members: Mapping[str, Member]
    starts: Mapping[str, bytes]

    def find(self, name: str) -> Member:
        """The file of that name; a link is followed once, as ``docker save`` needs it, within the archive.

        Raises:
            BadContent: there is none, or the link leads nowhere.
        """
        member = self.members.get(name)
        if member is not None and member.kind in _LINKS:
            folder = posixpath.dirname(name) if member.kind is Kind.SYMLINK else ""
            # A target that is absolute or leaves the archive is the name of nothing in it.
            member = self.members.get(posixpath.normpath(posixpath.join(folder, member.link)))
        if member is None or member.kind is not Kind.FILE:
            raise BadContent(
                _("{path} lacks its file {name}").format(path=self.path, name=name),
                hint=_("write the archive again; it may have been cut off or changed"),
            )
        return member

    def start(self, member: Member) -> bytes:
        """The first bytes of a file: 6 at least, if it has as many."""
        return self.starts[inner_name(member.name, str(self.path))]

    async def read(self, member: Member, limit: int) -> bytes:
        """A file, whole.

        Raises:
            TooLarge: it has more than ``limit`` bytes.
        """
        if member.size > limit:
            raise TooLarge(
                _("{path}: {name} has {size} bytes; at most {limit} are read").format(
                    path=self.path, name=member.name, size=member.size, limit=limit
                )
            )
        start = self.start(member)
        return start if len(start) == member.size else b"".join([piece async for piece in self.pieces(member)])

    async def pieces(self, member: Member) -> AsyncIterator[bytes]:
        """A file, piece by piece."""
        for piece in content(self.path, member):
            await asyncio.sleep(0)  # files never make the loop wait, so let the others run
            if piece:
                yield piece


async def scan(path: Path) -> ArchiveFiles:
    """Reads through an archive once; a compressed one is decompressed for that, and its content thrown away.

    Raises:
        BadContent: it is no tar file, damaged, cut off, or holds what no archive of images has: devices, names that
            leave it, two files of one name.
        TooLarge: it has more than 100,000 members, or expands to absurd size.
        NotFound, UsageError, CouldNotCheck, Unsupported: the file cannot be read.
    """
    found: dict[str, Member] = {}
    starts: dict[str, bytes] = {}
    remembered = 0
    for item in members(path, _SMALL, _MAX_MEMBERS):
        await asyncio.sleep(0)
        if item is None:
            continue
        member, start = item
        name = _name(member, path)
        if member.kind is Kind.FOLDER:
            continue
        if name in found:
            # Two readers would take different ones.
            raise BadContent(_("{path} has two files {name!r}").format(path=path, name=name))
        found[name] = member
        remembered += len(start)
        starts[name] = start if remembered <= _MAX_REMEMBERED else start[:6]
    return ArchiveFiles(path, found, starts)


def _name(member: Member, path: Path) -> str:
    if member.name.startswith("/"):
        raise BadContent(_("{path}: {name!r} is an absolute name").format(path=path, name=member.name))
    if member.kind in {Kind.CHARACTER_DEVICE, Kind.BLOCK_DEVICE, Kind.FIFO}:
        raise BadContent(_("{path}: {name!r} is a device or a FIFO").format(path=path, name=member.name))
    return inner_name(member.name, str(path))
