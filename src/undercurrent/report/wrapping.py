"""Where lines may end: at spaces, and between Chinese characters; measured in the cells of a terminal.

Line breaks of Chinese: https://www.w3.org/TR/clreq/#line_composition. Widths: https://www.unicode.org/reports/tr11/.
"""

import unicodedata
from collections.abc import Iterator
from typing import Final

__all__ = ["breaks", "pieces", "width", "wrap"]

_NEVER_FIRST: Final = frozenset("，。、；：？！）］】》〉」』”’…—·～％,.;:?!)]}>%`")
_NEVER_LAST: Final = frozenset("（［【《〈「『“‘([{<`")


def width(text: str) -> int:
    """Cells that ``text``, a single line, takes on a terminal."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def pieces(text: str) -> Iterator[str]:
    """``text`` in pieces between which a line may end; each keeps the spaces that follow it."""
    start = 0
    for position in range(1, len(text)):
        if _may_end_between(text[position - 1], text[position]):
            yield text[start:position]
            start = position
    if text:
        yield text[start:]


def breaks(text: str, limit: int) -> list[int]:
    """Where in ``text``, a single line, new lines have to begin so that none is wider than ``limit`` cells.

    A piece that is wider is cut where a name in a path ends, or wherever the line is full. Spaces at the end of a line
    do not count.
    """
    found: list[int] = []
    column = start = 0
    for piece in pieces(text):
        wide = width(piece.rstrip(" "))
        if column and column + wide > limit:
            found.append(start)
            column = 0
        if wide > limit:
            column = _cut(piece.rstrip(" "), start, limit, found)
            wide = 0
        column += wide + len(piece) - len(piece.rstrip(" "))
        start += len(piece)
    return found


def wrap(text: str, limit: int) -> list[str]:
    """The lines of ``text``, a paragraph: spaces and line ends in it are the same."""
    text = " ".join(text.split())
    cuts = breaks(text, max(limit, 2))
    return [text[start:end].rstrip() for start, end in zip([0, *cuts], [*cuts, None], strict=True)]


def _cut(piece: str, start: int, limit: int, found: list[int]) -> int:
    """Appends the cuts inside ``piece``, which begins at ``start``; returns the width of what is left behind them."""
    begin = column = 0
    for position, character in enumerate(piece):
        cells = _cells(character)
        while column + cells > limit and position > begin:
            begin = _in_path(piece, begin, position) or _before_marks(piece, begin, position)
            found.append(start + begin)
            column = width(piece[begin:position])
        column += cells
    return column


def _in_path(piece: str, begin: int, position: int) -> int:
    """Where a path is cut, at ``position`` or before it: behind a slash, or else a hyphen; 0 for what is no path."""
    for mark in "/-" if "/" in piece else "":
        at = piece.rfind(mark, begin, position)
        if at > begin and piece[at + 1] != mark and piece[at + 1] not in _NEVER_FIRST:
            return at + 1
    return 0


def _before_marks(piece: str, begin: int, position: int) -> int:
    """Where to cut, at ``position`` or before it, so that the next line does not begin with a mark."""
    while position > begin + 1 and piece[position] in _NEVER_FIRST:
        position -= 1
    return position


def _may_end_between(left: str, right: str) -> bool:
    if left == " " or right == " ":
        return right != " "
    if not (_is_wide(left) or _is_wide(right)):
        return False
    return left not in _NEVER_LAST and right not in _NEVER_FIRST


def _is_wide(character: str) -> bool:
    return not character.isascii() and unicodedata.east_asian_width(character) in "WF"


def _cells(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.combining(character) or unicodedata.category(character) in {"Me", "Cf"}:
        return 0
    return 2 if _is_wide(character) else 1
