"""Small disks, to be filled up: file systems in memory."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

__all__ = ["Disk", "small_disk"]

_BALLAST: Final = ".ballast"


@dataclass(frozen=True, slots=True)
class Disk:
    """A mounted one.

    Attributes:
        path: where.
    """

    path: Path

    def fill(self, left: int) -> None:
        """Leaves room for ``left`` bytes, in whole pages."""
        with (self.path / _BALLAST).open("wb") as file:
            while (free := self._free()) > left:
                file.write(bytes(min(free - left, 1 << 20)))
                file.flush()

    def fill_with_files(self, left: int) -> None:
        """Leaves room for ``left`` files."""
        (self.path / _BALLAST).mkdir()
        for number in range(os.statvfs(self.path).f_ffree - left):
            (self.path / _BALLAST / str(number)).touch()

    def clear(self) -> None:
        """Makes room again."""
        subprocess.run(["rm", "-rf", self.path / _BALLAST], check=True)

    def allow_writing(self, allowed: bool) -> None:
        """Makes the disk one that can only be read, or takes that back."""
        options = "remount,rw" if allowed else "remount,ro"
        subprocess.run(["mount", "-o", options, self.path], check=True)

    def _free(self) -> int:
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_bsize


@contextmanager
def small_disk(path: Path, *, size: int = 1 << 20, files: int = 1000) -> Iterator[Disk]:
    """Mounts a disk at ``path``, which is made; only root may do that, and not in every container.

    Args:
        path: where.
        size: bytes that it holds.
        files: files and folders that it holds.
    """
    path.mkdir()
    options = f"size={size},nr_inodes={files}"
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("a small disk cannot be mounted here: that takes root")
    try:
        yield Disk(path)
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)
