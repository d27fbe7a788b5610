"""Parse trees as BuildKit's own tests write them down, and the cases that it keeps."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from undercurrent.hardening.dockerfile import Dockerfile, Flag, Instruction, pairs

__all__ = ["CASES", "dump", "present", "values"]

CASES: Final = Path(os.environ.get("UNDERCURRENT_DATA", "../shared/data")) / "dockerfiles" / "buildkit"

_ESCAPES: Final = (
    ("\\", "\\\\"),
    ('"', '\\"'),
    *zip("\t\n\r\b\f\0", ("\\t", "\\n", "\\r", "\\b", "\\f", "\\x00"), strict=True),
)


def present() -> bool:
    """Whether the cases are here."""
    return CASES.is_dir()


def dump(dockerfile: Dockerfile) -> str:
    """Like `Node.Dump` in `frontend/dockerfile/parser/parser.go`."""
    return "".join(f"({_dumped(one)})\n" for one in dockerfile.instructions).strip()


def _dumped(made: Instruction) -> str:
    flags = f" [{' '.join(quoted(_flag(flag)) for flag in made.flags)}]" if made.flags else ""
    if made.trigger:
        return f"{made.keyword.lower()}{flags} ({_dumped(made.trigger)})"
    rest = "".join(f" {quoted(value)}" for value in values(made))
    return f"{made.keyword.lower()}{flags}{rest}".strip()


def _flag(flag: Flag) -> str:
    return f"--{flag.name}" if flag.value is None else f"--{flag.name}={flag.value}"


def values(made: Instruction) -> Iterator[str]:
    """The arguments as nodes have them: ENV and LABEL as name, value and what is between."""
    if made.keyword not in ("ENV", "LABEL"):
        yield from (word.text for word in made.words)
        return
    for pair in pairs(made):
        between = "=" if "=" in made.words[0].text else ""
        yield from (pair.name.text, pair.value.text if pair.value else "", between)


def quoted(text: str) -> str:
    """Like `strconv.Quote`, for what the cases hold."""
    for plain, escaped in _ESCAPES:
        text = text.replace(plain, escaped)
    return f'"{text}"'
