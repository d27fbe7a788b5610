"""Instructions that are put into a Dockerfile, written as those around them are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from undercurrent.hardening.dockerfile.nodes import Blank, Comment, Dockerfile, Instruction, Stage
from undercurrent.splices import Edit, Span

__all__ = ["Place", "after", "before", "building_end", "comment", "environment", "instruction", "run", "written"]

_BUILDING: Final = frozenset({"RUN", "COPY", "ADD", "WORKDIR", "ONBUILD"})
"""What has to be done before USER, so that it is done by whom it was done by."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where lines go: an offset, and whether lines of their own have to be begun or set apart there."""

    offset: int
    new_line: bool = False
    apart: bool = False


def instruction(dockerfile: Dockerfile, keyword: str, arguments: str) -> str:
    """One instruction on a line, its keyword in the case that the file uses."""
    first = dockerfile.instructions[0].keyword_span.of(dockerfile.source) if dockerfile.instructions else keyword
    return f"{keyword.lower() if first.islower() else keyword} {arguments}"


def comment(text: str) -> str:
    """A line that says why."""
    return f"# {text}"


def run(dockerfile: Dockerfile, commands: Sequence[str]) -> str:
    """RUN of commands, each on lines of its own, the next only if the one before it worked."""
    joint, goes_on = f" {dockerfile.escape}\n && ", f" {dockerfile.escape}\n      "
    return instruction(dockerfile, "RUN", joint.join(command.replace("\n", goes_on) for command in commands))


def environment(dockerfile: Dockerfile, variables: Mapping[str, str]) -> str:
    """ENV of all of them."""
    pairs = (f'{name}="{value}"' if " " in value else f"{name}={value}" for name, value in variables.items())
    return instruction(dockerfile, "ENV", " ".join(pairs))


def building_end(stage: Stage) -> Instruction:
    """The last instruction of a stage that builds; FROM if none does."""
    return next((one for one in reversed(stage.instructions) if one.keyword in _BUILDING), stage.origin)


def after(dockerfile: Dockerfile, node: Instruction) -> Place:
    """Right behind an instruction; set apart by an empty line where what follows is."""
    end = node.span.end
    new_line = not dockerfile.source[:end].endswith("\n")
    following = next((one for one in dockerfile.nodes if one.span.start >= end), None)
    return Place(end, new_line, isinstance(following, Blank) or new_line)


def before(dockerfile: Dockerfile, node: Instruction) -> Place:
    """In front of an instruction and of the comments that stand right above it."""
    start = node.span.start
    for one in reversed([one for one in dockerfile.nodes if one.span.end <= start]):
        if not isinstance(one, Comment):
            break
        start = one.span.start
    return Place(start)


def written(dockerfile: Dockerfile, place: Place, lines: Iterable[str]) -> Edit:
    """The lines at their place, with the line ends of the file, and its last line ended as it was."""
    ending = "\r\n" if "\r\n" in dockerfile.source else "\n"
    text = "".join(f"{line}\n" for line in lines)
    if place.apart:
        text = f"\n{text}"
    if place.new_line:
        text = f"\n{text.removesuffix(chr(10))}"
    return Edit(Span(place.offset, place.offset), text.replace("\n", ending))
