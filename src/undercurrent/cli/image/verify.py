"""``uc image verify``."""

from typing import Any

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.image.choosing import choice_options, chosen
from undercurrent.cli.pairs import pairs
from undercurrent.cli.trusting import trust_of, trust_options
from undercurrent.i18n import translate as _
from undercurrent.report import verification as view
from undercurrent.report.model import Report
from undercurrent.workflows.verifying import verify_images

__all__ = ["verify"]


@command("verify", help=_("Say of each image whether somebody that you trust signed it: one verdict each."))
@choice_options
@trust_options
@click.option("-a", "--annotation", multiple=True, metavar="NAME=VALUE", help=_("The signature must say this too."))
@click.option("--recursive", is_flag=True, help=_("Each platform of an index must be signed too."))
@click.option("--deep", is_flag=True, help=_("Also read all content and compare its digests."))
async def verify(session: Session, recursive: bool, deep: bool, **flags: Any) -> Report:
    """Verifies them."""
    trust = await trust_of(session, flags, pairs(flags["annotation"], "--annotation"))
    async with chosen(session, flags, engine_first=True, read=True) as (found, _asked):
        summary = await verify_images(
            found, trust, session.settings, recursive=recursive, deep=deep, observer=session.observer
        )
    return view.view(summary)
