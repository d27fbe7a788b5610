"""``uc logout``."""

import click

from undercurrent.cli.command import Session, command
from undercurrent.i18n import translate as _
from undercurrent.oci.registry import logins
from undercurrent.report import logins as view
from undercurrent.report.model import Report

__all__ = ["logout"]


@command("logout", help=_("Forget the credentials of a registry."))
@click.argument("host")
async def logout(session: Session, host: str) -> Report:
    """Takes them out of every file and helper."""
    del session
    return view.logged_out(host, await logins.logout(host))
