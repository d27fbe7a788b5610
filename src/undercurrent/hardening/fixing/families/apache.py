"""Apache httpd: its own image, those of PHP that have it, and what distributions install.

Sources: https://github.com/docker-library/httpd, https://github.com/docker-library/php (``apache2-foreground``),
``/etc/apache2/envvars`` of Debian.
"""

import re
from collections.abc import Mapping
from typing import Final

from undercurrent.hardening.fixing.families.recognising import Family, installs, program_of, repository_of
from undercurrent.hardening.fixing.nouns import Situation, Steps
from undercurrent.i18n import translate as _
from undercurrent.splices import Edit, Span

__all__ = ["FAMILY", "mended"]

_LISTEN: Final = re.compile(r"(?im)^(?P<before>[ \t]*Listen[ \t]+(?:\S*:)?)(?P<port>\d+)(?=\s|$)")
_SITE: Final = re.compile(r"(?im)^(?P<before>[ \t]*<VirtualHost[ \t][^>\n]*:)(?P<port>\d+)(?=>)")
_OWN: Final = "/usr/local/apache2/conf/httpd.conf"
_ALPINE: Final = "/etc/apache2/httpd.conf"


def mended(text: str, moved: Mapping[int, int]) -> tuple[Edit, ...]:
    """Edits of a configuration file: the ports that are listened on, and those of sites."""
    found = (match for pattern in (_LISTEN, _SITE) for match in pattern.finditer(text))
    return tuple(
        Edit(Span(*match.span("port")), str(moved[int(match["port"])]))
        for match in found
        if int(match["port"]) in moved
    )


def _ports(moved: Mapping[int, int], *files: str) -> list[str]:
    """A command for each port: what is there already is known by its text."""
    listen = r"[[:space:]]*(Listen|<VirtualHost)[[:space:]]+([^>[:space:]]*:)?"
    return [
        f"sed -i -E 's/^({listen}){port}(>|[[:space:]]|$)/\\1{new}\\4/' {' '.join(files)}"
        for port, new in sorted(moved.items())
    ]


def _steps(situation: Situation) -> Steps:
    edits = {
        path: made
        for target, (path, text) in situation.files.items()
        if ("apache2" in target or "httpd" in target) and (made := mended(text, situation.moved))
    }
    image, repository = situation.image, repository_of(situation.image)
    sure = repository in ("httpd", "php") or installs(image, "apache2") or installs(image, "httpd")
    if not sure and program_of(image) == "httpd":
        return Steps(settles=True)  # busybox has one that is called so, and takes its port as an option
    environment: dict[str, str] = {}
    if repository == "httpd":
        commands = [] if _OWN in situation.files else _own(situation.moved)
        if commands == []:
            path, text = situation.files[_OWN]
            made = tuple(edit for edit in (*edits.get(path, ()), *_pid(text)))
            edits[path] = made
    elif situation.family == "apk":
        commands = _alpine(situation.moved)
    else:
        commands = _debian(situation.moved, logs=repository != "php")
        environment = {"APACHE_RUN_DIR": "/tmp", "APACHE_LOCK_DIR": "/tmp", "APACHE_PID_FILE": "/tmp/apache2.pid"}
    return Steps(
        about="Apache without root: a port that anybody may listen on; its pid and locks in /tmp",
        commands=tuple(commands),
        environment=environment,
        moves=frozenset(situation.moved),
        edits=edits,
        settles=True,
        doubt="" if sure else _("nobody knows where {server} has its configuration").format(server="Apache"),
    )


def _pid(text: str) -> tuple[Edit, ...]:
    ending = "\r\n" if "\r\n" in text else "\n"
    lacking = [
        f"{name} {path}{ending}"
        for name, path in (("DefaultRuntimeDir", "/tmp"), ("PidFile", "/tmp/httpd.pid"))
        if not re.search(rf"(?im)^[ \t]*{name}[ \t]", text)
    ]
    return (Edit(Span(0, 0), "".join(lacking)),) if lacking else ()


def _own(moved: Mapping[int, int]) -> list[str]:
    first = f"sed -i -e '1i PidFile /tmp/httpd.pid' -e '1i DefaultRuntimeDir /tmp' {_OWN}"
    return [first, *_ports(moved, _OWN)]


def _alpine(moved: Mapping[int, int]) -> list[str]:
    return [
        "sed -i 's,/run/apache2,/tmp,' /etc/apache2/conf.d/*.conf",
        *_ports(moved, _ALPINE, "/etc/apache2/conf.d/*.conf"),
        "ln -sf /dev/stdout /var/log/apache2/access.log",
        "ln -sf /dev/stderr /var/log/apache2/error.log",
    ]


def _debian(moved: Mapping[int, int], *, logs: bool) -> list[str]:
    commands = ["sed -i -E 's,/var/(run|lock)/apache2[^/\"}]*,/tmp,' /etc/apache2/envvars"]
    commands += _ports(moved, "/etc/apache2/ports.conf", "/etc/apache2/sites-available/*.conf")
    if logs:
        commands.append("ln -sf /dev/stderr /var/log/apache2/error.log")
        commands += [f"ln -sf /dev/stdout /var/log/apache2/{name}.log" for name in ("access", "other_vhosts_access")]
    return commands


FAMILY: Final = Family(
    "apache",
    ("httpd", "httpd-foreground", "apache", "apache2", "apache2-foreground", "apache2ctl", "apachectl"),
    ("httpd",),
    _steps,
    account="www-data",
    ports=(80,),
)
