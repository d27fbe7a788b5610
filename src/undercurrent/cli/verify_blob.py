"""``uc verify-blob``."""

from pathlib import Path
from typing import Any

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.trusting import maker_options, trust_of
from undercurrent.errors import UsageError
from undercurrent.i18n import translate as _
from undercurrent.report import blobs as view
from undercurrent.report.model import Report
from undercurrent.workflows.blobs import verify_blobs, verify_blobs_detached

__all__ = ["verify_blob"]


@command("verify-blob", help=_("Say of each file whether somebody that you trust signed it: one verdict each."))
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@maker_options
@click.option(
    "--bundle",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("The bundle of the only file; otherwise each is looked for beside its file, as FILE.sigstore.json."),
)
@click.option("--signature", metavar="FILE", help=_("A signature without a bundle: a file, or base64."))
@click.option(
    "--certificate",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("The certificate of whoever made --signature."),
)
async def verify_blob(
    session: Session,
    files: tuple[str, ...],
    bundle: Path | None,
    signature: str | None,
    certificate: Path | None,
    **flags: Any,
) -> Report:
    """Verifies them."""
    if (bundle or signature) and len(files) > 1:
        raise UsageError(_("--bundle and --signature are those of one file"), hint=_("verify the files one by one"))
    if (bundle and signature) or (certificate and not signature):
        raise UsageError(_("--certificate belongs to --signature, and --bundle stands for both"))
    trust = await trust_of(session, flags)
    if signature:
        return view.verified(verify_blobs_detached(files[0], trust, session.settings, signature, certificate))
    return view.verified(verify_blobs(files, trust, session.settings, beside=bundle))
