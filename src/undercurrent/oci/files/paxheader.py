"""Extension headers of tar files: records of a length that counts all of the record, a blank, key=value, a line feed.

Format: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_03
"""

import re
from typing import Final

from undercurrent.errors import BadContent
from undercurrent.i18n import translate as _

__all__ = ["CAPABILITY", "SPARSE", "records"]

CAPABILITY: Final = "SCHILY.xattr.security.capability"
SPARSE: Final = "GNU.sparse."
"""What the keys of a sparse file begin with; all of them are read as this one."""
_HEEDED: Final = frozenset({b"path", b"linkpath", b"size", b"uid", b"gid", CAPABILITY.encode()})
_LENGTH: Final = re.compile(rb"([0-9]{1,8}) ")


def records(data: bytes, what: str) -> dict[str, bytes]:
    """The records that matter here. All others are passed over, because a file may have any number of them.

    Args:
        data: the content of the header; zeros at its end are padding.
        what: names the file in errors.

    Raises:
        BadContent: they are damaged.
    """
    found: dict[str, bytes] = {}
    at, end = 0, len(data.rstrip(b"\0"))
    while at < end:
        length = _LENGTH.match(data, at)
        stop = at + int(length[1]) if length else 0
        # A record ends behind where its key begins; one of length 0 would be read for ever.
        if not length or not length.end() < stop <= len(data) or data[stop - 1 : stop] != b"\n":
            raise _damaged(what)
        key, equals, value = data[length.end() : stop - 1].partition(b"=")
        if not equals:
            raise _damaged(what)
        if key in _HEEDED:
            found[key.decode()] = value
        elif key.startswith(SPARSE.encode()):
            found[SPARSE] = b""
        at = stop
    return found


def _damaged(what: str) -> BadContent:
    return BadContent(_("{what} has a damaged extension header").format(what=what))
