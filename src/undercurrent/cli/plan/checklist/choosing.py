"""The flags that choose checklists."""

from collections.abc import Callable
from datetime import date
from typing import Any

import click

from undercurrent.cli.command import Session
from undercurrent.cli.plan.catalogues import keep_going_option, usable_catalogues
from undercurrent.errors import UsageError
from undercurrent.i18n import translate as _
from undercurrent.workflows.checklists import Asked

__all__ = ["asked_for", "choice_options", "day_option"]


def choice_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--catalogue`` and ``--keep-going``; the parameters are ``catalogue`` and ``keep_going``."""
    text = _("Only checklists of this catalogue, instead of all.")
    return click.option("--catalogue", metavar="ID", help=text)(keep_going_option(body))


def day_option(body: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--date``; the parameter is ``day``."""
    text = _("The date to look from (YYYY-MM-DD), instead of today.")
    return click.option("--date", "day", metavar="DATE", help=text)(body)


def asked_for(
    session: Session, names: tuple[str, ...], *, catalogue: str | None, keep_going: bool, day: str | None = None
) -> Asked:
    """What the flags of `choice_options` and `day_option` choose.

    Raises:
        ConfigError, NotFound: a catalogue cannot be used, or there is none of this name.
        UsageError: ``day`` is no date.
    """
    found = usable_catalogues(session, keep_going=keep_going)
    catalogues = (found.find(catalogue),) if catalogue else found.all
    return Asked(catalogues, names, _date(day) if day else None)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(_("--date {text!r} is no date").format(text=text), hint=_("write it as 2026-11-30")) from error
