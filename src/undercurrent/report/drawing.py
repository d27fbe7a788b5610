"""Draws blocks with rich: colours, trees, and columns that give way where a line is short."""

import io
import re
from typing import IO, Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text as RichText
from rich.theme import Theme
from rich.tree import Tree as RichTree

from undercurrent.report.columns import GAP, size_of
from undercurrent.report.flowing import Flowing
from undercurrent.report.model import Block, Cell, Diff, Fields, Mood, Prose, Table, Text, Tree
from undercurrent.report.plain import harmless, plain
from undercurrent.report.terminal import has_colours, is_terminal, width_of

__all__ = ["console", "drawn"]

_STYLES: Final[dict[Mood, str]] = {
    "": "",
    "good": "green",
    "bad": "red",
    "unsure": "yellow",
    "quiet": "dim",
    "strong": "bold",
}
_DIFF: Final = {"+": "green", "-": "red", "@": "cyan"}
_PROSE_WIDTH: Final = 100
_NARROWEST: Final = 10
"""Cells that a column of a table keeps, however much it gives way."""
_THEME: Final = Theme({"markdown.code": "bold"})


def console(stream: IO[str]) -> Console:
    """A console on ``stream``: colours only where it has them."""
    return Console(
        file=stream,
        width=width_of(stream),
        force_terminal=is_terminal(stream),
        color_system="auto" if has_colours(stream) else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        theme=_THEME,
    )


def drawn(target: Console, block: Block) -> str:
    """The block's lines on a console like ``target``. Only those of a text keep the spaces at their ends."""
    target.file = io.StringIO()
    _print(target, block)
    text = target.file.getvalue()
    if isinstance(block, Text | Diff):
        return text
    # rich pads every line of a grid to its full width, which wraps when somebody copies it.
    return "".join(line.rstrip() + "\n" for line in text.splitlines())


def _text(cell: Cell | str) -> RichText:
    if isinstance(cell, str):
        return Flowing(plain(cell))
    return Flowing(plain(cell.text), style=_STYLES[cell.mood])


def _print(target: Console, block: Block) -> None:
    match block:
        case Text(text, mood):
            target.print(RichText(plain(text), style=_STYLES[mood]), soft_wrap=True)
        case Diff(text):
            for line in harmless(text).splitlines():
                target.print(RichText(line, style=_diff_style(line)), soft_wrap=True)
        case Prose(text):
            from undercurrent.report.prose import FlowingMarkdown  # noqa: PLC0415 - its parser is as large as rich

            # Where nothing can be set in bold, code keeps its marks.
            shown = re.sub(r"(`[^`]+`)", r"`` \1 ``", text) if target.color_system is None else text
            target.print(FlowingMarkdown(shown), width=min(target.width, _PROSE_WIDTH))
        case Fields():
            _print_fields(target, block)
        case Table():
            _print_table(target, block)
        case Tree():
            target.print(_grow(block))


def _diff_style(line: str) -> str:
    if line.startswith(("---", "+++")):
        return "bold"
    return _DIFF.get(line[:1], "")


def _print_fields(target: Console, fields: Fields) -> None:
    if fields.title:
        target.print(RichText(fields.title, style="bold"))
    grid = RichTable.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in fields.rows:
        grid.add_row(plain(name), _text(value))
    target.print(grid)


def _print_table(target: Console, table: Table) -> None:
    if table.title:
        target.print(RichText(table.title, style="bold"))
    grid = RichTable(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    squeezed = table.squeeze if _fits(table, target.width) else range(len(table.columns))
    for number, name in enumerate(table.columns):
        grid.add_column(
            name,
            justify="right" if number in table.right else "left",
            overflow="fold",
            no_wrap=number not in squeezed,
        )
    for row in table.rows:
        grid.add_row(*(_text(cell) for cell in row))
    target.print(grid)


def _fits(table: Table, width: int) -> bool:
    """Whether the columns that do not give way can be shown whole."""
    needed = GAP * (len(table.columns) - 1)
    for number, name in enumerate(table.columns):
        widest = max(size_of(cell) for cell in (name, *(row[number] for row in table.rows)))
        needed += min(widest, _NARROWEST) if number in table.squeeze else widest
    return needed <= width


def _grow(tree: Tree) -> RichTree:
    grown = RichTree(_text(tree.label), guide_style="dim")
    for child in tree.children:
        grown.children.append(_grow(child))
    return grown
