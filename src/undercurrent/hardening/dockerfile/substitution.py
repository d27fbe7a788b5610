"""Variables in a Dockerfile: ``$name`` and ``${name:-word}``, quotes and escapes, word for word as BuildKit has them.

A port of `frontend/dockerfile/shell/lex.go` (https://github.com/moby/buildkit, v0.34.2), oddities included; added are
a limit to the length of what comes out and to the depth, since a Dockerfile may be anybody's.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from undercurrent.errors import BadContent
from undercurrent.hardening.dockerfile import patterns
from undercurrent.hardening.dockerfile.characters import SPACE, SPACE_CLASS
from undercurrent.hardening.dockerfile.patterns import InvalidPattern
from undercurrent.i18n import translate as _

__all__ = ["DEEPEST", "LONGEST", "BadSubstitution", "Expansion", "expand", "expansion"]

LONGEST: Final = 1 << 17
"""Characters that come out at most: a few ARG that double one another would make any number, and Linux takes no longer
variable."""

DEEPEST: Final = 50
"""``${a:-${b:-…}}`` within one another at most."""

_SPECIAL: Final = "@*#?-$!0"
_NAME: Final = re.compile(r"\w*")
_DIGITS: Final = re.compile(r"\d+")
_BLANKS: Final = re.compile("[\t\r ]*")
_WORD: Final = re.compile(f"[^{SPACE_CLASS}]+")
_WORDS: Final = re.compile(f"[{SPACE_CLASS}]+|[^{SPACE_CLASS}]+")


class BadSubstitution(BadContent):
    """BuildKit cannot put variables into this, or ``${name:?message}`` says that one has to be set."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """What came out.

    Attributes:
        text: as one word.
        words: split at white space that is in no quotes, also in what variables put in, as EXPOSE has it.
        unset: names that have no value, nor a word in place of it: nothing was put in there.
    """

    text: str
    words: tuple[str, ...]
    unset: frozenset[str]


def expand(text: str, environment: Mapping[str, str], escape: str = "\\") -> str:
    """``text`` with quotes and escapes taken off and variables put in; a name without a value is nothing.

    Args:
        text: an argument of an instruction.
        environment: the variables.
        escape: the escape character of the file.

    Raises:
        BadSubstitution: a quote that does not end, a modifier that BuildKit does not know, ``${name:?}``, too long.
    """
    return expansion(text, environment, escape).text


def expansion(
    text: str,
    environment: Mapping[str, str],
    escape: str = "\\",
    *,
    raw_quotes: bool = False,
    raw_escapes: bool = False,
    plain_quotes: bool = False,
    skip_unset: bool = False,
) -> Expansion:
    """Likewise, with what BuildKit uses within.

    Args:
        text: an argument of an instruction.
        environment: the variables.
        escape: the escape character.
        raw_quotes: quotes stay.
        raw_escapes: escapes stay.
        plain_quotes: quotes mean nothing, as in a document of COPY.
        skip_unset: a variable without a value stays as it is written.

    Raises:
        BadSubstitution: as in `expand`.
    """
    text = text.removeprefix("\ufeff")
    if not text or _plain("$<'\"" + escape).fullmatch(text):  # as most are
        return Expansion(text, tuple(part for part in _WORDS.findall(text) if part[0] not in SPACE), frozenset())
    lexer = _Lexer(text, environment, escape, raw_quotes, raw_escapes, plain_quotes, skip_unset)
    try:
        result, words = lexer.until("", raw_escapes=raw_escapes)
    except _Bad as bad:
        message = _("variables cannot be put into “{text}”: {reason}")
        raise BadSubstitution(
            message.format(text=_short(text), reason=bad.reason),
            hint=_(
                "See https://docs.docker.com/reference/dockerfile/#environment-replacement for what may stand there."
            ),
        ) from None
    return Expansion(result, tuple(words), frozenset(lexer.unset))


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"  # noqa: PLR2004 — a line


class _Bad(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@lru_cache(maxsize=64)
def _plain(special: str) -> re.Pattern[str]:
    """A run of what is none of these characters."""
    return re.compile(f"[^{re.escape(special)}]+")


@dataclass(slots=True)
class _Words:
    """Words under construction. BuildKit's share one buffer also where substitutions nest: so do these."""

    buffer: list[str]
    done: list[str] = field(default_factory=list)
    within: bool = False

    def raw(self, text: str) -> None:
        self.within = True
        if text:
            self.buffer.append(text)

    def split(self, text: str) -> None:
        for part in _WORDS.findall(text):
            if part[0] not in SPACE:
                self.raw(part)
            elif self.within and self.buffer:
                self.done.append("".join(self.buffer))
                self.buffer.clear()
                self.within = False

    def all(self) -> list[str]:
        if self.buffer:
            self.done.append("".join(self.buffer))
        self.buffer.clear()
        self.within = False
        return self.done


@dataclass(slots=True)
class _Lexer:
    text: str
    environment: Mapping[str, str]
    escape: str
    raw_quotes: bool
    raw_escapes: bool
    plain_quotes: bool
    skip_unset: bool
    position: int = 0
    depth: int = 0
    size: int = 0
    unset: set[str] = field(default_factory=set)
    buffer: list[str] = field(default_factory=list)

    def peek(self) -> str:
        return self.text[self.position : self.position + 1]

    def next(self) -> str:
        character = self.text[self.position : self.position + 1]
        self.position += 1 if character else 0
        return character

    def grown(self, text: str) -> str:
        self.size += len(text)
        if self.size > LONGEST:
            raise _Bad(_("more than {limit} characters would come out").format(limit=f"{LONGEST:,}"))
        return text

    def until(self, stop: str, *, raw_escapes: bool, patterns: bool = False) -> tuple[str, list[str]]:
        """Up to the character ``stop``, which is taken, too; "" is the end of the text."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise _Bad(_("they are more than {limit} deep within one another").format(limit=DEEPEST))
        outer, self.raw_escapes = self.raw_escapes, raw_escapes
        try:
            return self._until(stop, patterns=patterns)
        finally:
            self.raw_escapes = outer
            self.depth -= 1

    def _until(self, stop: str, *, patterns: bool) -> tuple[str, list[str]]:
        self.buffer.clear()
        words, result = _Words(self.buffer), list[str]()
        plain = _plain("$<'\"" + self.escape + stop)
        while character := self.peek():
            if run := plain.match(self.text, self.position):
                self.position = run.end()
                words.split(run[0])
                result.append(run[0])
            elif character == stop:
                self.position += 1
                return "".join(result), words.all()
            elif character == "$":
                value = self.grown(self.dollar())
                words.split(value)
                result.append(value)
            elif character == "<" or (character in "'\"" and not self.plain_quotes):
                piece = self.heredoc() if character == "<" else self.quoted(character, patterns=patterns)
                words.raw(piece)
                result.append(piece)
            elif character == self.escape:
                self.escaped(words, result)
            else:
                self.position += 1
                words.raw(character)
                result.append(character)
        if stop:
            raise _Bad(_("“{character}” is missing").format(character=stop))
        return "".join(result), words.all()

    def escaped(self, words: _Words, result: list[str]) -> None:
        self.position += 1
        character = self.next()
        piece = (self.escape if self.raw_escapes else "") + character
        if piece:
            words.raw(piece)
            result.append(piece)

    def heredoc(self) -> str:
        self.position += 1
        if self.peek() != "<":
            return "<"
        blanks = _BLANKS.match(self.text, self.position + 1)
        self.position = blanks.end() if blanks else self.position + 1
        return "<<" + (blanks[0] if blanks else "")

    def quoted(self, quote: str, *, patterns: bool) -> str:
        self.position += 1
        result = self.single(patterns=patterns) if quote == "'" else self.double(patterns=patterns)
        return f"{quote}{result}{quote}" if self.raw_quotes else result

    def single(self, *, patterns: bool) -> str:
        end = self.text.find("'", self.position)
        if end < 0:
            raise _Bad(_("a single quote does not end"))
        result, self.position = self.text[self.position : end], end + 1
        return result.replace(self.escape, self.escape * 2) if patterns else result

    def double(self, *, patterns: bool) -> str:
        result = list[str]()
        plain = _plain('"$' + self.escape)
        while character := self.peek():
            if run := plain.match(self.text, self.position):
                self.position = run.end()
                result.append(run[0])
            elif character == '"':
                self.position += 1
                return "".join(result)
            elif character == "$":
                result.append(self.grown(self.dollar()))
            else:
                self.position += 1
                following = self.peek()
                if following and following in ('"', "$", self.escape):
                    result.append((character if self.raw_escapes else "") + self.next())
                elif following:
                    twice = self.raw_escapes and (not self.raw_quotes or patterns)
                    result.append(character * (2 if twice else 1))
        raise _Bad(_("a double quote does not end"))

    def dollar(self) -> str:
        self.position += 1
        if self.peek() != "{":
            name = self.name()
            if not name:
                return "$"
            value = self.value(name)
            return "$" + name if value is None and self.skip_unset else value or ""
        self.position += 1
        if not self.peek() or self.peek() in "{}:":
            raise _Bad(
                _("“{mark}” is missing").format(mark="}")
                if not self.peek()
                else _("no name after “{opening}”").format(opening="${")
            )
        name = self.name()
        modifier = self.next()
        if modifier == "}":
            value = self.value(name)
            return f"${{{name}}}" if value is None and self.skip_unset else value or ""
        if modifier == "/":
            return self.replacement(name)
        return self.modified(name, modifier)

    def modified(self, name: str, modifier: str) -> str:
        colon = modifier == ":"
        kind = self.next() if colon else modifier
        whole = ":" * colon + kind
        if not kind or kind not in ("+-?" if colon else "+-?#%"):
            raise _Bad(_("the modifier “{modifier}” is not known").format(modifier=whole))
        trims = kind in "#%"
        word = self.until("}", raw_escapes=trims, patterns=trims)[0]
        value = self.value(name) if trims else self.environment.get(name)
        if value is None and self.skip_unset:
            return f"${{{name}{whole}{word}}}"
        filled = value is not None and not (colon and not value)
        if kind == "-":
            return value or "" if filled else word
        if kind == "+":
            return word if filled else ""
        if kind == "?":
            if not filled:
                said = word or _("it has no value, and has to have one")
                raise _Bad(f"{name}: {said}")
            return value or ""
        greedy = word.startswith(kind)
        trim = patterns.without_prefix if kind == "#" else patterns.without_suffix
        return self.matched(word, lambda: trim(value or "", word[1:] if greedy else word, greedy=greedy))

    def replacement(self, name: str) -> str:
        everywhere = self.peek() == "/"
        self.position += 1 if everywhere else 0
        pattern = self.until("/", raw_escapes=True, patterns=True)[0]
        text = self.until("}", raw_escapes=True)[0]
        value = self.value(name)
        if value is None and self.skip_unset:
            return f"${{{name}/{pattern}/{text}}}"
        left = LONGEST - self.size
        return self.matched(
            pattern, lambda: patterns.replaced(value or "", pattern, text, everywhere=everywhere, limit=left)
        )

    def matched(self, pattern: str, work: Callable[[], str]) -> str:
        try:
            return work()
        except InvalidPattern:
            raise _Bad(_("the pattern “{pattern}” cannot be used").format(pattern=_short(pattern))) from None

    def name(self) -> str:
        character = self.peek()
        if not character:
            return ""
        if digits := _DIGITS.match(self.text, self.position):
            self.position = digits.end()
            return digits[0]
        if character in _SPECIAL:
            return self.next()
        found = _NAME.match(self.text, self.position)
        name = found[0] if found else ""
        self.position += len(name)
        return name

    def value(self, name: str) -> str | None:
        value = self.environment.get(name)
        if value is None:
            self.unset.add(name)
        return value
