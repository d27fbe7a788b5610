"""``uc key show``."""

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.passwords import key_password, password_option
from undercurrent.i18n import translate as _
from undercurrent.report import keys as view
from undercurrent.report.model import Report
from undercurrent.workflows.keys import public_half

__all__ = ["show"]


@command(
    "show",
    help=_("Kind and fingerprint of a key, private or public: in a file, a token (pkcs11:…), a plug-in (NAME://…)."),
)
@click.argument("key", default="cosign.pub")
@password_option()
async def show(session: Session, key: str, password_fd: int | None) -> Report:
    """Shows it; the password is asked for only if it is a private key in an encrypted file."""
    half, retirement = await public_half(key, key_password(session, key, password_fd))
    return view.view("key", half, retirement=retirement)
