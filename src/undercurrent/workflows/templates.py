"""Writes the files that a new application begins with, and nothing over what is there."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from undercurrent.errors import BadContent, EnvironmentLacks, UsageError
from undercurrent.hardening.templates import template
from undercurrent.i18n import listed, system_reason
from undercurrent.i18n import translate as _
from undercurrent.workflows.keeping import keep

__all__ = ["Begun", "begin"]


@dataclass(frozen=True, slots=True)
class Begun:
    """An application's first files.

    Attributes:
        kind: of template.
        app, port, uid: what went into it.
        folder: where they are.
        files: path, and whether this run wrote it; one that was there with the same content is not written again.
        dry_run: nothing was written.
    """

    kind: str
    app: str
    port: int
    uid: int
    folder: Path
    files: Mapping[Path, bool]
    dry_run: bool = False


def begin(
    kind: str, folder: Path, *, app: str, port: int, uid: int, force: bool = False, dry_run: bool = False
) -> Begun:
    """Writes the files of a template.

    Args:
        kind: of template.
        folder: where to; made if it is not there.
        app: what the application is called.
        port: that it listens on.
        uid: that it runs as.
        force: write over files that are there and different.
        dry_run: write nothing.

    Raises:
        UsageError: a value cannot be used, or files are there that are different.
        EnvironmentLacks: a file cannot be written, or one that is there cannot be read.
    """
    texts = {folder / name: text for name, text in template(kind, app=app, port=port, uid=uid).items()}
    different = {path: _differs(path, text) for path, text in texts.items()}
    there = [path for path, differs in different.items() if differs and path.exists()]
    if there and not force:
        raise UsageError(
            _("there already: {paths}").format(paths=listed(map(str, there))),
            hint=_("--to names another folder, `--to -` prints the Dockerfile, --force writes over the files"),
        )
    if not dry_run:
        _make(folder)
        for path, text in texts.items():
            if different[path]:
                keep(text, path)
    return Begun(kind, app, port, uid, folder, different, dry_run)


def _differs(path: Path, text: str) -> bool:
    """Whether ``path`` is to be written; a file that is larger than the text is not read to its end."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise BadContent(_("{path} is not a file").format(path=path))  # a FIFO would be waited for
    try:
        with path.open("rb") as file:
            return file.read(len(text.encode()) + 1) != text.encode()
    except FileNotFoundError:
        return True
    except OSError as error:
        raise EnvironmentLacks(_("{what}: {why}").format(what=path, why=system_reason(error))) from error


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentLacks(_("{what}: {why}").format(what=folder, why=system_reason(error))) from error
