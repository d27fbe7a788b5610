"""The project's own source, to be read by tests: modules, and their syntax trees."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["ROOT", "SOURCE", "Module", "modules", "parse", "python_files"]

ROOT: Final = Path(__file__).parents[2]
SOURCE: Final = ROOT / "src" / "undercurrent"


@dataclass(frozen=True, slots=True)
class Module:
    """A module of the package.

    Attributes:
        name: as it is imported.
        path: of its file.
    """

    name: str
    path: Path

    @property
    def shown(self) -> str:
        """The path below the root of the repository."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return parse(self.path)


@cache
def parse(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text("utf-8"), str(path))


def python_files(*folders: str) -> Iterator[Path]:
    """Every Python file below folders of the repository."""
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the package. Alembic runs its migrations as scripts, so they are none."""
    found = []
    for path in python_files("src/undercurrent"):
        parts = path.relative_to(SOURCE.parent).with_suffix("").parts
        if "versions" not in parts and parts[-1] not in {"env", "__main__"}:
            found.append(Module(".".join(parts).removesuffix(".__init__"), path))
    return tuple(found)
