"""The threat model names tests: each is there, in both languages the same ones, and no line goes without."""

import ast
import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = (ROOT / "docs" / "threat-model.md", ROOT / "docs" / "threat-model.zh.md")
NAMED: Final = re.compile(r"`(tests/[\w/]+\.py)::([\w:]+)`")
LINE: Final = re.compile(r"^- (.*?)(?=^- |^#|^\*\*|\Z)", re.MULTILINE | re.DOTALL)


def functions_of(path: Path) -> set[str]:
    """Names of the test functions in a file; those in classes with the class before."""
    found = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        found |= {prefix + item.name for item in inner if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)}
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_is_named_is_there(page: Path) -> None:
    named = set(NAMED.findall(page.read_text("utf-8")))
    assert named
    missing = [f"{file}::{name}" for file, name in named if name not in functions_of(ROOT / file)]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_line_names_a_test(page: Path) -> None:
    lines = [line[1] for line in LINE.finditer(page.read_text("utf-8"))]
    assert len(lines) > 40
    assert [line for line in lines if not NAMED.search(line)] == []


def test_both_languages_name_the_same_tests() -> None:
    english, chinese = (NAMED.findall(page.read_text("utf-8")) for page in PAGES)
    assert english == chinese
