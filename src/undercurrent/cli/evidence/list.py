"""``uc evidence list``."""

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.evidence.filters import criteria, filter_options
from undercurrent.cli.options import WholeNumber
from undercurrent.evidence import open_store
from undercurrent.i18n import translate as _
from undercurrent.report import records as view
from undercurrent.report.model import Report

__all__ = ["list_"]


@command("list", help=_("The newest records, or those that you ask for."))
@filter_options
@click.option("--limit", type=WholeNumber(1), metavar="N", default=50, show_default=True, help=_("At most this many."))
def list_(session: Session, limit: int, **filters: str | None) -> Report:
    """Queries the store."""
    with open_store(session.settings.evidence.location) as store:
        return view.many(store.query(**criteria(filters), limit=limit))
