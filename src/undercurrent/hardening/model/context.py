"""The build context: files beside a Dockerfile that its COPY and ADD may take, and nothing outside of that folder.

What ``.dockerignore`` leaves out is not there; rules: https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Final, TypeAlias

from undercurrent.splices import as_text

__all__ = ["LARGEST", "MOST_FILES", "Context"]

LARGEST: Final = 1 << 20
"""Bytes of a file that is read; a larger one is no script and no configuration."""

MOST_FILES: Final = 5_000
"""Files that a listing has at most."""

_MOST_PATTERNS: Final = 500
_LONGEST_PATTERN: Final = 500

_Pattern: TypeAlias = tuple[bool, tuple[str, ...]]
"""Whether it takes paths out again (``!``), and its parts."""


@dataclass(frozen=True, slots=True)
class Context:
    """The files that a build may take.

    Attributes:
        root: the folder.
        ignored: the patterns of its ``.dockerignore``, in their order.
    """

    root: Path
    ignored: tuple[_Pattern, ...] = ()
    _texts: dict[str, str | None] = field(default_factory=dict, repr=False, compare=False)
    _real: list[str] = field(default_factory=list, repr=False, compare=False)  # the root, all links followed

    @classmethod
    def of(cls, root: Path, dockerfile: str = "Dockerfile") -> "Context":
        """The context in ``root``; ``NAME.dockerignore`` beside the Dockerfile counts instead of ``.dockerignore``."""
        bare = cls(root)
        for name in (f"{dockerfile}.dockerignore", ".dockerignore"):
            if (text := bare.read(name)) is not None:
                return cls(root, tuple(_patterns(text)))
        return bare

    def read(self, path: str) -> str | None:
        """The text of the file at ``path``, relative to the root.

        None where there is no regular file, it is outside, left out, larger than `LARGEST`, or not readable.
        """
        name = _normal(path)
        if name not in self._texts:
            self._texts[name] = None if self.leaves_out(name) else self._content(name)
        return self._texts[name]

    def has_file(self, path: str) -> bool:
        """Whether there is something at ``path`` that is no folder and is not left out, readable or not."""
        name = _normal(path)
        found = self._within(name)
        return found is not None and found.exists() and not found.is_dir() and not self.leaves_out(name)

    def has_folder(self, path: str) -> bool:
        """Whether there is a folder at ``path``, within the root."""
        found = self._within(_normal(path))
        return found is not None and found.is_dir()

    def listing(self, path: str = "") -> tuple[str, ...]:
        """Files below ``path``, relative to the root, sorted; `MOST_FILES` at most. Links are not followed."""
        folder = self._within(_normal(path))
        if folder is None or not folder.is_dir():
            return ()
        return tuple(sorted(islice(self._files(folder, _normal(path)), MOST_FILES)))

    def leaves_out(self, path: str) -> bool:
        """Whether ``.dockerignore`` does."""
        parts = PurePosixPath(_normal(path)).parts
        out = False
        for again, pattern in self.ignored:
            if out == again and any(_fits(parts[:length], pattern) for length in range(1, len(parts) + 1)):
                out = not again
        return out

    def _files(self, folder: Path, name: str) -> Iterator[str]:
        for place, folders, files in os.walk(folder):
            below = Path(place).relative_to(folder).as_posix()
            folders[:] = sorted(one for one in folders if one != ".git")
            for file in sorted(files):
                path = _normal(f"{name}/{below}/{file}")
                if not self.leaves_out(path):
                    yield path

    def _within(self, name: str) -> Path | None:
        """Where it really is; None where that is outside, or links run in a circle."""
        try:
            if not self._real:
                self._real.append(os.path.realpath(self.root))
            root = self._real[0]
            found = os.path.realpath(os.path.join(root, name))  # noqa: PTH118 - a thousand files ask for this
        except (OSError, RuntimeError, ValueError):
            return None
        return Path(found) if found == root or found.startswith(root.rstrip("/") + "/") else None

    def _content(self, name: str) -> str | None:
        try:
            (self.root / name).lstat()
        except (OSError, ValueError):
            return None  # as mostly: there is no .dockerignore
        path = self._within(name)
        if path is None:
            return None
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        except (OSError, ValueError):
            return None
        try:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode) or facts.st_size > LARGEST:
                return None
            content = os.read(descriptor, LARGEST + 1)
        except OSError:
            return None
        finally:
            os.close(descriptor)
        return as_text(content) if len(content) <= LARGEST else None


def _normal(path: str) -> str:
    """As Docker takes it: from the root of the context, and never above it."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)


def _patterns(text: str) -> Iterator[_Pattern]:
    for line in text.removeprefix("\ufeff").splitlines()[:_MOST_PATTERNS]:
        pattern = line.strip()
        if not pattern or line.startswith("#") or len(pattern) > _LONGEST_PATTERN:
            continue
        again = pattern.startswith("!")
        parts = PurePosixPath(_normal(pattern.removeprefix("!").strip())).parts
        if parts:
            yield again, tuple(part.replace("[^", "[!") for part in parts)


def _fits(path: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Whether a whole path does; ``**`` stands for any number of folders."""
    fitting = {0}  # how many parts of the path the patterns so far may have taken
    for part in pattern:
        if not fitting:
            return False
        if part == "**":
            fitting = set(range(min(fitting), len(path) + 1))
        else:
            fitting = {at + 1 for at in fitting if at < len(path) and fnmatchcase(path[at], part)}
    return len(path) in fitting
