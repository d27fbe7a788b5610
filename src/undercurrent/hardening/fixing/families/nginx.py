"""nginx: ports above 1023, no ``user``, the pid file and what it buffers in /tmp, logs where they are collected.

The changes are those of nginx's own unprivileged image:
https://github.com/nginx/docker-nginx-unprivileged/blob/main/Dockerfile-debian.template
"""

import re
from collections.abc import Mapping
from typing import Final

from undercurrent.hardening.fixing.families.recognising import Family, installs, repository_of
from undercurrent.hardening.fixing.nouns import Situation, Steps
from undercurrent.hardening.model.nouns import Origin, StatePath
from undercurrent.i18n import translate as _
from undercurrent.splices import Edit, Span

__all__ = ["FAMILY", "mended"]

_MAIN: Final = "/etc/nginx/nginx.conf"
_DEFAULT: Final = "/etc/nginx/conf.d/default.conf"
_SITES: Final = re.compile(r"(?m)^[ \t]*include[ \t]+[^;\n]*(?:conf\.d|sites-|http\.d)")
_LOGS: Final = (("out", "access"), ("err", "error"))
_TEMPORARY: Final = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
_S: Final = "[[:space:]]"

_LISTEN: Final = re.compile(r"(?m)^(?P<before>[ \t]*listen[ \t]+(?:[^\s;#]*:)?)(?P<port>\d+)(?=[\s;])")
_USER: Final = re.compile(r"(?m)^[ \t]*user[ \t][^;\n]*;[ \t]*\r?\n?")
_PID: Final = re.compile(r"(?m)^(?P<before>[ \t]*pid[ \t]+)(?P<path>[^;\n]+)(?=;)")
_HTTP: Final = re.compile(r"(?m)^[ \t]*http\s*\{(?P<end>)")


def mended(text: str, moved: Mapping[int, int], *, whole: bool) -> tuple[Edit, ...]:
    """Edits of a configuration file.

    Args:
        text: of it.
        moved: ports.
        whole: it is the main file, not one that is included.
    """
    edits = [
        Edit(Span(*match.span("port")), str(moved[int(match["port"])]))
        for match in _LISTEN.finditer(text)
        if int(match["port"]) in moved
    ]
    if not whole:
        return tuple(edits)
    edits += [Edit(Span(*match.span()), "") for match in _USER.finditer(text)]
    pids = list(_PID.finditer(text))
    edits += [
        Edit(Span(*match.span("path")), "/tmp/nginx.pid") for match in pids if not match["path"].startswith("/tmp/")
    ]
    ending = "\r\n" if "\r\n" in text else "\n"
    if not pids:
        edits.insert(0, Edit(Span(0, 0), f"pid /tmp/nginx.pid;{ending}"))
    lacking = [f"{name}_temp_path /tmp/{name}_temp;" for name in _TEMPORARY if f"{name}_temp_path" not in text]
    if lacking and (block := _HTTP.search(text)):
        lines = "".join(f"{ending}    {line}" for line in lacking)
        edits.append(Edit(Span(block.end(), block.end()), lines))
    return tuple(edits)


def _steps(situation: Situation) -> Steps:
    edits: dict[str, tuple[Edit, ...]] = {}
    configured = {target: file for target, file in situation.files.items() if target.startswith("/etc/nginx/")}
    for target, (path, text) in configured.items():
        if made := mended(text, situation.moved, whole=target == _MAIN):
            edits[path] = made
    commands = [] if _MAIN in configured else [_main()]
    if situation.moved and _DEFAULT not in configured and not _closed(configured):
        # A command for each: what is there already is known by its text.
        commands += [f"find /etc/nginx -type f -exec sed -i -E '{one}' {{}} +" for one in _ports(situation.moved)]
    official = repository_of(situation.image) in ("nginx", "openresty")
    sure = official or installs(situation.image, "nginx")
    if not official:
        commands += [f"ln -sf /dev/std{to} /var/log/nginx/{log}.log" for to, log in _LOGS]
    filled = any(target.startswith("/etc/nginx/templates/") for target in situation.copied)
    written = StatePath("/etc/nginx/conf.d", "server", lasting=False, origin=Origin(situation.image.dockerfile.name))
    return Steps(
        about="nginx without root: a port that anybody may listen on; its pid and what it buffers in /tmp",
        commands=tuple(commands),
        state=(written,) if filled else (),
        owned=(written.path,) if filled else (),
        moves=frozenset(situation.moved),
        edits=edits,
        settles=True,
        doubt="" if sure else _("nobody knows where {server} has its configuration").format(server="nginx"),
    )


def _closed(configured: Mapping[str, tuple[str, str]]) -> bool:
    """Whether the main file is at hand, and includes no folder that has sites."""
    return _MAIN in configured and not _SITES.search(configured[_MAIN][1])


def _main() -> str:
    paths = " ".join(f"{name}_temp_path /tmp/{name}_temp;" for name in _TEMPORARY)
    scripts = [
        f"/^{_S}*(user|pid|({'|'.join(_TEMPORARY)})_temp_path){_S}/d",
        "1i pid /tmp/nginx.pid;",
        f"s,^({_S}*http{_S}*[{{]),\\1 {paths},",
    ]
    return f"sed -i -E {_expressions(scripts)}\n{_MAIN}"


def _ports(moved: Mapping[int, int]) -> list[str]:
    return [
        f"s/^({_S}*listen{_S}+([^;[:space:]]*:)?){port}([^0-9.:])/\\1{new}\\3/" for port, new in sorted(moved.items())
    ]


def _expressions(scripts: list[str]) -> str:
    return "\n".join(f"-e '{script}'" for script in scripts)


FAMILY: Final = Family("nginx", ("nginx", "openresty"), ("nginx", "openresty"), _steps, ports=(80,))
