"""The nouns of a shell script: commands, with the words that are known before anything runs."""

from dataclasses import dataclass
from enum import StrEnum

from undercurrent.splices import Span

__all__ = ["Command", "Redirect", "Script", "Within"]


class Within(StrEnum):
    """What a command stands in, where it does not simply run one after another."""

    AND = "&&"
    OR = "||"
    NOT = "!"
    PIPE = "|"
    CONDITION = "condition"
    IF = "if"
    LOOP = "loop"
    CASE = "case"
    FUNCTION = "function"
    SUBSHELL = "subshell"
    SUBSTITUTION = "substitution"
    BACKGROUND = "&"


_SURE = frozenset({Within.AND, Within.PIPE, Within.SUBSHELL, Within.BACKGROUND, Within.NOT})


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where input or output goes.

    Attributes:
        operator: ``>``, ``>>``, ``<``, ``<<`` …
        target: the path; for a document the word that ends it; None where it is not constant.
        span: all of it.
        content: of a document or a here-string, as written (leading tabs gone after ``<<-``).
        exact: the content is what is read: no variable is put in.
    """

    operator: str
    target: str | None
    span: Span
    content: str = ""
    exact: bool = True

    @property
    def writes(self) -> bool:
        """Whether a file is written there."""
        return ">" in self.operator


@dataclass(frozen=True, slots=True)
class Command:
    """A simple command; also ``[ … ]``, ``[[ … ]]``, ``export …`` and assignments that stand alone (no words).

    Attributes:
        words: quotes taken off, variables with a known value put in; None for a word that nobody knows beforehand,
            or that may become several. Patterns (``*.conf``) stay as they are written.
        places: where the words stand.
        span: the command, without redirects after it.
        assignments: ``NAME=value`` before the words, and those of ``export``; value None if not constant.
        redirects: its own, and those of what it is in.
        within: what it stands in, from outside to inside, each once.
    """

    words: tuple[str | None, ...]
    places: tuple[Span, ...]
    span: Span
    assignments: tuple[tuple[str, str | None], ...] = ()
    redirects: tuple[Redirect, ...] = ()
    within: tuple[Within, ...] = ()

    @property
    def program(self) -> str:
        """The name of what runs, without its folder; empty if not known."""
        return (self.words[0] or "").rsplit("/", 1)[-1] if self.words else ""

    @property
    def sure(self) -> bool:
        """Whether it runs whenever all before it goes well: it is in no condition, loop, function, substitution."""
        return _SURE.issuperset(self.within)


@dataclass(frozen=True, slots=True)
class Script:
    """A script.

    Attributes:
        text: all of it.
        commands: in the order they stand there.
        understood: all of it parses. If not, nothing of it may be rewritten, and commands may be missing.
    """

    text: str
    commands: tuple[Command, ...]
    understood: bool
