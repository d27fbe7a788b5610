"""``uc policy record``."""

from pathlib import Path
from typing import Any

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.image.choosing import choice_options, chosen
from undercurrent.i18n import translate as _
from undercurrent.report import policycases as view
from undercurrent.report.model import Report
from undercurrent.workflows.policies import policy_in, record_cases

__all__ = ["record"]


@command(
    "record",
    help=_("Make cases of images: keep all that hangs on them, without their layers, and what the policy says now."),
)
@click.argument("file", type=click.Path(path_type=Path))
@choice_options
@click.option("--to", required=True, type=click.Path(path_type=Path), metavar="DIR", help=_("Folder for the cases."))
async def record(session: Session, file: Path, to: Path, **flags: Any) -> Report:
    """Records them."""
    settings, observer = session.settings, session.observer
    policy = await policy_in(file, settings, observer=observer)
    async with chosen(session, flags) as (found, _asked):
        return view.recorded(await record_cases(found, policy, to, settings, observer=observer), to)
