"""Which packages a command installs."""

from collections.abc import Mapping
from typing import Final

from undercurrent.hardening.rules.subject import Call

__all__ = ["installed"]

_INSTALLS: Final[Mapping[str, frozenset[str]]] = {
    "apt": frozenset({"install"}),
    "apt-get": frozenset({"install"}),
    "aptitude": frozenset({"install"}),
    "apk": frozenset({"add"}),
    "dnf": frozenset({"install"}),
    "microdnf": frozenset({"install"}),
    "tdnf": frozenset({"install"}),
    "yum": frozenset({"install"}),
    "zypper": frozenset({"install", "in"}),
}


def installed(call: Call) -> frozenset[str]:
    """The names of the packages, without their versions; none where the command installs nothing."""
    verbs = _INSTALLS.get(call.program, frozenset())
    words = [word for word in call.arguments if not word.startswith("-")]
    found = next((number for number, word in enumerate(words) if word in verbs), None)
    if found is None:
        return frozenset()
    return frozenset(_name(word) for word in words[found + 1 :])


def _name(word: str) -> str:
    for mark in "=<>~@:":
        word = word.partition(mark)[0]
    return word
