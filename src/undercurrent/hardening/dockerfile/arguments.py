"""What follows the keyword of an instruction: flags, words, and arrays in JSON, each with its place.

As in BuildKit's `parser/split_command.go` and `parser/line_parsers.go`.
"""

import json
import re
from enum import Enum
from functools import lru_cache
from typing import Final, TypeAlias

from undercurrent.hardening.dockerfile.characters import ANY_SPACE, SPACE, SPACE_CLASS

__all__ = ["JsonKind", "Piece", "array", "blank_separated", "flags", "quoted_words"]

Piece: TypeAlias = tuple[str, int, int]
"""A text as BuildKit takes it, and where it begins and ends in the line."""

_JSON_STRING: Final = re.compile(r'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"')
_JSON_BLANKS: Final = re.compile(r"[ \t\n\r]*")
_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_NO_BLANKS: Final = re.compile(r"[^\t\v\f\r ]+")


class JsonKind(Enum):
    """What something that may be a JSON array is."""

    STRINGS = "an array of strings"
    OTHERS = "an array with something else in it, which BuildKit refuses"
    NONE = "no JSON array: it is a command for the shell, or a list of words"


@lru_cache(maxsize=4)
def _unquoted(escape: str) -> re.Pattern[str]:
    return re.compile(f"[^{SPACE_CLASS}'\"{re.escape(escape)}]+")


@lru_cache(maxsize=4)
def _quoted(quote: str, escape: str) -> re.Pattern[str]:
    return re.compile(f"[^{quote}{re.escape(escape)}]+")


@lru_cache(maxsize=2)
def _words(escape: str) -> re.Pattern[str]:
    """A word, its quotes included; what is quoted may lack its end."""
    e = re.escape(escape)
    single, double = r"'[^']*+(?:'|\Z)", rf'"(?:[^"{e}]++|{e}.)*+(?:"|{e}?\Z)'
    return re.compile(rf"(?:[^{SPACE_CLASS}'\"{e}]++|{e}(?:.|\Z)|{single}|{double})++", re.DOTALL)


def flags(text: str, start: int, end: int, escape: str) -> tuple[list[Piece], int]:
    """The words at the front that begin with ``--``, quotes taken off, and where the rest begins."""
    found: list[Piece] = []
    while True:
        blanks = ANY_SPACE.match(text, start, end)
        start = blanks.end() if blanks else start
        if not text.startswith("--", start, end):
            return found, start
        word, after = _flag(text, start, end, escape)
        if word == "--":
            return found, after
        found.append((word, start, after))
        start = after


def _flag(text: str, position: int, end: int, escape: str) -> tuple[str, int]:
    parts: list[str] = []
    quote = ""
    while position < end:
        plain = _quoted(quote, escape) if quote else _unquoted(escape)
        if run := plain.match(text, position, end):
            parts.append(run[0])
            position = run.end()
            continue
        character = text[position]
        position += 1
        if character == quote:
            quote = ""
        elif character == escape:
            parts.append(text[position : min(position + 1, end)])
            position = min(position + 1, end)
        elif quote or character not in SPACE:
            quote = character
        else:
            return "".join(parts), position - 1
    return "".join(parts), position


def blank_separated(text: str, start: int, end: int) -> list[Piece]:
    """Words between blanks; quotes mean nothing."""
    return [(found[0], found.start(), found.end()) for found in _NO_BLANKS.finditer(text, start, end)]


def quoted_words(text: str, start: int, end: int, escape: str) -> list[Piece]:
    """Words of ENV, LABEL and ARG: blanks in quotes or after an escape separate nothing; the quotes stay."""
    found: list[Piece] = []
    pattern = _words(escape)
    part = text[start:end]
    for match in pattern.finditer(part):
        word = match[0]
        if match.end() == len(part) and _ends_in_escape(word, escape):
            word = word[:-1]
        if word:
            found.append((word, start + match.start(), start + match.end()))
    return found


def _ends_in_escape(word: str, escape: str) -> bool:
    """Whether its last character escapes what is not there any more; BuildKit drops it then."""
    if not word.endswith(escape):
        return False
    quote, position = "", 0
    while position < len(word):
        character = word[position]
        if quote == "'" or character != escape:
            quote = "" if character == quote else quote or (character if character in "'\"" else "")
            position += 1
        elif position + 1 == len(word):
            return True
        else:
            position += 2
    return False


def array(text: str, start: int, end: int) -> tuple[JsonKind, list[Piece]]:
    """A JSON array of strings, if it is one.

    Returns:
        What it is, and the strings, if it has nothing else: decoded, each with the place of its quotes.
    """
    if not text.startswith("[", start, end):
        return JsonKind.NONE, []
    found: list[Piece] = []
    position, comma = _blanks(text, start + 1, end), False
    while string := _JSON_STRING.match(text, position, end):
        found.append((_decoded(string[0]), string.start(), string.end()))
        position = _blanks(text, string.end(), end)
        comma = text.startswith(",", position, end)
        if not comma:
            break
        position = _blanks(text, position + 1, end)
    if not comma and text.startswith("]", position, end) and position + 1 == end:
        return JsonKind.STRINGS, found
    return (JsonKind.OTHERS if _is_array(text[start:end]) else JsonKind.NONE), []


def _blanks(text: str, position: int, end: int) -> int:
    found = _JSON_BLANKS.match(text, position, end)
    return found.end() if found else position


def _decoded(string: str) -> str:
    """Without its quotes; half a surrogate pair, written as an escape, is no character (Go takes U+FFFD)."""
    if "\\" not in string:
        return string[1:-1]
    value = str(json.loads(string))
    return _SURROGATE.sub("\ufffd", value) if _HALF.search(string) else value


def _is_array(text: str) -> bool:
    try:
        return isinstance(json.loads(text, parse_int=_number, parse_float=_number, parse_constant=_no_constant), list)
    except (ValueError, RecursionError):
        return False


def _number(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise ValueError(digits)
    return value


def _no_constant(name: str) -> float:
    raise ValueError(name)
