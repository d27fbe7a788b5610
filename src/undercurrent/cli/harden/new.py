"""``uc harden new``."""

from pathlib import Path

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.printing import put
from undercurrent.hardening.templates import APP, KINDS, PORT, dockerfile
from undercurrent.i18n import translate as _
from undercurrent.report import templates as view
from undercurrent.report.model import Report
from undercurrent.workflows.templates import begin

__all__ = ["new"]


@command(
    "new",
    help=_(
        "Begin an application without root: a Dockerfile that builds, and compose and Kubernetes files that run it."
    ),
)
@click.argument("kind", type=click.Choice(KINDS), metavar="alpine|ubuntu|python|nodejs")
@click.option("--app", default=APP, show_default=True, metavar="NAME", help=_("What the application is called."))
@click.option("--port", default=PORT, show_default=True, metavar="PORT", help=_("Port that it listens on."))
@click.option(
    "--uid",
    type=int,
    metavar="ID",
    help=_("Number of the user and the group that it runs as; as set unless given."),
)
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="DIR",
    help=_("Folder to write to, the current one unless given; `-` prints the Dockerfile."),
)
@click.option("--force", is_flag=True, help=_("Write over files that are there."))
@click.option("-n", "--dry-run", is_flag=True, help=_("Only show what would be written."))
def new(
    session: Session, *, kind: str, app: str, port: int, uid: int | None, to: Path, force: bool, dry_run: bool
) -> Report | None:
    """Writes them."""
    uid = uid if uid is not None else session.settings.harden.uid
    if str(to) == "-":
        put(dockerfile(kind, app=app, port=port, uid=uid))
        return None
    return view.view(begin(kind, to, app=app, port=port, uid=uid, force=force, dry_run=dry_run))
