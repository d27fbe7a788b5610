"""HAProxy, Traefik and Envoy: the ports that they bind, in the configuration that the build context has."""

import re
from collections.abc import Mapping
from typing import Final

from undercurrent.hardening.fixing.families.recognising import Family
from undercurrent.hardening.fixing.nouns import Situation, Steps
from undercurrent.splices import Edit, Span

__all__ = ["FAMILY", "mended"]

_BIND: Final = re.compile(r"(?m)^[ \t]*bind[ \t]+[^\s#]*:(?P<port>\d+)(?=\s|$)")
_ADDRESS: Final = re.compile(r"(?m)\baddress[ \t]*[:=][ \t]*[\"']?[^\s\"']*:(?P<port>\d+)(?=[\"'\s/]|$)")
_ROOT: Final = re.compile(r"(?m)^[ \t]*(?:user|group|chroot|daemon)(?:[ \t][^\n]*)?\r?\n")
_GLOBAL: Final = re.compile(r"(?ms)^global\b.*?(?=^\S|\Z)")


def mended(text: str, moved: Mapping[int, int], *, haproxy: bool) -> tuple[Edit, ...]:
    """Edits of a configuration file: ports, and what only root can ask for."""
    pattern = _BIND if haproxy else _ADDRESS
    edits = [
        Edit(Span(*match.span("port")), str(moved[int(match["port"])]))
        for match in pattern.finditer(text)
        if int(match["port"]) in moved
    ]
    section = _GLOBAL.search(text) if haproxy else None
    if section:
        begins = section.start()
        found = _ROOT.finditer(section[0])
        edits += [Edit(Span(begins + match.start(), begins + match.end()), "") for match in found]
    return tuple(edits)


def _steps(situation: Situation) -> Steps:
    edits: dict[str, tuple[Edit, ...]] = {}
    moves: set[int] = set()
    for target, (path, text) in situation.files.items():
        haproxy = target.endswith(".cfg")
        if haproxy or target.startswith("/etc/traefik"):
            made = mended(text, situation.moved, haproxy=haproxy)
            moves |= {port for port, new in situation.moved.items() if any(edit.text == str(new) for edit in made)}
            if made:
                edits[path] = made
    return Steps(moves=frozenset(moves), edits=edits)


FAMILY: Final = Family("proxy", ("haproxy", "traefik", "envoy"), ("haproxy", "traefik", "envoy"), _steps)
