"""Files that a run writes for people, and those in which people write between what a run writes."""

import os
import stat
from pathlib import Path

from undercurrent.errors import EnvironmentLacks, UsageError
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.oci.files.durable import replacing

__all__ = ["keep", "read_back"]


def keep(content: bytes | str, path: Path) -> None:
    """Writes ``content`` to ``path``: whole, or not at all.

    It goes where a link leads, and the file keeps the permissions that it had. What is no file (a pipe, a device) is
    written to as it is.

    Raises:
        EnvironmentLacks: it cannot be written.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        target = path.resolve()
        if target.exists() and not target.is_file():
            target.write_bytes(data)
            return
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead to themselves
        why = system_reason(error) if isinstance(error, OSError) else error
        raise EnvironmentLacks(_("{what}: {why}").format(what=path, why=why)) from error
    with replacing(target, target.parent) as file:
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        file.write(data)


def read_back(path: Path, *, at_most: int) -> str:
    """The text of a file that people write, with the ends of lines that it has.

    Args:
        path: of a regular file.
        at_most: KiB that somebody would write.

    Raises:
        UsageError: it is none, cannot be read, is too large, or is not in UTF-8.
    """
    try:
        if not path.is_file():
            path.stat()  # says why, where there is a reason
            raise UsageError(_("{path} is not a file").format(path=path))
        if path.stat().st_size > at_most * 1024:
            raise UsageError(
                _("{path} is larger than {limit} KiB: that is nothing that people wrote").format(
                    path=path, limit=at_most
                )
            )
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise UsageError(
            _("{path} is not text in UTF-8").format(path=path), hint=_("save it in UTF-8, and try again")
        ) from error
    except OSError as error:
        raise UsageError(
            _("cannot read {path}: {reason}").format(path=path, reason=system_reason(error)),
            hint=_("check that the file exists and that you may read it"),
        ) from error
