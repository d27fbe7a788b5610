"""The tree that errors.py draws is the tree that there is; each code is one error's, and documented."""

import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from docs.generate import ERROR_TEXTS, EXIT_CODES
from tests.support.source import ROOT, modules

from undercurrent import errors
from undercurrent.errors import UndercurrentError

LINE = re.compile(r"    (?P<indent>[│ ]*)[├└]── (?P<name>\w+) +(?P<code>[a-z-]+) +(?:exit (?P<exit>\d+))?(?P<rest>.*)")


@dataclass(frozen=True, slots=True)
class Drawn:
    name: str
    parent: str
    code: str
    exit_code: int
    retried: bool = False


def drawn() -> Iterator[Drawn]:
    """What the drawing says; an exit code holds for what is below it."""
    path = [Drawn("UndercurrentError", "", "error", 1)]
    for line in (errors.__doc__ or "").splitlines():
        if match := LINE.fullmatch(line.ljust(80)):
            depth = len(match["indent"]) // 4 + 1
            parent = path[depth - 1]
            exit_code = int(match["exit"]) if match["exit"] else parent.exit_code
            path[depth:] = [Drawn(match["name"], parent.name, match["code"], exit_code, "retried" in match["rest"])]
            yield path[depth]


def kinds(root: type[UndercurrentError] = UndercurrentError) -> Iterator[type[UndercurrentError]]:
    """What is in errors.py. Elsewhere an error may be a special case of one of these."""
    for kind in root.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield kind
            yield from kinds(kind)


def special_cases(root: type[UndercurrentError] = UndercurrentError) -> Iterator[type[UndercurrentError]]:
    for kind in root.__subclasses__():
        if kind.__module__ != errors.__name__:
            yield kind
        yield from special_cases(kind)


@pytest.fixture(scope="module", autouse=True)
def everything_is_imported() -> None:
    for module in modules():
        importlib.import_module(module.name)


def parent_of(kind: type[UndercurrentError]) -> str:
    (base,) = kind.__bases__
    return base.__name__


def test_the_drawing_is_the_tree() -> None:
    real = [Drawn(kind.__name__, parent_of(kind), kind.code, kind.exit_code, kind.retryable) for kind in kinds()]

    assert list(drawn()) == real


def test_a_special_case_elsewhere_keeps_code_and_exit_code() -> None:
    assert [kind for kind in special_cases() if {"code", "exit_code"} & set(vars(kind))] == []


def test_no_two_errors_share_a_code() -> None:
    codes = [UndercurrentError.code, *(kind.code for kind in kinds())]

    assert len(codes) == len(set(codes))
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)


def test_every_code_is_documented_in_both_languages() -> None:
    codes = {kind.code for kind in kinds()}

    assert set(ERROR_TEXTS) == codes
    for name in ("errors.md", "errors.zh.md"):
        page = (ROOT / "docs" / "reference" / name).read_text("utf-8")
        assert set(re.findall(r"^### (\S+)$", page, re.MULTILINE)) == codes


def test_every_exit_code_is_documented() -> None:
    assert {kind.exit_code for kind in kinds()} == set(EXIT_CODES) - {0}
