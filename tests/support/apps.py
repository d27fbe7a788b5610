"""Small real applications, built from source on the stand-ins for public images: what each is, and how it answers."""

import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["APPS", "App"]

_FOLDER: Final = Path(__file__).parent.parent / "peers" / "apps"


@dataclass(frozen=True, slots=True)
class App:
    """An application.

    Attributes:
        name: of its folder.
        about: what is special about it.
        probe: what to ask it as it is: ``http://:80/`` …, as ``uc harden prove`` takes it.
        after: what to ask it without root, where its port has moved.
        answer: part of what it says.
        writes: paths that it writes to and that have to be found.
        unfixed: why there is no fix, as `undercurrent.hardening.fixing.Unfixed.kind` has it; "" where there is one.
    """

    name: str
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


APPS: Final = tuple(_read(file.parent) for file in sorted(_FOLDER.glob("*/app.toml")))
