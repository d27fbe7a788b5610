"""The nouns of a YAML file whose every node knows where it stands."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from undercurrent.splices import Span

__all__ = ["AliasNode", "Document", "Entry", "Fault", "Key", "MappingNode", "Node", "ScalarNode", "SequenceNode"]

Key: TypeAlias = tuple[str | int, ...]
"""Where in a document something is: ``("spec", "containers", 0, "image")``."""


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """One value.

    Attributes:
        span: of its text, with anchor and tag; empty where nothing is written, which is null.
        value: what it says, quotes and escapes undone.
        style: how it is written; empty for plain.
        tag: as it is written (``!!str``), or empty.
        anchor: its name, or empty.
    """

    span: Span
    value: str
    style: Literal["", "'", '"', "|", ">"] = ""
    tag: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class AliasNode:
    """``*name``: the same again as somewhere before."""

    span: Span
    name: str
    target: "Node"


@dataclass(frozen=True, slots=True)
class Entry:
    """A key and its value."""

    key: "Node"
    value: "Node"

    @property
    def name(self) -> str | None:
        """The key as text; None for a key that is no scalar."""
        return self.key.value if isinstance(self.key, ScalarNode) else None

    @property
    def span(self) -> Span:
        """From the beginning of the key to the end of the value."""
        return Span(self.key.span.start, max(self.key.span.end, self.value.span.end))


@dataclass(frozen=True, slots=True)
class MappingNode:
    """Keys and values; ``flow`` where they stand in braces."""

    span: Span
    entries: tuple[Entry, ...]
    flow: bool = False
    tag: str = ""
    anchor: str = ""

    def entry(self, name: str) -> Entry | None:
        """The entry of that name, written here: the last one, as Kubernetes takes it, where there are several."""
        return next((entry for entry in reversed(self.entries) if entry.name == name), None)


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """Items; ``flow`` where they stand in brackets."""

    span: Span
    items: tuple["Node", ...]
    flow: bool = False
    tag: str = ""
    anchor: str = ""


Node: TypeAlias = ScalarNode | AliasNode | MappingNode | SequenceNode


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that YAML lets pass and that nobody means: a key that is there twice, a key that is no text."""

    kind: Literal["duplicate-key", "complex-key"]
    name: str
    span: Span


@lru_cache(maxsize=8)
def _line_ends(text: str) -> list[int]:
    """Where its lines end: of one file, thousands of lines are asked for."""
    return [found.start() for found in re.finditer("\n", text)]


@dataclass(frozen=True, slots=True)
class Document:
    """One of the documents of a file.

    Attributes:
        name: of the file.
        text: all of the file, which spans are of.
        number: which one it is, from 0.
        root: what it holds; None for an empty one.
        faults: in it.
    """

    name: str
    text: str
    number: int
    root: Node | None
    faults: tuple[Fault, ...] = ()

    def line(self, node: Node | Fault) -> int:
        """The line that it begins in, from 1."""
        return bisect_left(_line_ends(self.text), node.span.start) + 1

    def column(self, node: Node | Fault) -> int:
        """The column that it begins in, from 1."""
        return node.span.start - (self.text.rfind("\n", 0, node.span.start) + 1) + 1

    def mappings(self) -> Iterator[MappingNode]:
        """Every mapping that is written in it."""
        waiting: list[Node] = [self.root] if self.root else []
        while waiting:
            node = waiting.pop()
            if isinstance(node, MappingNode):
                yield node
                waiting += [part for entry in node.entries for part in (entry.key, entry.value)]
            elif isinstance(node, SequenceNode):
                waiting += node.items
