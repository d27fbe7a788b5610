"""A view of the files that an application begins with."""

import shlex
from pathlib import Path
from typing import Final

from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _
from undercurrent.report.model import Cell, Fields, Report, Tree
from undercurrent.workflows.templates import Begun

__all__ = ["view"]

_WANTED: Final = {
    "alpine": N_("go.mod and a main package in Go"),
    "ubuntu": N_("a Makefile whose `install` knows DESTDIR and PREFIX, and makes bin/{app}"),
    "python": N_("requirements.txt and app.py"),
    "nodejs": N_("package.json, package-lock.json and server.js"),
}
"""What each template builds."""


def view(begun: Begun) -> Report:
    """What was written, and what to type next."""
    folder = shlex.quote(str(begun.folder))
    build = f"docker build --tag {begun.app}:rootless {folder}"
    run = (
        f"docker run --rm --publish {begun.port}:{begun.port} --read-only --cap-drop ALL "
        f"--security-opt no-new-privileges {begun.app}:rootless"
    )
    data = {
        "template": begun.kind,
        "app": begun.app,
        "port": begun.port,
        "uid": begun.uid,
        "folder": str(begun.folder),
        "files": [{"path": str(path), "written": written} for path, written in begun.files.items()],
        "dry_run": begun.dry_run,
        "build": build,
        "run": run,
    }
    wanted = _(_WANTED[begun.kind]).format(app=begun.app)
    fields = Fields(
        [
            (_("wants beside it"), wanted),
            (_("listens on"), f"0.0.0.0:$PORT ({begun.port})"),
            (_("build"), build),
            (_("run"), run),
            (_("check"), f"uc harden audit {folder}"),
            (_("prove"), f"uc harden prove {folder} --build-network host --probe http:"),
        ]
    )
    files = [_file(path, dry_run=begun.dry_run, written=written) for path, written in begun.files.items()]
    text = _("{app} begins on {template}, as user {uid}, without root").format(
        app=begun.app, template=begun.kind, uid=begun.uid
    )
    return Report("harden-new", data, [Tree(str(begun.folder), files), fields], summary=Cell(text, "good"))


def _file(path: Path, *, dry_run: bool, written: bool) -> Tree:
    if not written:
        return Tree(Cell(_("{path} is so already").format(path=path), "quiet"))
    text = _("{path} would be written") if dry_run else _("{path} written")
    return Tree(Cell(text.format(path=path), "good"))
