"""Views of signing in to registries and out again."""

from collections.abc import Sequence
from pathlib import Path

from undercurrent.i18n import translate as _
from undercurrent.oci.registry.logins import Login
from undercurrent.report.model import Cell, Fields, Report

__all__ = ["logged_in", "logged_out"]


def logged_in(login: Login) -> Report:
    """Where the credentials are."""
    data = {"host": login.host, "file": str(login.file), "helper": login.helper, "verified": login.verified}
    fields = Fields([(_("kept in"), login.helper or str(login.file))])
    if login.verified:
        summary = Cell(_("signed in to {host}").format(host=login.host), "good")
    else:
        text = _("kept; {host} asks nobody who they are, so nobody knows whether these credentials are right")
        summary = Cell(text.format(host=login.host), "unsure")
    return Report("login", data, [fields], summary=summary)


def logged_out(host: str, files: Sequence[Path]) -> Report:
    """Where the credentials were."""
    data = {"host": host, "files": [str(file) for file in files]}
    fields = Fields([(_("taken out of"), str(file)) for file in files])
    return Report("logout", data, [fields], summary=Cell(_("signed out of {host}").format(host=host), "good"))
