"""Text that is changed in places and stays as it is everywhere else.

A file is read into text that gives back the same bytes whatever they are, nodes know their spans, and a change is
a list of edits: nothing is ever written out anew from a tree.
"""

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Edit", "Span", "as_bytes", "as_text", "line_before", "line_of", "spliced"]


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters from ``start`` up to ``end``, from 0."""

    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start

    def of(self, text: str) -> str:
        """What stands there."""
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """What is to stand where something stands now; an empty span is a place between two characters."""

    span: Span
    text: str


def as_text(content: bytes) -> str:
    """The bytes as text; those that are no UTF-8 become lone surrogates (PEP 383), so that none is lost."""
    return content.decode("utf-8", "surrogateescape")


def as_bytes(text: str) -> bytes:
    """The bytes that `as_text` read."""
    return text.encode("utf-8", "surrogateescape")


def spliced(text: str, edits: Iterable[Edit]) -> str:
    """``text`` with the edits made, in the order of their places; two insertions at one place keep their order.

    Raises:
        ValueError: two edits overlap, or one is outside: a mistake of the program.
    """
    parts: list[str] = []
    done = 0
    for edit in sorted(edits, key=lambda one: one.span):
        if not done <= edit.span.start <= edit.span.end <= len(text):
            raise ValueError(f"the edit at {edit.span} overlaps another one, or is outside")
        parts += (text[done : edit.span.start], edit.text)
        done = edit.span.end
    return "".join((*parts, text[done:]))


def line_of(text: str, offset: int) -> int:
    """The line, from 1, that the character at ``offset`` is in."""
    return text.count("\n", 0, offset) + 1


def line_before(text: str, edits: Iterable[Edit], line: int) -> int:
    """The line of ``text`` that ``line`` of ``spliced(text, edits)`` comes from; of one that is new, the one above."""
    more = 0
    for edit in sorted(edits, key=lambda one: one.span):
        added = edit.text.count("\n") - edit.span.of(text).count("\n")
        begins = line_of(text, edit.span.start) + more
        if line < begins or (line == begins and added >= 0):
            break
        # Within what was put in, all lines are the one where it was put.
        more += min(added, line - begins)
    return line - more
