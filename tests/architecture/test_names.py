"""A class or a module called Manager, Helper or Utils is a function or a noun that was not found yet."""

import ast
import re

from tests.support.source import ROOT, parse, python_files

VAGUE = re.compile(
    r"(^|_)(utils?|helpers?|managers?|misc|common)(_|$)|(Utils?|Helpers?|Managers?)($|(?=[A-Z]))", re.ASCII
)
FOLDERS = ("src", "tests", "docs", "bench", "examples")


def test_names_say_what_a_thing_is() -> None:
    modules = [path for path in python_files(*FOLDERS) if VAGUE.search(path.stem)]
    classes = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in python_files(*FOLDERS)
        for node in ast.walk(parse(path))
        if isinstance(node, ast.ClassDef) and VAGUE.search(node.name)
    ]

    assert modules == []
    assert classes == []
