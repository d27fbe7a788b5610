"""For pull requests and run summaries: GitHub-flavoured Markdown."""

import re

from undercurrent.report.model import Block, Cell, Diff, Fields, Prose, Report, Table, Text, Tree
from undercurrent.report.plain import plain

__all__ = ["markdown"]


def markdown(report: Report) -> str:
    """The report's blocks and its summary."""
    parts = [_block(block) for block in report.blocks]
    if report.summary:
        parts.append(f"**{_escape(report.summary)}**")
    return "\n\n".join(parts) + "\n"


def _escape(cell: Cell | str) -> str:
    text = cell if isinstance(cell, str) else cell.text
    for mark in "\\`*_[]<>|~#&":
        text = text.replace(mark, "\\" + mark)
    return plain(" ".join(text.splitlines()))


def _block(block: Block) -> str:
    match block:
        case Text(text, _mood):
            return _fenced(text) if len(text.splitlines()) > 1 else _escape(text)
        case Diff(text):
            return _fenced(text, "diff")
        case Prose(text):
            return text
        case Fields(rows, title):
            return _titled(title, [f"- {_escape(name)}: {_escape(value)}" for name, value in rows])
        case Table(columns, rows, title, right):
            rule = ["---:" if number in right else "---" for number in range(len(columns))]
            lines = [columns, rule, *([_escape(cell) for cell in row] for row in rows)]
            return _titled(title, ["| " + " | ".join(line) + " |" for line in lines])
        case Tree():
            return "\n".join(_branch(block, 0))


def _fenced(text: str, language: str = "") -> str:
    """Lines that are to be kept as they are, in a fence that nothing in them ends."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return "\n".join([fence + language, *map(plain, text.splitlines()), fence])


def _titled(title: str, lines: list[str]) -> str:
    return "\n".join([f"### {_escape(title)}", "", *lines] if title else lines)


def _branch(tree: Tree, depth: int) -> list[str]:
    lines = ["  " * depth + "- " + _escape(tree.label)]
    for child in tree.children:
        lines += _branch(child, depth + 1)
    return lines
