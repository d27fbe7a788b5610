"""Finds the text of a file of an image: in the Dockerfile, in the build context, or in another stage."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import PurePosixPath
from typing import Final

from undercurrent.hardening.model.building import Build, Placed, joined
from undercurrent.hardening.model.nouns import Origin
from undercurrent.hardening.model.workshop import Workshop

__all__ = ["Found", "files_below", "find_file", "find_program"]

_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_DEEPEST: Final = 8
_MOST_FOLDERS: Final = 50
_MOST: Final = 200
"""Files that a server's configuration is looked for in."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file that was put into an image.

    Attributes:
        text: what it says; None where it cannot be read here.
        origin: the file of the build context, or the instruction that it stands in.
        copied: it comes from the build context, so it may be a script; else from another stage or image.
    """

    text: str | None
    origin: Origin
    copied: bool


def find_program(workshop: Workshop, build: Build, name: str) -> tuple[str, Found] | None:
    """Where a program is, and its file: at its path, or in one of the folders of PATH; None if nothing put it there."""
    if "/" in name:
        path = joined(build.working_folder, name)
        found = find_file(workshop, build, path)
        return (path, found) if found else None
    for folder in build.environment.get("PATH", _PATH).split(":")[:_MOST_FOLDERS]:
        path = posixpath.join(folder or "/", name)
        if found := find_file(workshop, build, path):
            return path, found
    return None


def find_file(workshop: Workshop, build: Build, path: str, depth: int = 0) -> Found | None:
    """The file at ``path``, as it was put there last; None where no instruction did that."""
    for placed in reversed(build.placed):
        source = _source(placed, path, workshop)
        if source is None:
            continue
        found = _read(workshop, placed, source, depth)
        exactly = _base_name(source) == _base_name(placed.source)
        if exactly or found.text is not None:
            return found
        # What a whole folder of an image holds nobody knows; of one of the context, one can look.
        context = workshop.context if not placed.stage else None
        if found.copied and (context is None or context.has_file(source)):
            return found
    return None


def _base_name(path: str) -> str:
    return posixpath.basename(path.rstrip("/"))


def files_below(workshop: Workshop, build: Build, folders: tuple[str, ...]) -> Iterator[tuple[str, Found]]:
    """Files that were put into one of ``folders``, as far as their texts can be read here."""
    places = ((placed, pair) for placed in build.placed for pair in _pairs(placed, workshop))
    wanted = ((placed, pair) for placed, pair in places if any(pair[0].startswith(f"{one}/") for one in folders))
    for placed, (path, source) in islice(wanted, _MOST):
        found = _read(workshop, placed, source, 0)
        if found.text is not None:
            yield path, found


def _pairs(placed: Placed, workshop: Workshop) -> Iterator[tuple[str, str]]:
    """Paths that one COPY makes, and where each comes from."""
    context, target = workshop.context, placed.path.rstrip("/")
    if placed.text is not None or placed.stage or context is None:
        yield (
            (posixpath.join(target, posixpath.basename(placed.source)) if placed.path.endswith("/") else target),
            (placed.source),
        )
        return
    if context.has_folder(placed.source):
        source = placed.source.strip("/").removeprefix("./")
        for file in context.listing(placed.source):
            yield posixpath.join(target or "/", posixpath.relpath(file, source or ".")), file
        return
    for file in _matching(placed.source, workshop):
        yield posixpath.join(target or "/", posixpath.basename(file)), file
        if not placed.path.endswith("/"):
            yield target, file


def _matching(source: str, workshop: Workshop) -> Iterator[str]:
    if workshop.context is None or not any(character in source for character in "*?["):
        yield source
        return
    folder = posixpath.dirname(source.lstrip("/"))
    for file in workshop.context.listing(folder):
        if fnmatchcase(file, posixpath.normpath(source.lstrip("/"))):
            yield file


def _source(placed: Placed, path: str, workshop: Workshop) -> str | None:
    """What ``path`` was made from by one COPY; None if it was not."""
    target = placed.path.rstrip("/") or "/"
    if placed.text is not None:
        return placed.source if path == target else None
    name = posixpath.basename(placed.source.rstrip("/"))
    wild = any(character in name for character in "*?[")
    if path == target and not placed.path.endswith("/"):
        return placed.source
    if not path.startswith(target.rstrip("/") + "/"):
        return None
    rest = posixpath.relpath(path, target)
    if wild:
        fits = "/" not in rest and fnmatchcase(rest, name)
        return posixpath.join(posixpath.dirname(placed.source), rest) if fits else None
    if _is_folder(placed, workshop):
        return posixpath.join(placed.source, rest)
    return placed.source if rest == name else None


def _is_folder(placed: Placed, workshop: Workshop) -> bool:
    """Whether a COPY takes a folder, whose content it puts in place."""
    if placed.source.endswith("/") or placed.source in {".", ""}:
        return True
    if placed.stage or workshop.context is None:
        return not PurePosixPath(placed.source).suffix and placed.path.endswith("/") and bool(placed.stage)
    return workshop.context.has_folder(placed.source)


def _read(workshop: Workshop, placed: Placed, source: str, depth: int) -> Found:
    if placed.text is not None:
        return Found(placed.text, placed.origin, copied=False)
    if not placed.stage:
        text = workshop.context.read(source) if workshop.context else None
        origin = Origin(posixpath.normpath(source.lstrip("/"))) if text is not None else placed.origin
        return Found(text, origin, copied=True)
    stage = workshop.stage_named(placed.stage)
    if stage is not None and depth < _DEEPEST:
        found = find_file(workshop, workshop.build(stage), posixpath.join("/", source), depth + 1)
        if found:
            return found
    return Found(None, placed.origin, copied=False)
