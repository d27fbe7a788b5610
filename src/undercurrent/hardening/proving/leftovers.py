"""Names that tell who made a container, an image or a folder, so that what a killed process left is taken away."""

import asyncio
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from undercurrent.hardening.proving import procfs
from undercurrent.hardening.proving.engines import Engine, run_engine

__all__ = ["is_left", "own_folder", "own_name", "removal", "sweep", "sweep_folders"]

_PREFIX: Final = "uc-prove-"
_NAME: Final = re.compile(rf"(?:localhost/)?{_PREFIX}([0-9a-f]+)-([0-9a-f]+)-([0-9a-f]+)-[0-9a-f]{{8}}\b.*")


def own_name() -> str:
    """A new name: it holds this process, when that began, and in which namespace its number means it."""
    pid = os.getpid()
    return f"{_PREFIX}{_space():x}-{pid:x}-{procfs.started_at(pid):x}-{secrets.token_hex(4)}"


@contextmanager
def own_folder() -> Iterator[Path]:
    """A new temporary folder, gone when the block ends; if this process is killed before, with the next proof."""
    with tempfile.TemporaryDirectory(prefix=f"{own_name()}-") as folder:
        yield Path(folder)


def _space() -> int:
    return os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116 - a magic link


def is_left(name: str) -> bool:
    """Whether a process of this namespace made it that is gone; of others nobody here can say."""
    match = _NAME.fullmatch(name)
    if match is None:
        return False
    space, pid, began = (int(part, 16) for part in match.groups())
    if space != _space():
        return False
    try:
        return procfs.started_at(pid) != began
    except OSError:
        return True


def sweep_folders(parent: Path) -> None:
    """Takes away folders that killed processes of this user left in ``parent``."""
    with suppress(OSError):
        for folder in filter(lambda path: is_left(path.name), parent.iterdir()):
            if folder.is_dir() and not folder.is_symlink() and folder.lstat().st_uid == os.geteuid():
                shutil.rmtree(folder, ignore_errors=True)


def removal(engine: Engine, name: str) -> tuple[str, ...]:
    """The engine's arguments that end a container at once and take it away, with the volumes that have no name."""
    at_once = ("--time=0",) if engine.name == "podman" else ()
    return ("rm", "--force", *at_once, "--volumes", name)


async def sweep(engine: Engine) -> None:
    """Takes away what processes left that were killed; what lives ones use stays."""
    pattern = f"--filter=reference=localhost/{_PREFIX}*"
    held, kept, _nothing = await asyncio.gather(
        run_engine(engine, "ps", "--all", f"--filter=name={_PREFIX}", "--format={{.Names}}", check=False),
        run_engine(engine, "images", pattern, "--format={{.Repository}}:{{.Tag}}", check=False),
        asyncio.to_thread(sweep_folders, Path(tempfile.gettempdir())),
    )
    for name in filter(is_left, held.out.split()):
        await run_engine(engine, *removal(engine, name), check=False)
    for name in filter(is_left, kept.out.split()):
        await run_engine(engine, "rmi", name, check=False)
