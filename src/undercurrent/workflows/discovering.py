"""Finds files that say how containers are built and run: Dockerfiles, compose files, Kubernetes YAML, Helm, Kustomize.

Folders of version control, of packages and of virtual environments are left out, and so is what a link leads to outside
of what was named.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from undercurrent.errors import NotFound, UndercurrentError
from undercurrent.i18n import translate as _
from undercurrent.oci.files.regular import reading

__all__ = ["MAX_FILE", "FileKind", "FoundFile", "find_files", "name_of"]

MAX_FILE: Final = 16 * 1024 * 1024
"""Bytes of a file that is looked into."""

_LEFT_OUT: Final = frozenset(
    {".git", ".hg", ".svn", ".terraform", ".tox", ".venv", "__pycache__", "node_modules", "site-packages", "venv"}
)
_DOCKERFILE: Final = re.compile(
    r"(?:(?:.+[._-])?(?:dockerfile|containerfile)|(?:dockerfile|containerfile)[._-].+)", re.IGNORECASE
)
_NO_DOCKERFILE: Final = re.compile(
    r".*\.(?:dockerignore|md|rst|txt|html?|json|ya?ml|toml|xml|orig|rej|swp|bak)"
    r"|.+[_-].*\.(?:py|pyc|js|mjs|ts|go|rb|rs|java|cs|sh|bat|ps1|png|svg|lock|vim|lua|el|cfg)",
    re.IGNORECASE,
)
_COMPOSE: Final = re.compile(r"(?:docker-)?compose(?:[._-].+)?\.ya?ml", re.IGNORECASE)
_YAML: Final = re.compile(r".+\.ya?ml", re.IGNORECASE)
_KUBERNETES: Final = re.compile(rb"^(?:\xef\xbb\xbf)?[ \t]*[\"']?apiVersion[\"']?[ \t]*:", re.MULTILINE)
_KIND: Final = re.compile(rb"^[ \t]*[\"']?kind[\"']?[ \t]*:", re.MULTILINE)
_KUSTOMIZATION: Final = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})


class FileKind(StrEnum):
    """What a file is."""

    DOCKERFILE = "dockerfile"
    COMPOSE = "compose"
    KUBERNETES = "kubernetes"
    HELM = "helm"
    KUSTOMIZE = "kustomize"


@dataclass(frozen=True, slots=True, order=True)
class FoundFile:
    """A file to look at.

    Attributes:
        name: as its user finds it: below the working directory, relative to that.
        path: absolute.
        kind: of a chart or a kustomization, the path is that of its file ``Chart.yaml`` or ``kustomization.yaml``.
        top: the folder that was named, above which nothing is looked at.
    """

    name: str
    path: Path
    kind: FileKind
    top: Path


def find_files(paths: Sequence[Path], *, exclude: Iterable[str] = ()) -> tuple[FoundFile, ...]:
    """The files at and below ``paths``, in the order of their names; what was named itself is taken as what it is.

    Args:
        paths: files and folders.
        exclude: patterns of names, relative to the folder that was named (``vendor/*``), or of the last part alone.

    Raises:
        NotFound: one of ``paths`` is not there.
        OSError: a folder cannot be read.
    """
    exclude = tuple(exclude)
    found: dict[Path, FoundFile] = {}
    for path in paths:
        absolute = Path(os.path.abspath(path))  # noqa: PTH100 - as it was named, through links
        if absolute.is_dir():
            top = absolute
            files = _below(top, exclude)
        elif absolute.exists():
            top = absolute.parent
            files = iter([(absolute, _kind_of(absolute) or _named(absolute))])
        else:
            raise NotFound(
                _("{path} is not there").format(path=path), hint=_("name a file, or a folder to look through")
            )
        for file, kind in files:
            found.setdefault(file, FoundFile(name_of(file), file, kind, top))
    return tuple(sorted(found.values()))


def _below(top: Path, exclude: Sequence[str]) -> Iterator[tuple[Path, FileKind]]:
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        names = {entry.name for entry in entries}
        if "Chart.yaml" in names and not _excluded(folder / "Chart.yaml", top, exclude):
            yield folder / "Chart.yaml", FileKind.HELM
        for entry in entries:
            path = Path(entry.path)
            if _excluded(path, top, exclude):
                continue
            if entry.is_symlink() and not _inside(path, top):
                continue
            if entry.is_dir(follow_symlinks=False):
                # What is below a chart's templates is no YAML before it is rendered.
                if entry.name not in _LEFT_OUT and not ("Chart.yaml" in names and entry.name == "templates"):
                    waiting.append(path)
            elif entry.is_file() and (kind := _kind_of(path)):
                yield path, kind


def _inside(path: Path, top: Path) -> bool:
    try:
        return path.resolve().is_relative_to(top.resolve())
    except (OSError, RuntimeError):  # links that lead to themselves
        return False


def _excluded(path: Path, top: Path, exclude: Sequence[str]) -> bool:
    if not exclude:
        return False
    inside = path.relative_to(top).as_posix()
    return any(fnmatchcase(inside, one.rstrip("/")) or fnmatchcase(path.name, one.rstrip("/")) for one in exclude)


def _kind_of(path: Path) -> FileKind | None:
    name = path.name
    if name in _KUSTOMIZATION:
        return FileKind.KUSTOMIZE
    if _YAML.fullmatch(name):
        if name == "Chart.yaml":
            return FileKind.HELM
        if _COMPOSE.fullmatch(name):
            return FileKind.COMPOSE
        return FileKind.KUBERNETES if _says_kind(path) else None
    if _DOCKERFILE.fullmatch(name) and not _NO_DOCKERFILE.fullmatch(name):
        return FileKind.DOCKERFILE
    return None


def _says_kind(path: Path) -> bool:
    try:
        with reading(path) as file:
            text = file.read(MAX_FILE)
    except (OSError, UndercurrentError):
        return True  # whoever reads it says why that does not work
    return bool(_KUBERNETES.search(text)) and bool(_KIND.search(text))


def _named(path: Path) -> FileKind:
    """What a file is that was named itself and whose name says nothing."""
    return FileKind.KUBERNETES if _YAML.fullmatch(path.name) else FileKind.DOCKERFILE


def name_of(path: Path) -> str:
    """What a file is called to its user: below the working directory, relative to that."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - as it was named, through links
    try:
        return absolute.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(absolute)
