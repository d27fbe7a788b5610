"""No underscore means supported: ``__all__`` says what is there, all of it and nothing else."""

import ast
import importlib
from collections.abc import Iterator

import pytest
from tests.support.source import Module, modules


def defined(tree: ast.Module) -> Iterator[str]:
    """Public names that the module's own statements define, imports aside."""
    for statement in tree.body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names = [name]
            case ast.Assign(value=ast.Call(func=ast.Name(id="TypeVar" | "ParamSpec"))):
                names = []  # a stand-in inside annotations, nobody's to import
            case ast.Assign(targets=targets):
                names = [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]
            case ast.AnnAssign(target=ast.Name(id=name)):
                names = [name]
            case _:
                names = []
        yield from (name for name in names if not name.startswith("_"))


def imported(tree: ast.Module) -> set[str]:
    return {
        alias.asname or alias.name
        for statement in tree.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_all_says_what_is_there(module: Module) -> None:
    exported = set(getattr(importlib.import_module(module.name), "__all__", ()))
    here = set(defined(module.tree))

    assert here - exported == set(), "public by name, and not in __all__"
    # A module may hand on what others define.
    assert {name for name in exported - here - imported(module.tree) if not name.startswith("__")} == set()
