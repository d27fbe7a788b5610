"""Root file systems on their way into a layer: a folder or a tar file, as one sorted list of entries.

Where the entries come from leaves no trace in them: names are relative and sorted, parents first; the first name of
a file with several is the file and the others are hard links to it; times are not kept at all.
"""

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from undercurrent.errors import BadContent, CouldNotCheck
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.oci.files.tarball import Kind, Member, inner_name, members_of

__all__ = ["Entry", "Owner", "Warn", "folder_entries", "tar_entries"]

Owner: TypeAlias = tuple[int, int]
"""Numeric user and group."""

Warn: TypeAlias = Callable[[str], None]
"""Takes a sentence about something that was left out."""

_STEP: Final = 256 * 1024
_WHITEOUT: Final = ".wh."
_ALL_PERMISSIONS: Final = 0o7777


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in a layer.

    Attributes:
        name: relative, without ``.``, ``..`` and a slash at either end.
        kind: FILE, FOLDER, SYMLINK or HARD_LINK.
        link: what a symlink points to, as written, or the name of the entry that a hard link is.
        pieces: opens a file's content.
    """

    name: str
    kind: Kind
    mode: int
    owner: Owner
    pieces: Callable[[], Iterator[bytes]]
    size: int = 0
    link: str = ""
    capability: bytes = b""


def _empty() -> Iterator[bytes]:
    return iter(())


def _check_name(name: str, what: str) -> None:
    if name.rpartition("/")[2].startswith(_WHITEOUT):
        raise BadContent(
            _("{what}: {name!r} would be read as a deletion: in a layer that is what .wh. means").format(
                what=what, name=name
            ),
            hint=_("rename or remove the file"),
        )


# Folders


def folder_entries(root: Path, owner: Owner, warn: Warn) -> Iterator[Entry]:
    """What is in a folder, which itself is left out: its mode is a matter of this machine.

    Args:
        root: the folder.
        owner: to whom everything belongs in the layer.
        warn: told about devices, sockets and FIFOs, which are left out.

    Raises:
        BadContent: a file changed while it was read.
        CouldNotCheck: something cannot be read.
    """
    first_names: dict[tuple[int, int], str] = {}
    left_out = 0
    try:
        for path, found in _walk(root):
            name = path.relative_to(root).as_posix()
            _check_name(name, str(root))
            entry = _folder_entry(path, found, name, owner, first_names)
            if entry is None:
                left_out += 1
            else:
                yield entry
    except OSError as error:
        raise _unreadable(root, error) from error
    if left_out:
        warn(_("{what}: {count} devices, sockets or FIFOs were left out").format(what=root, count=left_out))


def _unreadable(path: Path, error: OSError) -> CouldNotCheck:
    return CouldNotCheck(
        _("{path} cannot be read: {reason}").format(path=error.filename or path, reason=system_reason(error))
    )


def _walk(root: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Everything below ``root``, in the order of the names' bytes, folders before what is in them."""
    open_folders = [_children(root)]
    while open_folders:
        path = next(open_folders[-1], None)
        if path is None:
            open_folders.pop()
            continue
        found = path.lstat()
        yield path, found
        if stat.S_ISDIR(found.st_mode):
            open_folders.append(_children(path))


def _children(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.iterdir(), key=lambda path: os.fsencode(path.name)))


def _folder_entry(
    path: Path, found: os.stat_result, name: str, owner: Owner, first_names: dict[tuple[int, int], str]
) -> Entry | None:
    mode = stat.S_IMODE(found.st_mode)
    if stat.S_ISDIR(found.st_mode):
        return Entry(name, Kind.FOLDER, mode, owner, _empty)
    if stat.S_ISLNK(found.st_mode):
        # Systems differ in the mode of a link, which nothing looks at.
        return Entry(name, Kind.SYMLINK, 0o777, owner, _empty, link=str(path.readlink()))
    if not stat.S_ISREG(found.st_mode):
        return None
    if found.st_nlink > 1:
        first = first_names.setdefault((found.st_dev, found.st_ino), name)
        if first != name:
            return Entry(name, Kind.HARD_LINK, mode, owner, _empty, link=first)
    return Entry(
        name,
        Kind.FILE,
        mode,
        owner,
        lambda: _file_pieces(path, found.st_size),
        size=found.st_size,
        capability=_capability(path),
    )


def _capability(path: Path) -> bytes:
    if not hasattr(os, "getxattr"):
        return b""
    try:
        return os.getxattr(path, "security.capability", follow_symlinks=False)
    except OSError:  # it has none, or the file system knows none
        return b""


def _file_pieces(path: Path, size: int) -> Iterator[bytes]:
    left = size
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb", buffering=0) as file:
            while left and (piece := file.read(min(left, _STEP))):
                left -= len(piece)
                yield piece
    except OSError as error:
        raise _unreadable(path, error) from error
    if left:
        raise BadContent(
            _("{path} changed while it was read").format(path=path), hint=_("pack it when nothing writes to it")
        )


# Tar files


def tar_entries(file: BinaryIO, size: int, what: str, owner: Owner | None, warn: Warn) -> Iterator[Entry]:
    """What is in a tar file of a root file system; of two members with one name the later one counts.

    Args:
        file: the tar file, open and not compressed.
        size: its size in bytes.
        what: names it in errors.
        owner: to whom everything belongs in the layer; None keeps the numeric owners.
        warn: told about devices and FIFOs, which are left out, and about names that lose their leading slash.

    Raises:
        BadContent: it is no tar file, is cut off, or has names that leave the root.
    """
    chosen = _chosen(members_of(file, size, what), what, warn)
    first_names: dict[int, str] = {}
    for name in sorted(chosen, key=_sort_key):
        member = chosen[name]
        mode, belongs = member.mode & _ALL_PERMISSIONS, owner or (member.uid, member.gid)
        parent = chosen.get(name.rpartition("/")[0])
        if parent is not None and parent.kind is Kind.FILE:
            raise BadContent(_("{what}: {name!r} lies in a file, not in a folder").format(what=what, name=name))
        if member.kind is not Kind.FILE:
            yield Entry(name, member.kind, mode, belongs, _empty, link=member.link)
        elif (first := first_names.setdefault(member.offset, name)) != name:
            yield Entry(name, Kind.HARD_LINK, mode, belongs, _empty, link=first)
        else:
            yield Entry(
                name,
                Kind.FILE,
                mode,
                belongs,
                lambda member=member: _range(file, member),  # type: ignore[misc]
                size=member.size,
                capability=member.capability,
            )


def _sort_key(name: str) -> bytes:
    # Nothing sorts before NUL, so what is in a folder follows it at once.
    return os.fsencode(name).replace(b"/", b"\0")


def _range(file: BinaryIO, member: Member) -> Iterator[bytes]:
    file.seek(member.offset)
    left = member.size
    while left and (piece := file.read(min(left, _STEP))):
        left -= len(piece)
        yield piece


def _chosen(members: Iterator[Member], what: str, warn: Warn) -> dict[str, Member]:
    """The members that count, by the names they get; a hard link stands for the very member it links to."""
    chosen: dict[str, Member] = {}
    words: Counter[str] = Counter()
    for member in members:
        if member.kind in {Kind.CHARACTER_DEVICE, Kind.BLOCK_DEVICE, Kind.FIFO}:
            words[_("{what}: {count} devices, sockets or FIFOs were left out")] += 1
            continue
        if member.name.startswith("/"):
            words[_("{what}: {count} names lost their leading slash")] += 1
        name = inner_name(member.name, what)
        if not name:
            continue
        _check_name(name, what)
        if member.kind is Kind.HARD_LINK:
            target = chosen.get(inner_name(member.link, what))
            if target is None or target.kind is Kind.FOLDER:
                raise BadContent(
                    _("{what}: {name!r} is a link to {link!r}, which is no file that comes before it").format(
                        what=what, name=name, link=member.link
                    )
                )
            chosen[name] = target
        else:
            chosen[name] = member
    for word, count in words.items():
        warn(word.format(what=what, count=count))
    return chosen
