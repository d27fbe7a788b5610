"""Files that are whole or not there: written under a temporary name, synced, and only then renamed."""

import asyncio
import fcntl
import os
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from undercurrent.errors import EnvironmentLacks
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _

__all__ = ["locked", "locked_briefly", "replacing", "sweep", "sync_folder", "temporary"]

_PREFIX: Final = ".uc-"
_SUFFIX: Final = ".tmp"
_YOUNG_S: Final = 60
"""A temporary file younger than this may belong to somebody who has created it and not locked it yet."""
_LONGEST_PAUSE_S: Final = 0.05


@contextmanager
def replacing(path: Path, scratch: Path, *, lasting: bool = True) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of ``path`` when the block ends well, and is gone when it does not.

    Args:
        path: where the content goes.
        scratch: folder for the temporary file, in the same file system; `sweep` it now and then.
        lasting: whether the name is to survive a power cut too; otherwise call `sync_folder` before anything else
            relies on it.

    Raises:
        EnvironmentLacks: the disk is full, the folder may not be written to, …
    """
    try:
        with temporary(scratch) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(path)
        if lasting:
            sync_folder(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> EnvironmentLacks:
    return EnvironmentLacks(_("{path} cannot be written: {reason}").format(path=path, reason=system_reason(error)))


@contextmanager
def temporary(folder: Path) -> Iterator[BinaryIO]:
    """A new file in ``folder``, gone when the block ends; `sweep` it now and then, for writers who were killed."""
    path = folder / f"{_PREFIX}{secrets.token_hex(8)}{_SUFFIX}"
    with path.open("xb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)  # tells `sweep` that the writer is alive
            yield file
        finally:
            path.unlink(missing_ok=True)


def sync_folder(path: Path) -> None:
    """Makes the names in a folder survive a power cut.

    Raises:
        EnvironmentLacks: the disk fails.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _unwritable(path, error) from error


def sweep(folder: Path) -> None:
    """Removes the temporary files that writers who were killed left in ``folder``."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(_PREFIX) and entry.name.endswith(_SUFFIX):
                with suppress(OSError):
                    _remove_if_abandoned(Path(entry.path))


def _remove_if_abandoned(path: Path) -> None:
    if time.time() - path.stat(follow_symlinks=False).st_mtime < _YOUNG_S:
        return
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    finally:
        os.close(descriptor)


def _open_lock(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    except OSError as error:
        raise _unwritable(path, error) from error


@asynccontextmanager
async def locked(path: Path) -> AsyncIterator[None]:
    """Holds the lock file ``path``, across processes and within this one; others of the loop's tasks run on.

    Raises:
        EnvironmentLacks: the lock file cannot be made.
    """
    descriptor, pause = _open_lock(path), 0.001
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_S)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def locked_briefly(path: Path) -> Iterator[None]:
    """Like `locked`, for code that is no coroutine; whoever holds the lock must not suspend while holding it.

    Raises:
        EnvironmentLacks: the lock file cannot be made.
    """
    descriptor = _open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
