"""Small real applications, built from source on the stand-ins for public images: what each is, and how it answers."""

import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["APPS", "App", "fixable", "named"]

_FOLDER: Final = Path(__file__).parent.parent / "peers" / "apps"


@dataclass(frozen=True, slots=True)
class App:
    """An application.

    Attributes:
        name: of its folder.
        kind: where it belongs: ``server`` (a known server with a configuration), ``language`` (a program in one), or
            ``start`` (what it does when it starts, or where it writes, is what is special).
        about: what is special about it.
        probe: what to ask it as it is: ``http://:80/`` …, as ``uc harden prove`` takes it.
        after: what to ask it without root, where its port has moved.
        answer: part of what it says.
        writes: paths that it writes to and that have to be found.
        unfixed: why there is no fix, as `undercurrent.hardening.fixing.Unfixed.kind` has it; "" where there is one.
    """

    name: str
    kind: str
    about: str
    probe: str
    after: str
    answer: str = ""
    writes: tuple[str, ...] = ()
    unfixed: str = ""

    @property
    def source(self) -> Path:
        """Its folder."""
        return _FOLDER / self.name

    def copy(self, folder: Path) -> Path:
        """A copy of its source below ``folder``, to be changed at will."""
        return shutil.copytree(self.source, folder / self.name, ignore=shutil.ignore_patterns("app.toml"))


def _read(folder: Path) -> App:
    told = tomllib.loads((folder / "app.toml").read_text("utf-8"))
    told["writes"] = tuple(told.get("writes", ()))
    return App(**({"name": folder.name, "after": told["probe"]} | told))


def named(app: App) -> str:
    """What a test of it is called."""
    return app.name


APPS: Final = tuple(_read(file.parent) for file in sorted(_FOLDER.glob("*/app.toml")))


def fixable(kind: str) -> tuple[App, ...]:
    """Those of a kind that there is a fix for."""
    return tuple(app for app in APPS if app.kind == kind and not app.unfixed)
