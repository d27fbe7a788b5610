"""Edits of a file, as findings carry them: by line and column."""

from collections.abc import Iterable, Iterator

from undercurrent.findings import Place, Replacement
from undercurrent.splices import Edit

__all__ = ["replacements"]


def replacements(name: str, text: str, edits: Iterable[Edit]) -> Iterator[Replacement]:
    """The edits of ``text``, which findings call ``name``; none where it has bytes that are no UTF-8.

    A column there would be another one for each reader.
    """
    if not text.isascii() and any("\udc80" <= character <= "\udcff" for character in text):
        return
    for edit in edits:
        begin, end = (_place(name, text, offset) for offset in (edit.span.start, edit.span.end))
        yield Replacement(begin, end, edit.text)


def _place(name: str, text: str, offset: int) -> Place:
    """Where that is; a byte order mark is no character of its line."""
    line, begins = text.count("\n", 0, offset) + 1, text.rfind("\n", 0, offset) + 1
    mark = line == 1 and text.startswith("\ufeff")
    return Place(name, line, offset - begins + 1 - mark)
