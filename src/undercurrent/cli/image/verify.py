"""``uc image verify``."""

from typing import Any

import click

from undercurrent.cli.command import Session, command, setting
from undercurrent.cli.image.choosing import choice_options, chosen
from undercurrent.cli.pairs import pairs
from undercurrent.i18n import translate as _
from undercurrent.report import verification as view
from undercurrent.report.model import Report
from undercurrent.signing.checks import Trust
from undercurrent.workflows.keys import trusted_keys
from undercurrent.workflows.verifying import verify_images

__all__ = ["verify"]


@command("verify", help=_("Say of each image whether a key that you trust signed it: one verdict each."))
@choice_options
@setting(
    "--key",
    of=("signing", "public_keys"),
    multiple=True,
    metavar="FILE",
    help=_("Public key to trust; several may be named."),
)
@click.option("-a", "--annotation", multiple=True, metavar="NAME=VALUE", help=_("The signature must say this too."))
@click.option("--recursive", is_flag=True, help=_("Each platform of an index must be signed too."))
@click.option("--deep", is_flag=True, help=_("Also read all content and compare its digests."))
async def verify(session: Session, recursive: bool, deep: bool, **flags: Any) -> Report:
    """Verifies them."""
    trust = Trust(await trusted_keys(session.settings.signing), pairs(flags["annotation"], "--annotation"))
    async with chosen(session, flags, engine_first=True) as (found, _asked):
        summary = await verify_images(
            found, trust, session.settings, recursive=recursive, deep=deep, observer=session.observer
        )
    return view.view(summary)
