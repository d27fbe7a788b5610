"""Patterns of ``${name#pattern}``, ``${name%pattern}`` and ``${name/pattern/text}``: ``*``, ``?``, and characters.

BuildKit hands them to a regular expression of Go, which takes time that is linear in the value. Python's
backtracks: so each ``*`` is tried once, from the left, as far as the next piece that is no ``*``. For such patterns
that finds the same.
"""

import re
from dataclasses import dataclass
from functools import partial
from typing import Final

__all__ = ["LONGEST_VALUE", "InvalidPattern", "replaced", "without_prefix", "without_suffix"]

LONGEST_VALUE: Final = 1024
"""Characters of a value that a pattern with ``*`` is looked for in; where it may begin anywhere, time is quadratic."""

_ESCAPES: Final = "*?\\"
_TEMPLATE: Final = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})", re.ASCII)


class InvalidPattern(ValueError):
    """An escape that stands before a character which needs none, or a value that is too long."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    """Pieces of regular expressions, between which stand the ``*``."""

    pieces: tuple[str, ...]

    def expression(self, *, greedy: bool) -> re.Pattern[str]:
        first, *others = self.pieces
        if not others:
            return re.compile(first)
        lazy = "".join(f"(?>.*?{piece})" for piece in others[:-1])
        return re.compile(f"{first}{lazy}.*{'' if greedy else '?'}{others[-1]}")


def without_prefix(value: str, pattern: str, *, greedy: bool) -> str:
    """``${name#pattern}``, and ``##`` if greedy.

    Raises:
        InvalidPattern: BuildKit refuses the pattern.
    """
    found = _compiled(pattern, value).expression(greedy=greedy).match(value)
    return value[found.end() :] if found else value


def without_suffix(value: str, pattern: str, *, greedy: bool) -> str:
    """``${name%pattern}``, and ``%%`` if greedy.

    Raises:
        InvalidPattern: BuildKit refuses the pattern.
    """
    return without_prefix(value[::-1], _reversed(pattern), greedy=greedy)[::-1]


def replaced(value: str, pattern: str, text: str, *, everywhere: bool, limit: int) -> str:
    """``${name/pattern/text}``, and ``//`` if everywhere: there ``$0`` in ``text`` is what was found, as Go has it.

    Args:
        value: of the variable.
        pattern: what is looked for.
        text: what is put there.
        everywhere: not only at the first place.
        limit: characters of a result that is no longer worked out.

    Raises:
        InvalidPattern: BuildKit refuses the pattern; or the result is longer than ``limit``.
    """
    expression = _compiled(pattern, value).expression(greedy=True)
    if not everywhere:
        found = expression.search(value)
        return value[: found.start()] + text + value[found.end() :] if found else value
    parts: list[str] = []
    done, last, size = 0, -1, 0
    for found in expression.finditer(value):
        if found.end() == found.start() == last:
            continue  # Go does not take nothing right after something
        put = _TEMPLATE.sub(partial(_put, found[0]), text)
        parts += (value[done : found.start()], put)
        size += len(put)
        if size > limit:
            raise InvalidPattern
        done = last = found.end()
    return "".join((*parts, value[done:]))


def _put(whole: str, match: re.Match[str]) -> str:
    if match[1]:
        return "$"
    return whole if (match[2] or match[3]) == "0" else ""


def _compiled(pattern: str, value: str) -> _Pattern:
    pieces, current, position = [], "", 0
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == "*":
            pieces.append(current)
            current = ""
        elif character == "?":
            current += "."
        elif character == "\\":
            following = pattern[position : position + 1]
            if following and following in "}/":  # escaped for ${…} only; the next turn takes it as it is
                continue
            if not following or following not in _ESCAPES:
                raise InvalidPattern
            current += "\\" + following
            position += 1
        else:
            current += re.escape(character)
    pieces.append(current)
    if len(pieces) > 1 and max(len(value), len(pattern)) > LONGEST_VALUE:
        raise InvalidPattern
    return _Pattern(tuple(pieces))


def _reversed(pattern: str) -> str:
    """Backwards, each escape still before what it escapes."""
    parts, position = [], 0
    while position < len(pattern):
        width = 2 if pattern[position] == "\\" and position + 1 < len(pattern) else 1
        parts.append(pattern[position : position + width])
        position += width
    return "".join(reversed(parts))
