"""Standard output and standard error, also where nobody reads them or nothing fits into them any more."""

import os
import sys

import click

from undercurrent.errors import EnvironmentLacks
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _

__all__ = ["open_streams", "put"]


def open_streams() -> None:
    """Makes streams usable that whoever started this closed, or that cannot show every character.

    A terminal that cannot show one gets a question mark, not a traceback.
    """
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - open as long as the process is
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def put(text: str | bytes, *, err: bool = False) -> None:
    """Prints ``text`` as it is; a reader that went away misses it, and the command ends as it would have.

    Args:
        text: with its end of line.
        err: on standard error, where a failure to print is nobody's concern.

    Raises:
        EnvironmentLacks: standard output takes no more: its disk is full.
    """
    try:
        click.echo(text, nl=False, err=err)
    except OSError as error:
        # What is still buffered must not raise again while Python shuts down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), (sys.stderr if err else sys.stdout).fileno())
        if not (err or isinstance(error, BrokenPipeError)):
            raise EnvironmentLacks(
                _("standard output cannot be written: {reason}").format(reason=system_reason(error))
            ) from error
