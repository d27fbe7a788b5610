"""The nouns of a Dockerfile: every character of the file is in the span of one node.

Reference: https://docs.docker.com/reference/dockerfile/; rules as in BuildKit's ``frontend/dockerfile/parser``.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from undercurrent.splices import Span

__all__ = [
    "Blank",
    "Comment",
    "Directive",
    "Dockerfile",
    "Fault",
    "Flag",
    "Heredoc",
    "Instruction",
    "Logical",
    "Node",
    "Stage",
    "Word",
]


@dataclass(frozen=True, slots=True)
class Logical:
    """An instruction as one line: continuations joined, the comments and empty lines within left out.

    Attributes:
        text: that line.
        starts: where in ``text`` each unbroken piece begins, ascending; the first is 0.
        sources: where in the file the same pieces begin.
    """

    text: str
    starts: tuple[int, ...]
    sources: tuple[int, ...]

    def source(self, offset: int) -> int:
        """Where in the file the character at ``offset`` of ``text`` stands."""
        if len(self.starts) == 1:  # most have one line
            return self.sources[0] + offset
        piece = max(bisect_right(self.starts, offset) - 1, 0)
        return self.sources[piece] + offset - self.starts[piece]

    def span(self, start: int, end: int) -> Span:
        """The span in the file of ``text[start:end]``, with the continuations that lie within."""
        return Span(self.source(start), self.source(end - 1) + 1) if end > start else Span(*[self.source(start)] * 2)


@dataclass(frozen=True, slots=True)
class Word:
    """An argument: as BuildKit takes it (quotes kept in shell form, decoded in JSON form), and where it stands."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Flag:
    """``--chown=1:1`` before the arguments; ``value`` is None where there is no ``=``."""

    name: str
    value: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A document within: ``<<-"EOF"``.

    Attributes:
        name: the word that ends it.
        expand: variables count (its word has no quotes).
        chomp: leading tabs do not count (``<<-``).
        content: its lines, as BuildKit takes them.
        body: where these lines stand, without the line that ends it.
        opener: where ``<<EOF`` stands.
    """

    name: str
    expand: bool
    chomp: bool
    content: str
    body: Span
    opener: Span


@dataclass(frozen=True, slots=True)
class Blank:
    """Lines with nothing but white space, outside instructions; a byte order mark, too."""

    span: Span


@dataclass(frozen=True, slots=True)
class Comment:
    """A line that begins with ``#``, outside instructions."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Directive:
    """A parser directive: ``# syntax=…``, ``# escape=…``, ``# check=…``; ``name`` in lower case."""

    span: Span
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, with its continuation lines, the comments within, and its heredocs.

    Attributes:
        span: from the beginning of its first line to the end of its last, line end included.
        keyword: in upper case: ``RUN``; what no Dockerfile knows is kept as well.
        keyword_span: where it stands.
        line: of the file, from 1, that it begins on.
        logical: the whole instruction as one line.
        arguments: of ``logical.text``: what follows the flags, stripped; empty if there is nothing.
        flags: in their order.
        words: the arguments; for a shell form (RUN, CMD, ENTRYPOINT, the test of HEALTHCHECK) the whole command as one.
        json: the arguments are a JSON array of strings.
        heredocs: in their order.
        trigger: for ONBUILD, the instruction that it keeps for later.
    """

    span: Span
    keyword: str
    keyword_span: Span
    line: int
    logical: Logical
    arguments: Span
    flags: tuple[Flag, ...] = ()
    words: tuple[Word, ...] = ()
    json: bool = False
    heredocs: tuple[Heredoc, ...] = ()
    trigger: "Instruction | None" = None

    @property
    def text(self) -> str:
        """The arguments as one line."""
        return self.arguments.of(self.logical.text)

    def flag(self, name: str) -> str | None:
        """The value of the last flag of that name; empty if it has none, None if the flag is not there."""
        values = [flag.value or "" for flag in self.flags if flag.name == name]
        return values[-1] if values else None


Node: TypeAlias = Instruction | Comment | Blank | Directive


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that BuildKit refuses, or that nobody can know: the file builds nothing, or not this."""

    message: str
    line: int


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """A file, whole: the spans of ``nodes`` follow one another and cover ``source``.

    Attributes:
        name: its path, as its user writes it.
        source: all of it (`undercurrent.splices.as_text`).
        nodes: in their order.
        escape: the character that continues a line: a backslash or a backtick.
        faults: why BuildKit refuses it; empty for a file that builds.
        instructions: those of its nodes that are, in their order.
    """

    name: str
    source: str = field(repr=False)
    nodes: tuple[Node, ...] = field(repr=False)
    escape: str = "\\"
    faults: tuple[Fault, ...] = ()
    instructions: tuple[Instruction, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Takes the instructions out once, since everything asks for them."""
        instructions = tuple(node for node in self.nodes if isinstance(node, Instruction))
        object.__setattr__(self, "instructions", instructions)


@dataclass(frozen=True, slots=True)
class Stage:
    """What begins with a FROM.

    Attributes:
        index: from 0.
        name: after ``AS``, in lower case, or empty.
        origin: its FROM.
        base: what is named there, with build arguments put in; None where one of them has no value.
        platform: ``--platform``, likewise; empty if not said.
        instructions: those after FROM, in their order.
        arguments: what an ARG without a value finds: those before the first FROM, those given, ``TARGETARCH`` …
        given: build arguments that were given: they count more than the value that an ARG names.
        escape: the escape character of its file.
    """

    index: int
    name: str
    origin: Instruction
    base: str | None
    platform: str
    instructions: tuple[Instruction, ...]
    arguments: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    escape: str = "\\"
