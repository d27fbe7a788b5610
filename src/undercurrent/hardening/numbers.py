"""Numbers as Dockerfiles, passwd files and manifests have them: of users, groups and ports."""

from typing import Final

__all__ = ["UID", "as_number", "is_root"]

UID: Final = 10001
"""Whom images run as where there is nobody better: above what distributions and hosts give to accounts of their own."""

_MOST_DIGITS: Final = 19
"""What 64 bits can hold; Python itself refuses to read a number of thousands of digits."""


def as_number(text: str | None) -> int | None:
    """The number that ``text`` is, in digits from 0 to 9; None for anything else, and for one that is far too large."""
    if text and text.isascii() and text.isdigit() and len(digits := text.lstrip("0")) <= _MOST_DIGITS:
        return int(digits or "0")
    return None


def is_root(user: str) -> bool:
    """Whether a USER is root: ``0``, ``root:staff``, and nobody at all."""
    name = user.partition(":")[0]
    return name in ("", "root") or as_number(name) == 0
