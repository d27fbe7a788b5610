"""The one noun that renderers know.

A Report has two faces: ``data``, plain JSON values for machines, whose keys never change within a version and are
never translated; and ``blocks``, what people read, in their language.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from undercurrent.findings import Finding

__all__ = ["SCHEMA", "Block", "Cell", "Diff", "Fields", "Mood", "Prose", "Report", "Table", "Text", "Tree"]

SCHEMA: Final = "undercurrent/v1"
"""Version of the JSON that ``--json`` prints; changes only when a key changes its meaning or goes."""

Mood: TypeAlias = Literal["", "good", "bad", "unsure", "quiet", "strong"]
"""What a piece of text feels like; renderers choose colours, and no meaning is in the colour alone."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Text with a mood."""

    text: str
    mood: Mood = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph, or lines to be kept as they are."""

    text: str
    mood: Mood = ""


@dataclass(frozen=True, slots=True)
class Prose:
    """Paragraphs and lists in Markdown, to be wrapped where they are shown."""

    text: str


@dataclass(frozen=True, slots=True)
class Diff:
    """A unified diff, kept as it is: `patch` can read it."""

    text: str


@dataclass(frozen=True, slots=True)
class Fields:
    """Names and values."""

    rows: Sequence[tuple[str, Cell | str]]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings.

    Attributes:
        columns: the headings.
        rows: a cell for each of them.
        title: above it.
        right: columns of numbers.
        squeeze: columns that give way where the screen is narrow; the others stay whole if they can.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell | str]]
    title: str = ""
    right: frozenset[int] = frozenset()
    squeeze: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Tree:
    """A label and what hangs on it."""

    label: Cell | str
    children: "Sequence[Tree]" = ()


Block: TypeAlias = Text | Diff | Prose | Fields | Table | Tree


@dataclass(frozen=True, slots=True)
class Report:
    """What there is to show.

    Attributes:
        kind: names the shape of ``data`` (``image-verify``).
        data: JSON values for machines.
        blocks: what people read, in order.
        findings: what a check found.
        summary: one line that ends it.
        exit_code: what the command should end with.
        checked: names of what was looked at, also where nothing was found, if the findings' places are such names.
    """

    kind: str
    data: Mapping[str, Any]
    blocks: Sequence[Block] = ()
    findings: Sequence[Finding] = ()
    summary: Cell | None = None
    exit_code: int = 0
    checked: Sequence[str] = ()
