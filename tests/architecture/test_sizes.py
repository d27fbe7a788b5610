"""A function over 50 lines or a file over 400 is a question: it is answered below, or split."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.source import ROOT, parse, python_files

LONGEST_FUNCTION = 50
LONGEST_FILE = 400

ANSWERED_FUNCTIONS: dict[str, str] = {}
"""``path:function`` → why it is one function."""

ANSWERED_FILES: dict[str, str] = {}
"""Path → why it is one file."""


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from its name to its end, its documentation aside: nobody should write less of that."""
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    documentation = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (function.end_lineno or 0) - function.lineno + 1 - documentation


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{shown(path)}:{node.name}", lines_of(node)


def test_functions_are_short() -> None:
    files = python_files("src", "docs", "bench", "examples")
    long = {name: lines for path in files for name, lines in functions(path) if lines > LONGEST_FUNCTION}

    assert set(long) == set(ANSWERED_FUNCTIONS), long


def test_files_are_short() -> None:
    files = python_files("src", "docs", "bench", "examples")
    lengths = {shown(path): len(path.read_text("utf-8").splitlines()) for path in files}
    long = {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE}

    assert set(long) == set(ANSWERED_FILES), long
