"""What the rules of a Dockerfile look at: one image that it builds, and the commands that run while it is built."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from undercurrent.findings import Place, Replacement
from undercurrent.hardening.dockerfile.nodes import Instruction
from undercurrent.hardening.model.nouns import Account, FinalImage, Origin
from undercurrent.hardening.rules.replacements import replacements
from undercurrent.hardening.shell import Body, bodies
from undercurrent.splices import Edit, Span

__all__ = ["Call", "Subject"]


@dataclass(frozen=True, slots=True)
class Call:
    """A command that a RUN runs.

    Attributes:
        instruction: the RUN.
        words: the command and its arguments; None for one that is known only when it runs.
        line: of the file, from 1.
    """

    instruction: Instruction
    words: tuple[str | None, ...]
    line: int

    @property
    def program(self) -> str:
        """The name of the command, without its folder; empty where nobody knows."""
        return (self.words[0] or "").rsplit("/", 1)[-1] if self.words else ""

    @property
    def arguments(self) -> tuple[str, ...]:
        """Those of its arguments that are known."""
        return tuple(word for word in self.words[1:] if word is not None)

    def has(self, *options: str) -> bool:
        """Whether one of ``options`` (``-l``, ``--uid``) is there, short ones also among others (``-rlm``)."""
        letters = {option[1] for option in options if len(option) == 2}  # noqa: PLR2004 - a hyphen and a letter
        long = {option for option in options if option.startswith("--")}
        return any(
            argument.partition("=")[0] in long
            if argument.startswith("--")
            else argument.startswith("-") and not letters.isdisjoint(argument[1:])
            for argument in self.arguments
        )


class Subject:
    """One image that a Dockerfile builds.

    Args:
        image: that.
        name: the file, as findings call it.
    """

    def __init__(self, image: FinalImage, name: str) -> None:
        self.image = image
        self.name = name
        self.file = image.dockerfile

    def at(self, line: int | Instruction) -> Place:
        """The place of a line, or of an instruction."""
        return Place(self.name, line if isinstance(line, int) else line.line)

    def where(self, origin: Origin) -> Place:
        """Where something was learnt; what was learnt elsewhere (a base image, a script) is at the image's FROM."""
        return self.at(origin.line if origin.what == self.file.name and origin.line else self.image.stage.origin)

    def replaced(self, span: Span, text: str) -> tuple[Replacement, ...]:
        """``text`` instead of what stands in the file at ``span``, as a fix has it."""
        return tuple(replacements(self.name, self.file.source, [Edit(span, text)]))

    @property
    def made(self) -> tuple[Account, ...]:
        """The accounts that the file makes, other names of root aside."""
        accounts = self.image.accounts
        return tuple(one for one in accounts if one.origin.what == self.file.name and one.origin.line and one.uid != 0)

    @property
    def instructions(self) -> Iterator[Instruction]:
        """What the image is made of, in the order of building: of its stage, after those that it is built on."""
        for stage in reversed(self.image.lineage):
            yield from stage.instructions

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """The commands that run in these stages, as far as they can be understood."""
        return tuple(
            Call(run, command.words, self._line(body.source(command.span).start))
            for run, found in self._bodies
            for body in found
            for command in body.script.commands
        )

    def calls_of(self, run: Instruction) -> Sequence[Call]:
        """Those of one RUN."""
        return self._by_run.get(run.span.start, ())

    @property
    def unparsed(self) -> Iterator[Instruction]:
        """The RUNs among them whose shell commands do not parse."""
        return (run for run, found in self._bodies if not all(body.script.understood for body in found))

    @cached_property
    def _bodies(self) -> Sequence[tuple[Instruction, tuple[Body, ...]]]:
        variables, source = self.image.environment, self.file.source
        return [(one, bodies(one, variables, source)) for one in self.instructions if one.keyword == "RUN"]

    @cached_property
    def _by_run(self) -> Mapping[int, Sequence[Call]]:
        found: dict[int, list[Call]] = {}
        for call in self.calls:
            found.setdefault(call.instruction.span.start, []).append(call)
        return found

    def _line(self, offset: int) -> int:
        return bisect_right(self._begins, offset)

    @cached_property
    def _begins(self) -> Sequence[int]:
        """Where the lines begin."""
        return [0, *(found.end() for found in re.finditer("\n", self.file.source))]
