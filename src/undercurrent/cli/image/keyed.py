"""The flags of commands that sign: which key, which formats, where its password comes from."""

from collections.abc import Callable
from typing import Any

import click

from undercurrent.cli.command import Session, setting
from undercurrent.cli.passwords import PasswordSource, password_option
from undercurrent.i18n import translate as _
from undercurrent.signing.keys import Signer, load_signer
from undercurrent.workflows.keys import signing_key

__all__ = ["keyed_options", "signer_of"]


def keyed_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the flags to a command."""
    body = password_option()(body)
    body = setting(
        "--format",
        of=("signing", "format"),
        type=click.Choice(["both", "bundle", "legacy"]),
        help=_("Of what is attached: cosign's new bundles, its old tags, or both."),
    )(body)
    return setting("--key", of=("signing", "key"), metavar="FILE", help=_("Private key to sign with."))(body)


def signer_of(session: Session, password_fd: int | None) -> Signer:
    """The key to sign with; its password is asked for if it is encrypted.

    Raises:
        UsageError, InvalidKey: there is none, or it does not open.
    """
    key = signing_key(session.settings.signing)
    prompt = session.prompt(_("Password of {file}").format(file=key))
    return load_signer(key, PasswordSource(descriptor=password_fd, prompt=prompt), observer=session.observer)
