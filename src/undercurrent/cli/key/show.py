"""``uc key show``."""

from pathlib import Path

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.passwords import PasswordSource, password_option
from undercurrent.i18n import translate as _
from undercurrent.report import keys as view
from undercurrent.report.model import Report
from undercurrent.signing.keys import load_any

__all__ = ["show"]


@command("show", help=_("Kind and fingerprint of a key file, private or public."))
@click.argument("file", type=click.Path(path_type=Path), default=Path("cosign.pub"))
@password_option()
def show(session: Session, file: Path, password_fd: int | None) -> Report:
    """Shows it; the password is asked for only if the file is private and encrypted."""
    prompt = session.prompt(_("Password of {file}").format(file=file))
    return view.view("key", load_any(file, PasswordSource(descriptor=password_fd, prompt=prompt)))
