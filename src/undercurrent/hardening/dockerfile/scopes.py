"""Which variables an instruction sees: ENV and ARG before it, and what its stage begins with.

As in BuildKit's `dockerfile2llb/convert.go` (`dispatchEnv`, `dispatchArg`).
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from undercurrent.hardening.dockerfile.nodes import Instruction, Stage, Word
from undercurrent.hardening.dockerfile.substitution import BadSubstitution, expand
from undercurrent.i18n import translate as _

__all__ = ["LARGEST", "Pair", "Scope", "expanded", "pairs", "scopes", "too_much"]

LARGEST: Final = 1 << 24
"""Characters of all variables of a stage together."""

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Pair:
    """``name=value`` of ENV, LABEL or ARG, as it is written; ``value`` is None for an ARG without one."""

    name: Word
    value: Word | None


@dataclass(frozen=True, slots=True)
class Scope:
    """An instruction, and what it sees.

    Attributes:
        instruction: of a stage.
        variables: for substitution in it: ENV and ARG before it. A view that changes with the next step.
        environment: of the image so far: ENV only. Likewise.
    """

    instruction: Instruction
    variables: Mapping[str, str]
    environment: Mapping[str, str]


def pairs(instruction: Instruction) -> tuple[Pair, ...]:
    """Names and values of ENV, LABEL and ARG, in both ways of writing them; nothing for other instructions."""
    if instruction.keyword not in ("ENV", "LABEL", "ARG"):
        return ()
    words = instruction.words
    if instruction.keyword != "ARG" and len(words) == 2 and "=" not in words[0].text:  # noqa: PLR2004 — name value
        return (Pair(*words),)
    return tuple(_pair(word, instruction) for word in words)


def _pair(word: Word, instruction: Instruction) -> Pair:
    name, equals, value = word.text.partition("=")
    if not equals:
        return Pair(word, None)
    logical = instruction.logical
    piece = bisect_right(logical.sources, word.span.start) - 1
    start = logical.starts[piece] + word.span.start - logical.sources[piece]
    middle = start + len(name)
    after = logical.span(middle + 1, middle + 1 + len(value))
    return Pair(Word(name, logical.span(start, middle)), Word(value, after))


def scopes(
    stage: Stage, variables: Mapping[str, str] = _NOTHING, environment: Mapping[str, str] = _NOTHING
) -> Iterator[Scope]:
    """The instructions of a stage, in their order, with what each sees.

    Args:
        stage: one of `stages`.
        variables: what the stage begins with: of the stage that it is built on, ARG included, or of the base image.
        environment: likewise, ENV only.

    Yields:
        Each instruction. After the last, the views hold what the stage ends with.

    Raises:
        BadSubstitution: BuildKit cannot work out an ENV or ARG.
    """
    seen, kept = dict(variables), dict(environment)
    seen |= kept
    views = MappingProxyType(seen), MappingProxyType(kept)
    size = 0
    for instruction in stage.instructions:
        yield Scope(instruction, *views)
        if instruction.keyword == "ENV":
            new = {
                expanded(pair.name.text, seen, stage, instruction): expanded(pair.value.text, seen, stage, instruction)
                for pair in pairs(instruction)
                if pair.value is not None
            }
            seen |= new
            kept |= new
            size += sum(map(len, new.values()))
        elif instruction.keyword == "ARG":
            for pair in pairs(instruction):
                if (value := _argument(pair, seen, stage, instruction)) is not None:
                    seen[pair.name.text] = value
                    size += len(value)
        if size > LARGEST:
            raise BadSubstitution(_("line {line}: {problem}").format(line=instruction.line, problem=too_much()))


def too_much() -> str:
    """What is said where values of variables double one another."""
    return _("the variables have more than {limit} characters together").format(limit=f"{LARGEST:,}")


def _argument(pair: Pair, seen: Mapping[str, str], stage: Stage, instruction: Instruction) -> str | None:
    name = pair.name.text
    if name in stage.given:
        return stage.given[name]
    if pair.value is None:
        return stage.arguments.get(name)
    return expanded(pair.value.text, seen, stage, instruction)


def expanded(text: str, variables: Mapping[str, str], stage: Stage, instruction: Instruction) -> str:
    """`expand`, whose error names the line.

    Raises:
        BadSubstitution: BuildKit cannot work it out.
    """
    try:
        return expand(text, variables, stage.escape)
    except BadSubstitution as error:
        message = _("line {line}: {problem}").format(line=instruction.line, problem=error.message)
        raise BadSubstitution(message, hint=error.hint) from None
