"""Layers in the making: entries become a tar stream, compressed into a temporary file and hashed on the way.

The same entries make the same bytes. Names that do not fit a ustar header, large numbers and capabilities go into
pax headers. Specification: https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md
"""

import asyncio
import hashlib
import os
import tarfile
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from undercurrent.errors import EnvironmentLacks
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.files.compression import Compression, compressor
from undercurrent.oci.files.paxheader import CAPABILITY
from undercurrent.oci.packing.rootfs import Entry
from undercurrent.oci.store import CHUNK

__all__ = ["LayerFile", "no_room", "tar_stream", "write_layer", "write_scratch"]

_MEDIA_TYPES: Final = {
    Compression.NONE: mediatypes.OCI_LAYER,
    Compression.GZIP: mediatypes.OCI_LAYER_GZIP,
    Compression.ZSTD: mediatypes.OCI_LAYER_ZSTD,
}


@dataclass(frozen=True, slots=True)
class LayerFile:
    """A finished layer.

    Attributes:
        descriptor: what it is, compressed.
        diff_id: digest of the tar stream in it.
        file: holds it; content can be read while this is open.
    """

    descriptor: Descriptor
    diff_id: Digest
    file: BinaryIO

    async def content(self) -> AsyncIterator[bytes]:
        """Its bytes from the start, however often and by however many at once this is called."""
        at = 0
        while piece := os.pread(self.file.fileno(), CHUNK, at):
            at += len(piece)
            yield piece
            await asyncio.sleep(0)  # files never make the loop wait, so let the others run


def write_scratch(file: BinaryIO, data: bytes) -> int:
    """Writes to a temporary file, through to the file system; returns how much.

    Raises:
        EnvironmentLacks: the disk is full.
    """
    try:
        file.write(data)
        file.flush()
    except OSError as error:
        raise no_room(error) from error
    return len(data)


def no_room(error: OSError) -> EnvironmentLacks:
    """What to raise when a temporary file cannot be made or written."""
    return EnvironmentLacks(
        _("no temporary file could be written: {reason}").format(reason=system_reason(error)),
        hint=_("name a folder with more room in TMPDIR"),
    )


def tar_stream(entries: Iterable[Entry], mtime: int) -> Iterator[bytes]:
    """The tar stream of ``entries``, all of them changed at ``mtime`` (seconds since 1970)."""
    for entry in entries:
        yield _header(entry, mtime)
        yield from entry.pieces()
        if entry.size % tarfile.BLOCKSIZE:
            yield bytes(tarfile.BLOCKSIZE - entry.size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _header(entry: Entry, mtime: int) -> bytes:
    info = tarfile.TarInfo(entry.name)
    info.type, info.linkname = entry.kind.value, entry.link
    info.mode, (info.uid, info.gid) = entry.mode, entry.owner
    info.size, info.mtime = entry.size, mtime
    if entry.capability:
        info.pax_headers = {CAPABILITY: entry.capability.decode("utf-8", "surrogateescape")}
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def _batched(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of at least CHUNK: headers and small files are not worth a call each."""
    batch = bytearray()
    for piece in pieces:
        batch += piece
        if len(batch) >= CHUNK:
            yield bytes(batch)
            batch.clear()
    yield bytes(batch)


async def write_layer(entries: Iterable[Entry], file: BinaryIO, compression: Compression, mtime: int) -> LayerFile:
    """Writes a layer of ``entries`` to ``file``, which is open for reading and writing, and empty.

    Raises:
        EnvironmentLacks: the disk is full.
        BadContent, CouldNotCheck: as the entries' source raises them.
    """
    plain, packed, size = hashlib.sha256(), hashlib.sha256(), 0
    work = compressor(compression)

    def write(data: bytes) -> int:
        packed.update(data)
        return write_scratch(file, data)

    for piece in _batched(tar_stream(entries, mtime)):
        plain.update(piece)
        size += write(work.compress(piece))
        await asyncio.sleep(0)  # let the others run
    size += write(work.flush())
    digest = Digest("sha256:" + packed.hexdigest())
    return LayerFile(Descriptor(_MEDIA_TYPES[compression], digest, size), Digest("sha256:" + plain.hexdigest()), file)
