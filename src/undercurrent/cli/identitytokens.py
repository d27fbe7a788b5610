"""The flags of commands that can sign with an identity instead of a key; a token is never a flag's value."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from undercurrent.cli.command import Session, setting
from undercurrent.cli.options import WholeNumber
from undercurrent.cli.passwords import from_descriptor
from undercurrent.errors import UsageError
from undercurrent.i18n import translate as _

if TYPE_CHECKING:
    from undercurrent.workflows.keyless import Tokens

__all__ = ["identity_options", "tokens_of"]

_VARIABLE: Final = "SIGSTORE_ID_TOKEN"
_DESCRIPTOR: Final = "--identity-token-fd"


def identity_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the flags to a command, which hands them to `tokens_of`."""
    path = click.Path(path_type=Path)
    body = click.option(
        "--identity-token-file", type=path, metavar="FILE", help=_("The same, from a file that is kept up to date.")
    )(body)
    body = click.option(
        _DESCRIPTOR,
        type=WholeNumber(0),
        metavar="N",
        help=_("Read the identity token from this file descriptor, not from the job, SIGSTORE_ID_TOKEN or a browser."),
    )(body)
    body = setting(
        "--trust-config",
        of=("signing", "trust_config"),
        type=path,
        metavar="FILE",
        help=_("Services and root of trust of a private instance (client trust configuration, JSON)."),
    )(body)
    return setting(
        "--keyless",
        of=("signing", "keyless"),
        is_flag=True,
        default=None,
        help=_("Sign with your identity, or that of this CI job, instead of a key."),
    )(body)


def _is_keyless(session: Session) -> bool:
    """Whether to sign with an identity: as the flags say, else as is set.

    Raises:
        UsageError: the flags say both.
    """
    by_flag = {
        name
        for name in ("key", "keyless")
        if (origin := session.loaded.origins.get(("signing", name))) and origin.kind == "flag"
    }
    if by_flag == {"key", "keyless"}:
        raise UsageError(_("--key and --keyless exclude each other"), hint=_("leave one of them out"))
    return session.settings.signing.keyless and "key" not in by_flag


def tokens_of(session: Session, flags: dict[str, Any]) -> "Tokens | None":
    """Where identity tokens come from, None if a key signs; takes the flags of `identity_options` out of ``flags``.

    Raises:
        UsageError: the flags ask for both, or the file descriptor cannot be read.
    """
    descriptor, file = flags.pop("identity_token_fd"), flags.pop("identity_token_file")
    if not _is_keyless(session):
        return None
    from undercurrent.workflows.keyless import found_here, from_file, given  # noqa: PLC0415 - keys do without

    if descriptor is not None:
        return given(from_descriptor(descriptor, _DESCRIPTOR).decode(errors="replace"))
    if file is not None:
        return from_file(file)
    if raw := os.environ.get(_VARIABLE):
        return given(raw)
    return found_here(interactive=session.interactive, observer=session.observer)
