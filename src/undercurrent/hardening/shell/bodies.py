"""What a RUN gives to the shell, whichever way it is written, with the way back to the place in the Dockerfile."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from undercurrent.hardening.dockerfile.nodes import Heredoc, Instruction
from undercurrent.hardening.shell.interpreters import interpreter, is_shell
from undercurrent.hardening.shell.nouns import Command, Script
from undercurrent.hardening.shell.reading import script
from undercurrent.splices import Span

__all__ = ["Body", "bodies"]

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Body:
    """A script in a Dockerfile.

    Attributes:
        script: its commands; for a JSON form one command, the array.
        instruction: RUN, CMD, ENTRYPOINT …
        document: the heredoc that the script is, if it is one.
    """

    script: Script
    instruction: Instruction
    document: Heredoc | None = None

    def source(self, span: Span) -> Span:
        """Where in the Dockerfile a span of the script stands; of a JSON form, its words only."""
        if self.document:
            return Span(self.document.body.start + span.start, self.document.body.start + span.end)
        if self.instruction.json:
            words = self.instruction.words[-len(self.script.commands[0].words) :] if self.script.commands else ()
            for word, place in zip(words, self.script.commands[0].places if words else (), strict=False):
                if place == span:
                    return word.span
            return self.instruction.span
        before = self.instruction.arguments
        start = before.end - len(self.instruction.words[-1].text) if self.instruction.words else before.start
        logical = self.instruction.logical
        if span.end > before.end - start:
            return _after(self.instruction, span, before.end - start)
        return logical.span(start + span.start, start + span.end)


def _after(instruction: Instruction, span: Span, line: int) -> Span:
    """A span that reaches into the documents which follow the line."""
    end = instruction.heredocs[-1].body.end if instruction.heredocs else instruction.span.end
    begin = instruction.heredocs[0].body.start if instruction.heredocs else instruction.span.start
    if span.start > line:
        return Span(min(begin + span.start - line - 1, end), min(begin + span.end - line - 1, end))
    start = instruction.arguments.end - line + span.start
    return Span(instruction.logical.source(start), min(begin + span.end - line - 1, end))


def bodies(instruction: Instruction, variables: Mapping[str, str] = _NOTHING, source: str = "") -> tuple[Body, ...]:
    """The scripts of an instruction: one for a command, one for each document that is a script.

    Args:
        instruction: RUN, CMD, ENTRYPOINT, or HEALTHCHECK.
        variables: with values that are known.
        source: the Dockerfile's; needed for a command that reads documents.
    """
    if not instruction.words:
        return ()
    if instruction.json:
        return (Body(_array(instruction), instruction),)
    text = instruction.words[-1].text
    documents = instruction.heredocs
    if len(documents) == 1 and _is_script(text, only := documents[0], source):
        return (Body(script(only.body.of(source), variables), instruction, only),)
    if documents:
        text = f"{text}\n{source[documents[0].body.start : instruction.span.end]}"
    return (Body(script(text, variables), instruction),)


def _is_script(text: str, document: Heredoc, source: str) -> bool:
    """Whether a document is what a shell runs: ``RUN <<EOF``, or ``RUN bash -e <<EOF``."""
    opener = document.opener.of(source)
    command = text.replace(opener, " ", 1).split()
    if opener not in text or any(word.startswith("-") is (at == 0) for at, word in enumerate(command)):
        return False
    return is_shell(command[0] if command else interpreter(document.content) or "sh")


def _array(instruction: Instruction) -> Script:
    words = [word.text for word in instruction.words[1 if instruction.keyword == "HEALTHCHECK" else 0 :]]
    text, places, position = " ".join(words), list[Span](), 0
    for word in words:
        places.append(Span(position, position + len(word)))
        position += len(word) + 1
    commands = (Command(tuple(words), tuple(places), Span(0, len(text))),) if words else ()
    return Script(text, commands, understood=True)
