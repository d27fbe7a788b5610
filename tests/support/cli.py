"""Runs the command line as a user does: in a process of its own, in a home of its own."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.support.warm import warm_program

__all__ = ["Result", "UcRunner", "command_line_environment"]

_PASSED_ON: Final = ("PATH", "TMPDIR", "UNDERCURRENT_DATA")
_TIMEOUT_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Result:
    """What a run left."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The document on standard output."""
        return json.loads(self.stdout)


def command_line_environment(home: Path, **more: str) -> dict[str, str]:
    """Variables for a run that finds nothing of this machine's user, 80 columns wide, in English."""
    kept = {name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith("COV")}
    folders = {name: str(home / path) for name, path in _FOLDERS.items()}
    return {**kept, "HOME": str(home), **folders, "COLUMNS": "80", "LANG": "C.UTF-8", **more}


_FOLDERS: Final = {
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
    "XDG_CACHE_HOME": ".cache",
    "XDG_RUNTIME_DIR": ".run",
}


@dataclass(frozen=True, slots=True)
class UcRunner:
    """Runs ``uc``; call it with the arguments.

    Attributes:
        home: the home folder of the runs.
        folder: the folder that they are in.
    """

    home: Path
    folder: Path

    def __call__(
        self,
        *arguments: str | Path,
        env: Mapping[str, str] | None = None,
        input: str | bytes = "",  # noqa: A002 - as subprocess calls it
        cwd: Path | None = None,
    ) -> Result:
        """Runs it to its end.

        Args:
            arguments: without the program's name.
            env: variables, beside those of `command_line_environment`.
            input: standard input; text as UTF-8.
            cwd: where to run it; ``folder`` when None.
        """
        code, out, err = warm_program()(
            [str(argument) for argument in arguments],
            env=command_line_environment(self.home, **(env or {})),
            cwd=cwd or self.folder,
            stdin=input.encode() if isinstance(input, str) else input,
            timeout=_TIMEOUT_S,
        )
        return Result(code, out.decode(), err.decode())
