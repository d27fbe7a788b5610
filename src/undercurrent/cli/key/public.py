"""``uc key public``."""

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.passwords import key_password, password_option
from undercurrent.i18n import translate as _
from undercurrent.report.model import Report, Text
from undercurrent.workflows.keys import public_half

__all__ = ["public"]


@command(
    "public",
    help=_("Print the public half of a private key, as PEM: of a file, a token (pkcs11:…), a plug-in (NAME://…)."),
)
@click.argument("key", default="cosign.key")
@password_option()
async def public(session: Session, key: str, password_fd: int | None) -> Report:
    """Prints it."""
    half, retirement = await public_half(key, key_password(session, key, password_fd))
    pem = retirement.above(half.pem) if retirement else half.pem
    return Report("public-key", {"pem": pem}, [Text(pem.rstrip("\n"))])
