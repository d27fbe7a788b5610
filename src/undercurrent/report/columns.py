"""Lines up the columns of a table where nothing is coloured and nothing has to be wrapped.

That is all there is to do for a file or another program; rich, which can do more, takes as long for a line as
checking a signature does.
"""

from dataclasses import replace
from typing import Final

from undercurrent.report.model import Cell, Table
from undercurrent.report.plain import plain

__all__ = ["GAP", "lined_up", "size_of"]

GAP: Final = 3
"""Cells of a terminal between two columns."""


def lined_up(table: Table, width: int) -> list[str]:
    """The lines of a table, as rich would draw them; none if that takes more than lining up.

    Args:
        table: what to show.
        width: cells that a line has.
    """
    if table.title:
        titled = lined_up(replace(table, title=""), width)
        return [plain(table.title), *titled] if titled and "\t" not in table.title else []
    rows = [[plain(_text(cell)) for cell in row] for row in (table.columns, *table.rows)]
    if any(cell != cell.strip() or "\n" in cell or "\t" in cell for row in rows for cell in row):
        return []
    sizes = [[_size(cell) for cell in row] for row in rows]
    widths = [max(column) for column in zip(*sizes, strict=True)]
    total = sum(widths) + GAP * (len(widths) - 1)
    if not table.rows or not all(widths) or total > width:
        return []
    right = [number in table.right for number in range(len(widths))]
    lines = [
        (" " * GAP)
        .join(
            " " * (room - size) + cell if to_the_right else cell + " " * (room - size)
            for cell, size, room, to_the_right in zip(row, taken, widths, right, strict=True)
        )
        .rstrip()
        for row, taken in zip(rows, sizes, strict=True)
    ]
    return [lines[0], "─" * total, *lines[1:]]


def size_of(cell: Cell | str) -> int:
    """Cells of a terminal that the widest line of ``cell`` takes."""
    return max(map(_size, plain(_text(cell)).splitlines()), default=0)


def _text(cell: Cell | str) -> str:
    return cell if isinstance(cell, str) else cell.text


def _size(line: str) -> int:
    if line.isascii():
        return len(line)
    from rich.cells import cell_len  # noqa: PLC0415 - and its package: only other scripts need them

    return cell_len(line)
