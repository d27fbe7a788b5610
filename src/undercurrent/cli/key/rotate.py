"""``uc key rotate``."""

from pathlib import Path

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.key.kinds import kind_option
from undercurrent.cli.passwords import PasswordSource, password_option
from undercurrent.i18n import translate as _
from undercurrent.report import keys as view
from undercurrent.report.model import Report
from undercurrent.signing.keys import KeyKind, public_beside
from undercurrent.signing.rotation import rotate as rotate_key

__all__ = ["rotate"]


@command(
    "rotate",
    help=_("Put a new key in the place of an old one. The old pair is kept beside it, to verify what it signed."),
)
@click.argument("file", type=click.Path(path_type=Path), default=Path("cosign.key"))
@kind_option
@password_option()
def rotate(session: Session, file: Path, kind: KeyKind, password_fd: int | None) -> Report:
    """Makes the new pair and keeps the old one."""
    prompt = session.prompt(_("Password for the new key"))
    password = PasswordSource(descriptor=password_fd, prompt=prompt, confirm=True)
    key, kept = rotate_key(file, kind, password)
    summary = _("sign again with the new key; until then, verify with both public keys")
    return view.view("key", key.public, summary, private=file, public=public_beside(file), kept=kept)
