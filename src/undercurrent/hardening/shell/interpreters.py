"""Which program a script is for: a shell, or what its first line names."""

from typing import Final

__all__ = ["interpreter", "is_shell"]

_SHELLS: Final = frozenset({"sh", "bash", "ash", "dash", "ksh", "zsh"})


def is_shell(program: str) -> bool:
    """Whether it is a shell, by its name or path."""
    return _base_name(program) in _SHELLS


def interpreter(text: str) -> str:
    """The base name of the program that ``#!`` names, by itself or through ``env``; empty without such a line.

    Images with s6 have ``with-contenv``, too: https://github.com/just-containers/s6-overlay#container-environment
    """
    first = text.partition("\n")[0]
    words = first.removeprefix("#!").split() if first.startswith("#!") else []
    if words and _base_name(words[0]) in {"env", "with-contenv"}:
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    return _base_name(words[0]) if words else ""


def _base_name(path: str) -> str:
    return path.rsplit("/", 1)[-1]
