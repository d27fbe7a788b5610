"""Text as rich shows it, with lines that may end between Chinese characters and in paths: rich knows spaces only."""

from rich.console import Console, JustifyMethod, OverflowMethod
from rich.containers import Lines
from rich.text import Text

from undercurrent.report.wrapping import breaks

__all__ = ["Flowing"]


class Flowing(Text):
    """Text that is wrapped as both languages want it."""

    def _needs_more(self, width: int) -> bool:
        """Whether rich would cut in the wrong places: between Chinese characters, or within a path."""
        text = self.plain
        return not text.isascii() or ("/" in text and any(len(word) > width and "/" in word for word in text.split()))

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
        if kept_whole or overflow == "ignore" or not self._needs_more(width):
            return super().wrap(console, width, justify=justify, overflow=overflow, tab_size=tab_size, no_wrap=no_wrap)
        lines = Lines()
        for line in self.split(allow_blank=True):
            lines.extend(line.divide(breaks(line.plain, width)))
        for line in lines:
            line.rstrip_end(width)
        lines.justify(console, width, justify=justify or self.justify or "default", overflow="fold")
        return lines
