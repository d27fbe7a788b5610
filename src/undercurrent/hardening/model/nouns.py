"""The nouns of an image that is going to run: its user, its paths, its ports, and why it needs what it needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from undercurrent.hardening.dockerfile.nodes import Dockerfile, Instruction, Stage

__all__ = [
    "Account",
    "BaseImage",
    "Entrypoint",
    "FinalImage",
    "Identity",
    "Need",
    "Origin",
    "Port",
    "Runner",
    "StatePath",
]


class Identity(StrEnum):
    """What is known of a user; "unknown" is never taken for safe."""

    ROOT = "root"
    ROOTLESS = "rootless"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something was learnt: an instruction, a base image, a script of the build context.

    Attributes:
        what: the path of the Dockerfile or script, or the name of the image.
        line: of that file, from 1; 0 for an image.
    """

    what: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """A user that is in the image's ``/etc/passwd``; ``uid`` and ``gid`` are None where nothing says them."""

    name: str
    uid: int | None
    gid: int | None
    home: str
    origin: Origin

    @property
    def number(self) -> str:
        """Its number; its name where nobody knows that."""
        return self.name if self.uid is None else str(self.uid)


@dataclass(frozen=True, slots=True)
class Runner:
    """Who runs the container's first process.

    Attributes:
        identity: root or not.
        text: as USER says it, variables put in: ``10001:10001``, ``node``; empty for nobody named, which is root.
        uid: None where the name is in no passwd file that is known.
        gid: likewise.
        origin: what decides it.
        reason: one sentence for people, in their language.
        drops: the program in the entrypoint that changes to another user (``gosu``, ``su-exec`` …), or empty; the
            container begins as root all the same.
    """

    identity: Identity
    text: str
    uid: int | None
    gid: int | None
    origin: Origin
    reason: str
    drops: str = ""


@dataclass(frozen=True, slots=True)
class Port:
    """A port that is listened on; ``surely`` where more than an EXPOSE says so."""

    number: int
    protocol: Literal["tcp", "udp", "sctp"]
    origin: Origin
    surely: bool = False


@dataclass(frozen=True, slots=True)
class Need:
    """A capability that the container cannot do without as it is, and why.

    Attributes:
        capability: ``CAP_NET_BIND_SERVICE`` …
        why: kebab-case, for rules and JSON: ``low-port``, ``file-capability``, ``chown-at-start``, ``change-user``,
            ``ping``, ``mount`` …
        origin: what shows it.
        avoidable: a fix is known that does without.
    """

    capability: str
    why: str
    origin: Origin
    avoidable: bool


@dataclass(frozen=True, slots=True)
class StatePath:
    """A path that is written to while the container runs.

    Attributes:
        path: absolute.
        why: kebab-case: ``volume``, ``server``, ``cache``, ``home``, ``pid``, ``log``, ``temporary`` …
        lasting: its content must outlive the container (a volume), else a tmpfs will do.
        origin: what shows it.
    """

    path: str
    why: str
    lasting: bool
    origin: Origin


@dataclass(frozen=True, slots=True)
class Entrypoint:
    """What is started: ENTRYPOINT and CMD together, through the scripts and small programs that start others.

    Attributes:
        command: the arguments of the first process.
        chain: the programs that start one another, the last of which serves: ``tini``, ``docker-entrypoint.sh``,
            ``gosu``, ``postgres``.
        server: the base name of the last one, or of what it interprets (``gunicorn`` for ``python -m gunicorn``).
        complete: False where a part of it could not be read: a script that is in no known place.
        guarded: the user is changed on the way only where it begins as root; as somebody else, it just goes on.
    """

    command: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()
    server: str = ""
    complete: bool = False
    guarded: bool = False


@dataclass(frozen=True, slots=True)
class BaseImage:
    """What is known of an image that others are built from: its configuration, and sometimes its files.

    Attributes:
        name: as FROM names it.
        user: of its configuration; empty is root.
        source: who says so: ``registry``, ``layout``, ``engine``, ``settings``, ``built-in``; ``dockerfile`` for one at
            hand that builds it.
        environment: its ENV.
        entrypoint, command, working_folder, ports, volumes: as in its configuration.
        accounts: of its passwd file, where that is known.
        groups: numbers by name, of its group file, likewise.
        on_build: instructions that it keeps for those built from it.
        family: the package manager that it has: ``apk``, ``apt``, ``dnf`` …, or empty.
        shell: it has ``/bin/sh``; None where nobody knows.
        drops: the program with which its entrypoint becomes another user, having begun as root; or empty.
        special_files: SUID and SGID files, and such with capabilities, that it is known to have.
    """

    name: str
    user: str
    source: Literal["registry", "layout", "engine", "settings", "built-in", "dockerfile", "scratch"]
    environment: Mapping[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    working_folder: str = ""
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    accounts: tuple[Account, ...] = ()
    groups: Mapping[str, int] = field(default_factory=dict)
    on_build: tuple[str, ...] = ()
    family: str = ""
    shell: bool | None = None
    drops: str = ""
    special_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FinalImage:
    """What a target of a Dockerfile builds, as far as its text, its bases and its context tell.

    Attributes:
        dockerfile: the file.
        stage: the target.
        lineage: the stages that it is built on, itself first.
        base: the image under them; None if nothing is known of it.
        base_name: how that is called; ``scratch``, or as it is written where a build argument lacks its value.
        runner: who runs.
        accounts: passwd entries known in it.
        environment: ENV, variables put in.
        working_folder: WORKDIR.
        entrypoint: what is started.
        ports: listened on.
        volumes: VOLUME paths.
        needs: capabilities, and why.
        state: writable paths that it needs.
        special_files: SUID and SGID files, and such with capabilities, that it makes: path and origin.
        home: HOME at run time.
        doubts: what could not be understood and may change all this, with its origin: a RUN whose shell cannot be
            parsed, an entrypoint that is in no known place. Nothing is rewritten by guess.
        ending: the last instruction in the file of each keyword that decides: ``USER``, ``CMD``, ``ENTRYPOINT``,
            ``HEALTHCHECK``. One that an ONBUILD of the base image keeps is in no file.
    """

    dockerfile: Dockerfile
    stage: Stage
    lineage: tuple[Stage, ...]
    base: BaseImage | None
    base_name: str
    runner: Runner
    accounts: tuple[Account, ...]
    environment: Mapping[str, str]
    working_folder: str
    entrypoint: Entrypoint
    ports: tuple[Port, ...]
    volumes: tuple[str, ...]
    needs: tuple[Need, ...]
    state: tuple[StatePath, ...]
    special_files: tuple[tuple[str, Origin], ...]
    home: str
    doubts: tuple[tuple[str, Origin], ...] = ()
    ending: Mapping[str, Instruction] = field(default_factory=dict)
