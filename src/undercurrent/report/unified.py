"""What would change in a file, so that people can read it and ``patch`` can make it."""

import difflib
import re

__all__ = ["unified"]


def unified(name: str, before: str, after: str) -> str:
    """A unified diff of a text file, headed as git does (``a/NAME``, ``b/NAME``); empty if nothing changes.

    Only a line feed ends a line, as for `diff` and `patch`: a carriage return before it belongs to the line.
    """
    path = name.lstrip("/")
    lines = difflib.unified_diff(_lines(before), _lines(after), f"a/{path}", f"b/{path}")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)
