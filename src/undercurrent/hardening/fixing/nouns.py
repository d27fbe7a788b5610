"""The nouns of a fix: what is to be changed, what that does, and what is left as it is, with the reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from undercurrent.hardening.model.nouns import FinalImage, StatePath
from undercurrent.hardening.runside import RunSide
from undercurrent.splices import Edit

__all__ = ["Change", "FixPlan", "Situation", "Steps", "Unfixed", "Who"]


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is changed.

    Attributes:
        kind: kebab-case, for machines: ``user``, ``port``, ``state``, ``entrypoint``, ``capability``, ``cache`` …
        what: one sentence, in the user's language.
        path: of the file.
        line: of that file as it was, from 1.
        safe: the image does what it did, for everybody.
        unsafe_because: what changes for somebody, where it is not.
    """

    kind: str
    what: str
    path: str
    line: int
    safe: bool = True
    unsafe_because: str = ""


@dataclass(frozen=True, slots=True)
class Unfixed:
    """Something that is left as it is.

    Attributes:
        kind: kebab-case, for machines.
        reason: one sentence, in the user's language.
        path: of the file.
        line: of that file, from 1.
    """

    kind: str
    reason: str
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Who:
    """Whom the container is to run as.

    Attributes:
        uid, gid: numbers; ``gid`` None leaves the group to the passwd file.
        own: the image knows this account, or the program has always run as it: what it writes to is its own.
        creation: edits that give the number to an account that the file creates.
        line: where it is created; 0 if nowhere here.
        renumbered: it runs already, under a number that nobody knows, and gets another one.
    """

    uid: int
    gid: int | None
    own: bool = False
    creation: tuple[Edit, ...] = ()
    line: int = 0
    renumbered: bool = False

    @property
    def text(self) -> str:
        """As USER has it."""
        return str(self.uid) if self.gid is None else f"{self.uid}:{self.gid}"

    @property
    def owner(self) -> str:
        """As chown has it."""
        return self.text


@dataclass(frozen=True, slots=True)
class Situation:
    """What a family of servers looks at.

    Attributes:
        image: to be fixed.
        who: is going to run it.
        files: of the build context, by the path at which COPY puts them; read, and to be edited there.
        copied: the paths at which COPY and ADD put something, whether it can be read or not.
        moved: low ports, and where they are to be.
    """

    image: FinalImage
    who: Who
    files: Mapping[str, tuple[str, str]]
    copied: tuple[str, ...]
    moved: Mapping[int, int]

    @property
    def family(self) -> str:
        """The package manager of the base, or empty."""
        return self.image.base.family if self.image.base else ""


@dataclass(frozen=True, slots=True)
class Steps:
    """What a family of servers needs.

    Attributes:
        about: a comment above the commands, English as Dockerfiles are.
        commands: shell commands that root runs when the image is built.
        environment: variables of the image.
        state: paths that it writes to, beyond those that the model knows.
        owned: folders to be made, and to belong to who runs.
        moves: ports that the commands, variables or edits move; others are looked for where they are mentioned.
        edits: of files of the build context, by path.
        account: it wants an entry in the passwd file.
        settles: when all this is done it writes to nothing but ``state``, volumes, and folders that the file makes.
        doubt: why this is a guess; empty if it is none.
    """

    about: str = ""
    commands: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    state: tuple[StatePath, ...] = ()
    owned: tuple[str, ...] = ()
    moves: frozenset[int] = frozenset()
    edits: Mapping[str, tuple[Edit, ...]] = field(default_factory=dict)
    account: bool = False
    settles: bool = False
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class FixPlan:
    """What is to be done about an image.

    Attributes:
        image: as it is.
        edits: by path: of the Dockerfile, and of files of its build context.
        changes: what they do.
        hidden: what could be done besides, and is not safe.
        unfixed: what is left, with the reason.
        moved: ports, from where to where: what maps them has to follow.
        run: how to run what comes out; None where nothing is known, or all of it waits.
    """

    image: FinalImage
    edits: Mapping[str, tuple[Edit, ...]]
    changes: tuple[Change, ...]
    hidden: tuple[Change, ...]
    unfixed: tuple[Unfixed, ...]
    moved: Mapping[int, int]
    run: RunSide | None
