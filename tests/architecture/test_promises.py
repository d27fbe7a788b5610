"""Pages that promise something name tests: each is there, in both languages the same, and no line goes without."""

import ast
import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
NAMES: Final = ("threat-model", "faults")
PAGES: Final = [ROOT / "docs" / f"{name}{language}.md" for name in NAMES for language in ("", ".zh")]
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
    assert len(lines) > (40 if page.name.startswith("threat") else 10)
    assert [line for line in lines if not NAMED.search(line)] == []


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_name_the_same_tests(name: str) -> None:
    english, chinese = (
        NAMED.findall((ROOT / "docs" / f"{name}{language}.md").read_text("utf-8")) for language in ("", ".zh")
    )
    assert english == chinese
