"""The flags of commands that sign: with which key or as whom, in which formats, where a password comes from."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import click

from undercurrent.cli.command import Session, setting
from undercurrent.cli.identitytokens import identity_options, tokens_of
from undercurrent.cli.passwords import key_password, password_option
from undercurrent.errors import UsageError
from undercurrent.i18n import translate as _
from undercurrent.net import Client
from undercurrent.signing.checks import Format
from undercurrent.signing.signatory import KeySignatory, Signatory, Timestamping
from undercurrent.signing.signers import open_signer
from undercurrent.signing.timestamping import timestamp
from undercurrent.workflows.keys import signing_key
from undercurrent.workflows.signing import FORMATS

__all__ = ["formats_of", "keyed_options", "signatory_of", "signatory_options", "timestamping", "written_options"]


def keyed_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the flags to a command about images, which hands them to `signatory_of`, and then to `formats_of`."""
    return signatory_options(_format_option(body))


def signatory_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the flags that say who signs to a command, which hands them to `signatory_of`."""
    body = _timestamp_option(identity_options(password_option()(body)))
    return setting(
        "--key",
        of=("signing", "key"),
        metavar="KEY",
        help=_("Private key to sign with: a file, env://VARIABLE, pkcs11:…, or NAME://… of a plug-in."),
    )(body)


def written_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the flags that say how signatures are written; they are settings."""
    return _format_option(_timestamp_option(body))


def _timestamp_option(body: Callable[..., Any]) -> Callable[..., Any]:
    return setting(
        "--timestamp-url",
        of=("signing", "timestamp_url"),
        metavar="URL",
        help=_("Have this timestamp authority (RFC 3161) confirm when it was signed."),
    )(body)


def _format_option(body: Callable[..., Any]) -> Callable[..., Any]:
    return setting(
        "--format",
        of=("signing", "format"),
        type=click.Choice(["both", "bundle", "legacy"]),
        help=_("Of what is attached: cosign's new bundles, its old tags, or both."),
    )(body)


@asynccontextmanager
async def signatory_of(session: Session, flags: dict[str, Any]) -> AsyncIterator[Signatory]:
    """Whoever the flags say signs; takes the flags of `signatory_options` out of ``flags``.

    The password of an encrypted key is asked for now, before anything is looked for.

    Raises:
        UsageError, InvalidKey: there is no key, or it does not open; or no identity token.
        UndercurrentError: no certificate can be had for the identity.
    """
    descriptor, tokens = flags.pop("password_fd"), tokens_of(session, flags)
    if tokens is not None:
        from undercurrent.workflows.keyless import keyless_signatory  # noqa: PLC0415 - keys do without

        async with keyless_signatory(session.settings, tokens, observer=session.observer) as identity:
            yield identity
        return
    key = signing_key(session.settings.signing)
    password = key_password(session, key, descriptor)
    async with open_signer(key, password, observer=session.observer) as signer, timestamping(session) as witness:
        yield KeySignatory(signer, witness)


def formats_of(session: Session, signatory: Signatory) -> tuple[Format, ...]:
    """The formats to write: those that are asked for, as far as ``signatory`` can.

    Raises:
        UsageError: it can write none of them.
    """
    formats = tuple(one for one in FORMATS[session.settings.signing.format] if one in signatory.formats)
    if not formats:
        raise UsageError(
            _("without a key, only bundles can be signed"),
            hint=_("verifiers of the older format want a promise that today's transparency logs do not give"),
        )
    return formats


@asynccontextmanager
async def timestamping(session: Session) -> AsyncIterator[Timestamping | None]:
    """Asks the authority that is set; None if none is."""
    if not (url := session.settings.signing.timestamp_url):
        yield None
        return
    async with Client(session.settings.net, observer=session.observer) as client:
        yield partial(timestamp, client, url)
