"""Small programs that start another one: inits, such that change the user, interpreters; and what they start."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

__all__ = ["CHANGERS", "started_by"]

_Words: TypeAlias = Sequence[str]


@dataclass(frozen=True, slots=True)
class _Way:
    """How the words of a program lead to what it starts.

    Attributes:
        short: letters of its short options that take a value.
        long: its long options that take a value, separated by spaces.
        skips: words of its own that follow the options, such as the user.
        assigns: ``NAME=value`` may follow, too.
        only_by: the options without which it changes no user; empty if it does anyhow.
    """

    short: str = ""
    long: str = ""
    skips: int = 0
    assigns: bool = False
    only_by: tuple[str, ...] = ()

    def started(self, words: _Words) -> list[str]:
        """What is started: what follows the options, which end at ``--`` or at the first word without a hyphen."""
        at, long = 0, self.long.split()
        while at < len(words) and words[at].startswith("-"):
            word = words[at]
            at += 1
            if word == "--":
                break
            at += word[2:] in long if word.startswith("--") else self._ends_in_option(word[1:])
        while self.assigns and at < len(words) and _ASSIGNMENT.match(words[at]):
            at += 1
        return list(words[at + self.skips :])

    def _ends_in_option(self, letters: str) -> bool:
        """Whether the value of an option is the next word: ``-u app``, ``-Eu app``, not ``-uapp``."""
        first = next((at for at, letter in enumerate(letters) if letter in self.short), None)
        return first is not None and first + 1 == len(letters)


_ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*=")
_PLAIN: Final = _Way()
_USER_FIRST: Final = _Way(skips=1)

_CHANGERS: Final[Mapping[str, _Way]] = MappingProxyType(
    {
        "gosu": _USER_FIRST,
        "su-exec": _USER_FIRST,
        "setuidgid": _USER_FIRST,
        "s6-setuidgid": _USER_FIRST,
        "s6-applyuidgid": _Way("ugG"),
        "setpriv": _Way(
            long="reuid regid ruid rgid euid egid groups inh-caps ambient-caps bounding-set securebits pdeathsig "
            "selinux-label apparmor-profile ptracer",
            only_by=("--reuid", "--ruid", "--euid"),
        ),
        "sudo": _Way("ugChpT", "user group host prompt chdir", assigns=True),
        "chpst": _Way("uUbe/nlLmdopfcrst", only_by=("-u",)),
        "chroot": _Way(skips=1, only_by=("--userspec",)),
    }
)
_BY_NAME: Final = frozenset({"su", "runuser"})

CHANGERS: Final = frozenset({*_CHANGERS, *_BY_NAME})
"""Programs that become another user and then start what follows."""

_INITS: Final[Mapping[str, _Way]] = MappingProxyType(
    {
        "tini": _Way("pe"),
        "tini-static": _Way("pe"),
        "docker-init": _Way("pe"),
        "dumb-init": _Way("r", "rewrite"),
        "catatonit": _PLAIN,
        "pid1": _PLAIN,
        "my_init": _PLAIN,
        "env": _Way("uC", "unset chdir", assigns=True),
        "nohup": _PLAIN,
        "nice": _Way("n", "adjustment"),
        "ionice": _Way("cn", "class classdata"),
        "stdbuf": _Way("ioe", "input output error"),
        "exec": _Way("a"),
        "time": _Way("fo", "format output"),
        "timeout": _Way("ks", "kill-after signal", skips=1),
        "xvfb-run": _Way("efnpsw", "error-file auth-file server-num xauth-protocol server-args wait"),
        "with-contenv": _PLAIN,
        "s6-envuidgid": _USER_FIRST,
        "npx": _Way("p", "package"),
        "uvx": _Way("p", "from with python"),
        "bunx": _Way("p", "package"),
    }
)
"""Programs that start what follows, as the same user."""

_RUNNERS: Final = MappingProxyType(
    {"bundle": "exec", "poetry": "run", "pipenv": "run", "uv": "run", "pdm": "run", "hatch": "run"}
)
"""Likewise, after this word."""

_PYTHON: Final = re.compile(r"(?:python|pypy)[0-9.]*")


def started_by(program: str, words: _Words) -> tuple[list[str], bool] | None:
    """What ``program`` starts in turn; None if it starts nothing.

    Args:
        program: a base name.
        words: its arguments.

    Returns:
        The words of what is started, and whether as another user.
    """
    if program in _BY_NAME:
        left, changes = _su(words), True
    elif program in _CHANGERS:
        way = _CHANGERS[program]
        left = way.started(words)
        own = words[: len(words) - len(left)]
        changes = not way.only_by or any(word.startswith(way.only_by) for word in own)
    elif program in _INITS:
        left, changes = _INITS[program].started(words), False
    elif _RUNNERS.get(program) in words[:1]:
        left, changes = _PLAIN.started(words[1:]), False
    else:
        left, changes = _module(program, words), False
    return (left, changes) if left else None


def _su(words: _Words) -> list[str]:
    """``su [-] [-s shell] [-c command] [user [arguments]]``, and ``runuser -u user [--] command``."""
    command, user_given, rest, at = "", False, list[str](), 0
    while at < len(words):
        word, value = words[at], words[at + 1] if at + 1 < len(words) else ""
        at += 1
        if word in {"-c", "--command"}:
            command, at = value, at + 1
        elif word in {"-u", "--user"} or word.startswith("--user="):
            user_given, at = True, at + ("=" not in word)
        elif word in {"-s", "--shell", "-g", "--group", "-G", "--supp-group", "-w"}:
            at += 1
        elif word == "--":
            rest += words[at:]
            break
        elif word.startswith("-"):
            command = word.partition("=")[2] if word.startswith("--command=") else command
        elif user_given:
            rest += words[at - 1 :]
            break
        else:
            rest.append(word)
    if command:
        return ["sh", "-c", command]
    return rest if user_given else rest[1:]


def _module(program: str, words: _Words) -> list[str]:
    """``python -m gunicorn …``."""
    at = list(words).index("-m") if _PYTHON.fullmatch(program) and "-m" in words else len(words)
    return list(words[at + 1 :]) if all(word.startswith("-") for word in words[:at]) else []
