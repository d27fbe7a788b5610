"""Compiles the message catalogues while the package is built, so that no binary lives in the repository."""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def compile_catalogues(locale: Path) -> None:
    """Writes an ``.mo`` file beside each ``.po`` file below ``locale``."""
    for source in sorted(locale.rglob("*.po")):
        with source.open("rb") as po, source.with_suffix(".mo").open("wb") as mo:
            write_mo(mo, read_po(po))


class CatalogueHook(BuildHookInterface[Any]):
    """Called by hatchling before it collects files, also for an editable install."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002, D102
        compile_catalogues(Path(self.root) / "src" / "undercurrent" / "locale")


if __name__ == "__main__":
    compile_catalogues(Path(__file__).parent / "src" / "undercurrent" / "locale")
