"""``uc key rotate``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.image.choosing import chosen
from undercurrent.cli.image.keyed import timestamping, written_options
from undercurrent.cli.image.places import place_options
from undercurrent.cli.key.kinds import kind_option
from undercurrent.cli.options import Duration
from undercurrent.cli.passwords import PasswordSource, key_password, password_option
from undercurrent.fleet import Summary
from undercurrent.i18n import translate as _
from undercurrent.report import rotating as view
from undercurrent.report.model import Report
from undercurrent.signing.keys import KeyKind
from undercurrent.signing.signatory import KeySignatory
from undercurrent.workflows.each import Search
from undercurrent.workflows.rotating import ResignedImage, ResignOptions, recorded_digests, resign_images
from undercurrent.workflows.signing import FORMATS
from undercurrent.workflows.succession import Succession, Wish, succession

__all__ = ["rotate"]


@command(
    "rotate",
    help=_(
        "Put a new key in the place of an old one, and sign again what the old one signed. The old pair is kept beside "
        "it, and its public key says until when it counts."
    ),
)
@click.argument("key", default="cosign.key", metavar="[KEY]")
@kind_option
@click.option(
    "--from", "old", default="", metavar="FILE", help=_("KEY is the new key already; this is the old public key.")
)
@click.option("--again", is_flag=True, help=_("Make another key, even while an old one still counts."))
@click.option(
    "--grace",
    type=Duration(),
    metavar="TIME",
    help=_("How long the old key still counts, such as 30d (which is the default) or 12h; 0 ends it now."),
)
@click.option(
    "--image",
    "references",
    multiple=True,
    metavar="IMAGE",
    help=_("Sign this image again if the old key verifies it; several may be named."),
)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help=_("Sign everything again that the old key verifies, of what `uc image list` would find."),
)
@place_options
@click.option(
    "--recorded",
    is_flag=True,
    help=_("Sign again only what evidence says the old key signed: for a key that may have leaked."),
)
@click.option(
    "--resume/--no-resume", default=True, help=_("Go on where the same command was cut off; this is the default.")
)
@click.option("-n", "--dry-run", is_flag=True, help=_("Show what would be done, and do nothing."))
@written_options
@password_option()
async def rotate(
    session: Session,
    key: str,
    old: str,
    kind: KeyKind,
    again: bool,
    grace: timedelta | None,
    recorded: bool,
    password_fd: int | None,
    **flags: Any,
) -> Report:
    """Makes the new pair, keeps the old one, and signs again."""
    images = bool(flags["references"] or flags["everything"])
    wish = Wish(key, old, kind, grace, images, recorded, again, flags["dry_run"])
    ask = session.prompt(_("Password for the new key"))
    passwords = (
        key_password(session, key, password_fd),
        PasswordSource(descriptor=password_fd, prompt=ask, confirm=True),
    )
    # Whom it is about is settled first: a mistake there must not leave a new key.
    async with (
        _chosen(session, flags, images=images) as targets,
        succession(wish, *passwords, session.settings, observer=session.observer) as successor,
    ):
        summary = await _resigned(session, wish, successor, targets, resume=flags["resume"]) if targets else None
    return view.view(successor, Path(key), summary, dry_run=wish.dry_run)


_Chosen: TypeAlias = tuple[Search, dict[str, Any]]


@asynccontextmanager
async def _chosen(session: Session, flags: dict[str, Any], *, images: bool) -> AsyncIterator[_Chosen | None]:
    """The images to sign again; None if none are to be."""
    if not images:
        yield None
        return
    async with chosen(session, flags) as targets:
        yield targets


async def _resigned(
    session: Session, wish: Wish, successor: Succession, targets: _Chosen, *, resume: bool
) -> Summary[ResignedImage]:
    settings, (found, asked) = session.settings, targets
    recorded = recorded_digests(successor.old, settings) if wish.recorded else None
    options = ResignOptions(FORMATS[settings.signing.format], recorded, wish.dry_run, resume)
    async with timestamping(session) as witness:
        signatory = KeySignatory(successor.signer, witness)
        return await resign_images(
            found,
            successor.old,
            signatory,
            options,
            settings,
            asked=asked,
            resume_hint=successor.how_to_go_on(wish.key),
            observer=session.observer,
        )
