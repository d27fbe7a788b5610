"""``uc image sign``."""

from typing import Any

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.image.choosing import choice_options, chosen
from undercurrent.cli.image.keyed import formats_of, keyed_options, signatory_of
from undercurrent.cli.pairs import pairs
from undercurrent.i18n import translate as _
from undercurrent.report import signing as view
from undercurrent.report.model import Report
from undercurrent.workflows.signing import SignOptions, sign_images

__all__ = ["sign"]


@command("sign", help=_("Sign images. What the same key or identity has signed already is left alone."))
@choice_options
@click.option("-a", "--annotation", multiple=True, metavar="NAME=VALUE", help=_("Say this too, in the signature."))
@click.option("--recursive", is_flag=True, help=_("Sign each platform of an index too."))
@click.option("--sbom", is_flag=True, help=_("Attach an SBOM for each platform, and on the index."))
@click.option(
    "--resume/--no-resume", default=True, help=_("Go on where the same command was cut off; this is the default.")
)
@click.option("-n", "--dry-run", is_flag=True, help=_("Show what would be done, and do nothing."))
@keyed_options
async def sign(session: Session, **flags: Any) -> Report:
    """Signs them."""
    settings = session.settings
    async with signatory_of(session, flags) as signatory:
        options = SignOptions(
            formats_of(session, signatory),
            pairs(flags["annotation"], "--annotation"),
            **{name: flags[name] for name in ("recursive", "sbom", "dry_run", "resume")},
        )
        async with chosen(session, flags, engine_first=True, read=True) as (found, asked):
            summary = await sign_images(found, signatory, options, settings, asked=asked, observer=session.observer)
    return view.view(summary, dry_run=options.dry_run)
