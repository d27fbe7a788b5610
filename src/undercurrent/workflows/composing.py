"""What compose files name beside them: files that they take in, and the variables of ``.env``."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from undercurrent.splices import as_text
from undercurrent.yamltext import MAX_FILE

__all__ = ["Reader", "variables_of"]

_VARIABLES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads files that a compose file names.

    Attributes:
        folder: that it lies in.
        top: above which nothing is read, links resolved.
    """

    folder: Path
    top: Path

    def __call__(self, name: str) -> str | None:
        """Its text; None for what is not there, is too large, or lies outside."""
        try:
            path = (self.folder / name).resolve()
            if not path.is_relative_to(self.top) or not path.is_file() or path.stat().st_size > MAX_FILE:
                return None
            return as_text(path.read_bytes())
        except (OSError, RuntimeError, ValueError):  # links that lead to themselves, a NUL in the name
            return None


def variables_of(folder: Path) -> Mapping[str, str]:
    """Those of the file ``.env`` beside a compose file; not those of whoever runs this."""
    text = Reader(folder, folder.resolve())(".env")
    if text is None or len(text) > _VARIABLES:
        return {}
    pairs = (line.removeprefix("export ").partition("=") for line in text.splitlines() if not line.startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, equals, value in pairs if equals}
