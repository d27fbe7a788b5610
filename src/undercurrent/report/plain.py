"""Text from strangers, made harmless to look at.

Names, tags and answers may hold what moves a terminal's cursor, colours it, renames its window, or turns the
direction of writing (https://trojansource.codes/).
"""

import re
from typing import Final

__all__ = ["harmless", "plain"]

_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters but tabs and ends of lines, marks that turn the direction, and halves of characters."""


def plain(text: str) -> str:
    r"""``text`` with what nobody could see written out: ``\x1b[31m``."""
    return _UNSEEN.sub(_written_out, text)


def harmless(diff: str) -> str:
    """A diff as `plain` makes it, whose lines end as those of its files do."""
    return "\n".join(plain(line[:-1]) + "\r" if line.endswith("\r") else plain(line) for line in diff.split("\n"))


def _written_out(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\x{number:02x}" if number <= 0xFF else f"\\u{number:04x}"  # noqa: PLR2004 - what two digits can write
