"""Caddy: its program has a file capability, which nobody can start who may not have it.

Under ``--cap-drop ALL`` or ``no-new-privileges`` such a program ends with "operation not permitted":
https://github.com/caddyserver/caddy-docker
"""

import re
from typing import Final

from undercurrent.hardening.fixing.families.recognising import Family, repository_of
from undercurrent.hardening.fixing.nouns import Situation, Steps
from undercurrent.hardening.model.nouns import Origin, StatePath
from undercurrent.splices import Edit, Span

__all__ = ["FAMILY"]

_SITE: Final = re.compile(r"(?m)^[ \t]*(?:https?://)?[^\s:{}#]*:(?P<port>\d+)(?=[\s,{]|$)")
_FILE: Final = "/etc/caddy/Caddyfile"


def _steps(situation: Situation) -> Steps:
    official = repository_of(situation.image) == "caddy"
    # setcap fails where there is nothing to remove.
    commands = ["if getcap /usr/bin/caddy | grep -q cap_; then setcap -r /usr/bin/caddy; fi"] if official else []
    edits: dict[str, tuple[Edit, ...]] = {}
    moved = situation.moved
    if _FILE in situation.files:
        path, text = situation.files[_FILE]
        made = [
            Edit(Span(*match.span("port")), str(moved[int(match["port"])]))
            for match in _SITE.finditer(text)
            if int(match["port"]) in moved
        ]
        edits = {path: tuple(made)} if made else {}
    elif official and moved:
        commands += [
            f"sed -i -E 's/^([^#]*:){port}([^0-9]|$)/\\1{new}\\2/' {_FILE}" for port, new in sorted(moved.items())
        ]
    base = Origin(situation.image.base_name)
    state = [StatePath(path, "server", lasting=path == "/data", origin=base) for path in ("/config", "/data")]
    return Steps(
        about="Caddy without root: no capability of the file, and a port that anybody may listen on",
        commands=tuple(commands),
        state=tuple(state) if official else (),
        owned=("/config/caddy", "/data/caddy") if official else (),
        moves=frozenset(moved) if edits or (official and _FILE not in situation.files) else frozenset(),
        edits=edits,
    )


FAMILY: Final = Family("caddy", ("caddy",), ("caddy",), _steps, ports=(80,))
