"""What is known of an image that is built: its configuration, and the files that let a user become more than that."""

from dataclasses import dataclass

from undercurrent.hardening.numbers import is_root

__all__ = ["BuiltImage", "SpecialFile"]


@dataclass(frozen=True, slots=True)
class SpecialFile:
    """A file that gives rights to whoever starts it.

    Attributes:
        path: absolute.
        suid: it runs as its owner.
        sgid: it runs as its group.
        capabilities: it carries some (the extended attribute ``security.capability``).
    """

    path: str
    suid: bool = False
    sgid: bool = False
    capabilities: bool = False


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """One platform of an image.

    Attributes:
        name: what its user calls it, with the platform where there are several.
        digest: of its manifest.
        user: of its configuration; empty is root.
        uid: of that user, where the number or the image's passwd file says it.
        ports: exposed: number and protocol.
        environment: names and values.
        command: ENTRYPOINT and CMD.
        healthcheck: it says how to tell that it works.
        files: those that give rights, in the order of their paths.
    """

    name: str
    digest: str
    user: str
    uid: int | None = None
    ports: tuple[tuple[int, str], ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    command: tuple[str, ...] = ()
    healthcheck: bool = False
    files: tuple[SpecialFile, ...] = ()

    @property
    def is_root(self) -> bool:
        """Whether its process begins as root."""
        return self.uid == 0 or is_root(self.user)
