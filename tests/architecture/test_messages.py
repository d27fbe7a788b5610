"""Messages can be translated: their keys are literals, and what is put into them has a name."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

from tests.support.source import ROOT, parse, python_files

MARKS = {"_", "N_", "translate", "gettext_noop", "ngettext"}
STORED = (ast.Name, ast.Attribute, ast.Subscript)
"""A message that was marked where it is stored, and is translated where it is shown."""


def calls(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS:
            yield node


def files() -> list[Path]:
    return [path for path in python_files("src") if path.name != "i18n.py"]


def place(path: Path, node: ast.expr) -> str:
    return f"{path.relative_to(ROOT)}:{node.lineno}"


def test_keys_are_literals() -> None:
    wrong = []
    for path in files():
        for call in calls(path):
            assert isinstance(call.func, ast.Name)
            texts = call.args[:2] if call.func.id == "ngettext" else call.args[:1]
            allowed = (ast.Constant, *STORED) if call.func.id == "_" else (ast.Constant,)
            wrong += [place(path, text) for text in texts if not isinstance(text, allowed)]

    assert wrong == []


def fields(text: str) -> set[str]:
    return {
        name.partition(".")[0].partition("[")[0]
        for _literal, name, *_rest in string.Formatter().parse(text)
        if name is not None
    }


def test_what_is_put_into_a_message_has_a_name_and_is_given() -> None:
    wrong = []
    for path in files():
        for node in ast.walk(parse(path)):
            match node:
                case ast.Call(
                    func=ast.Attribute(
                        value=ast.Call(func=ast.Name(id="_"), args=[ast.Constant(value=str() as text)]), attr="format"
                    ),
                    args=positional,
                    keywords=keywords,
                ):
                    given = {keyword.arg for keyword in keywords}
                    # What ** gives is not to be seen here.
                    if positional or (None not in given and fields(text) != given):
                        wrong.append(f"{place(path, node)}: {sorted(fields(text))} are not {sorted(map(str, given))}")

    assert wrong == []
