"""``uc evidence show``."""

import click

from undercurrent.cli.command import Session, command
from undercurrent.evidence import open_store
from undercurrent.i18n import translate as _
from undercurrent.report import records as view
from undercurrent.report.model import Report

__all__ = ["show"]


@command("show", help=_("One record, whole."))
@click.argument("record")
def show(session: Session, record: str) -> Report:
    """Gets it."""
    with open_store(session.settings.evidence.location) as store:
        return view.one(store.get(record))
