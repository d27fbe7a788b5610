"""A class or a module called Manager, Helper or Utils is a function or a noun that was not found yet."""

import re

from tests.support.source import ROOT, python_files

VAGUE = re.compile(
    r"(^|_)(utils?|helpers?|managers?|misc|common)(_|$)|(Utils?|Helpers?|Managers?)($|(?=[A-Z]))", re.ASCII
)
CLASS = re.compile(r"^[ \t]*class[ \t]+(\w+)", re.MULTILINE)
FOLDERS = ("src", "tests", "docs", "bench", "examples")


def test_names_say_what_a_thing_is() -> None:
    modules = [path for path in python_files(*FOLDERS) if VAGUE.search(path.stem)]
    classes = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in python_files(*FOLDERS)
        for name in CLASS.findall(path.read_text("utf-8"))
        if VAGUE.search(name)
    ]

    assert modules == []
    assert classes == []
