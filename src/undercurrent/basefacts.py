"""What people say in a settings file of the images that theirs are built from."""

from dataclasses import dataclass

__all__ = ["BaseFacts"]


@dataclass(frozen=True, slots=True)
class BaseFacts:
    """What is known of an image that yours are built from: as in its configuration.

    Attributes:
        user: who runs; empty is root.
        entrypoint, command, working_folder, ports, volumes: as there.
        accounts: of its passwd file: ``name:uid:gid:home``, of which all but the name may be left out.
        family: its package manager: ``apk``, ``apt``, ``dnf`` …
    """

    user: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    working_folder: str = ""
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    family: str = ""
