"""Which paths would have to be writable: by what the kernel refused, by what was written before, by what was said.

Each of the three is asked in this order, for each knows less than the one before. A call that was refused is certain;
what an earlier run wrote would have been refused; a message in a log is only somebody's word.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Literal, TypeAlias

from undercurrent.hardening.proving.nouns import FailedCall, Missing, Writable
from undercurrent.hardening.proving.refusals import writes

__all__ = ["Content", "Look", "by_calls", "by_logs", "by_writing", "covering"]


@dataclass(frozen=True, slots=True)
class Content:
    """What an image has at a path: for a folder, some of the files in it, folders aside."""

    kind: Literal["folder", "file", "nothing"]
    files: tuple[str, ...] = ()


Look: TypeAlias = Callable[[str], Awaitable[Content]]
"""Tells what the image has at a path."""

_NOT_KEPT: Final = ("/tmp", "/run", "/var/run", "/var/tmp", "/var/lock", "/dev/shm")
"""What is lost at each start of a machine anyhow: nothing that an image has there matters."""
_KERNEL: Final = ("/proc", "/sys", "/dev")
_SYSTEM: Final = ("/etc", "/bin", "/sbin", "/lib", "/lib64", "/usr", "/boot")
"""Where programs and their settings are: there only what is empty becomes writable by a proposal of ours."""
_SHARED: Final = frozenset(("/", "/var", "/var/lib", "/var/cache", "/var/log", "/opt", "/srv", "/home", "/mnt"))
"""Folders that many share: one that is missing in them is proposed itself."""
_OF_ENGINES: Final = frozenset(
    ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/mtab", "/run/.containerenv", "/.dockerenv")
)
_OF_THE_FOLDER: Final = frozenset(("chown", "lchown", "fchown", "fchownat", "chmod", "fchmod", "fchmodat", "utimensat"))
"""Calls about a folder itself, and not about the one that it is in."""
_MAKES_FOLDERS: Final = frozenset(("mkdir", "mkdirat"))
_REFUSAL: Final = re.compile(
    r"read-only file system|permission denied|\bEROFS\b|\bEACCES\b|\((?:30|13): |not writable",
    re.IGNORECASE,
)
_PATH: Final = re.compile(r"(?<![\w.:/-])/[\w.@%+,=-]+(?:/[\w.@%+,=-]+)*")


def covering(declared: Iterable[Writable], path: str) -> Writable | None:
    """The declared path that ``path`` is in; the longest, if it is in several."""
    found = [one for one in declared if PurePosixPath(path).is_relative_to(one.path)]
    return max(found, key=lambda one: len(one.path), default=None)


async def by_calls(refused: Sequence[FailedCall], declared: Sequence[Writable], look: Look) -> tuple[Missing, ...]:
    """What the refused calls wanted to write to, the last call first: a program often ends at what it cannot do."""
    found: dict[str, Missing] = {}
    for call in reversed(refused):
        name, _paren, rest = call.call.partition("(")
        if not call.path or not writes(name, rest) or call.error not in ("EROFS", "EACCES", "ENOENT"):
            continue
        place = await _place_of(name, call, declared, look)
        if place is not None and place not in found:
            writable, hides = await _as_writable(place, look)
            found[place] = Missing(writable, "call", call.error, call.call, call.caller, hides)
    return tuple(found.values())


async def _place_of(name: str, call: FailedCall, declared: Sequence[Writable], look: Look) -> str | None:
    """The folder that has to be writable for this call; None if that would not help."""
    over = covering(declared, call.path)
    if over is not None and over.path != call.path:
        # It is writable there; what lacks is a folder that the image has, and the tmpfs over it hides.
        parent = str(PurePosixPath(call.path).parent)
        hidden = call.error == "ENOENT" and parent != over.path and not over.lasting
        return parent if hidden and (await look(parent)).kind == "folder" else None
    if over is not None or call.error == "ENOENT":
        return None
    return await _folder_for(call.path, look, itself=name in _OF_THE_FOLDER, made=name in _MAKES_FOLDERS)


async def _folder_for(path: str, look: Look, *, itself: bool = False, made: bool = False) -> str | None:
    """The folder in which ``path`` is, or would be; None if no proposal is to be made for it."""
    if _below(path, _KERNEL):
        return None
    content = await look(path)
    parent = str(PurePosixPath(path).parent)
    folder = parent
    if (itself and content.kind == "folder") or (made and content.kind == "nothing" and parent in _SHARED):
        folder = path
    if folder in _SHARED or folder in _SYSTEM:
        return None
    return None if _below(folder, _SYSTEM) and (await look(folder)).files else folder


def _below(path: str, folders: Iterable[str]) -> bool:
    return any(PurePosixPath(path).is_relative_to(folder) for folder in folders)


async def _as_writable(place: str, look: Look) -> tuple[Writable, tuple[str, ...]]:
    """A tmpfs, unless it would hide files: then a volume, which begins with them; and some of those files."""
    if place in _NOT_KEPT:
        return Writable(place), ()
    files = (await look(place)).files
    return Writable(place, lasting=bool(files)), files


async def by_writing(written: Sequence[str], declared: Sequence[Writable], look: Look) -> tuple[Missing, ...]:
    """What an earlier run, which could, wrote to its root file system."""
    found: dict[str, Missing] = {}
    paths = sorted(set(written))
    for path in paths:
        above = any(other != path and PurePosixPath(other).is_relative_to(path) for other in paths)
        if above or path in _OF_ENGINES or covering(declared, path) or _below(path, found):
            continue
        place = await _folder_for(path, look, made=True)
        if place is not None and place not in found:
            writable, hides = await _as_writable(place, look)
            found[place] = Missing(writable, "diff", "", path, "", hides)
    return tuple(found.values())


async def by_logs(said: str, declared: Sequence[Writable], look: Look) -> tuple[Missing, ...]:
    """What lines of a log say that could not be written, the last one first."""
    found: dict[str, Missing] = {}
    for line in reversed(said.splitlines()):
        refusal = _REFUSAL.search(line)
        paths = _PATH.findall(line)
        if refusal is None or not paths:
            continue
        before = _PATH.findall(line[: refusal.start()])
        path = before[-1] if before else paths[0]
        place = None if covering(declared, path) else await _folder_for(path, look, made="mkdir" in line.lower())
        if place is not None and place not in found:
            writable, hides = await _as_writable(place, look)
            found[place] = Missing(writable, "log", refusal[0], line.strip()[:300], "", hides)
    return tuple(found.values())
