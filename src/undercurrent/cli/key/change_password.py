"""``uc key change-password``."""

from pathlib import Path

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.passwords import PasswordSource, password_option
from undercurrent.i18n import translate as _
from undercurrent.report import keys as view
from undercurrent.report.model import Report
from undercurrent.signing import keys

__all__ = ["change_password"]


@command(
    "change-password",
    help=_("Encrypt a key with another password: the new one from UC_NEW_PASSWORD, a descriptor or a prompt."),
)
@click.argument("file", type=click.Path(path_type=Path), default=Path("cosign.key"))
@password_option()
@password_option("--new-password-fd")
def change_password(session: Session, file: Path, password_fd: int | None, new_password_fd: int | None) -> Report:
    """Decrypts and encrypts it."""
    old = PasswordSource(descriptor=password_fd, prompt=session.prompt(_("Password of {file}").format(file=file)))
    new = PasswordSource(
        "UC_NEW_PASSWORD", new_password_fd, session.prompt(_("New password")), confirm=True, flag="--new-password-fd"
    )
    key = keys.change_password(file, old, new)
    return view.view("key", key.public, _("the password was changed"), private=file)
