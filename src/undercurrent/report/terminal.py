"""What a stream shows: a terminal with or without colours and so many cells in a line, or a file or a pipe."""

import os
from typing import IO, Final

__all__ = ["has_colours", "is_terminal", "width_of"]

_PIPE_WIDTH: Final = 160


def is_terminal(stream: IO[str]) -> bool:
    """Whether somebody looks at it, on something that can do more than print."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def has_colours(stream: IO[str]) -> bool:
    """Whether it is a terminal, and nobody set ``NO_COLOR`` (https://no-color.org)."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def width_of(stream: IO[str]) -> int:
    """Cells in a line: what ``COLUMNS`` says, else what the terminal says that ``stream`` is; a pipe is wide."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isascii() and columns.isdigit() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _PIPE_WIDTH
    except OSError:
        return _PIPE_WIDTH
