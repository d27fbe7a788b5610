"""What a user writes about a proof: users, writable paths, variables, commands."""

import json
import re
import shlex
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Final

from undercurrent.errors import UsageError
from undercurrent.hardening.numbers import is_root
from undercurrent.hardening.proving.nouns import Writable
from undercurrent.hardening.proving.procfs import CAPABILITIES
from undercurrent.i18n import translate as _

__all__ = ["capability_of", "environment_of", "network_of", "tmpfs_of", "user_of", "volume_of", "words_of"]

_USER: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,31})?")
_OPTIONS: Final = re.compile(r"(?:exec|noexec|size=\d+[kmgKMG%]?|mode=[0-7]{3,4}|uid=\d+|gid=\d+|nr_inodes=\d+)")
_NETWORK: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


def user_of(text: str) -> str:
    """``10001``, ``10001:10001``, ``app``; empty for the image's own.

    Raises:
        UsageError: it is root, or no user.
    """
    if text and (not _USER.fullmatch(text) or is_root(text)):
        raise UsageError(
            _("a proof cannot run as the user {text!r}").format(text=text[:80]),
            hint=_("name one that is not root: --user 10001:10001"),
        )
    return text


def tmpfs_of(text: str) -> Writable:
    """``/tmp`` or ``/tmp:exec,size=16m``.

    Raises:
        UsageError: it is neither.
    """
    path, _colon, options = text.partition(":")
    for option in filter(None, options.split(",")):
        if not _OPTIONS.fullmatch(option):
            raise UsageError(
                _("a tmpfs has no option {option!r}").format(option=option[:80]),
                hint=_("options are exec, size=16m, mode=1777, uid=, gid= and nr_inodes="),
            )
    return Writable(_absolute(path), options=options)


def volume_of(text: str) -> Writable:
    """A path that is a volume.

    Raises:
        UsageError: it is no absolute path.
    """
    return Writable(_absolute(text), lasting=True)


def _absolute(text: str) -> str:
    path = PurePosixPath(text)
    if not path.is_absolute() or ".." in path.parts or len(path.parts) == 1 or not text.isprintable() or ":" in text:
        raise UsageError(
            _("{text!r} is no path that can be made writable").format(text=text[:200]),
            hint=_("write an absolute path in the container below /, as /tmp or /var/cache/nginx"),
        )
    if "," in text:
        raise UsageError(_("{text!r} has a comma, which engines take for the end of a path").format(text=text[:200]))
    return str(path)


def capability_of(text: str) -> str:
    """``CAP_NET_BIND_SERVICE``, of that or of ``net_bind_service``.

    Raises:
        UsageError: the kernel has none of that name.
    """
    name = text.upper().removeprefix("CAP_")
    if name not in CAPABILITIES:
        raise UsageError(
            _("{text!r} is no capability").format(text=text[:80]),
            hint=_("write a name like NET_BIND_SERVICE; `man 7 capabilities` has them all"),
        )
    return f"CAP_{name}"


def environment_of(texts: Iterable[str]) -> dict[str, str | None]:
    """``NAME=VALUE``, or ``NAME`` alone for the value that it has here.

    Raises:
        UsageError: a text has no name.
    """
    found: dict[str, str | None] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not name.isprintable() or "\0" in value:
            raise UsageError(_("{flag} {text!r} is not NAME=VALUE").format(flag="--env", text=name))
        found[name] = value if equals else None
    return found


def network_of(text: str) -> str:
    """Name of a network of the engine.

    Raises:
        UsageError: it is the host's, or another container's, where nothing is to be proved.
    """
    if text == "host" or not _NETWORK.fullmatch(text):
        raise UsageError(
            _("a proof cannot run in the network {text!r}").format(text=text[:80]),
            hint=_("name a network of the engine; `none` is the default"),
        )
    return text


def words_of(text: str) -> tuple[str, ...]:
    """A command as JSON (``["/app", "-v"]``) or as a shell would split it.

    Raises:
        UsageError: it is neither.
    """
    try:
        words = json.loads(text) if text.startswith("[") else shlex.split(text)
    except ValueError as error:
        raise UsageError(_("{text!r} is not a command").format(text=text[:200])) from error
    if not all(isinstance(word, str) for word in words):
        raise UsageError(_("{text!r} is not a command").format(text=text[:200]))
    return tuple(words)
