"""``uc key generate``."""

from pathlib import Path

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.key.kinds import kind_option
from undercurrent.cli.passwords import PasswordSource, password_option
from undercurrent.i18n import translate as _
from undercurrent.report import keys as view
from undercurrent.report.model import Report
from undercurrent.signing.keys import KeyKind, PrivateKey, write_key_pair

__all__ = ["generate"]


@command("generate", help=_("Make a key pair: FILE (cosign.key when not named), encrypted, and its .pub."))
@click.argument("file", type=click.Path(path_type=Path), default=Path("cosign.key"))
@kind_option
@click.option("--force", is_flag=True, help=_("Overwrite files that are there: the keys in them are lost."))
@password_option()
def generate(session: Session, file: Path, kind: KeyKind, force: bool, password_fd: int | None) -> Report:
    """Makes and writes it."""
    prompt = session.prompt(_("Password for the new key"))
    password = PasswordSource(descriptor=password_fd, prompt=prompt, confirm=True)
    key = PrivateKey.generate(kind)
    private, public = write_key_pair(key, file, password, force=force)
    return view.view("key", key.public, _("made a key pair"), private=private, public=public)
