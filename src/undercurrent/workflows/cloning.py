"""Fetches a Git repository to look at: its newest state, by the git that is installed, into a folder that goes again.

What git is told to fetch comes from people: it gets an argument list, no shell, only protocols that carry files, no
hooks, no submodules, no filters (``.gitattributes`` of strangers would start programs that are configured here).
"""

import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from undercurrent.errors import CouldNotCheck, MissingTool, TimedOut, UsageError
from undercurrent.i18n import translate as _
from undercurrent.net.redaction import excerpt, redact
from undercurrent.processes import call, plain

__all__ = ["repository", "shown"]

_PATIENCE_S: Final = 300
_ADDRESS: Final = re.compile(
    r"(?:https?|ssh|git|file)://[^\s\x00-\x1f]+|[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:[^\s\x00-\x1f]+"
)
_PROTOCOLS: Final = "https:http:ssh:git:file"


@asynccontextmanager
async def repository(text: str) -> AsyncIterator[Path]:
    """The files of a repository.

    Args:
        text: a folder on this machine, which is looked at as it is; or an address that git clones.

    Raises:
        UsageError: it is neither.
        MissingTool: there is no git.
        CouldNotCheck: git could not fetch it.
    """
    if os.path.isdir(text):  # noqa: ASYNC240, PTH112 - once, before anything runs
        yield Path(text)
        return
    if not _ADDRESS.fullmatch(text):
        raise UsageError(
            _("{text} is neither a folder nor an address that git is asked for").format(text=text[:200]),
            hint=_("https://, ssh://, git://, file:// and user@host:path are"),
        )
    git = shutil.which("git")
    if git is None:
        raise MissingTool(_("there is no git"), hint="apt-get install git")
    with tempfile.TemporaryDirectory(prefix="undercurrent-git-") as folder:
        target = Path(folder) / "repository"
        await _clone(git, text, target)
        yield target


async def _clone(git: str, address: str, target: Path) -> None:
    arguments = [
        git,
        *("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.symlinks=true"),
        *("-c", "protocol.ext.allow=never", "-c", "filter.lfs.smudge=", "-c", "filter.lfs.process="),
        *("-c", "filter.lfs.required=false", "-c", "credential.interactive=false"),
        *("clone", "--quiet", "--depth=1", "--single-branch", "--no-tags", "--no-recurse-submodules", "--template="),
        *("--", address, str(target)),
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_ALLOW_PROTOCOL": _PROTOCOLS, "GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1"}
    try:
        ran = await call(*arguments, timeout_s=_PATIENCE_S, environ=environment)
    except TimedOut as error:
        raise TimedOut(_("git does not come to an end with {address}").format(address=redact(address))) from error
    if ran.code:
        lines = plain(ran.err).strip().splitlines()
        words = next((line for line in reversed(lines) if line.startswith(("fatal:", "error:"))), "")
        reason = excerpt(words.partition(":")[2].strip()) or _("exit status {code}").format(code=ran.code)
        raise CouldNotCheck(
            _("git cannot fetch {address}: {words}").format(address=redact(address), words=reason),
            hint=_("try the same with `git clone`; credentials of git's helpers are used as well"),
        )


def shown(text: str) -> str:
    """The folder or address of a repository as people may read it: without a password."""
    return redact(text)
