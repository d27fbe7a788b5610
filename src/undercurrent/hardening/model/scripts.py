"""The commands of a shell script as the model looks at them: what really runs, what that writes, where it ends."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from undercurrent.hardening.shell import Command, Script, script

__all__ = ["ARGUMENTS", "ITSELF", "Ran", "Words", "base_name", "commands_of", "read"]

ARGUMENTS: Final = "__undercurrent_arguments__"
"""Stands for ``"$@"`` among the words of a command."""

ITSELF: Final = "__undercurrent_itself__"
"""Stands for ``"$0"``, the script itself."""

Words: TypeAlias = tuple[str | None, ...]
"""Arguments: None for one that is not constant."""

_ALL: Final = re.compile(r'"\$\{?[@*]\}?"|\$\{?[@*]\}?(?![\w#])')
_SELF: Final = re.compile(
    r'"\$(?:\{?BASH_SOURCE(?:\[0\])?\}?|\{?0\}?)"|\$(?:\{?BASH_SOURCE(?:\[0\])?\}?|\{?0\}?)(?!\w)'
)
_PREFIXES: Final = frozenset({"exec", "command", "builtin", "nohup", "eval"})


@dataclass(frozen=True, slots=True)
class Ran:
    """A command.

    Attributes:
        program: its base name; empty where it is not constant.
        words: its arguments, None for one that is not constant.
        writes: files that its output goes to, and whether it is appended.
        path: the program as it is written; empty where it is not constant.
        replaces: ``exec``: nothing comes after it.
        reads: the document that it reads, where that is constant; None for none.
    """

    program: str
    words: Words
    writes: tuple[tuple[str, bool], ...] = ()
    path: str = ""
    replaces: bool = False
    reads: str | None = None


def base_name(path: str) -> str:
    """A path without its folders."""
    return path.rsplit("/", 1)[-1]


def read(text: str, variables: Mapping[str, str]) -> tuple[tuple[Ran, ...], bool]:
    """The commands in ``text``, and whether all of it was understood.

    Args:
        text: a script, in which `ARGUMENTS` and `ITSELF` are put for ``"$@"`` and ``"$0"``.
        variables: with values that are known.
    """
    found = script(_SELF.sub(ITSELF, _ALL.sub(ARGUMENTS, text)), variables)
    return commands_of((found,)), found.understood


def commands_of(scripts: Iterable[Script]) -> tuple[Ran, ...]:
    """The commands of scripts, in their order, whatever they depend on."""
    return tuple(made for one in scripts for command in one.commands if (made := _ran(command)))


def _ran(command: Command) -> Ran | None:
    words = list(command.words)
    if words[:1] == ["command"] and words[1:2] in (["-v"], ["-V"]):
        return None  # it only asks where a program is
    replaces = False
    while len(words) > 1 and words[0] in _PREFIXES:
        replaces = replaces or words[0] == "exec"
        words.pop(0)
    if not words:
        return None
    path = words[0] or ""
    reads = [one.content for one in command.redirects if one.operator.startswith("<<") and one.exact]
    return Ran(
        base_name(path),
        tuple(words[1:]),
        tuple(_written(command)),
        path,
        replaces,
        reads[0] if reads else None,
    )


def _written(command: Command) -> Iterator[tuple[str, bool]]:
    for one in command.redirects:
        if one.writes and one.target and not one.operator.endswith("&"):
            yield one.target, one.operator.endswith(">>")
