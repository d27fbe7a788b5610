"""Runs the commands that documents show, and compares what they print with what is shown.

A document shows commands in fenced ``console`` blocks, each after ``$ ``, and below it what it prints. A line that is
only ``…`` stands for any number of lines that were left out; a command without output below it is only run. A command
ends with 0, or the next one is ``echo $?``. All commands of a document run in one shell, in an empty folder. A block
that begins with ``make`` shows one command: what it prints may look like commands itself.
"""

import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.cli import command_line_environment

__all__ = [
    "CUT",
    "HOME",
    "REGISTRY",
    "Ran",
    "Step",
    "aligned",
    "commands",
    "failed",
    "home",
    "normal",
    "rewritten",
    "run",
    "steps",
    "unlike",
]

REGISTRY: Final = "reg.example.com"
"""What documents call a registry: as long as ``127.0.0.1:54321``, so that lines break where they are shown to."""
HOME: Final = "/home/ada"
"""What documents call the home folder, in which their commands run; `home` makes one whose name is as long."""
CUT: Final = "…"

_FENCE: Final = re.compile(r"^(\s*)```console$(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_HERE: Final = re.compile(r"<<'?(\w+)'?")
_TIMEOUT_S: Final = 240.0


@dataclass(frozen=True, slots=True)
class Step:
    """A command that a document shows.

    Attributes:
        command: all of its lines, without the prompt.
        shown: lines below it.
        begin, end: of those lines, counted over the document's lines from 0.
    """

    command: str
    shown: tuple[str, ...]
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a step."""

    step: Step
    printed: tuple[str, ...]
    exit_code: int


def steps(document: str) -> tuple[Step, ...]:
    """The commands of a document, in order."""
    found: list[Step] = []
    for block in _FENCE.finditer(document):
        line = document.count("\n", 0, block.start(2)) + 1
        found += _steps(block[2].removeprefix("\n").splitlines(), line, len(block[1]))
    return tuple(found)


def commands(document: str) -> list[str]:
    """What is typed, in order."""
    return [step.command for step in steps(document)]


def _steps(lines: list[str], first: int, indent: int) -> Iterator[Step]:
    lines = [line[indent:] for line in lines]
    if not lines or not lines[0].startswith("$ "):
        raise ValueError(f"line {first + 1}: a console block begins with a command")
    start = 0
    while start < len(lines):
        begin = start + _command_lines(lines[start:])
        following = (number for number in range(begin, len(lines)) if lines[number].startswith("$ "))
        stop = len(lines) if lines[0].startswith("$ make ") else next(following, len(lines))
        command = "\n".join(lines[start:begin]).removeprefix("$ ")
        yield Step(command, tuple(lines[begin:stop]), first + begin, first + stop)
        start = stop


def _command_lines(lines: list[str]) -> int:
    """How many of the lines are the command: one, and those that a backslash or a here-document adds."""
    count = 1
    while lines[count - 1].endswith("\\"):
        count += 1
    if here := _HERE.search(lines[count - 1]):
        count += lines[count:].index(here[1]) + 1
    return count


@contextmanager
def home() -> Iterator[Path]:
    """An empty folder whose path is as long as `HOME`, until the block ends."""
    while True:
        folder = Path("/tmp") / secrets.token_hex(2)  # noqa: S108 - made here, for this user alone, or not at all
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            break
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def run(document: str, home: Path, *, replace: Mapping[str, str], **environ: str) -> list[Ran]:
    """Runs the commands of a document.

    Args:
        document: its text.
        home: of whom they run as, and where.
        replace: what stands in the document, and what stands for it in this run (`REGISTRY`, `HOME`).
        environ: variables besides those of `command_line_environment`.
    """
    shown = steps(document)
    results = home / ".transcript"
    results.mkdir()
    (home / ".run").mkdir(mode=0o700)  # XDG_RUNTIME_DIR, which podman and skopeo want to be there
    script = [_script(number, step.command, results) for number, step in enumerate(shown)]
    done = subprocess.run(
        ["bash", "-c", _exchanged("\n".join(script), replace)],
        env={**command_line_environment(home, COSIGN_PASSWORD="correct horse", COLUMNS="100"), **environ},
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    assert not done.stderr, done.stderr
    back = {real: written for written, real in replace.items()}
    return [
        Ran(
            step,
            tuple(line.rstrip() for line in _exchanged((results / f"{number}.out").read_text(), back).splitlines()),
            int((results / f"{number}.code").read_text()),
        )
        for number, step in enumerate(shown)
    ]


def _script(number: int, command: str, results: Path) -> str:
    """Keeps output and exit code of a command, and leaves ``$?`` to the next one."""
    out, code = results / f"{number}.out", results / f"{number}.code"
    return f"{{ {command}\n}} >{out} 2>&1\n(code=$?; echo $code >{code}; exit $code)"


def _exchanged(text: str, replace: Mapping[str, str]) -> str:
    for old, new in replace.items():
        text = text.replace(old, new)
    return text


def unlike(ran: Sequence[Ran]) -> list[str]:
    """For each command that printed something else than is shown, a text that says so."""
    different = [one for one in ran if one.step.shown and aligned(one.step.shown, one.printed) is None]
    return [
        "\n".join((f"$ {one.step.command}", *one.printed, "--- but this is shown:", *one.step.shown))
        for one in different
    ]


def failed(ran: Sequence[Ran]) -> list[Ran]:
    """Those that ended otherwise than with 0, and no ``echo $?`` after them says so."""
    following = [*(one.step.command for one in ran[1:]), ""]
    return [one for one, then in zip(ran, following, strict=True) if one.exit_code and then != "echo $?"]


_VARYING: Final = (
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}(?:-[0-9a-f]{4,12})*\b"), "<id>"),
    (re.compile(r"\b[0-9a-f]{12,64}\b"), "<hex>"),
    (re.compile(r"^[A-Za-z0-9+/]{48,64}={0,2}$"), "<base64>"),
    (re.compile(r"[A-Za-z0-9+/]{43}="), "<hash>"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "<date>"),
    (re.compile(r"\b\d+(?:\.\d+)? [kMG]?B\b"), "<size>"),
    (re.compile(r"\b\d+\.\d (?:s\b|秒)"), "<seconds>"),
    (re.compile(r"\b(podman|docker|runc|crun|Linux) \d[\w.+~-]*"), r"\1 <version>"),
    (re.compile(r"(?<= / )(?:ext4|overlay|xfs|btrfs|zfs)(?= ro\b)"), "<filesystem>"),
    (re.compile(r"linux/(?:amd64|arm64)"), "<platform>"),
    (re.compile(r"─+"), "─"),
    (re.compile(r"\s+"), " "),
)


def normal(line: str) -> str:
    """A line without what differs from run to run and from machine to machine."""
    for pattern, name in _VARYING:
        line = pattern.sub(name, line)
    return line.strip()


def aligned(shown: Sequence[str], printed: Sequence[str]) -> list[int | None] | None:
    """Which printed line each shown line is; None for a `CUT`.

    Returns:
        As many entries as lines are shown, or None if they do not show what was printed.
    """
    lines, found, at = [normal(line) for line in printed], list[int | None](), 0
    parts = _parts(shown)
    for number, part in enumerate(parts):
        wanted = [normal(line) for line in part]
        last = len(lines) - len(wanted)
        starts = range(at, last + 1)
        if number == 0:
            starts = range(min(1, len(starts)))
        if number == len(parts) - 1:
            starts = range(last, last + 1) if last >= at and (number or last == 0) else range(0)
        start = next((start for start in starts if lines[start : start + len(wanted)] == wanted), None)
        if start is None:
            return None
        found += [None] * bool(number) + list(range(start, start + len(wanted)))
        at = start + len(wanted)
    return found


def _parts(shown: Sequence[str]) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    for line in shown:
        if line.strip() == CUT:
            parts.append([])
        else:
            parts[-1].append(line)
    return parts


def rewritten(document: str, ran: Sequence[Ran], kept: Sequence[Sequence[int | None]]) -> str:
    """The document with what was printed in the place of what it shows.

    Args:
        document: its text.
        ran: what came of its commands.
        kept: for each of them, which of the printed lines are shown; None is a `CUT`.
    """
    lines = document.splitlines()
    for one, shown in reversed(list(zip(ran, kept, strict=True))):
        indent = re.match(r"\s*", lines[one.step.begin - 1])
        assert indent
        lines[one.step.begin : one.step.end] = [
            (indent[0] + (CUT if number is None else one.printed[number])).rstrip() for number in shown
        ]
    return "\n".join(lines) + "\n"
