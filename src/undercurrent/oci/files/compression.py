"""Files that may be compressed: which way they are is told by their first bytes, never by their names."""

import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import BinaryIO, Final, Protocol, cast

import zstandard

from undercurrent.errors import CouldNotCheck, NotFound, Unsupported, UsageError
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _

__all__ = [
    "DAMAGE",
    "Compression",
    "Compressor",
    "compression_of",
    "compressor",
    "decompressing",
    "open_decompressed",
]

DAMAGE: Final = (OSError, EOFError, zlib.error, zstandard.ZstdError)
"""What reading compressed content raises when it is damaged or cut off."""

_CHUNK: Final = 256 * 1024
_MAX_WINDOW: Final = 128 * 1024 * 1024
"""Bytes of memory for zstd; what `zstd --long` asks for."""
_GZIP_LEVEL: Final = 6
_ZSTD_LEVEL: Final = 3
_GZIP_CONTAINER: Final = 16 + zlib.MAX_WBITS


class Compression(Enum):
    """How a file is compressed, by its first bytes."""

    NONE = ""
    GZIP = "gzip"
    ZSTD = "zstd"


_MAGIC: Final[Mapping[bytes, Compression]] = {
    b"\x1f\x8b": Compression.GZIP,
    b"\x28\xb5\x2f\xfd": Compression.ZSTD,
}
_FOREIGN_MAGIC: Final[Mapping[bytes, str]] = {b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz"}


def compression_of(start: bytes, what: str) -> Compression:
    """The compression of content that begins with ``start`` (6 bytes tell).

    Raises:
        Unsupported: one that is not read here.
    """
    for magic, name in _FOREIGN_MAGIC.items():
        if start.startswith(magic):
            raise Unsupported(
                _("{what} is compressed with {name}").format(what=what, name=name),
                hint=_("decompress it, or compress it with gzip or zstd"),
            )
    return next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), Compression.NONE)


def decompressing(file: BinaryIO, compression: Compression) -> BinaryIO:
    """Reads what ``file`` holds compressed, forwards only unless it is not compressed."""
    if compression is Compression.GZIP:
        return cast("BinaryIO", gzip.GzipFile(fileobj=file))
    if compression is Compression.ZSTD:
        decompressor = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW)
        reader = decompressor.stream_reader(file, read_across_frames=True, closefd=False)
        return io.BufferedReader(cast("io.RawIOBase", reader), _CHUNK)
    return file


@contextmanager
def open_decompressed(path: Path) -> Iterator[tuple[BinaryIO, Compression]]:
    """The content of a file that may be compressed, and how it is.

    Raises:
        NotFound, UsageError, CouldNotCheck: the file is not there, no file, or may not be read.
        Unsupported: a compression that is not read here.
    """
    try:
        if path.exists() and not path.is_file():  # opening a FIFO would wait for ever
            raise UsageError(_("{path} is not a file").format(path=path))
        file = path.open("rb")
    except FileNotFoundError as error:
        raise NotFound(_("{path} does not exist").format(path=path)) from error
    except OSError as error:
        raise CouldNotCheck(
            _("{path} cannot be read: {reason}").format(path=path, reason=system_reason(error))
        ) from error
    with file:
        compression = compression_of(file.peek(6), str(path))
        yield decompressing(file, compression), compression


class Compressor(Protocol):
    """What zlib's and zstandard's compression objects have in common."""

    def compress(self, data: bytes, /) -> bytes:
        """Takes more content in; what is ready comes out."""
        ...

    def flush(self) -> bytes:
        """The rest."""
        ...


class _Nothing:
    def compress(self, data: bytes, /) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


def compressor(compression: Compression) -> Compressor:
    """Compresses so that the same content gives the same bytes: gzip's header has no name and no time."""
    if compression is Compression.GZIP:
        return zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_CONTAINER)
    if compression is Compression.ZSTD:
        return zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compressobj()
    return _Nothing()
