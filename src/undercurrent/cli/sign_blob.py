"""``uc sign-blob``."""

from pathlib import Path
from typing import Any

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.image.keyed import signatory_of, signatory_options
from undercurrent.errors import UsageError
from undercurrent.i18n import translate as _
from undercurrent.report import blobs as view
from undercurrent.report.model import Report
from undercurrent.workflows.blobs import sign_blobs

__all__ = ["sign_blob"]


@command("sign-blob", help=_("Sign files. What the same key or identity has signed already is left alone."))
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option(
    "--bundle",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("Where the signature of the only file goes; otherwise beside each file, as FILE.sigstore.json."),
)
@click.option("--overwrite", is_flag=True, help=_("Replace a bundle that is no signature of yours over the file."))
@click.option("-n", "--dry-run", is_flag=True, help=_("Show what would be done, and do nothing."))
@signatory_options
async def sign_blob(
    session: Session, files: tuple[str, ...], bundle: Path | None, overwrite: bool, dry_run: bool, **flags: Any
) -> Report:
    """Signs them."""
    if bundle and len(files) > 1:
        raise UsageError(_("--bundle is that of one file"), hint=_("sign the files one by one, or leave it out"))
    async with signatory_of(session, flags) as signatory:
        signed = await sign_blobs(
            files, signatory, session.settings, beside=bundle, overwrite=overwrite, dry_run=dry_run
        )
    return view.signed(signed, dry_run=dry_run)
