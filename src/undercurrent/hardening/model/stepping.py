"""One instruction of a Dockerfile, and what it changes in the image."""

import posixpath
import re
from collections.abc import Callable, Mapping
from itertools import islice
from types import MappingProxyType
from typing import Final

from undercurrent.hardening.dockerfile import Instruction, Stage, copied, expansion, pairs
from undercurrent.hardening.model.accounts import installs
from undercurrent.hardening.model.building import Build, Invocation, Named, Placed, joined, ports_of
from undercurrent.hardening.model.context import Context
from undercurrent.hardening.model.nouns import Account, Origin
from undercurrent.hardening.model.scripts import Ran, base_name, commands_of
from undercurrent.hardening.shell import bodies
from undercurrent.i18n import translate as _

__all__ = ["Step"]

_INTERESTING: Final = re.compile(
    r"user(?:add|mod|del)|adduser|addgroup|group(?:add|mod)|deluser|passwd|setcap|\bsed\b|\btee\b|\bln\s+-|<<"
    r"|chmod[^\n;&|]{0,200}?(?:[+=]\w*s|\b0?[2-7][0-7]{3}\b)|\binstall\s[^\n;&|]{0,200}?-m|>\s*(?!/dev/|[&>\s])"
)
"""A RUN without any of these changes nothing that is looked at: its shell commands are not even read."""

_MOST_PORTS: Final = 2000
_USED: Final = re.compile(r"\$\{?(\w+)")
_EDITORS: Final = frozenset({"sed", "awk", "perl", "ed", "vipw"})
_PUTTERS: Final = frozenset({"cp", "mv", "install", "ln", "rsync"})
_PASSWD: Final = "/etc/passwd"  # noqa: S105 - a path


class Step:
    """Takes the instructions of a stage, one by one.

    Args:
        build: the image so far, which is changed.
        stage: the stage.
        context: the files that may be copied.
        accounts_of: the accounts in a stage or image that files are copied from; None if not known.
    """

    def __init__(
        self,
        build: Build,
        stage: Stage,
        context: Context | None,
        accounts_of: Callable[[str], Mapping[str, Account] | None],
    ) -> None:
        self._build = build
        self._stage = stage
        self._source = ""
        self._context = context
        self._accounts_of = accounts_of
        self._lacking: set[str] = set()
        self._commanded = False

    def take(self, instruction: Instruction, variables: Mapping[str, str], origin: Origin, source: str) -> None:
        """Changes the image as ``instruction`` says.

        Args:
            instruction: what is to be done.
            variables: that it sees.
            origin: where it stands.
            source: the whole text that its spans are of.

        Raises:
            BadSubstitution: variables cannot be put in.
        """
        self._source = source
        step = self._STEPS.get(instruction.keyword)
        if step:
            step(self, instruction, variables, origin)

    def _put_in(self, text: str, variables: Mapping[str, str]) -> str:
        return expansion(text, variables, self._stage.escape).text

    def _words(self, instruction: Instruction, variables: Mapping[str, str]) -> list[str]:
        return [self._put_in(word.text, variables) for word in instruction.words]

    def _user(self, instruction: Instruction, variables: Mapping[str, str], origin: Origin) -> None:
        text = instruction.words[0].text if instruction.words else ""
        made = expansion(text, variables, self._stage.escape)
        without = set(made.unset) | (set(_USED.findall(text)) & self._lacking)
        without = {name for name in without if f"${{{name}:-" not in text and f"${{{name}-" not in text}
        if self._knows_environment():
            without &= self._lacking
        if without:
            names = ", ".join(sorted(without))
            problem = _("USER names {names}, which has no value here").format(names=names)
            self._build.user = Named(None, origin, problem)
        else:
            self._build.user = Named(made.text, origin)

    def _knows_environment(self) -> bool:
        """Whether a variable that nobody sets surely has no value: the whole ENV of the base image is known."""
        base = self._build.base
        return base is not None and base.source not in {"built-in", "settings"}

    def _argument(self, instruction: Instruction, variables: Mapping[str, str], _origin: Origin) -> None:
        for pair in pairs(instruction):
            name = pair.name.text
            given = name in self._stage.given or name in self._stage.arguments or name in variables
            if pair.value is None and not given:
                self._lacking.add(name)

    def _environment(self, instruction: Instruction, variables: Mapping[str, str], _origin: Origin) -> None:
        for pair in pairs(instruction):
            if pair.value is None:
                continue
            made = expansion(pair.value.text, variables, self._stage.escape)
            if made.unset & self._lacking and not made.text:
                self._lacking.add(pair.name.text)
            else:
                self._lacking.discard(pair.name.text)

    def _folder(self, instruction: Instruction, variables: Mapping[str, str], _origin: Origin) -> None:
        path = " ".join(self._words(instruction, variables))
        self._build.working_folder = joined(self._build.working_folder, path)

    def _expose(self, instruction: Instruction, variables: Mapping[str, str], origin: Origin) -> None:
        for word in instruction.words:
            for text in expansion(word.text, variables, self._stage.escape).words:
                room = _MOST_PORTS - len(self._build.ports)
                self._build.ports += islice(ports_of(text, origin), max(room, 0))

    def _volume(self, instruction: Instruction, variables: Mapping[str, str], origin: Origin) -> None:
        for path in self._words(instruction, variables):
            if path:
                self._build.volumes.append((joined("/", path), origin))

    def _invocation(self, instruction: Instruction, origin: Origin) -> Invocation | None:
        words = tuple(word.text for word in instruction.words)
        if instruction.json:
            return Invocation(words, by_shell=False, origin=origin) if words else None
        return Invocation((*self._build.shell, *words), by_shell=True, origin=origin) if any(words) else None

    def _command(self, instruction: Instruction, _variables: Mapping[str, str], origin: Origin) -> None:
        self._build.command = self._invocation(instruction, origin)
        self._commanded = True

    def _entrypoint(self, instruction: Instruction, _variables: Mapping[str, str], origin: Origin) -> None:
        self._build.entrypoint = self._invocation(instruction, origin)
        if not self._commanded:
            self._build.command = None  # a CMD of what it is built from does not count any more
            self._build.ending.pop("CMD", None)

    def _shell(self, instruction: Instruction, _variables: Mapping[str, str], _origin: Origin) -> None:
        self._build.shell = tuple(word.text for word in instruction.words) or self._build.shell

    def _trigger(self, instruction: Instruction, _variables: Mapping[str, str], _origin: Origin) -> None:
        if instruction.trigger:
            self._build.triggers.append(instruction.trigger)

    def _copy(self, instruction: Instruction, variables: Mapping[str, str], origin: Origin) -> None:
        *sources, target = self._words(instruction, variables) or [""]
        if not sources and not instruction.heredocs:
            return
        place = joined(self._build.working_folder, target)
        folder = target.endswith("/") or target in {".", ".."} or len(instruction.words) > 2  # noqa: PLR2004
        owner, mode = (self._put_in(instruction.flag(name) or "", variables) for name in ("chown", "chmod"))
        stage = self._put_in(instruction.flag("from") or "", variables)
        documents = {document.opener.start: document for document in instruction.heredocs}
        for word, source in zip(instruction.words, sources, strict=False):
            document = documents.get(word.span.start)
            name = document.name if document else source
            text = copied(document, variables) if document else None
            path = joined(place, name) if document and folder else place + "/" * (folder and place != "/")
            self._place(Placed(path, name, origin, stage, text, owner, mode))

    def _place(self, placed: Placed) -> None:
        self._build.placed.append(placed)
        source = "/" + placed.source.strip("/")
        if placed.path == _PASSWD or (placed.path in {"/etc/", "/etc"} and source == _PASSWD):
            self._passwd(placed)
        elif placed.stage and placed.path in {"/", "/etc/", "/etc"} and source in {"/", "/etc"}:
            users = self._accounts_of(placed.stage)
            self._build.accounts.users |= users or {}
        elif not placed.stage and self._context and _PASSWD.startswith(placed.path.rstrip("/") + "/"):
            within = posixpath.relpath(_PASSWD, placed.path)
            if (text := self._context.read(posixpath.join(placed.source, within))) is not None:
                self._build.accounts.write(text, placed.origin, instead=True)

    def _passwd(self, placed: Placed) -> None:
        accounts = self._build.accounts
        text = placed.text
        if placed.stage and placed.source.endswith("passwd"):
            users = self._accounts_of(placed.stage)
            if users is not None:
                if users:
                    accounts.users = dict(users)
                return
        elif not placed.stage and text is None and self._context:
            text = self._context.read(placed.source)
        if text is not None:
            accounts.write(text, placed.origin, instead=True)
            return
        accounts.forget()
        self._build.doubts.append((_("a passwd file is copied that cannot be read here"), placed.origin))

    def _run(self, instruction: Instruction, variables: Mapping[str, str], origin: Origin) -> None:
        text = instruction.span.of(self._source)
        if installs(text):
            self._build.installs.append(text)
        if not _INTERESTING.search(text):
            return
        found = bodies(instruction, variables, self._source)
        if not all(body.script.understood for body in found):
            self._build.doubts.append((_("the shell commands of this RUN cannot be parsed"), origin))
        for command in commands_of(body.script for body in found):
            self._build.commands.append((command, origin))
            self._build.accounts.take(command.program, command.words, self._build.family, origin)
            self._written(command, origin)
            if _changes_passwd(command):
                self._build.accounts.forget()
                self._build.doubts.append((_("{path} is edited").format(path=_PASSWD), origin))

    def _written(self, command: Ran, origin: Origin) -> None:
        """Files that a command writes: ``cat <<EOF > file``, ``echo … >> /etc/passwd``."""
        paths = [joined(self._build.working_folder, path) for path, _appended in command.writes]
        appended = [appended for _path, appended in command.writes]
        if command.program == "tee":
            paths += [joined(self._build.working_folder, word) for word in command.words if word and word[0] != "-"]
            appended += ["-a" in command.words] * len(paths)
        if not paths:
            return
        text = _printed(command)
        for path, more in zip(paths, appended, strict=False):
            if path == _PASSWD:
                if text is None:
                    self._build.accounts.certain = False
                    self._build.doubts.append((_("something is written into /etc/passwd that cannot be read"), origin))
                else:
                    self._build.accounts.write(text, origin, instead=not more)
            elif text is not None and not more and not path.startswith(("/dev/", "/proc/")):
                self._build.placed.append(Placed(path, posixpath.basename(path), origin, text=text))

    _STEPS: Final[Mapping[str, Callable[["Step", Instruction, Mapping[str, str], Origin], None]]] = MappingProxyType(
        {
            "USER": _user,
            "ARG": _argument,
            "ENV": _environment,
            "WORKDIR": _folder,
            "EXPOSE": _expose,
            "VOLUME": _volume,
            "CMD": _command,
            "ENTRYPOINT": _entrypoint,
            "SHELL": _shell,
            "ONBUILD": _trigger,
            "COPY": _copy,
            "ADD": _copy,
            "RUN": _run,
        }
    )


def _changes_passwd(command: Ran) -> bool:
    """Whether it puts another passwd file in place, or changes what is in it."""
    *sources, target = command.words or ("",)
    if command.program in _PUTTERS and sources:
        named = any(word and base_name(word) == "passwd" for word in sources)
        return target == _PASSWD or (target in {"/etc", "/etc/"} and named)
    return command.program in _EDITORS and _PASSWD in command.words and "-n" not in command.words


def _printed(command: Ran) -> str | None:
    """What a command prints, where that is constant."""
    if command.program in {"cat", "tee"} and command.reads is not None:
        return command.reads
    if command.program not in {"echo", "printf"} or None in command.words:
        return None
    words = [word for word in command.words if word]
    while words and re.fullmatch(r"-[neE]+", words[0]):
        words.pop(0)
    text = " ".join(words)
    if command.program == "printf" or "-e" in command.words:
        text = text.replace("\\n", "\n").replace("\\t", "\t")
    return text + "\n"
