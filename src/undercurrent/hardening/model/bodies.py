"""The commands of a RUN, of a script, or of anything else that a shell reads, as far as they are constant."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, TypeAlias

from undercurrent.hardening.dockerfile.nodes import Instruction

__all__ = ["ARGUMENTS", "ITSELF", "Ran", "Words", "body_of", "is_shell", "ran", "substituted"]

ARGUMENTS: Final = "\x00arguments"
"""Stands for ``"$@"`` among the words of a command."""

ITSELF: Final = "\x00itself"
"""Stands for ``"$0"``, the script itself."""

Words: TypeAlias = tuple[str | None, ...]
"""Arguments: None for one that is not constant."""

_ALL: Final = re.compile(r'"\$\{?[@*]\}?"|\$\{?[@*]\}?')
_SELF: Final = re.compile(r'"?\$(?:\{?BASH_SOURCE(?:\[0\])?\}?|\{?0\}?)"?')
_VARIABLE: Final = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
_PLAIN: Final = re.compile(r"[\w./:,@%+=-]*")
_OPENER: Final = re.compile(r"[0-9]?<<-?\s*(?:\"[^\"]*\"|'[^']*'|[^\s;|&<>]+)")
_SHELLS: Final = frozenset({"sh", "bash", "ash", "dash", "ksh", "zsh"})
_ENDS: Final = frozenset({";", "&&", "||", "|", "&", "(", ")", "\n", ";;", "|&", "{", "}"})
_KEYWORDS: Final = frozenset({"if", "then", "else", "elif", "while", "until", "do", "!", "time"})
_PREFIXES: Final = frozenset({"exec", "command", "builtin", "env", "nohup", "sudo", "eval", "time"})
_ASSIGNED: Final = re.compile(r"[A-Za-z_]\w*\+?=")


@dataclass(frozen=True, slots=True)
class Ran:
    """A command.

    Attributes:
        program: its base name; empty where it is not constant.
        words: its arguments, None for one that is not constant.
        writes: files that its output goes to, and whether it is appended.
        path: the program as it is written.
        replaces: ``exec``: nothing comes after it.
        pipes: its output goes to another command.
    """

    program: str
    words: Words
    writes: tuple[tuple[str, bool], ...] = ()
    path: str = ""
    replaces: bool = False
    pipes: bool = False


def is_shell(program: str) -> bool:
    """Whether it is a shell, by its base name."""
    return PurePosixPath(program).name in _SHELLS


def body_of(instruction: Instruction) -> str:
    """What a shell reads for a RUN in shell form: the command, or its documents where these are what is run."""
    text = instruction.text
    if not instruction.heredocs:
        return text
    rest = _OPENER.sub("", text).strip()
    if not rest or (is_shell(rest.split()[0]) and len(rest.split()) < 3):  # noqa: PLR2004 - bash -e
        return "\n".join(document.content for document in instruction.heredocs)
    return rest


def substituted(text: str, variables: Mapping[str, str]) -> str:
    """``text`` with the variables put in that are known and need no quotes; lines stay what they are."""
    if "$" not in text:
        return text

    def value(found: re.Match[str]) -> str:
        known = variables.get(found[1] or found[2])
        return known if known is not None and _PLAIN.fullmatch(known) else found[0]

    return _VARIABLE.sub(value, text)


def ran(text: str) -> tuple[Ran, ...] | None:
    """The commands in ``text``, in their order, whatever they depend on; None where it is no shell script."""
    lines = (line for line in text.split("\n") if not line.lstrip().startswith("#"))
    whole = _SELF.sub(ITSELF, _ALL.sub(ARGUMENTS, " ; ".join(lines)))
    lexer = shlex.shlex(whole, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return tuple(_commands(list(lexer)))
    except ValueError:
        return None


def _commands(tokens: Sequence[str]) -> Iterator[Ran]:
    words: list[str] = []
    for token in (*tokens, ";"):
        if token in _ENDS:
            if found := _command(words, pipes=token in {"|", "|&"}):
                yield found
            words = []
        else:
            words.append(token)


def _command(tokens: Sequence[str], *, pipes: bool) -> Ran | None:
    left = list(tokens)
    writes: list[tuple[str, bool]] = []
    words: list[str] = []
    while left:
        word = left.pop(0)
        if word in {">", ">>", ">|"}:
            writes.append((left.pop(0) if left else "", word == ">>"))
        elif word in {"<", "<<", "<<-", "<<<", ">&", "<&"}:
            left[:1] = []
        else:
            words.append(word)
    replaces = False
    while words and (words[0] in _KEYWORDS or words[0] in _PREFIXES or _ASSIGNED.match(words[0])):
        replaces = replaces or words[0] == "exec"
        words.pop(0)
    if not words:
        return None
    program, *rest = words
    constant = tuple(None if "$" in word or "`" in word else word for word in rest)
    name = "" if "$" in program or "`" in program else PurePosixPath(program).name
    return Ran(name, constant, tuple(writes), program, replaces, pipes)
