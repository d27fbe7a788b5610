"""Reads tar files from people we do not trust: one header after the other, nothing unpacked, all of it bounded.

Python's tarfile decodes and encodes the 512-byte headers; which of them belong together is decided here, because
tarfile reads an extension header of any size into memory and takes a file that was cut off for a shorter one.
Formats: ustar, pax (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html) and GNU.
"""

import io
import os
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO, Final

from undercurrent.errors import BadContent, TooLarge, Unsupported
from undercurrent.i18n import translate as _
from undercurrent.oci.files.compression import DAMAGE, Compression, decompressing, open_decompressed
from undercurrent.oci.files.paxheader import CAPABILITY, SPARSE, records

__all__ = [
    "Kind",
    "Member",
    "content",
    "decompress",
    "inner_name",
    "largest_expansion",
    "members",
    "members_of",
]

_BLOCK: Final = tarfile.BLOCKSIZE
_STEP: Final = 256 * 1024
_MAX_EXTENSION: Final = 1024 * 1024
"""Bytes of one pax or GNU extension header: paths have at most 4 KiB, an extended attribute 64 KiB."""
_MAX_MEMBERS: Final = 1_000_000
"""Files of one layer: what has more is no root file system. Packing remembers all of them."""
_FREE_EXPANSION: Final = 16 * 1024**3
_MAX_EXPANSION: Final = 200
_MAGIC_SIZE: Final = 6
_MAX_NAME: Final = 4096
"""Bytes of a path, or of what a link points to: Linux opens none that is longer."""
_USUAL_NAME: Final = 256
"""Bytes of names that members have on average at most: what is remembered of a hostile file is bounded by it."""
_MAX_CAPABILITY: Final = 64
"""Bytes; the kernel's newest format has 24."""


class Kind(Enum):
    """What a member is."""

    FILE = tarfile.REGTYPE
    HARD_LINK = tarfile.LNKTYPE
    SYMLINK = tarfile.SYMTYPE
    CHARACTER_DEVICE = tarfile.CHRTYPE
    BLOCK_DEVICE = tarfile.BLKTYPE
    FOLDER = tarfile.DIRTYPE
    FIFO = tarfile.FIFOTYPE


_KINDS: Final = {kind.value: kind for kind in Kind} | {
    tarfile.AREGTYPE: Kind.FILE,
    tarfile.CONTTYPE: Kind.FILE,
}


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a tar file.

    Attributes:
        name: as it is written there; bytes that are not UTF-8 are surrogates (see PEP 383).
        link: what a link points to, as written.
        offset: of its content in the decompressed stream.
        capability: the extended attribute ``security.capability``, or b"".
    """

    name: str
    kind: Kind
    offset: int
    size: int = 0
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    link: str = ""
    capability: bytes = field(default=b"", repr=False)


def _read_exactly(file: BinaryIO, size: int, what: str) -> bytes:
    """``size`` bytes.

    Raises:
        BadContent: there are fewer, or they cannot be decompressed.
    """
    try:
        data = file.read(size)
        while len(data) < size and (more := file.read(size - len(data))):
            data += more
    except DAMAGE as error:
        raise _damaged(what, error) from error
    if len(data) != size:
        raise _cut_off(what)
    return data


def _damaged(what: str, error: Exception) -> BadContent:
    if isinstance(error, EOFError):
        return _cut_off(what)
    return BadContent(_("{what} is damaged: {error}").format(what=what, error=error))


def _cut_off(what: str) -> BadContent:
    return BadContent(
        _("{what} is cut off").format(what=what), hint=_("fetch or write it again; the disk may have been full")
    )


class _Scan:
    """A position in the stream, which only moves forwards."""

    def __init__(self, file: BinaryIO, what: str, limit: int) -> None:
        self.file, self.what, self.limit, self.at = file, what, limit, 0

    def read(self, size: int) -> bytes:
        data = _read_exactly(self.file, size, self.what)
        self._advance(size)
        return data

    def read_some(self) -> bytes:
        """What comes next, b"" at the end."""
        try:
            data = self.file.read(_STEP)
        except DAMAGE as error:
            raise _damaged(self.what, error) from error
        self._advance(len(data))
        return data

    def skip(self, size: int) -> Iterator[None]:
        """Passes over ``size`` bytes; pauses on the way, because decompressing them can take minutes."""
        while size:
            size -= len(self.read(min(size, _STEP)))
            yield

    def _advance(self, size: int) -> None:
        self.at += size
        if self.at > self.limit:
            raise TooLarge(
                _("{what} expands to more than {limit} bytes; it may be a decompression bomb").format(
                    what=self.what, limit=self.limit
                )
            )


class _SeekableScan(_Scan):
    """Likewise in a file that is not compressed, where content need not be read to be passed over."""

    def skip(self, size: int) -> Iterator[None]:
        if self.at + size > self.limit:
            raise _cut_off(self.what)
        self.file.seek(size, os.SEEK_CUR)
        self._advance(size)
        yield from ()


def largest_expansion(size: int) -> int:
    """Bytes that ``size`` compressed ones may become: 16 GiB, or 200 times as many if that is more."""
    return max(_FREE_EXPANSION, _MAX_EXPANSION * size)


@contextmanager
def _scanning(path: Path) -> Iterator[_Scan]:
    with open_decompressed(path) as (file, compression):
        size = path.stat().st_size
        if compression is Compression.NONE:
            yield _SeekableScan(file, str(path), size)
        else:
            yield _Scan(file, str(path), largest_expansion(size))


def members(path: Path, small: int, limit: int = _MAX_MEMBERS) -> Iterator[tuple[Member, bytes] | None]:
    """The members of a tar file, plain or compressed, in its order, with how the content of each begins.

    Args:
        path: the file.
        small: the content of members that have at most so many bytes is given whole; of others, 6 bytes.
        limit: members that there may be.

    Yields:
        None while a large member is passed over: a coroutine can let others run meanwhile.

    Raises:
        BadContent: it is no tar file, damaged, or cut off; the error names the file.
        TooLarge: it expands beyond 16 GiB and 200 times its size, or has too many members or absurd headers.
        Unsupported: it has sparse files or is one of several volumes.
        NotFound, UsageError, CouldNotCheck: as in `open_decompressed`.
    """
    with _scanning(path) as scan:
        for member in _members(scan, limit):
            start = scan.read(member.size if member.size <= small else _MAGIC_SIZE)
            yield member, start
            yield from scan.skip(_padded(member.size) - len(start))


def members_of(file: BinaryIO, size: int, what: str) -> Iterator[Member]:
    """The members of a tar file of ``size`` bytes that is open and not compressed; ``what`` names it in errors.

    Raises:
        BadContent, TooLarge, Unsupported: as in `members`.
    """
    file.seek(0)
    scan = _SeekableScan(file, what, size)
    for member in _members(scan, _MAX_MEMBERS):
        yield member
        for _pause in scan.skip(_padded(member.size)):
            pass


def content(path: Path, member: Member, compression: Compression = Compression.NONE) -> Iterator[bytes]:
    """The content of one member of a tar file, piece by piece.

    In a compressed file, all that comes before it is decompressed again; meanwhile, pieces are empty.

    Args:
        path: the tar file.
        member: one of its members.
        compression: of that member alone, to be undone.

    Raises:
        As `members`.
    """
    if compression is Compression.NONE:
        yield from _stored(path, member)
        return
    reader = decompressing(io.BufferedReader(_Joined(_stored(path, member)), _STEP), compression)
    scan = _Scan(reader, f"{path}: {member.name}", largest_expansion(member.size))
    while piece := scan.read_some():
        yield piece


def _stored(path: Path, member: Member) -> Iterator[bytes]:
    with _scanning(path) as scan:
        for _pause in scan.skip(member.offset):
            yield b""
        left = member.size
        while left:
            piece = scan.read(min(left, _STEP))
            left -= len(piece)
            yield piece


class _Joined(io.RawIOBase):
    """Pieces as a file to read from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            try:
                self._rest = next(self._pieces)
            except StopIteration:
                return 0
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)


def decompress(path: Path) -> Iterator[bytes]:
    """The whole content of a file that may be compressed, its checksum verified where it has one.

    Raises:
        As `members`.
    """
    with _scanning(path) as scan:
        while piece := scan.read_some():
            yield piece


def _members(scan: _Scan, limit: int) -> Iterator[Member]:
    """The members from here on; whoever takes one passes over its content before taking the next."""
    everywhere: dict[str, bytes] = {}
    here: dict[str, bytes] = {}
    count = names = 0
    while (header := _header(scan)) is not None:
        count += 1
        if count > limit:
            raise TooLarge(_("{what} has more than {limit} members").format(what=scan.what, limit=limit))
        if header.type in {tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE}:
            here |= records(_extension(scan, header), scan.what)
        elif header.type == tarfile.XGLTYPE:
            everywhere |= records(_extension(scan, header), scan.what)
        elif header.type == tarfile.GNUTYPE_LONGNAME:
            here["path"] = _extension(scan, header).rstrip(b"\0")
        elif header.type == tarfile.GNUTYPE_LONGLINK:
            here["linkpath"] = _extension(scan, header).rstrip(b"\0")
        else:
            member = _member(header, everywhere | here, scan)
            names += len(member.name) + len(member.link)
            if names > limit * _USUAL_NAME:
                raise TooLarge(_("{what} has names of absurd length").format(what=scan.what))
            yield member
            here = {}


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK


def _header(scan: _Scan) -> tarfile.TarInfo | None:
    start = scan.at
    try:
        return tarfile.TarInfo.frombuf(scan.read(_BLOCK), "utf-8", "surrogateescape")
    except tarfile.EOFHeaderError:  # type: ignore[attr-defined] # typeshed leaves it out
        return None
    except (tarfile.HeaderError, ValueError, OverflowError) as error:
        message = _("{what} is no tar file") if start == 0 else _("{what} is damaged at byte {start}")
        raise BadContent(message.format(what=scan.what, start=start)) from error


def _extension(scan: _Scan, header: tarfile.TarInfo) -> bytes:
    if not 0 <= header.size <= _MAX_EXTENSION:
        raise TooLarge(_("{what} has an extension header of absurd size").format(what=scan.what))
    return scan.read(_padded(header.size))[: header.size]


def _member(header: tarfile.TarInfo, extended: Mapping[str, bytes], scan: _Scan) -> Member:
    kind = _KINDS.get(header.type)
    name = _text(extended.get("path"), header.name)
    if kind is None or SPARSE in extended:
        raise Unsupported(
            _("{what}: {name!r} is a sparse file, or of a kind that is not read here").format(
                what=scan.what, name=name
            ),
            hint=_("write the tar file again, without --sparse"),
        )
    numbers = {
        key: _number(extended.get(key), default, scan.what)
        for key, default in (("size", header.size), ("uid", header.uid), ("gid", header.gid))
    }
    link, capability = _text(extended.get("linkpath"), header.linkname), extended.get(CAPABILITY, b"")
    _check_texts(name, link, capability, scan.what)
    return Member(
        name=name.rstrip("/") if kind is Kind.FOLDER else name,
        kind=kind,
        offset=scan.at,
        size=numbers["size"] if kind is Kind.FILE else 0,
        mode=header.mode & 0o7777,
        uid=numbers["uid"],
        gid=numbers["gid"],
        link=link,
        capability=capability,
    )


def _check_texts(name: str, link: str, capability: bytes, what: str) -> None:
    if max(len(name), len(link)) > _MAX_NAME or len(capability) > _MAX_CAPABILITY:
        raise TooLarge(
            _("{what}: {name!r} has a name or an attribute of absurd size").format(what=what, name=name[:100])
        )
    if "\0" in name or "\0" in link:
        # Programs written in C end the name there, and would take it for another file.
        raise BadContent(_("{what}: {name!r} has a name with a NUL in it").format(what=what, name=name[:100]))


def inner_name(name: str, what: str) -> str:
    """``name`` without ``.`` and doubled slashes, relative; "" for the root itself.

    Raises:
        BadContent: it leaves the root.
    """
    parts = [part for part in name.split("/") if part not in {"", "."}]
    if ".." in parts:
        raise BadContent(
            _("{what}: {name!r} leaves the root").format(what=what, name=name),
            hint=_("whoever made this file may mean harm; get it from somebody you trust"),
        )
    return "/".join(parts)


def _text(value: bytes | None, default: str) -> str:
    return default if value is None else value.decode("utf-8", "surrogateescape")


def _number(value: bytes | None, default: int, what: str) -> int:
    number = default if value is None else int(value) if value.isdigit() and len(value) < 20 else -1  # noqa: PLR2004 - digits of 2**64
    if number < 0:
        raise BadContent(_("{what} has a header with a number that is not valid").format(what=what))
    return number
