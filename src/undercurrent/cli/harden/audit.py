"""``uc harden audit``."""

from pathlib import Path
from typing import Any

import click

from undercurrent.cli.command import Session, command, setting
from undercurrent.cli.image.places import place_options, places_of
from undercurrent.cli.pairs import pairs
from undercurrent.i18n import translate as _
from undercurrent.report import audits as view
from undercurrent.report.model import Report
from undercurrent.workflows.audits import Wish, audit_all

__all__ = ["audit"]

_FILE = click.Path(path_type=Path)


@command(
    "audit",
    help=_("Say which containers run as root, what is in the way of changing that, and in which order to do it."),
)
@click.argument("names", nargs=-1, metavar="[PATH|IMAGE]...")
@click.option("--git", "repositories", multiple=True, metavar="URL|DIR", help=_("Look at a Git repository."))
@click.option("--images", is_flag=True, help=_("Look at images that are built: those named, or all that are found."))
@place_options
@click.option("--exclude", multiple=True, metavar="PATTERN", help=_("Leave out files or folders of that name."))
@click.option("--target", default="", metavar="NAME", help=_("The stage that is built; the last one otherwise."))
@click.option("--build-arg", "arguments", multiple=True, metavar="NAME=VALUE", help=_("A build argument."))
@setting(
    "--offline/--online",
    of=("harden", "offline"),
    default=None,
    help=_("Ask registries and engines who runs in base images, or do not."),
)
@click.option("--hadolint", default="auto", metavar="auto|off|FILE", help=_("Take in what hadolint finds."))
@click.option("--baseline", type=_FILE, metavar="FILE", help=_("Leave out what is known from before."))
@click.option("--write-baseline", type=_FILE, metavar="FILE", help=_("Write what is found now as known."))
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "note", "never"]),
    default="warning",
    show_default=True,
    help=_("The least severity that ends with exit code 1."),
)
@click.option("--all", "everything", is_flag=True, help=_("Show each image and each finding."))
@click.option("--explain", is_flag=True, help=_("Show how each priority comes about."))
async def audit(session: Session, fail_on: view.FailOn, everything: bool, explain: bool, **flags: Any) -> Report:
    """Audits them."""
    places, names, images = places_of(flags), flags.pop("names"), flags["images"]
    flags["arguments"] = pairs(flags["arguments"], "--build-arg")
    paths = () if images else tuple(map(Path, names))
    wish = Wish(paths=paths, names=names if images else (), places=places, edits=session.output == "sarif", **flags)
    found = await audit_all(wish, session.settings, observer=session.observer)
    return view.view(found, fail_on, everything=everything, explain=explain)
