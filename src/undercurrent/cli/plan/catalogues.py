"""The flags that choose a catalogue."""

from collections.abc import Callable
from typing import Any

import click

from undercurrent.cli.command import Session
from undercurrent.i18n import translate as _
from undercurrent.planning.catalogue import Catalogue
from undercurrent.planning.loading import Catalogues, load
from undercurrent.planning.windows import today
from undercurrent.progress import Noted
from undercurrent.report.catalogues import notices

__all__ = ["catalogue_options", "chosen_catalogue", "keep_going_option", "usable_catalogues"]


def keep_going_option(body: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--keep-going``; its parameter is ``keep_going``."""
    text = _("Leave out catalogues that cannot be used, and say which, instead of ending.")
    return click.option("--keep-going", is_flag=True, help=text)(body)


def catalogue_options(body: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--catalogue`` and ``--keep-going``; the parameters are ``catalogue`` and ``keep_going``."""
    text = _("The catalogue to plan from, instead of the one that is set.")
    return click.option("--catalogue", metavar="ID", help=text)(keep_going_option(body))


def usable_catalogues(session: Session, *, keep_going: bool) -> Catalogues:
    """The catalogues of the settings; what is left out is told on standard error.

    Raises:
        ConfigError: one of them cannot be used, and ``keep_going`` does not hold.
    """
    found = load(session.settings, keep_going=keep_going)
    for error in found.left_out:
        for one in (error, *error.also):
            session.observer(Noted(_("left out: {reason}").format(reason=one.message)))
    return found


def chosen_catalogue(session: Session, *, catalogue: str | None, keep_going: bool) -> Catalogue:
    """The catalogue that the flags of `catalogue_options` name, else the one that is set.

    What it says that was read too long ago is told on standard error.

    Raises:
        ConfigError, NotFound: it cannot be used, or there is none of this name.
    """
    found = usable_catalogues(session, keep_going=keep_going)
    planning = session.settings.planning
    chosen = found.find(catalogue or planning.catalogue)
    for notice in notices([chosen], today(planning.time_zone)):
        session.observer(Noted(notice.text))
    return chosen
