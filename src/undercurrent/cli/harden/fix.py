"""``uc harden fix``."""

from pathlib import Path
from typing import Any

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.options import WholeNumber
from undercurrent.cli.pairs import pairs
from undercurrent.i18n import translate as _
from undercurrent.report import fixes as view
from undercurrent.report.model import Report
from undercurrent.workflows.fixing import Wish, fix, write

__all__ = ["fix_command"]


@command(
    "fix",
    help=_(
        "Show what makes images run without root, and how to run them then; nothing is written without --write. Ends "
        "with 1 if something is left to be done."
    ),
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("--diff/--write", "diff", default=True, help=_("Show the changes, or write them to the files."))
@click.option("--unsafe-fixes", "unsafe", is_flag=True, help=_("Also make changes that others have to follow."))
@click.option(
    "--uid",
    type=WholeNumber(1),
    metavar="UID",
    help=_("The user that images run as; the account that the file makes, or as set, unless given."),
)
@click.option("--target", metavar="NAME", help=_("The stage that is built; the last one otherwise."))
@click.option("--build-arg", "arguments", multiple=True, metavar="NAME=VALUE", help=_("A build argument."))
@click.option(
    "--run-side",
    "side",
    type=click.Choice(["docker", "podman", "compose", "kubernetes"]),
    default="docker",
    show_default=True,
    help=_("How to show what the containers are to be run with."),
)
async def fix_command(session: Session, paths: tuple[Path, ...], diff: bool, side: view.Side, **asked: Any) -> Report:
    """Fixes them."""
    asked["arguments"] = pairs(asked["arguments"], "--build-arg")
    fixes = await fix(paths, session.settings, Wish(**asked), observer=session.observer)
    if not diff:
        write(fixes)
    return view.view(fixes, written=not diff, side=side)
