"""What a container starts: ENTRYPOINT and CMD, through scripts and small programs, to what serves in the end."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from undercurrent.hardening.model.building import Build
from undercurrent.hardening.model.files import files_below, find_file, find_program
from undercurrent.hardening.model.nouns import Entrypoint, Origin
from undercurrent.hardening.model.scripts import ARGUMENTS, ITSELF, Ran, base_name, read
from undercurrent.hardening.model.serving import server
from undercurrent.hardening.model.workshop import Workshop
from undercurrent.hardening.model.wrappers import CHANGERS, started_by
from undercurrent.hardening.shell import interpreter, is_shell

__all__ = ["Start", "start"]

_DEEPEST: Final = 12
_TRIVIAL: Final = frozenset(
    {
        *("wait", "exit", "return", "true", "false", ":", "echo", "printf", "tail", "sleep", "set", "shift", "export"),
        *("trap", "cd", "[", "[[", "test", "read", "local", "declare", "unset", "umask", "ulimit", "cat", "rm"),
    }
)
"""Commands that are not what a script is there to start."""
_GUARD: Final = re.compile(r"\bid\s+-u\b|\$\{?E?UID\b|\bwhoami\b")
_SUPERVISOR: Final = ("/etc/supervisor", "/etc/supervisor/conf.d", "/etc/supervisor.d", "/etc")
_COMMAND: Final = re.compile(r"^[ \t]*command[ \t]*=[ \t]*(.+)$", re.MULTILINE)
_S6: Final = ("/etc/services.d", "/etc/s6-overlay/s6-rc.d")
"""Where s6-overlay's services are: https://github.com/just-containers/s6-overlay"""
_BINARY: Final = "\x00"
_SCRIPT: Final = re.compile(r".*\.(?:sh|bash|py|pl|rb)$|.*entrypoint.*|^\.{0,2}/(?:start|run|init|bootstrap).*")


@dataclass(slots=True)
class Start:
    """What is started.

    Attributes:
        words: of the first process.
        chain: programs that start one another.
        final: the words of the last one.
        commands: what the scripts on the way run, with where.
        drops: the program on the way that changes the user.
        guarded: it does so only where it began as root.
        complete: nothing on the way is unknown.
        unread: scripts on the way that could not be read.
        beside: the commands of other servers that are started on the way, in the background or by a supervisor.
    """

    words: tuple[str, ...] = ()
    chain: list[str] = field(default_factory=list)
    final: tuple[str, ...] = ()
    commands: list[tuple[Ran, Origin]] = field(default_factory=list)
    drops: str = ""
    guarded: bool = False
    complete: bool = True
    unread: list[tuple[str, Origin]] = field(default_factory=list)
    beside: list[tuple[str, ...]] = field(default_factory=list)

    @property
    def served(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """All servers: their base names, and their words."""
        return (self.server, self.final), *((base_name(words[0]), words) for words in self.beside)

    @property
    def server(self) -> str:
        """The base name of what serves in the end."""
        return self.chain[-1] if self.chain else ""

    def entrypoint(self) -> Entrypoint:
        """As others see it."""
        return Entrypoint(self.words, tuple(self.chain), self.server, self.complete and bool(self.chain), self.guarded)


def start(workshop: Workshop, build: Build) -> Start:
    """Follows what the image starts."""
    words, origin = _words(build)
    found = Start(words)
    if not words:
        found.complete = False
        return found
    _Follower(workshop, build, found).follow(list(words), origin, 0)
    return found


def _words(build: Build) -> tuple[tuple[str, ...], Origin]:
    """Both together, as engines do it: a shell takes CMD for arguments that it does not look at."""
    first, second = build.entrypoint, build.command
    if first is None:
        return (second.words, second.origin) if second else ((), build.user.origin)
    rest: Sequence[str] = () if second is None or first.by_shell else second.words
    return (*first.words, *rest), first.origin


class _Follower:
    def __init__(self, workshop: Workshop, build: Build, start: Start) -> None:
        self._workshop = workshop
        self._build = build
        self._start = start
        self._scripts: set[str] = set()

    def follow(self, words: list[str], origin: Origin, depth: int) -> None:
        """One program and what it starts."""
        if not words or depth > _DEEPEST:
            self._start.complete = False
            return
        path, rest = words[0], words[1:]
        program = base_name(path) or path
        if is_shell(program):
            self._shell(program, rest, origin, depth)
            return
        if path == "/init":
            self._services()
        if (found := find_program(self._workshop, self._build, path)) is not None:
            place, file = found
            if file.text is not None and _BINARY not in file.text[:1000]:
                self._start.chain.append(program)
                self._script(place, file.text, rest, file.origin, depth)
                return
            if file.text is None and file.copied and _may_be_script(path):
                self._unread(program, path, file.origin, rest, depth)
                return
        elif self._base_script(path, rest, origin, depth):
            return
        elif _may_be_script(path) and server(program) is None:
            self._unread(program, path, origin, rest, depth)
            return
        self._program(program, words, origin, depth)

    def _program(self, program: str, words: list[str], origin: Origin, depth: int) -> None:
        self._start.chain.append(program)
        begun = started_by(program, words[1:])
        if begun is None:
            self._start.final = tuple(words)
            if program == "supervisord":
                self._supervised(words)
            if program in CHANGERS:
                self._start.complete = False
            return
        rest, changes = begun
        if changes and not self._start.drops:
            self._start.drops = program
        self.follow(rest, origin, depth + 1)

    def _supervised(self, words: list[str]) -> None:
        """The programs that a configuration of supervisord names, where it can be read."""
        given = [words[at + 1] for at, word in enumerate(words[:-1]) if word in {"-c", "--configuration"}]
        texts = [found.text for path in given if (found := find_file(self._workshop, self._build, path))]
        texts += [found.text for _path, found in files_below(self._workshop, self._build, _SUPERVISOR)]
        for line in _COMMAND.findall("\n".join(text for text in dict.fromkeys(texts) if text)):
            self._beside(line)
        self._start.complete = self._start.complete and bool(self._start.beside)

    def _services(self) -> None:
        """What the scripts of s6's services run, where they are for a shell."""
        for path, found in files_below(self._workshop, self._build, _S6):
            if base_name(path) == "run" and found.text and is_shell(interpreter(found.text)):
                self._start.commands += [(one, found.origin) for one in self._beside(found.text)]

    def _beside(self, text: str) -> tuple[Ran, ...]:
        """The server that a supervisor starts by the last command of ``text``; all its commands."""
        commands, _understood = read(text, self._build.environment)
        words = list(_constant(commands[-1])) if commands else []
        while words and (begun := started_by(base_name(words[0]), words[1:])):
            if begun[1] and not self._start.drops:
                self._start.drops = base_name(words[0])
            words = begun[0]
        if words and words[0]:
            self._start.beside.append(tuple(words))
        return commands

    def _unread(self, program: str, path: str, origin: Origin, rest: list[str], depth: int) -> None:
        """A script that nobody can read here, which most likely starts its arguments, if it has any."""
        self._start.chain.append(program)
        self._start.unread.append((path, origin))
        if rest and not rest[0].startswith("-"):
            self.follow(rest, origin, depth + 1)
        else:
            self._start.final = (path, *rest)
        self._start.complete = False

    def _base_script(self, path: str, rest: list[str], origin: Origin, depth: int) -> bool:
        """The entrypoint of a well-known base image: it prepares, and then starts its arguments."""
        base = self._build.base
        if base is None or not (base.source == "built-in" or base.drops):
            return False
        if path not in base.entrypoint and (path not in base.command[:1] or not _may_be_script(path)):
            return False
        if started_by(base_name(path), ["x"]):
            return False
        self._start.chain.append(base_name(path))
        if base.drops and not self._start.drops:
            self._start.drops, self._start.guarded = base.drops, True
            self._start.chain.append(base.drops)
        if path not in base.entrypoint:
            self._start.final = (path, *rest)
            return True
        arguments = [word for word in rest if word not in base.entrypoint]
        if not arguments or arguments[0].startswith("-"):
            arguments = [*base.command[:1], *arguments]
        if not arguments:
            self._start.final = (path,)
            return True
        self.follow(arguments, origin, depth + 1)
        return True

    def _shell(self, program: str, rest: list[str], origin: Origin, depth: int) -> None:
        command = next((at for at, word in enumerate(rest) if re.fullmatch(r"-[a-z]*c", word)), None)
        if command is not None and command + 1 < len(rest):
            itself = rest[command + 2] if command + 2 < len(rest) else ""
            self._text(rest[command + 1], rest[command + 3 :], origin, depth, itself=itself)
            return
        first = next((at for at, word in enumerate(rest) if not word.startswith("-")), len(rest))
        left = rest[first:]
        if not left:
            self._start.chain.append(program)
            self._start.final = (program, *rest)
            return
        found = find_program(self._workshop, self._build, left[0] if "/" in left[0] else f"./{left[0]}")
        if found is None or found[1].text is None:
            self._unread(base_name(left[0]), left[0], origin, left[1:], depth)
            return
        self._start.chain.append(base_name(left[0]))
        self._script(found[0], found[1].text, left[1:], found[1].origin, depth, by_shell=True)

    def _script(
        self, place: str, text: str, arguments: list[str], origin: Origin, depth: int, *, by_shell: bool = False
    ) -> None:
        if place in self._scripts:
            self._start.complete = False
            return
        self._scripts.add(place)
        name = interpreter(text)
        if not by_shell and name and not is_shell(name):
            self._start.chain.append(name)
            self._start.final = (name, place)
            return
        self._text(text, arguments, origin, depth, place=place)

    def _text(
        self, text: str, arguments: list[str], origin: Origin, depth: int, place: str = "", itself: str = ""
    ) -> None:
        commands, understood = read(text, self._build.environment)
        if not understood:
            self._start.complete = False
            self._start.unread.append((place or text[:80], origin))
        last: Ran | None = None
        for command in commands:
            self._start.commands.append((command, origin))
            arguments = _set_anew(command, arguments)
            again = not itself and ITSELF in (command.path, *command.words)
            if command.program in CHANGERS and not self._start.drops and _changes(command):
                self._start.drops = command.program
                self._start.guarded = _GUARD.search(text) is not None
                self._start.chain.append(command.program)
            if again or (command.program in _TRIVIAL and not command.replaces):
                continue
            if command.replaces or last is None or not last.replaces:
                last = command
        self._start.beside += [words for one in commands if one is not last and (words := _serves(one))]
        if last is None:
            self._start.complete = False
            return
        self._follow_command(last, [itself] if itself else [], arguments, origin, depth)

    def _follow_command(
        self, command: Ran, itself: list[str], arguments: list[str], origin: Origin, depth: int
    ) -> None:
        words: list[str] = []
        for word in (command.path, *command.words):
            if word == ARGUMENTS:
                words += arguments
            elif word == ITSELF:
                words += itself
            elif word is None:
                words.append("$…")
            else:
                words.append(word)
        if not words or not words[0] or words[0].startswith("$"):
            self._start.complete = False
            self._start.final = tuple(words[1:])
            return
        if self._start.chain and self._start.chain[-1] == words[0] and command.program in CHANGERS:
            self._start.chain.pop()
        self.follow(words, origin, depth + 1)


def _constant(command: Ran) -> tuple[str, ...]:
    return (command.path, *(word for word in command.words if word))


def _serves(command: Ran) -> tuple[str, ...] | None:
    """The words of a command that starts a server: ``php-fpm -D``, ``service nginx start``."""
    words = _constant(command)
    if command.program in {"service", "rc-service"} and words[2:3] == ("start",):
        return (words[1],) if server(words[1]) else None
    if "/init.d/" in command.path and words[1:2] == ("start",):
        return (command.program,) if server(command.program) else None
    asks = {"-t", "-v", "-V", "-T", "--version", "--help", "configtest"} & set(words[1:])
    return words if server(command.program) and not asks else None


def _changes(command: Ran) -> bool:
    """Whether a command of a script really starts something as another user (``su --help`` does not)."""
    words = ["x" if word is None else word for word in command.words]
    begun = started_by(command.program, words)
    return begun is not None and begun[1] and bool({ARGUMENTS, ITSELF} & set(words) or command.replaces)


def _set_anew(command: Ran, arguments: list[str]) -> list[str]:
    """``set -- server "$@"``: what the arguments are from then on, taken to hold where it is what is wanted."""
    words = list(command.words)
    if command.program != "set" or "--" not in words:
        return arguments
    words = words[words.index("--") + 1 :]
    if ARGUMENTS not in words or not words or words[0] is None or words[0] == ARGUMENTS:
        return arguments
    constant = [word for word in words if word and word != ARGUMENTS]
    if arguments and not arguments[0].startswith("-") and constant[0] not in CHANGERS:
        return arguments
    return [*constant, *arguments]


def _may_be_script(path: str) -> bool:
    return _SCRIPT.fullmatch(path) is not None
