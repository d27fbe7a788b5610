"""Reads regular files, and nothing else that may lie where one belongs."""

import asyncio
import errno
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from undercurrent.errors import BadContent, CouldNotCheck, NotFound
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.oci.store import CHUNK

__all__ = ["pieces", "reading"]


async def pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    """What is left of ``file``, without keeping other tasks waiting."""
    while piece := file.read(CHUNK):
        yield piece
        await asyncio.sleep(0)  # files never make the loop wait, so let the others run


def reading(path: Path, name: str = "") -> BinaryIO:
    """A regular file, opened; a FIFO or a device does not block and is refused.

    Args:
        path: of the file.
        name: what errors call it; its path unless given.

    Raises:
        NotFound, BadContent, CouldNotCheck: it is not there, no regular file, or may not be read.
    """
    name = name or str(path)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ENOTDIR}:
            raise NotFound(_("{path} does not exist").format(path=name)) from error
        raise CouldNotCheck(
            _("{path} cannot be read: {reason}").format(path=name, reason=system_reason(error))
        ) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BadContent(_("{path} is not a file").format(path=name))
    return os.fdopen(descriptor, "rb")
