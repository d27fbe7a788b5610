"""The flags of commands that sign: with what, in which formats, where a password comes from."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import click

from undercurrent.cli.command import Session, setting
from undercurrent.cli.passwords import PasswordSource, password_option
from undercurrent.i18n import translate as _
from undercurrent.signing.keys import load_signer
from undercurrent.signing.signatory import KeySignatory, Signatory
from undercurrent.workflows.keys import signing_key

__all__ = ["keyed_options", "signatory_of"]


def keyed_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the flags to a command, which hands them to `signatory_of`."""
    body = password_option()(body)
    body = setting(
        "--format",
        of=("signing", "format"),
        type=click.Choice(["both", "bundle", "legacy"]),
        help=_("Of what is attached: cosign's new bundles, its old tags, or both."),
    )(body)
    return setting("--key", of=("signing", "key"), metavar="FILE", help=_("Private key to sign with."))(body)


@asynccontextmanager
async def signatory_of(session: Session, flags: dict[str, Any]) -> AsyncIterator[Signatory]:
    """Whoever the flags say signs; takes the flags of `keyed_options` out of ``flags``.

    The password of an encrypted key is asked for now, before anything is looked for.

    Raises:
        UsageError, InvalidKey: there is no key, or it does not open.
    """
    key = signing_key(session.settings.signing)
    prompt = session.prompt(_("Password of {file}").format(file=key))
    password = PasswordSource(descriptor=flags.pop("password_fd"), prompt=prompt)
    yield KeySignatory(load_signer(key, password, observer=session.observer))
