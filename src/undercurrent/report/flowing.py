"""Text as rich shows it, with lines that may end between Chinese characters too: rich itself knows spaces only."""

from rich.console import Console, JustifyMethod, OverflowMethod
from rich.containers import Lines
from rich.text import Text

from undercurrent.report.wrapping import breaks

__all__ = ["Flowing"]


class Flowing(Text):
    """Text that is wrapped as both languages want it."""

    def wrap(  # noqa: D102 - rich's signature
        self,
        console: Console,
        width: int,
        *,
        justify: JustifyMethod | None = None,
        overflow: OverflowMethod | None = None,
        tab_size: int = 8,
        no_wrap: bool | None = None,
    ) -> Lines:
        kept_whole = self.no_wrap if no_wrap is None else no_wrap
        if self.plain.isascii() or kept_whole or overflow == "ignore":
            return super().wrap(console, width, justify=justify, overflow=overflow, tab_size=tab_size, no_wrap=no_wrap)
        lines = Lines()
        for line in self.split(allow_blank=True):
            lines.extend(line.divide(breaks(line.plain, width)))
        for line in lines:
            line.rstrip_end(width)
        lines.justify(console, width, justify=justify or self.justify or "default", overflow="fold")
        return lines
