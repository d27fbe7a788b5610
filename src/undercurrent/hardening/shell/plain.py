"""Scripts that are so plain that no grammar is needed: words without quotes, variables or brackets, joined by ``&&``.

Half of all RUN are of this kind; they take a hundredth of the time this way. `tests/unit/hardening/shell` shows that
the grammar finds the same.
"""

import re
from typing import Final

from undercurrent.hardening.shell.nouns import Command, Script, Within
from undercurrent.splices import Span

__all__ = ["plain"]

_PLAIN: Final = re.compile(r"[a-zA-Z0-9_./:@%^*?=+, \t-]+(?:(?:&&|;)[a-zA-Z0-9_./:@%^*?=+, \t-]+)*")
_PART: Final = re.compile(r"(&&|;)?([^&;]+)")
_WORD: Final = re.compile(r"[^ \t]+")
_KEYWORDS: Final = frozenset(
    {
        *("case", "coproc", "declare", "do", "done", "elif", "else", "esac", "eval", "export", "fi", "for", "function"),
        *("getopts", "if", "in", "local", "mapfile", "read", "readarray", "readonly", "select", "source", "then"),
        *("time", "typeset", "unset", "unsetenv", "until", "while", "."),
    }
)
"""What a command does not begin with if the grammar has a rule of its own for it, or if it sets variables."""


def plain(text: str) -> Script | None:
    """The script, if it is of that kind."""
    if not _PLAIN.fullmatch(text):
        return None
    commands = []
    for part in _PART.finditer(text):
        start = part.start(2)
        found = [(word[0], Span(start + word.start(), start + word.end())) for word in _WORD.finditer(part[2])]
        if not found or "=" in found[0][0] or found[0][0] in _KEYWORDS:
            return None
        words, places = zip(*found, strict=True)
        span = Span(places[0].start, places[-1].end)
        commands.append(Command(words, places, span, within=(Within.AND,) if part[1] == "&&" else ()))
    return Script(text, tuple(commands), understood=True)
