"""Names that tell who made a container or an image, so that what a killed process left is found and taken away."""

import os
import re
import secrets
from typing import Final

from undercurrent.hardening.proving import procfs
from undercurrent.hardening.proving.engines import Engine, run_engine

__all__ = ["is_left", "own_name", "sweep"]

_PREFIX: Final = "uc-prove-"
_NAME: Final = re.compile(rf"(?:localhost/)?{_PREFIX}([0-9a-f]+)-([0-9a-f]+)-([0-9a-f]+)-[0-9a-f]{{8}}\b.*")


def own_name() -> str:
    """A new name: it holds this process, when that began, and in which namespace its number means it."""
    pid = os.getpid()
    return f"{_PREFIX}{_space():x}-{pid:x}-{procfs.started_at(pid):x}-{secrets.token_hex(4)}"


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


async def sweep(engine: Engine) -> None:
    """Takes away what processes left that were killed; what lives ones use stays."""
    held = await run_engine(engine, "ps", "--all", f"--filter=name={_PREFIX}", "--format={{.Names}}", check=False)
    for name in filter(is_left, held.out.split()):
        await run_engine(engine, "rm", "--force", "--volumes", name, check=False)
    pattern = f"--filter=reference=localhost/{_PREFIX}*"
    kept = await run_engine(engine, "images", pattern, "--format={{.Repository}}:{{.Tag}}", check=False)
    for name in filter(is_left, kept.out.split()):
        await run_engine(engine, "rmi", name, check=False)
