"""Files that strangers wrote, read whole up to a limit."""

from pathlib import Path

from undercurrent.errors import CouldNotCheck, TooLarge
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.oci.files.regular import reading
from undercurrent.workflows.discovering import MAX_FILE

__all__ = ["read_bounded"]


def read_bounded(path: Path, name: str) -> bytes:
    """The content of the file at ``path``, which errors call ``name``.

    Raises:
        NotFound: it is not there.
        BadContent: it is a FIFO, a device or a folder; none of them is waited for.
        CouldNotCheck: it cannot be read.
        TooLarge: it is larger than what people write.
    """
    with reading(path, name) as file:
        try:
            source = file.read(MAX_FILE + 1)
        except OSError as error:
            reason = system_reason(error)
            raise CouldNotCheck(_("cannot read {path}: {reason}").format(path=name, reason=reason)) from error
    if len(source) > MAX_FILE:
        raise TooLarge(_("{path} is larger than {limit} MiB").format(path=name, limit=MAX_FILE >> 20))
    return source
