"""Every Dockerfile here, and ten thousand made ones, is read as BuildKit's own parser reads it.

That parser is in the package `dockerfile` (https://github.com/asottile/dockerfile), of BuildKit 0.12. What later ones
read otherwise is left out: the directive `check`, `<< EOF` with a blank, and what follows a JSON array. The package
hands over what it finds as strings of C, which end at a zero (`"\\u0000"` in BuildKit's case `json`): so ours are
compared up to there. test_buildkit.py compares that case whole.
"""

import os
import random
from pathlib import Path
from typing import Final

import pytest
from tests.support import buildkit

from undercurrent.hardening.dockerfile import Dockerfile, Instruction, parse, unparse
from undercurrent.hardening.dockerfile.checks import KEYWORDS as KNOWN

oracle = pytest.importorskip("dockerfile", reason="the package is for Linux on x86-64 only")

CORPORA: Final = Path(os.environ.get("UNDERCURRENT_DATA", "../shared/data")) / "dockerfiles"
FILES: Final = sorted(path for path in CORPORA.rglob("*ockerfile*") if path.is_file())
MADE: Final = 10_000

KEYWORDS: Final = (*sorted(KNOWN), "run", "Copy", "FOO")
PIECES: Final = (
    " ", " ", " ", "\t", "\v", "\f", "  ", "a", "b=c", "$x", "${y}", "${z:-w}", "é", "\u00a0", "\u2003", "\x1c", "=",
    "'", '"', '"a b"', "'c d'", "\\", "\\\\", "`", '\\"', "--", "--f", "--from=0", "--chown='1 2'", "-", "#", "]",
    "<<EOF", "<<-EOF", "<<'EOF'", "3<<X", ">", "|", "&&", ";", ":", "CMD", "NONE", "as", "RUN", "COPY", "ENV",
    "\ufeff", "x\r",
)  # fmt: skip
ENDS: Final = (
    "\n", "\n", "\n", "\n", "\r\n", " \\\n", "\\\n", "\\ \t\n", "`\n", "\\\r\n", "\\\\\n", "", "\n\n", "\r\r\n",
)  # fmt: skip
LINES: Final = (
    "# comment\n", "  # comment\\\n", "\n", "  \n", "EOF\n", "\tEOF\n", "E O\n", "X\n", "EOF\r\n", "\\\n", "\ufeff\n",
)  # fmt: skip

DIRECTIVES: Final = ("# escape=`\n", "#syntax=a\n", "# escape=\\\n")
ARRAYS: Final = (
    '["a"]',
    '["a", "b\\n"]',
    "[1]",
    "[]",
    '["a",]',
    '["a" "b"]',
    "['a']",
    '[ "\\u00e9" , "x" ]',
    '[["a"]]',
)


BYTES: Final = ("--", "--f", "--from=0", "--chown='1 2'", "-")
"""What BuildKit 0.12 reads byte by byte, and with a backslash for escape: never in a file that has other characters or
another escape. HEALTHCHECK is likewise."""


def made(generator: random.Random) -> str:
    """A file that a person could not have written."""
    ascii_only = generator.random() < 0.7
    pieces = [piece for piece in PIECES if (piece.isascii() if ascii_only else piece not in BYTES)]
    keywords = KEYWORDS if ascii_only else [keyword for keyword in KEYWORDS if keyword != "HEALTHCHECK"]
    parts = ["\ufeff"] if not ascii_only and generator.random() < 0.2 else []
    directives = [line for line in DIRECTIVES if "`" not in line or not ascii_only]
    parts += (generator.choice(directives) for _n in range(generator.choice((0, 0, 0, 1, 2))))
    for _line in range(generator.randint(1, 7)):
        if generator.random() < 0.3:
            parts.append(generator.choice([line for line in LINES if line.isascii() or not ascii_only]))
        parts.append(generator.choice(("", "", "", " ", "\t")) + generator.choice(keywords) + " ")
        if generator.random() < 0.1:
            parts.append(generator.choice(ARRAYS) + "\n")
        else:
            parts += (generator.choice(pieces) for _n in range(generator.randint(0, 6)))
            parts.append(generator.choice(ENDS))
    return "".join(parts)


PAIRS: Final = ("ENV", "LABEL")


def told(source: str) -> list[tuple[object, ...]] | None:
    """What the oracle tells; None if it refuses the file. ONBUILD's documents it does not tell."""
    try:
        found = oracle.parse_string(source)
    except oracle.GoParseError:
        return None
    return [
        (
            (one.cmd or "").lower(), one.sub_cmd and one.sub_cmd.lower(), one.start_line, one.end_line, one.flags,
            one.json, one.value, tuple((heredoc.name, heredoc.content) for heredoc in one.heredocs),
        )
        for one in found
    ]  # fmt: skip


def seen(read: Dockerfile) -> list[tuple[object, ...]]:
    """The same, of ours."""
    return [_seen(one, read.source) for one in read.instructions]


def _seen(one: Instruction, source: str) -> tuple[object, ...]:
    inner = one.trigger or one
    values = tuple(value.partition("\0")[0] for value in buildkit.values(inner))  # the bindings' strings are C's
    if inner.keyword in PAIRS:
        values = tuple(value for at, value in enumerate(values) if at % 3 < 2)
    if inner.keyword not in KNOWN or (inner is not one and inner.keyword == "ONBUILD"):
        values = ("",)  # an empty node
    return (
        one.keyword.lower(),
        inner.keyword.lower() if one.trigger else None,
        one.line,
        source.count("\n", 0, one.span.end - 1) + 1,
        tuple(f"--{flag.name}" if flag.value is None else f"--{flag.name}={flag.value}" for flag in one.flags),
        inner.json,
        values,
        () if one.trigger else tuple((heredoc.name, heredoc.body.of(source)) for heredoc in one.heredocs),
    )


def compare(source: str) -> None:
    expected, read = told(source), parse(source)
    assert unparse(read) == source.encode()
    if expected is None:
        assert read.faults, source
    else:
        assert seen(read) == expected, source


@pytest.mark.skipif(not FILES, reason="the corpora are not here; set UNDERCURRENT_DATA")
@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CORPORA)))
def test_a_file_of_the_corpora_is_read_as_buildkit_reads_it(path: Path) -> None:
    compare(path.read_text("utf-8"))


def test_made_files_are_read_as_buildkit_reads_them() -> None:
    generator = random.Random(20260101)  # noqa: S311 — no secret
    refused = 0
    for _file in range(MADE):
        source = made(generator)
        compare(source)
        refused += told(source) is None
    assert 0 < refused < MADE / 2
