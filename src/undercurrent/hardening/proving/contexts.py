"""A build context in which some files are others: a copy, made of links to what stays as it is."""

import os
import shutil
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from undercurrent.errors import BadContent, EnvironmentLacks
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _

__all__ = ["copied"]


def copied(context: Path, to: Path, files: Mapping[str, bytes]) -> None:
    """Copies a context, and writes ``files`` into the copy; nothing outside of it is ever written to.

    Args:
        context: the folder.
        to: where the copy goes; not there yet.
        files: by their paths in it.

    Raises:
        BadContent: a path leads out of the context.
        EnvironmentLacks: it cannot be copied.
    """
    try:
        shutil.copytree(context, to, symlinks=True, ignore=_special, copy_function=_linked)
        for name, content in files.items():
            _put(to, name, content)
    except OSError as error:
        reason = system_reason(error) if error.strerror else str(error)[:300]
        raise EnvironmentLacks(
            _("the build context {path} cannot be copied: {reason}").format(path=context, reason=reason),
            hint=_("make room in {folder}, or name another place with TMPDIR").format(folder=to.parent),
        ) from error


def _special(folder: str, names: Sequence[str]) -> list[str]:
    """Sockets, pipes and devices, which no builder copies."""
    wanted = (stat.S_ISREG, stat.S_ISDIR, stat.S_ISLNK)
    return [name for name in names if not any(is_it(os.lstat(Path(folder) / name).st_mode) for is_it in wanted)]


def _linked(source: str, target: str) -> str:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # another disk, or somebody else's file
        shutil.copy2(source, target, follow_symlinks=False)
    return target


def _put(root: Path, name: str, content: bytes) -> None:
    path = PurePosixPath(name)
    place = root / path
    if path.is_absolute() or ".." in path.parts or not place.parent.resolve().is_relative_to(root.resolve()):
        raise BadContent(_("{path} is not in the build context").format(path=name))
    place.parent.mkdir(parents=True, exist_ok=True)
    mode = stat.S_IMODE(place.lstat().st_mode) if place.exists() and not place.is_symlink() else 0o644
    place.unlink(missing_ok=True)  # a link to the file that stays as it is
    place.write_bytes(content)
    place.chmod(mode)
