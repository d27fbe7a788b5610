"""Users that the commands of a build create: ``useradd``, ``adduser``, lines added to ``/etc/passwd``, packages."""

import re
import tomllib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from undercurrent.hardening.model.nouns import Account, Origin
from undercurrent.hardening.numbers import as_number

__all__ = ["Accounts", "group_lines", "installs", "packaged", "passwd_lines"]

_PACKAGES: Final = Path(__file__).parent / "data" / "packages.toml"

_SHADOW: Final = "bcdefgGkKpsuZRP"
_SHORT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "useradd": _SHADOW,
        "adduser": _SHADOW + "h",  # busybox's, Debian's, which has none, or useradd by another name
        "usermod": _SHADOW + "l",
        "userdel": "RP",
        "deluser": "",
        "groupadd": "gKpRP",
        "addgroup": "g",
        "groupmod": "gnpRP",
    }
)
"""Programs that change accounts, and their short options that take a value."""

_WITH_VALUE: Final = frozenset(
    {
        *("base-dir", "comment", "home-dir", "home", "expiredate", "inactive", "gid", "groups", "skel", "key"),
        *("password", "shell", "uid", "selinux-user", "root", "prefix", "ingroup", "gecos", "firstuid", "lastuid"),
        *("conf", "firstgid", "lastgid", "add-subuids", "login", "add-subgids", "new-name"),
    }
)
_PASSWD: Final = re.compile(
    r"^([A-Za-z_][\w.-]*\$?):[^:\n]*:(\d{1,11}):(\d{1,11}):[^:\n]*:([^:\n]*)(?::[^:\n]*)?$", re.MULTILINE
)
_WORD: Final = re.compile(r"(?<![\w./-])[A-Za-z][\w.+-]*")

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
        number = as_number(gid)
        if name and number is not None:
            yield name, number


def passwd_lines(text: str) -> Iterator[tuple[str, int, int, str]]:
    """Name, uid, gid and home of each line of a passwd file in ``text``."""
    for name, *ids, home in _PASSWD.findall(text):
        uid, gid = map(as_number, ids)
        if uid is not None and gid is not None:
            yield name, uid, gid, home


@dataclass(frozen=True, slots=True)
class _Options:
    values: Mapping[str, str | None] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()
    positional: tuple[str | None, ...] = ()

    def has(self, *names: str) -> bool:
        return not self.flags.isdisjoint(names) or not self.values.keys().isdisjoint(names)

    def value(self, *names: str) -> str | None:
        """What an option is given; None, too, where that is not constant."""
        return next((self.values[name] for name in names if name in self.values), None)


def _options(words: Sequence[str | None], short: str) -> _Options:
    values: dict[str, str | None] = {}
    flags: set[str] = set()
    positional: list[str | None] = []
    left = deque(words)
    while left:
        word = left.popleft()
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
                values[name] = left.popleft() if left else None
            else:
                flags.add(name)
        else:
            _cluster(word[1:], short, left, values, flags)
    return _Options(values, frozenset(flags), tuple(positional))


def _cluster(letters: str, short: str, left: deque[str | None], values: dict[str, str | None], flags: set[str]) -> None:
    """``-rms /bin/sh``: one option a letter, the first of which that takes a value ends it."""
    for place, letter in enumerate(letters):
        if letter in short:
            values[letter] = letters[place + 1 :] or (left.popleft() if left else None)
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
        if name not in _SHORT:
            return
        options = _options(words, _SHORT[name])
        named = [word for word in options.positional if word]
        if not named or options.has("R", "root", "P", "prefix"):  # of another root folder: not of this image
            return
        if name in {"useradd", "adduser"}:
            self._add(named, options, origin, shadow=name == "useradd" or family == "dnf")
        elif name in {"groupadd", "addgroup"}:
            if len(named) == 1:  # addgroup USER GROUP puts it into the group
                self.groups[named[0]] = as_number(options.value("g", "gid"))
        elif name == "usermod":
            self._modify(named[0], options, origin)
        elif name == "groupmod":
            self._modify_group(named[0], options, origin)
        elif len(options.positional) == 1:  # deluser USER GROUP takes it out of the group
            self.users.pop(named[0], None)

    def write(self, text: str, origin: Origin, *, instead: bool) -> None:
        """Lines written into ``/etc/passwd``; ``instead`` of what was there."""
        if instead:
            self.users.clear()
        for name, uid, gid, home in passwd_lines(text):
            self.users[name] = Account(name, uid, gid, home, origin)

    def _add(self, named: Sequence[str], options: _Options, origin: Origin, *, shadow: bool) -> None:
        user = named[0]
        adds_to_group = not shadow and len(options.positional) == 2  # noqa: PLR2004 - adduser USER GROUP
        if (adds_to_group and user in self.users) or (shadow and options.has("D")):
            return
        uid = as_number(options.value("u", "uid"))
        group = options.value("g", "gid") if shadow else options.value("G", "ingroup", "gid")
        gid = self._gid(group) if group else self.groups.get(user)
        alone = options.has("N", "no-user-group") or (not shadow and options.has("S", "system"))
        if not group and user not in self.groups and (not alone or options.has("group")):
            gid = uid  # of a group of its own, most likely with the same number
        home = options.value("d", "home-dir", "h", "home") or f"/home/{user}"
        self.users[user] = Account(user, uid, gid, home, origin)
        self.groups.setdefault(user, gid)

    def _modify(self, name: str, options: _Options, origin: Origin) -> None:
        user = self.users.get(name)
        if user is None:
            return
        if options.has("u", "uid"):
            user = replace(user, uid=as_number(options.value("u", "uid")), origin=origin)
        if options.has("g", "gid"):
            user = replace(user, gid=self._gid(options.value("g", "gid")), origin=origin)
        if (home := options.value("d", "home")) is not None:
            user = replace(user, home=home)
        self.users[name] = user
        if (new := options.value("l", "login")) is not None:
            self.users[new] = replace(self.users.pop(name), name=new, origin=origin)

    def _modify_group(self, name: str, options: _Options, origin: Origin) -> None:
        if options.has("g", "gid"):
            old, new = self.groups.get(name), as_number(options.value("g", "gid"))
            self.groups[name] = new
            for user in self.users.values():
                if old is not None and user.gid == old:
                    self.users[user.name] = replace(user, gid=new, origin=origin)
        if (called := options.value("n", "new-name")) is not None:
            self.groups[called] = self.groups.pop(name, None)

    def _gid(self, group: str | None) -> int | None:
        if group is None:
            return None
        return self.groups.get(group) if (gid := as_number(group)) is None else gid


@lru_cache(maxsize=1)
def _packages() -> Mapping[str, Mapping[str, Sequence[str]]]:
    return tomllib.loads(_PACKAGES.read_text(encoding="utf-8"))
