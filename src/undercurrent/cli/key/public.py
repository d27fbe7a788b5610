"""``uc key public``."""

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.passwords import key_password, password_option
from undercurrent.i18n import translate as _
from undercurrent.report.model import Report, Text
from undercurrent.signing.signers import public_key

__all__ = ["public"]


@command(
    "public",
    help=_("Print the public half of a private key, as PEM: of a file, a token (pkcs11:…), a plug-in (NAME://…)."),
)
@click.argument("key", default="cosign.key")
@password_option()
async def public(session: Session, key: str, password_fd: int | None) -> Report:
    """Prints it."""
    pem = (await public_key(key, key_password(session, key, password_fd))).pem
    return Report("public-key", {"pem": pem}, [Text(pem.rstrip("\n"))])
