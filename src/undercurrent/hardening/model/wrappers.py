"""Small programs that start another one: inits, such that change the user, interpreters; and what they start."""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias

__all__ = ["CHANGERS", "INITS", "started_by"]

_Words: TypeAlias = Sequence[str]


def _after_options(words: _Words, with_value: str = "", long_with_value: frozenset[str] = frozenset()) -> list[str]:
    """What follows the options: up to ``--``, or to the first word without a hyphen."""
    left = list(words)
    while left and left[0].startswith("-"):
        word = left.pop(0)
        if word == "--":
            break
        named = word[2:] if word.startswith("--") else ""
        takes = named in long_with_value if named else len(word) == 2 and word[1] in with_value  # noqa: PLR2004
        if takes:
            left[:1] = []
    return left


def _user_first(words: _Words) -> list[str]:
    return _after_options(words)[1:]


def _setpriv(words: _Words) -> list[str]:
    names = (
        "reuid regid ruid rgid euid egid groups inh-caps ambient-caps bounding-set securebits pdeathsig selinux-label"
    )
    return _after_options(words, "", frozenset([*names.split(), "apparmor-profile", "ptracer"]))


def _su(words: _Words) -> list[str]:
    """``su [-] [-s shell] [-c command] [user [arguments]]``, and ``runuser -u user [--] command``."""
    left, command, user_given = list(words), "", False
    rest: list[str] = []
    while left:
        word = left.pop(0)
        if word in {"-c", "--command"} and left:
            command = left.pop(0)
        elif word in {"-u", "--user"} and left:
            left.pop(0)
            user_given = True
        elif word in {"-s", "--shell", "-g", "--group", "-G", "--supp-group", "-w"} and left:
            left.pop(0)
        elif word == "--":
            rest += left
            break
        elif word.startswith("-"):
            command = word.partition("=")[2] if word.startswith("--command=") else command
        else:
            rest += [word, *(left if user_given else [])]
            if user_given:
                break
    if command:
        return ["sh", "-c", command]
    return rest if user_given else rest[1:]


def _sudo(words: _Words) -> list[str]:
    left = _after_options(words, "ugChpT", frozenset({"user", "group", "host", "prompt", "chdir"}))
    while left and re.match(r"[A-Za-z_]\w*=", left[0]):
        left.pop(0)
    return left


def _chroot(words: _Words) -> list[str]:
    return _after_options(words)[1:]


def _env(words: _Words) -> list[str]:
    left = _after_options(words, "uCS")
    while left and re.match(r"[A-Za-z_]\w*=", left[0]):
        left.pop(0)
    return left


def _tini(words: _Words) -> list[str]:
    return _after_options(words, "pew")


def _dumb_init(words: _Words) -> list[str]:
    return _after_options(words, "r", frozenset({"rewrite"}))


def _timeout(words: _Words) -> list[str]:
    return _after_options(words, "ks")[1:]


def _chpst(words: _Words) -> list[str]:
    return _after_options(words, "uUbe/ndmopflcrst")


def _plain(words: _Words) -> list[str]:
    return _after_options(words)


CHANGERS: Final[Mapping[str, Callable[[_Words], list[str]]]] = MappingProxyType(
    {
        "gosu": _user_first,
        "su-exec": _user_first,
        "setuidgid": _user_first,
        "s6-setuidgid": _user_first,
        "pieuvre": _user_first,
        "setpriv": _setpriv,
        "su": _su,
        "runuser": _su,
        "sudo": _sudo,
        "chpst": _chpst,
        "chroot": _chroot,
    }
)
"""Programs that become another user and then start what follows."""

INITS: Final[Mapping[str, Callable[[_Words], list[str]]]] = MappingProxyType(
    {
        "tini": _tini,
        "tini-static": _tini,
        "docker-init": _tini,
        "dumb-init": _dumb_init,
        "catatonit": _plain,
        "pid1": _plain,
        "my_init": _plain,
        "env": _env,
        "nohup": _plain,
        "nice": _plain,
        "ionice": _plain,
        "stdbuf": _plain,
        "exec": _plain,
        "time": _plain,
        "xvfb-run": _plain,
        "with-contenv": _plain,
        "timeout": _timeout,
    }
)
"""Programs that start what follows, as the same user."""

_RUNNERS: Final = MappingProxyType(
    {
        "bundle": ("exec",),
        "poetry": ("run",),
        "pipenv": ("run",),
        "uv": ("run",),
        "pdm": ("run",),
        "hatch": ("run",),
        "mix": ("run",),
    }
)
_PYTHON: Final = re.compile(r"(?:python|pypy)[0-9.]*")


def started_by(program: str, words: _Words) -> tuple[str, list[str]] | None:
    """What ``program`` starts in turn: its base name's rest of the words; None if it starts nothing.

    Args:
        program: a base name.
        words: its arguments.

    Returns:
        ``init``, ``changer`` or ``runner``, and the words of what is started.
    """
    if program in CHANGERS:
        left = CHANGERS[program](words)
        changes = program != "chroot" or any(word.startswith("--userspec") for word in words)
        return ("changer" if changes else "init", left) if left else None
    if program in INITS:
        left = INITS[program](words)
        return ("init", left) if left else None
    if program in _RUNNERS and list(words[:1]) == list(_RUNNERS[program]) and len(words) > 1:
        return "runner", _after_options(words[1:])
    if program in {"npx", "uvx", "bunx"} and words:
        return "runner", _after_options(words)
    if _PYTHON.fullmatch(program) and "-m" in words[:-1]:
        at = list(words).index("-m")
        if all(word.startswith("-") for word in words[:at]):
            return "runner", [words[at + 1], *words[at + 2 :]]
    return None
