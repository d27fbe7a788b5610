"""Users that the commands of a build create: ``useradd``, ``adduser``, lines added to ``/etc/passwd``, packages."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

from undercurrent.hardening.model.nouns import Account, Origin

__all__ = ["Accounts", "group_lines", "installs", "packaged", "passwd_lines"]

_PACKAGES: Final = Path(__file__).parent / "data" / "packages.toml"

_SHADOW: Final = "bcdefgGkKpRsuPZ"
"""Short options of shadow's useradd and usermod that take a value."""
_ADDUSER: Final = _SHADOW + "h"
"""Likewise of adduser: busybox's, Debian's, which has none, or useradd by another name."""

_WITH_VALUE: Final = frozenset(
    {
        *("base-dir", "comment", "home-dir", "home", "expiredate", "inactive", "gid", "groups", "skel", "key"),
        *("password", "shell", "uid", "selinux-user", "root", "prefix", "ingroup", "gecos", "firstuid", "lastuid"),
        *("conf", "firstgid", "lastgid", "add-subuids", "login", "add-subgids"),
    }
)
_PASSWD: Final = re.compile(
    r"^([A-Za-z_][\w.-]*\$?):[^:\n]*:(\d{1,11}):(\d{1,11}):[^:\n]*:([^:\n]*)(?::[^:\n]*)?$", re.MULTILINE
)
_WORD: Final = re.compile(r"(?<![\w./-])[A-Za-z][\w.+-]*")
_NUMBER: Final = re.compile(r"[0-9]+")

_MANAGERS: Final = re.compile(r"\b(?:apk|apt-get|apt|aptitude|yum|dnf|microdnf|tdnf)\b")
_INSTALLS: Final = re.compile(r"\b(?:add|install)\b")


def installs(text: str) -> bool:
    """Whether a RUN installs packages."""
    return _MANAGERS.search(text) is not None and _INSTALLS.search(text) is not None


def packaged(user: str, family: str, texts: Iterable[str]) -> str:
    """The package among those which ``texts`` install that creates ``user``; empty if none does, or nobody knows."""
    known = _packages()
    creating = {
        package
        for kind, packages in known.items()
        if not family or kind == family
        for package, users in packages.items()
        if user in users
    }
    for text in texts:
        words = set(_WORD.findall(text))
        words |= {word.rstrip("0123456789.-") for word in words}
        if found := creating & words:
            return min(found)
    return ""


def group_lines(text: str) -> Iterator[tuple[str, int]]:
    """Name and gid of each line of a group file."""
    for line in text.splitlines():
        name, _password, gid, *_members = (*line.split(":"), "", "")
        if name and _number(gid) is not None:
            yield name, int(gid)


def passwd_lines(text: str) -> Iterator[tuple[str, int, int, str]]:
    """Name, uid, gid and home of each line of a passwd file in ``text``."""
    for name, uid, gid, home in _PASSWD.findall(text):
        yield name, int(uid), int(gid), home


@dataclass(frozen=True, slots=True)
class _Options:
    values: Mapping[str, str | None] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()
    positional: tuple[str | None, ...] = ()

    def value(self, *names: str) -> str | None:
        return next((self.values[name] for name in names if name in self.values), None)


def _options(words: Sequence[str | None], short: str) -> _Options:
    values: dict[str, str | None] = {}
    flags: set[str] = set()
    positional: list[str | None] = []
    left = list(words)
    while left:
        word = left.pop(0)
        if word is None or not word.startswith("-") or word == "-":
            positional.append(word)
        elif word == "--":
            positional += left
            break
        elif word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            if equals:
                values[name] = value
            elif name in _WITH_VALUE:
                values[name] = left.pop(0) if left else None
            else:
                flags.add(name)
        else:
            _cluster(word[1:], short, left, values, flags)
    return _Options(values, frozenset(flags), tuple(positional))


def _cluster(letters: str, short: str, left: list[str | None], values: dict[str, str | None], flags: set[str]) -> None:
    """``-rms /bin/sh``: one option a letter, the first of which that takes a value ends it."""
    for place, letter in enumerate(letters):
        if letter in short:
            rest = letters[place + 1 :]
            values[letter] = rest or (left.pop(0) if left else None)
            return
        flags.add(letter)


@dataclass(slots=True)
class Accounts:
    """The passwd file of an image under construction, as far as it is known.

    Attributes:
        users: by name.
        groups: gid by name, None where nothing says it.
        certain: False where something was written into it that nobody can read here.
    """

    users: dict[str, Account] = field(default_factory=dict)
    groups: dict[str, int | None] = field(default_factory=dict)
    certain: bool = True

    @classmethod
    def of(cls, users: Iterable[Account], groups: Mapping[str, int]) -> "Accounts":
        """Those of a base image; a user whose group nobody knows has one of its own."""
        known = {user.name: user for user in users}
        own: dict[str, int | None] = {user.name: user.gid for user in known.values() if user.gid is not None}
        return cls(known, own | dict(groups))

    def copy(self) -> "Accounts":
        """The same, to be changed on its own."""
        return Accounts(dict(self.users), dict(self.groups), self.certain)

    def forget(self) -> None:
        """Something was done to it that nobody can tell here: only what comes later is known."""
        self.users.clear()
        self.certain = False

    def take(self, name: str, words: Sequence[str | None], family: str, origin: Origin) -> None:
        """What a command changes.

        Args:
            name: base name of the program.
            words: its arguments; None for one that is not constant.
            family: the package manager of the image.
            origin: where the command stands.
        """
        if name in {"useradd", "adduser"}:
            self._add(name, words, family, origin)
        elif name in {"groupadd", "addgroup"}:
            self._group(name, words)
        elif name == "usermod":
            self._modify(words, origin)
        elif name in {"userdel", "deluser"}:
            for word in _options(words, "").positional[:1]:
                self.users.pop(word or "", None)

    def write(self, text: str, origin: Origin, *, instead: bool) -> None:
        """Lines written into ``/etc/passwd``; ``instead`` of what was there."""
        if instead:
            self.users.clear()
        for name, uid, gid, home in passwd_lines(text):
            self.users[name] = Account(name, uid, gid, home, origin)

    def _add(self, program: str, words: Sequence[str | None], family: str, origin: Origin) -> None:
        shadow = program == "useradd" or family == "dnf"
        options = _options(words, _SHADOW if shadow else _ADDUSER)
        named = [word for word in options.positional if word]
        adds_to_group = not shadow and len(options.positional) == 2  # noqa: PLR2004 - adduser USER GROUP
        if not named or (adds_to_group and named[0] in self.users) or ("D" in options.flags and shadow):
            return
        user = named[0]
        uid = _number(options.value("u", "uid"))
        group = options.value("g", "gid") if shadow else options.value("G", "ingroup", "gid")
        gid = self._gid(group) if group else self.groups.get(user)
        alone = {"N", "no-user-group"} & options.flags or (not shadow and {"S", "system"} & options.flags)
        if not group and user not in self.groups and (not alone or "group" in options.flags):
            gid = uid  # of a group of its own, most likely with the same number
        home = options.value("d", "home-dir", "h", "home") or f"/home/{user}"
        self.users[user] = Account(user, uid, gid, home, origin)
        self.groups.setdefault(user, gid)

    def _group(self, program: str, words: Sequence[str | None]) -> None:
        options = _options(words, "gKpR" if program == "groupadd" else "g")
        named = [word for word in options.positional if word]
        if len(named) == 1:
            self.groups[named[0]] = _number(options.value("g", "gid"))

    def _modify(self, words: Sequence[str | None], origin: Origin) -> None:
        options = _options(words, _SHADOW + "l")
        name = next((word for word in options.positional if word), "")
        user = self.users.get(name)
        if user is None:
            return
        if options.value("u", "uid") is not None:
            user = replace(user, uid=_number(options.value("u", "uid")), origin=origin)
        if (group := options.value("g", "gid")) is not None:
            user = replace(user, gid=self._gid(group), origin=origin)
        if (home := options.value("d", "home")) is not None:
            user = replace(user, home=home)
        self.users[name] = user
        if (new := options.value("l", "login")) is not None:
            self.users[new] = replace(self.users.pop(name), name=new, origin=origin)

    def _gid(self, group: str | None) -> int | None:
        if group is None:
            return None
        return int(group) if _NUMBER.fullmatch(group) else self.groups.get(group)


def _number(text: str | None) -> int | None:
    return int(text) if text and _NUMBER.fullmatch(text) and len(text) < 12 else None  # noqa: PLR2004 - as kernels do


@lru_cache(maxsize=1)
def _packages() -> Mapping[str, Mapping[str, Sequence[str]]]:
    return tomllib.loads(_PACKAGES.read_text(encoding="utf-8"))
