"""What a family of servers is known by: the program that serves, or the image below."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Final

from undercurrent.hardening.fixing.nouns import Situation, Steps
from undercurrent.hardening.model.nouns import FinalImage

__all__ = ["Family", "home", "installs", "program_of", "repository_of"]

_VERSION: Final = re.compile(r"[-\d.]+$")
_STARTERS: Final = frozenset({"tini", "dumb-init", "catatonit", "env", "exec", "sh", "bash", "ash", "dash"})


def repository_of(image: FinalImage) -> str:
    """The last part of the base's name, without tag and digest: ``nginx``."""
    return image.base_name.partition("@")[0].rpartition("/")[2].partition(":")[0]


def installs(image: FinalImage, package: str) -> bool:
    """Whether a RUN of the file installs a package whose name begins so."""
    texts = (one.logical.text for stage in image.lineage for one in stage.instructions if one.keyword == "RUN")
    wanted = re.compile(rf"\b(?:apt|apt-get|apk|dnf|yum|microdnf|zypper|pacman)\b.*\s{re.escape(package)}", re.DOTALL)
    return any(wanted.search(text) for text in texts)


def program_of(image: FinalImage) -> str:
    """The base name of the program that serves, without a version: ``python`` of ``/usr/bin/python3.11``."""
    name = image.entrypoint.server
    if not name:
        names = (*image.entrypoint.chain, *image.entrypoint.command)
        name = next((one for one in names if PurePosixPath(one).name not in _STARTERS), "")
    name = PurePosixPath(name).name
    return _VERSION.sub("", name) or name


def home(situation: Situation) -> dict[str, str]:
    """HOME for a program that had root's until now: that of an account of its own is on the read-only root.

    Programs that change to that account by themselves (gosu) have had its folder as theirs, and may have files there.
    """
    image, changes = situation.image, situation.image.runner.drops
    homeless = image.home in ("", "/", "/root") and not (situation.who.own and changes)
    return {"HOME": "/tmp"} if homeless else {}


@dataclass(frozen=True, slots=True)
class Family:
    """Servers of one kind.

    Attributes:
        name: for people and machines.
        programs: patterns of what serves.
        bases: patterns of repositories in whose images it serves without being named.
        steps: what it needs.
        account: the account that it has in images that bring one.
        keeps: it always keeps that account, whose its data are; else only where the file speaks of it.
        ports: that it listens on where nothing says otherwise.
    """

    name: str
    programs: tuple[str, ...]
    bases: tuple[str, ...]
    steps: Callable[[Situation], Steps]
    account: str = ""
    keeps: bool = False
    ports: tuple[int, ...] = ()

    def knows(self, image: FinalImage) -> bool:
        """Whether that is what the image starts."""
        program = program_of(image)
        names = (program, *(PurePosixPath(one).name for one in image.entrypoint.chain))
        if any(fnmatchcase(name, pattern) for name in names for pattern in self.programs):
            return True
        repository = repository_of(image)
        scripted = not program or program.endswith(".sh") or "entrypoint" in program
        return scripted and any(fnmatchcase(repository, pattern) for pattern in self.bases)
