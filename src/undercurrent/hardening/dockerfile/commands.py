"""Takes an instruction that stands on one line apart: keyword, flags, words; which way depends on the keyword.

As BuildKit's `parser/line_parsers.go` has it.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from undercurrent.hardening.dockerfile import arguments
from undercurrent.hardening.dockerfile.arguments import JsonKind, Piece
from undercurrent.hardening.dockerfile.characters import SPACE, SPACES

__all__ = ["Command", "Refusal", "split"]

_SHELL_FORM: Final = frozenset({"RUN", "CMD", "ENTRYPOINT", "SHELL"})
_JSON_LISTS: Final = frozenset({"ADD", "COPY", "VOLUME"})
_LISTS: Final = frozenset({"EXPOSE", "FROM"})
_WHOLE: Final = frozenset({"MAINTAINER", "STOPSIGNAL", "USER", "WORKDIR"})
_PAIRS: Final = frozenset({"ENV", "LABEL"})


class Refusal(StrEnum):
    """Why BuildKit does not even take a line apart."""

    NO_STRINGS = "a JSON array has something that is no string"
    NO_VALUE = "ENV or LABEL with a name only"
    NO_EQUALS = "one of several names of ENV or LABEL has no value"
    CHAIN = "ONBUILD ONBUILD"
    TOO_LONG = "more than is read of one file"


@dataclass(slots=True)
class Command:
    """An instruction taken apart; places are in its line.

    Attributes:
        keyword: in upper case.
        start: where it begins.
        end: where it ends.
        flags: with their dashes.
        words: the arguments.
        arguments: from where to where they stand.
        json: they are a JSON array.
        trigger: of ONBUILD.
        refused: why it is not taken apart any further.
    """

    keyword: str
    start: int
    end: int
    flags: list[Piece]
    words: list[Piece] = field(default_factory=list)
    arguments: tuple[int, int] = (0, 0)
    json: bool = False
    trigger: "Command | None" = None
    refused: Refusal | None = None


def split(text: str, escape: str, start: int = 0, *, deep: bool = True, keyword_only: bool = False) -> Command:
    """Takes ``text`` apart, from ``start`` on; ``deep`` for what ONBUILD triggers, too."""
    end = len(text.rstrip(SPACE))
    start = min(len(text) - len(text[start:].lstrip(SPACE)), end)
    blanks = SPACES.search(text, start, end)
    after = blanks.end() if blanks else end
    word = text[start : blanks.start() if blanks else end]
    keyword = lower.upper() if (lower := word.lower()).isascii() else word
    if keyword_only:
        return Command(keyword, start, start + len(word), [], arguments=(end, end), refused=Refusal.TOO_LONG)
    found, begin = arguments.flags(text, after, end, escape) if after < end else ([], end)
    if begin < end and text[begin] in SPACE:
        begin = end - len(text[begin:end].lstrip(SPACE))
    command = Command(keyword, start, start + len(word), found, arguments=(begin, end))
    if begin < end:
        _fill(command, text, escape, deep=deep)
    return command


def _fill(command: Command, text: str, escape: str, *, deep: bool) -> None:
    keyword, (start, end) = command.keyword, command.arguments
    if keyword in _SHELL_FORM:
        _shell_form(command, text, start, end)
    elif keyword in _LISTS or (keyword in _JSON_LISTS and not _json(command, text, start, end)):
        command.words = arguments.blank_separated(text, start, end)
    elif keyword in _WHOLE:
        command.words = [(text[start:end], start, end)]
    elif keyword == "ARG":
        command.words = arguments.quoted_words(text, start, end, escape)
    elif keyword in _PAIRS:
        _pairs(command, text, start, end, escape)
    elif keyword == "HEALTHCHECK":
        _health(command, text, start, end)
    elif keyword == "ONBUILD":
        command.trigger = split(text, escape, start, deep=False) if deep else None
        command.refused = command.trigger.refused if command.trigger else Refusal.CHAIN


def _health(command: Command, text: str, start: int, end: int) -> None:
    kind = arguments.blank_separated(text, start, end)[0]
    rest = end - len(text[kind[2] : end].lstrip("\t\v\f\r "))
    if rest < end:
        _shell_form(command, text, rest, end)
    command.words.insert(0, kind)


def _json(command: Command, text: str, start: int, end: int) -> bool:
    kind, found = arguments.array(text, start, end)
    command.json = kind is not JsonKind.NONE
    command.words = found
    if kind is JsonKind.OTHERS:
        command.refused = Refusal.NO_STRINGS
    return command.json


def _shell_form(command: Command, text: str, start: int, end: int) -> None:
    if not _json(command, text, start, end):
        command.words = [(text[start:end], start, end)]


def _pairs(command: Command, text: str, start: int, end: int, escape: str) -> None:
    """``name=value`` several times, or ``name value`` once: the first word decides."""
    found = arguments.quoted_words(text, start, end, escape)
    if not found or "=" in found[0][0]:
        command.words = found
        command.refused = None if all("=" in word for word, *_place in found) else Refusal.NO_EQUALS
        return
    blanks = SPACES.search(text, start, end)
    if not blanks:
        command.words = found
        command.refused = Refusal.NO_VALUE
        return
    value = (text[blanks.end() : end], blanks.end(), end)
    command.words = [(text[start : blanks.start()], start, blanks.start()), value]
