"""``uc harden manifests``."""

from pathlib import Path
from typing import Any

import click

from undercurrent.cli.command import Session, command
from undercurrent.cli.harden.wanting import wanted_options
from undercurrent.i18n import translate as _
from undercurrent.report import manifests as view
from undercurrent.report.model import Report
from undercurrent.workflows.manifests import patch_manifests

__all__ = ["manifests"]


@command(
    "manifests",
    help=_(
        'Patch Kubernetes and compose files: pods pass Pod Security "restricted", services run without root, '
        "capabilities and a writable root filesystem. Nothing else in a file changes. Helm charts and "
        "kustomizations are rendered, and what they need is told. Ends with 1 while there is something to do."
    ),
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("--write", is_flag=True, help=_("Change the files; without it, only show the difference."))
@click.option("--diff", is_flag=True, help=_("Show the difference and change nothing, which is what happens anyway."))
@wanted_options
async def manifests(session: Session, paths: tuple[Path, ...], *, write: bool, diff: bool, **wanted: Any) -> Report:
    """Patches them."""
    from undercurrent.hardening.manifests.patching import Wanted  # noqa: PLC0415

    write = write and not diff
    wanted["uid"] = wanted["uid"] or session.settings.harden.uid
    wanted["gid"] = wanted["gid"] or wanted["uid"]
    return view.view(
        await patch_manifests(paths, Wanted(**wanted), session.settings, write=write, observer=session.observer)
    )
