"""For people: tables, trees and colours where there is a terminal, the same words where there is none."""

import sys
from typing import IO, TYPE_CHECKING

from undercurrent.report.columns import lined_up
from undercurrent.report.model import Block, Diff, Report, Table, Text
from undercurrent.report.plain import harmless, plain
from undercurrent.report.terminal import has_colours, width_of

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["human"]


def human(report: Report) -> str:
    """The report's blocks and its summary, as they look on standard output."""
    blocks = list(report.blocks)
    if report.summary:
        blocks.append(Text(report.summary.text, report.summary.mood))
    target = _Target(sys.stdout)
    return "\n".join(map(target.shown, blocks))


class _Target:
    """Where blocks are shown. Only what has to be drawn waits for rich, whose import takes longer than verifying."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._colours = has_colours(stream)
        self._console: Console | None = None

    def shown(self, block: Block) -> str:
        return self._written(block) or self._drawn(block)

    def _written(self, block: Block) -> str:
        """The block without colours, where nothing has to be wrapped or expanded; else ""."""
        if self._colours:
            return ""
        if isinstance(block, Diff):
            return harmless(block.text)
        if isinstance(block, Text):
            return "" if "\t" in block.text else plain(block.text) + "\n"
        lines = lined_up(block, width_of(self._stream)) if isinstance(block, Table) else []
        return "".join(f"{line}\n" for line in lines)

    def _drawn(self, block: Block) -> str:
        from undercurrent.report.drawing import console, drawn  # noqa: PLC0415

        self._console = self._console or console(self._stream)
        return drawn(self._console, block)
