"""The flags that choose checklists."""

from collections.abc import Callable
from datetime import date
from typing import Any

import click

from undercurrent.cli.command import Session
from undercurrent.cli.plan.catalogues import keep_going_option, usable_catalogues
from undercurrent.i18n import translate as _
from undercurrent.workflows.checklists import Asked

__all__ = ["asked_for", "choice_options"]


def choice_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--catalogue`` and ``--keep-going``; the parameters are ``catalogue`` and ``keep_going``."""
    text = _("Only checklists of this catalogue, instead of all.")
    return click.option("--catalogue", metavar="ID", help=text)(keep_going_option(body))


def asked_for(
    session: Session, names: tuple[str, ...], *, catalogue: str | None, keep_going: bool, day: date | None = None
) -> Asked:
    """What the flags of `choice_options` choose.

    Raises:
        ConfigError, NotFound: a catalogue cannot be used, or there is none of this name.
    """
    found = usable_catalogues(session, keep_going=keep_going)
    catalogues = (found.find(catalogue),) if catalogue else found.all
    return Asked(catalogues, names, day)
