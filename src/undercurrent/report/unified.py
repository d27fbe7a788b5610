"""What would change in a file, so that people can read it and ``patch`` can make it."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher
from itertools import pairwise
from typing import Final

__all__ = ["unified"]

_LARGE: Final = 2000
"""Lines from which on places are found by lines that stand there once: Python's own way takes minutes for 100,000."""


def unified(name: str, before: str, after: str) -> str:
    """A unified diff of a text file, headed as git does (``a/NAME``, ``b/NAME``); empty if nothing changes.

    Only a line feed ends a line, as for `diff` and `patch`: a carriage return before it belongs to the line.
    """
    path = name.lstrip("/")
    old, new = _lines(before), _lines(after)
    parts: list[str] = []
    for hunk in _Matcher(old, new).get_grouped_opcodes():
        first, last = hunk[0], hunk[-1]
        parts.append(f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@\n")
        for kind, begin, end, new_begin, new_end in hunk:
            if kind == "equal":
                parts += _marked(" ", old[begin:end])
            else:
                parts += _marked("-", old[begin:end])
                parts += _marked("+", new[new_begin:new_end])
    return "".join((f"--- a/{path}\n", f"+++ b/{path}\n", *parts)) if parts else ""


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _marked(mark: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield f"{mark}{line}" if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n"


def _range(begin: int, end: int) -> str:
    """Lines as `diff` counts them: from 1, and the one before where there are none."""
    length = end - begin
    return str(begin + 1) if length == 1 else f"{begin + bool(length)},{length}"


class _Matcher(SequenceMatcher[str]):
    """Compares large files piece by piece: between lines that both have once, in the same order ("patience diff")."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        self._whole = max(len(old), len(new)) <= _LARGE
        self._old, self._new = old, new
        super().__init__(None, *((old, new) if self._whole else ([], [])))

    def get_matching_blocks(self) -> list[Match]:
        """As the class above has it: blocks that do not touch, then one of no lines at the end."""
        if self._whole:
            return super().get_matching_blocks()
        end = (len(self._old), len(self._new))
        found: list[Match] = []
        for (old, new), (old_end, new_end) in pairwise([(-1, -1), *_anchors(self._old, self._new), end]):
            between = SequenceMatcher(None, self._old[old + 1 : old_end], self._new[new + 1 : new_end])
            blocks = [Match(old, new, 1)] if old >= 0 else []
            blocks += (Match(old + 1 + a, new + 1 + b, size) for a, b, size in between.get_matching_blocks())
            for block in blocks:
                if found and (found[-1].a + found[-1].size, found[-1].b + found[-1].size) == block[:2]:
                    found[-1] = Match(found[-1].a, found[-1].b, found[-1].size + block.size)
                elif block.size:
                    found.append(block)
        return [*found, Match(*end, 0)]


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Places of lines that stand once in each, in an order that both have: as many as there can be."""
    once = {line for line, count in Counter(new).items() if count == 1}
    at = {line: index for index, line in enumerate(new) if line in once}
    once &= {line for line, count in Counter(old).items() if count == 1}
    pairs = [(index, at[line]) for index, line in enumerate(old) if line in once]
    ends: list[int] = []  # of the rows so far, by length: the least place in `new`
    last: list[int] = []  # which pair that is
    before: list[int] = []  # which pair stands before each in its row
    for number, (_index, place) in enumerate(pairs):
        length = bisect_left(ends, place)
        before.append(last[length - 1] if length else -1)
        ends[length : length + 1] = [place]
        last[length : length + 1] = [number]
    row: list[tuple[int, int]] = []
    number = last[-1] if last else -1
    while number >= 0:
        row.append(pairs[number])
        number = before[number]
    return row[::-1]
