"""``uc key import``."""

from pathlib import Path

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.passwords import PasswordSource, password_option
from undercurrent.i18n import translate as _
from undercurrent.report import keys as view
from undercurrent.report.model import Report
from undercurrent.signing.keys import import_key, public_beside

__all__ = ["import_"]


@command("import", help=_("Turn any private key (PEM, PKCS#8; ECDSA, Ed25519, RSA) into cosign's key files."))
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path), default=Path("cosign.key"))
@click.option("--force", is_flag=True, help=_("Overwrite files that are there: the keys in them are lost."))
@password_option()
@password_option("--source-password-fd")
def import_(
    session: Session, source: Path, file: Path, force: bool, password_fd: int | None, source_password_fd: int | None
) -> Report:
    """Reads and writes it."""
    ask = session.prompt(_("Password of {file}").format(file=source))
    old = PasswordSource("UC_SOURCE_PASSWORD", source_password_fd, ask, flag="--source-password-fd")
    new = PasswordSource(descriptor=password_fd, prompt=session.prompt(_("Password for the new key")), confirm=True)
    key = import_key(source, old, file, new, force=force, observer=session.observer)
    return view.view("key", key.public, _("imported"), private=file, public=public_beside(file))
