"""``uc trust show``."""

from pathlib import Path

import click

from undercurrent.cli.command import Session, command, setting
from undercurrent.cli.trust.mirrors import mirror_options
from undercurrent.i18n import translate as _
from undercurrent.report import trust as view
from undercurrent.report.model import Report
from undercurrent.workflows.roots import root_kept

__all__ = ["show"]


@command("show", help=_("Which root of trust is used, how old it is, and whom it has in it. No mirror is asked."))
@setting(
    "--trusted-root",
    of=("signing", "trusted_root"),
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("A root of trust in a file: trusted_root.json."),
)
@setting(
    "--trust-config",
    of=("signing", "trust_config"),
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("Services and root of trust of a private instance (client trust configuration, JSON)."),
)
@mirror_options
async def show(session: Session) -> Report:
    """Shows it."""
    return view.view(await root_kept(session.settings))
