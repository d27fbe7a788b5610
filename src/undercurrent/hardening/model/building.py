"""An image as it comes about: instruction by instruction, on what its base image has."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Literal, cast

from undercurrent.hardening.dockerfile import Instruction
from undercurrent.hardening.model.accounts import Accounts
from undercurrent.hardening.model.nouns import BaseImage, Origin, Port
from undercurrent.hardening.model.scripts import Ran

__all__ = ["Build", "Invocation", "Named", "Placed", "begun", "joined", "ports_of"]

_SHELL: Final = ("/bin/sh", "-c")
_PORT: Final = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?(?:/(tcp|udp|sctp))?", re.IGNORECASE)
_MOST_PORTS: Final = 1000
_LAST_PORT: Final = 65_535


@dataclass(frozen=True, slots=True)
class Invocation:
    """ENTRYPOINT or CMD: ``words`` as they are executed; ``by_shell`` for the form that a shell reads."""

    words: tuple[str, ...]
    by_shell: bool
    origin: Origin


@dataclass(frozen=True, slots=True)
class Named:
    """The user that an image names.

    Attributes:
        text: variables put in; None where they cannot be.
        origin: what names it.
        problem: why not, one sentence.
        base: it is the base image's.
    """

    text: str | None
    origin: Origin
    problem: str = ""
    base: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """A file or folder that got into an image.

    Attributes:
        path: where, absolute; with a slash at the end where it surely is a folder.
        source: of the build context, or of the stage or image.
        origin: the instruction.
        stage: the stage or image that it comes from; empty for the build context.
        text: its content, where that stands in the Dockerfile.
        owner: as ``--chown`` says it.
        mode: as ``--chmod`` says it.
    """

    path: str
    source: str
    origin: Origin
    stage: str = ""
    text: str | None = None
    owner: str = ""
    mode: str = ""


@dataclass(slots=True)
class Build:
    """What is known after some of the instructions.

    Attributes:
        base: the image under everything; None if it is not known.
        base_name: how it is called.
        user: who is named.
        environment: ENV; ``variables`` has ARG, too.
        working_folder: WORKDIR.
        entrypoint, command, shell: as executed.
        ports, volumes: EXPOSE and VOLUME, with where.
        accounts: the passwd file.
        placed: files, in their order.
        commands: what RUN ran, with where.
        ending: the last instruction of each keyword that stands in the file.
        installs: RUN that install packages, as they are written.
        doubts: what is not understood.
        triggers: ONBUILD of this stage.
    """

    base: BaseImage | None
    base_name: str
    user: Named
    environment: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    working_folder: str = "/"
    entrypoint: Invocation | None = None
    command: Invocation | None = None
    shell: tuple[str, ...] = _SHELL
    ports: list[Port] = field(default_factory=list)
    volumes: list[tuple[str, Origin]] = field(default_factory=list)
    accounts: Accounts = field(default_factory=Accounts)
    placed: list[Placed] = field(default_factory=list)
    commands: list[tuple[Ran, Origin]] = field(default_factory=list)
    ending: dict[str, Instruction] = field(default_factory=dict)
    installs: list[str] = field(default_factory=list)
    doubts: list[tuple[str, Origin]] = field(default_factory=list)
    triggers: list[Instruction] = field(default_factory=list)

    @property
    def family(self) -> str:
        """The package manager, as far as it is known."""
        return self.base.family if self.base else ""

    def derived(self) -> "Build":
        """What a stage begins with that is built on this one."""
        return replace(
            self,
            environment=dict(self.environment),
            variables=dict(self.variables),
            ports=list(self.ports),
            volumes=list(self.volumes),
            accounts=self.accounts.copy(),
            placed=list(self.placed),
            commands=list(self.commands),
            ending=dict(self.ending),
            installs=list(self.installs),
            doubts=list(self.doubts),
            triggers=[],
        )


def begun(base: BaseImage | None, name: str) -> Build:
    """What is known before the first instruction."""
    if base is None:
        return Build(None, name, Named(None, Origin(name), base=True))
    origin = Origin(name)
    return Build(
        base,
        name,
        Named(base.user, origin, base=True),
        environment=dict(base.environment),
        variables=dict(base.environment),
        working_folder=base.working_folder or "/",
        entrypoint=Invocation(base.entrypoint, by_shell=False, origin=origin) if base.entrypoint else None,
        command=Invocation(base.command, by_shell=False, origin=origin) if base.command else None,
        ports=[port for text in base.ports for port in ports_of(text, origin)],
        volumes=[(path, origin) for path in base.volumes],
        accounts=Accounts.of(base.accounts, base.groups),
    )


def ports_of(text: str, origin: Origin, *, surely: bool = False) -> Iterator[Port]:
    """The ports of an EXPOSE: ``80``, ``80/udp``, ``8000-8010``."""
    found = _PORT.fullmatch(text.strip())
    if not found:
        return
    first, last = int(found[1]), int(found[2] or found[1])
    if not 0 < first <= last <= _LAST_PORT:
        return
    for number in range(first, min(last, first + _MOST_PORTS) + 1):
        yield Port(number, cast("Literal['tcp', 'udp', 'sctp']", (found[3] or "tcp").lower()), origin, surely)


def joined(folder: str, path: str) -> str:
    """``path`` as seen from ``folder``, without ``.`` and ``..``."""
    # two slashes at the beginning would stay two
    return "/" + posixpath.normpath(posixpath.join("/", folder, path)).lstrip("/")
