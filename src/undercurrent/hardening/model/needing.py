"""What an image needs at run time: ports, capabilities and why, paths that it writes to; special files in it."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from undercurrent.hardening.model.building import Build, joined, ports_of
from undercurrent.hardening.model.files import files_below
from undercurrent.hardening.model.nouns import Identity, Need, Origin, Port, Runner, StatePath
from undercurrent.hardening.model.scripts import Ran, base_name
from undercurrent.hardening.model.serving import Program, Server, program, server
from undercurrent.hardening.model.starting import Start
from undercurrent.hardening.model.workshop import Workshop
from undercurrent.hardening.numbers import as_number
from undercurrent.hardening.ports import FIRST_FREE

__all__ = ["needs_of", "ports", "special_files", "state_of"]

_LAST: Final = 65_535
_PORT_FLAG: Final = re.compile(r"--?(?:[\w-]*[-_])?(?:port|p)(?:=(\d{1,5}))?")
_BIND_FLAG: Final = re.compile(r"--?(?:bind|b|listen|addr|address|http|http-address|web\.listen-address|S)(?:=(\S+))?")
_PLACE: Final = re.compile(r"(?:[\w.*-]*|\[[^\]]*\]):(\d{1,5})")
_URLS: Final = re.compile(r"https?://[^:;,]*:(\d{1,5})")
_EDIT: Final = re.compile(r"\bs([/|#,:!])((?:(?!\1).){0,200})\1((?:(?!\1).){0,200})\1")
_NUMBERS: Final = re.compile(r"(?<!\d)\d{2,5}(?!\d)")
_MODE: Final = re.compile(r"0?[2-7][0-7]{3}")
_LETTERS: Final = re.compile(r"[ugoa]*[+=][rwxXt]*s[rwxXst]*")
_CAPABILITY: Final = re.compile(r"cap_[a-z_]+", re.IGNORECASE)


def ports(workshop: Workshop, build: Build, start: Start) -> tuple[Port, ...]:
    """What is listened on: by what runs and its configuration, and what EXPOSE says besides."""
    surely: list[Port] = []
    configured = False
    for name, words in start.served:
        known = server(name)
        said = [*_from_configuration(workshop, build, known), *_from_edits(build, known)] if known else []
        configured = configured or bool(said)
        said += [*_from_arguments(build, words), *_from_environment(build, known)]
        if known and not said:
            origin = _start_origin(build)
            said = [port for text in known.ports for port in ports_of(text, origin, surely=True)]
        surely += said
    found: dict[tuple[int, str], Port] = {}
    for port in (*build.ports, *surely):
        key = (port.number, port.protocol)
        former = found.get(key)
        found[key] = replace(former, surely=former.surely or port.surely) if former else port
    if configured:  # what its own configuration says beats what the base image exposes
        found = {key: port for key, port in found.items() if port.surely or port.origin.what != build.base_name}
    return tuple(found.values())


def _start_origin(build: Build) -> Origin:
    """Where what is started is said."""
    chosen = build.entrypoint or build.command
    return chosen.origin if chosen else build.user.origin


def _from_arguments(build: Build, words: Sequence[str]) -> Iterator[Port]:
    origin = _start_origin(build)
    for at, word in enumerate(words):
        following = words[at + 1] if at + 1 < len(words) else ""
        if found := _PORT_FLAG.fullmatch(word):
            yield from _port(found[1] or following, origin)
        elif found := _BIND_FLAG.fullmatch(word):
            place = _PLACE.fullmatch(found[1] or following)
            yield from _port(place[1] if place else "", origin)
        elif at and (place := _PLACE.fullmatch(word)):
            yield from _port(place[1], origin)


def _from_environment(build: Build, known: Server | None) -> Iterator[Port]:
    origin = _start_origin(build)
    for name in ("ASPNETCORE_URLS", "ASPNETCORE_HTTP_PORTS"):
        if known and known.name == "dotnet" and (value := build.environment.get(name)):
            numbers = _URLS.findall(value) if name.endswith("URLS") else value.split(";")
            for number in numbers:
                yield from _port(number, origin)
            return
    for name in ("PORT", "FLASK_RUN_PORT", "SERVER_PORT", "HTTP_PORT"):
        yield from _port(build.environment.get(name, ""), origin)


def _port(text: str, origin: Origin) -> Iterator[Port]:
    if (port := as_number(text)) and port <= _LAST:
        yield Port(port, "tcp", origin, surely=True)


def _from_configuration(workshop: Workshop, build: Build, known: Server) -> Iterator[Port]:
    if known.listens is None:
        return
    for _path, found in files_below(workshop, build, known.configuration):
        for match in known.listens.finditer(found.text or ""):
            line = (found.text or "").count("\n", 0, match.start(1)) + 1
            origin = replace(found.origin, line=line) if not found.origin.line else found.origin
            yield from _port(match[1], origin)


def _from_edits(build: Build, known: Server) -> Iterator[Port]:
    """``sed -i 's/Listen 80/Listen 8080/' /etc/apache2/ports.conf``: what the port becomes."""
    usual = {text.partition("/")[0] for text in known.ports}
    for command, origin in build.commands:
        words = [word for word in command.words if word]
        if command.program != "sed" or not any(word.startswith(known.configuration) for word in words):
            continue
        for found in _EDIT.finditer("\n".join(words)):
            before, after = set(_NUMBERS.findall(found[2])), _NUMBERS.findall(found[3])
            if before & usual and after:
                yield from _port(after[-1], origin)


def needs_of(build: Build, start: Start, who: Runner, listening: Iterable[Port]) -> tuple[Need, ...]:
    """The capabilities that it cannot do without as it is, each once a reason."""
    found = [*_for_ports(listening), *_for_changing(build, start, who), *_for_files(build)]
    only_as_root = start.guarded and who.identity is Identity.ROOTLESS
    found += (need for need in _for_commands(start) if not (only_as_root and need.why == "chown-at-start"))
    unique: dict[tuple[str, str], Need] = {}
    for need in found:
        unique.setdefault((need.capability, need.why), need)
    return tuple(unique.values())


def _for_ports(listening: Iterable[Port]) -> Iterator[Need]:
    for port in listening:
        if port.number < FIRST_FREE:
            yield Need("CAP_NET_BIND_SERVICE", "low-port", port.origin, avoidable=True)


def _for_changing(build: Build, start: Start, who: Runner) -> Iterator[Need]:
    rootless = who.identity is Identity.ROOTLESS
    itself = any(known.changes_user for name, _words in start.served if (known := server(name)))
    changes = (start.drops and not (rootless and start.guarded)) or (itself and not rootless)
    if changes:
        for capability in ("CAP_SETUID", "CAP_SETGID"):
            yield Need(capability, "change-user", _start_origin(build), avoidable=True)


def _for_files(build: Build) -> Iterator[Need]:
    for command, origin in build.commands:
        if command.program == "setcap":
            for text in _CAPABILITY.findall(" ".join(word for word in command.words[:-1] if word)):
                name = text.upper()
                yield Need(name, "file-capability", origin, avoidable=name == "CAP_NET_BIND_SERVICE")


def _for_commands(start: Start) -> Iterator[Need]:
    for command, origin in start.commands:
        for name in _programs(command):
            yield from _of_program(program(name), origin)
    for name in dict.fromkeys((*start.chain, *(name for name, _words in start.served))):
        origin = Origin(start.words[0] if start.words else name)
        yield from _of_program(program(name), origin)
        if (known := server(name)) is not None:
            yield from _of_program(known.needs, origin)


def _programs(command: Ran) -> Iterator[str]:
    """The programs that a command is about: itself, and those that ``find -exec`` and ``xargs`` run."""
    words = [word for word in command.words if word]
    plain = [word for word in words if not word.startswith("-")]
    asks = {
        "hostname": not plain,
        "mount": not words,
        "sysctl": not any("=" in word or word in {"-w", "-p", "--system"} for word in words),
    }
    if not asks.get(command.program):
        yield command.program
    if command.program == "find":
        yield from (base_name(after) for word, after in pairwise(words) if word in {"-exec", "-execdir", "-ok"})
    elif command.program == "xargs":
        yield from map(base_name, plain[:1])


def _of_program(known: Program | None, origin: Origin) -> Iterator[Need]:
    if known:
        for capability in known.capabilities:
            yield Need(capability, known.why, origin, known.avoidable)


def state_of(build: Build, start: Start, home: str) -> tuple[StatePath, ...]:
    """Paths that are written to while it runs, each once; a volume beats other reasons."""
    found: dict[str, StatePath] = {}
    for one in (*_volumes(build), *_of_server(build, start, home), *_of_scripts(build, start)):
        found.setdefault(one.path, one)
    return tuple(found.values())


def _volumes(build: Build) -> Iterator[StatePath]:
    for path, origin in build.volumes:
        yield StatePath(path, "volume", lasting=True, origin=origin)


def _of_server(build: Build, start: Start, home: str) -> Iterator[StatePath]:
    origin = _start_origin(build)
    all_known = [known for name, _words in start.served if (known := server(name))]
    made_for_it = bool(build.base and {one.name for one in all_known} & set(map(base_name, build.base.command)))
    for text, why, lasting in (one for known in all_known for one in known.state):
        path = _filled(text, build, home)
        if path.startswith("/") and not _is_linked(path, build) and not (why == "log" and made_for_it):
            yield StatePath(path, why, lasting, origin)


def _filled(text: str, build: Build, home: str) -> str:
    def value(found: re.Match[str]) -> str:
        name, _bar, default = found[1].partition("|")
        if name == "WORKDIR":
            return build.working_folder.rstrip("/")
        return home if name == "HOME" else build.environment.get(name, default)

    path = re.sub(r"\{([^}]*)\}", value, text)
    return joined("/", path) if path.startswith("/") else path


def _is_linked(path: str, build: Build) -> bool:
    """Whether its logs go elsewhere: ``ln -sf /dev/stdout …/access.log``."""
    return any(
        command.program == "ln" and any(word and word.startswith(f"{path}/") for word in command.words)
        for command, _origin in build.commands
    )


def _of_scripts(build: Build, start: Start) -> Iterator[StatePath]:
    for command, origin in start.commands:
        for path in _written(command):
            whole = joined(build.working_folder, path)
            if not whole.startswith(("/dev/", "/proc/", "/sys/")) and whole != "/":
                yield StatePath(_place(whole, command), "script", lasting=False, origin=origin)


def _place(path: str, command: Ran) -> str:
    """The folder that must be writable: the path itself where it is made as a folder."""
    if command.program == "mkdir":
        return path
    return posixpath.dirname(path) or "/"


def _written(command: Ran) -> Iterator[str]:
    yield from (path for path, _more in command.writes if path and "$" not in path and not path.startswith("&"))
    words: Sequence[str] = [word for word in command.words if word and not word.startswith(("-", "\x00"))]
    if command.program in {"mkdir", "touch", "tee"}:
        yield from words
    elif command.program in {"cp", "mv", "ln", "install"} and len(words) > 1:
        yield words[-1]
    elif command.program == "sed" and any(word and word.startswith("-i") for word in command.words):
        yield from words[1:]


def special_files(build: Build) -> tuple[tuple[str, Origin], ...]:
    """SUID and SGID files, and such with capabilities, that are made or known to be there."""
    found: dict[str, Origin] = {}
    if build.base:
        found |= {path: Origin(build.base_name) for path in build.base.special_files}
    for command, origin in build.commands:
        words = [word for word in command.words if word]
        plain = [word for word in words if not word.startswith("-")]
        if command.program == "chmod" and plain:
            makes = _MODE.fullmatch(plain[0]) or _LETTERS.fullmatch(plain[0].split(",")[0])
            found |= dict.fromkeys(_absolute(plain[1:], build), origin) if makes else {}
        elif command.program == "install" and any(_MODE.fullmatch(word) for word in words):
            found |= dict.fromkeys(_absolute(plain[-1:], build), origin)
        elif command.program == "setcap" and plain:
            removes = "-r" in words
            for path in _absolute(plain[-1:], build):
                found.pop(path, None) if removes else found.setdefault(path, origin)
    for placed in build.placed:
        if placed.mode and _MODE.fullmatch(placed.mode):
            found[placed.path] = placed.origin
    return tuple(found.items())


def _absolute(paths: Iterable[str], build: Build) -> list[str]:
    return [joined(build.working_folder, path) for path in paths]
