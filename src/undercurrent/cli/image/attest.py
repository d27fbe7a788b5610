"""``uc image attest``."""

import sys
from pathlib import Path
from typing import Any

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.image.choosing import choice_options, chosen
from undercurrent.cli.image.keyed import formats_of, keyed_options, signatory_of
from undercurrent.errors import UsageError
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.report import attesting as view
from undercurrent.report.model import Report
from undercurrent.workflows.attesting import Predicate, attest_images, attest_jointly

__all__ = ["attest"]


def _read(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == Path("-") else file.read_bytes()
    except OSError as error:
        raise UsageError(_("cannot read {path}: {reason}").format(path=file, reason=system_reason(error))) from error


@command("attest", help=_("Sign a statement about images, and attach it."))
@choice_options
@click.option(
    "--type",
    "type_",
    required=True,
    metavar="TYPE",
    help=_("spdxjson, cyclonedx, slsaprovenance1, openvex, vuln … or a URI."),
)
@click.option(
    "--predicate",
    required=True,
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help=_("What is stated; - reads standard input."),
)
@click.option("--joint", is_flag=True, help=_("One statement about all of them, attached to each."))
@click.option("-n", "--dry-run", is_flag=True, help=_("Show what would be done, and do nothing."))
@keyed_options
async def attest(session: Session, type_: str, predicate: Path, joint: bool, dry_run: bool, **flags: Any) -> Report:
    """States it."""
    settings = session.settings
    stated = Predicate(type_, _read(predicate))
    async with (
        signatory_of(session, flags) as signatory,
        chosen(session, flags, engine_first=True, read=True) as (found, _asked),
    ):
        state = attest_jointly if joint else attest_images
        summary = await state(
            found,
            stated,
            signatory,
            formats_of(session, signatory),
            settings,
            dry_run=dry_run,
            observer=session.observer,
        )
    return view.view(summary, dry_run=dry_run, joint=joint)
