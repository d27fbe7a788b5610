"""``uc key public``."""

from pathlib import Path

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.passwords import PasswordSource, password_option
from undercurrent.i18n import translate as _
from undercurrent.report.model import Report, Text
from undercurrent.signing.keys import load_any

__all__ = ["public"]


@command("public", help=_("Print the public half of a private key, as PEM."))
@click.argument("file", type=click.Path(path_type=Path), default=Path("cosign.key"))
@password_option()
def public(session: Session, file: Path, password_fd: int | None) -> Report:
    """Prints it."""
    prompt = session.prompt(_("Password of {file}").format(file=file))
    pem = load_any(file, PasswordSource(descriptor=password_fd, prompt=prompt)).pem
    return Report("public-key", {"pem": pem}, [Text(pem.rstrip("\n"))])
