"""Reads a Dockerfile as BuildKit does, line by line, and keeps where everything stands.

Rules as in `frontend/dockerfile/parser/parser.go` (https://github.com/moby/buildkit, v0.34.2). What BuildKit refuses
is read all the same, with a fault that says so: nobody needs to fix one file in ten steps.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from undercurrent.hardening.dockerfile import checks
from undercurrent.hardening.dockerfile.characters import SPACE
from undercurrent.hardening.dockerfile.commands import Command, split
from undercurrent.hardening.dockerfile.heredocs import INSTRUCTIONS, openers
from undercurrent.hardening.dockerfile.nodes import (
    Blank,
    Comment,
    Directive,
    Dockerfile,
    Fault,
    Flag,
    Heredoc,
    Instruction,
    Logical,
    Node,
    Word,
)
from undercurrent.hardening.dockerfile.substitution import BadSubstitution
from undercurrent.i18n import translate as _
from undercurrent.splices import Span, as_bytes, as_text

__all__ = ["LARGEST", "LONGEST_LINE", "parse", "unparse"]

LARGEST: Final = 1 << 20
"""Characters of a file that are read; the rest is one node that says nothing. The largest known has a tenth of it."""

_MOST: Final = 1 << 18
"""Characters of instructions that are taken apart, documents not counted; of the rest only the keyword is known."""

_FAULTS: Final = 100
"""Faults that are told."""

LONGEST_LINE: Final = 65536
"""Bytes that BuildKit reads of one line, its end included (`bufio.MaxScanTokenSize`)."""

_DIRECTIVE: Final = re.compile(r"([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=")
_BLANKS: Final = "\t\n\f\r "
_DIRECTIVES: Final = frozenset({"syntax", "escape", "check"})
_TABS: Final = re.compile("^\t+", re.MULTILINE)
_HALVES: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")


def parse(source: str | bytes, name: str = "Dockerfile") -> Dockerfile:
    """Reads a Dockerfile, whatever is in it.

    Args:
        source: all of it; bytes that are no UTF-8 are kept.
        name: its path, for messages.

    Returns:
        Nodes that cover every character, and the faults for which BuildKit refuses the file.
    """
    text = as_text(source) if isinstance(source, bytes) else _HALVES.sub("\ufffd", source)
    reader = _Reader(text)
    reader.read()
    return Dockerfile(name, text, tuple(reader.nodes), reader.escape, tuple(reader.faults))


def unparse(dockerfile: Dockerfile) -> bytes:
    """The bytes that it was read from."""
    return as_bytes(dockerfile.source)


@dataclass(slots=True)
class _Reader:
    text: str
    position: int = 0
    line: int = 0
    escape: str = "\\"
    nodes: list[Node] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    directives: bool = True
    began: bool = False
    left: int = _MOST

    def fault(self, message: str, line: int | None = None) -> None:
        if len(self.faults) < _FAULTS:
            self.faults.append(Fault(message, self.line if line is None else line))

    def take(self) -> str:
        """The next line, its end included."""
        start = self.position
        end = self.text.find("\n", start) + 1
        self.position = end or len(self.text)
        self.line += 1
        line = self.text[start : self.position]
        if len(line) > LONGEST_LINE // 4:
            self.measure(line)
        return line

    def measure(self, line: str) -> None:
        size = len(as_bytes(line))
        if size > LONGEST_LINE or (size == LONGEST_LINE and not line.endswith("\n")):
            self.fault(_("the line has more than {limit} bytes").format(limit=f"{LONGEST_LINE - 1:,}"))

    def read(self) -> None:
        if self.text.startswith("\ufeff"):
            self.nodes.append(Blank(Span(0, 1)))
            self.position = 1
        size = len(self.text)
        while self.position < min(size, LARGEST):
            start = self.position
            line = self.take()
            body = line.rstrip("\r\n")
            token = body.lstrip(SPACE)
            if token.startswith("#"):
                self.comment(start, token)
                continue
            self.directives = False
            if token:
                self.instruction(start, start + len(body) - len(token), token)
            else:
                self.blank(start)
        if self.position < size:
            self.rest()
        if not any(isinstance(node, Instruction) for node in self.nodes):
            self.fault(_("the file has no instruction"), max(self.line, 1))
        elif not any(isinstance(node, Instruction) and node.keyword == "FROM" for node in self.nodes):
            self.fault(_("the file has no FROM, so it builds nothing"), 1)

    def rest(self) -> None:
        """What is not read any more: an instruction without a keyword, so that nobody takes it for something else."""
        self.fault(_("the file is longer than {limit} characters: the rest is not read").format(limit=f"{LARGEST:,}"))
        place = Span(self.position, len(self.text))
        logical = Logical("", (0,), (place.start,))
        self.nodes.append(Instruction(place, "", Span(place.start, place.start), self.line + 1, logical, Span(0, 0)))
        self.position = len(self.text)

    def blank(self, start: int) -> None:
        if self.nodes and isinstance(last := self.nodes[-1], Blank) and last.span.end > 1:
            start = last.span.start
            self.nodes.pop()
        self.nodes.append(Blank(Span(start, self.position)))

    def comment(self, start: int, token: str) -> None:
        """A comment, or a directive: one of three names, before all else, each once."""
        span = Span(start, self.position)
        rest = token[1:].lstrip(SPACE)
        found = _DIRECTIVE.match(rest) if self.directives else None
        name = found[1].lower() if found else ""
        value = (rest[found.end() :].strip(_BLANKS) or rest[found.end() :][-1:]) if found else ""
        if not value or name not in _DIRECTIVES:
            self.directives = False
            self.nodes.append(Comment(span, token[1:].strip(SPACE)))
            return
        if name in self.seen:
            self.fault(_("the directive “{name}” stands there twice").format(name=name))
        elif name == "escape":
            if value in ("\\", "`"):
                self.escape = value
            else:
                self.fault(_("“{value}” cannot be the escape character: it is \\ or `").format(value=value[:40]))
        self.seen.add(name)
        self.nodes.append(Directive(span, name, value))

    def continued(self, text: str) -> str | None:
        """The line without the character that continues it; None if none does."""
        bare = text.rstrip(" \t")
        if not bare.endswith(self.escape) or bare[-2:-1] == self.escape:
            return None
        return bare[:-1]

    def instruction(self, start: int, source: int, token: str) -> None:
        line = self.line
        joined = self.continued(token)
        logical = Logical(token, (0,), (source,)) if joined is None else self.join(joined, source)
        self.left -= len(logical.text)
        command = split(logical.text, self.escape, keyword_only=self.left < 0)
        documents = self.documents(command, logical, line) if self.left >= 0 and "<<" in logical.text else ()
        made = _made(command, logical, line, Span(start, self.position), documents)
        self.nodes.append(made)
        checks.check(made, command.refused, self.fault, began=self.began)
        self.began = self.began or made.keyword == "FROM"

    def join(self, first: str, source: int) -> Logical:
        parts, starts, sources, length = [first], [0], [source], len(first)
        while self.position < min(len(self.text), LARGEST):
            begin = self.position
            body = self.take().rstrip("\r\n")
            inner = body.lstrip(SPACE)
            if not inner or inner[0] == "#":
                continue
            joined = self.continued(body)
            piece = body if joined is None else joined
            if piece and not length:
                parts, starts, sources = [piece], [0], [begin]
            elif piece:
                parts.append(piece)
                starts.append(length)
                sources.append(begin)
            length += len(piece)
            if joined is None:
                break
        return Logical("".join(parts), tuple(starts), tuple(sources))

    def documents(self, command: Command, logical: Logical, line: int) -> tuple[Heredoc, ...]:
        holder = command.trigger or command
        if holder.keyword not in INSTRUCTIONS or holder.json:
            return ()
        try:
            found = openers(logical.text)
        except BadSubstitution as error:
            self.fault(error.message, line)
            return ()
        made, searched = list[Heredoc](), 0
        for one, word in found:
            at = max(logical.text.find(word, searched), searched)
            searched = min(at + len(word), len(logical.text))
            place = logical.span(at, searched)
            made.append(self.document(one.name, place, line, expand=one.expand, chomp=one.chomp))
        return tuple(made)

    def document(self, name: str, place: Span, line: int, *, expand: bool, chomp: bool) -> Heredoc:
        start, size = self.position, min(len(self.text), LARGEST)
        end = start
        while self.position < size:
            end = self.position
            ending = self.take().rstrip("\r\n")
            if (ending.lstrip("\t") if chomp else ending) == name:
                break
        else:
            end = self.position
            self.fault(_("the document “{name}” does not end").format(name=name[:40]), line)
        body = Span(start, end)
        content = body.of(self.text)
        return Heredoc(name, expand, chomp, _TABS.sub("", content) if chomp else content, body, place)


def _made(command: Command, logical: Logical, line: int, span: Span, documents: tuple[Heredoc, ...]) -> Instruction:
    trigger = command.trigger
    within = Span(logical.source(trigger.start), span.end) if trigger else span
    return Instruction(
        span,
        command.keyword,
        logical.span(command.start, command.end),
        line,
        logical,
        Span(*command.arguments),
        tuple(_flag(*piece, logical) for piece in command.flags),
        tuple(Word(text, logical.span(start, end)) for text, start, end in command.words),
        command.json,
        documents,
        _made(trigger, logical, line, within, documents) if trigger else None,
    )


def _flag(word: str, start: int, end: int, logical: Logical) -> Flag:
    name, equals, value = word[2:].partition("=")
    return Flag(name, value if equals else None, logical.span(start, end))
