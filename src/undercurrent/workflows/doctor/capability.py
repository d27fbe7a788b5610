"""One thing a machine can have, and the system whose packages bring it."""

import os
import platform
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from undercurrent.errors import MissingTool, TimedOut
from undercurrent.processes import call

__all__ = ["Capability", "Kind", "Machine", "Probe", "System", "run_program"]

Kind: TypeAlias = Literal["program", "engine", "kernel", "python", "place"]
System: TypeAlias = Literal["debian", "ubuntu", "fedora", "alpine", "macos", ""]

_SYSTEMS: tuple[System, ...] = ("ubuntu", "debian", "fedora", "alpine")


@dataclass(frozen=True, slots=True)
class Capability:
    """One thing that is here, or is not.

    Attributes:
        name: what `uc doctor --require` takes; kebab-case, never translated.
        kind: of thing.
        present: whether it is here and can be used.
        version: which, or what about it; "" where there is nothing to say.
        path: where; "" where it is nowhere.
        enables: what it is for, English; translated where it is shown.
        install: the line that brings it, in the user's language; "" where nothing does, or nothing has to.
        planned: whether only what a later version does needs it.
    """

    name: str
    kind: Kind
    present: bool
    version: str
    path: str
    enables: str
    install: str
    planned: bool = False


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine that is examined.

    Attributes:
        system: whose package manager it has; "" if that is none that is known here.
        architecture: as ``uname -m`` says it.
        environ: the environment.
    """

    system: System
    architecture: str
    environ: Mapping[str, str]

    @classmethod
    def here(cls) -> "Machine":
        """This one."""
        return cls(_system(), platform.machine(), os.environ)

    @property
    def linux(self) -> bool:
        """Whether it has a Linux kernel."""
        return self.system != "macos"


Probe: TypeAlias = Callable[[Machine], Awaitable[Capability]]


def _system() -> System:
    if sys.platform == "darwin":
        return "macos"
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return ""
    names = [release["ID"], *release.get("ID_LIKE", "").split()]
    return next((system for name in names for system in _SYSTEMS if name == system), "")


async def run_program(arguments: list[str], *, timeout_s: float) -> tuple[int, str] | None:
    """Exit status and output of a program; None if it cannot be started or takes longer than ``timeout_s``."""
    try:
        ran = await call(*arguments, timeout_s=timeout_s)
    except (MissingTool, TimedOut):
        return None
    return ran.code, ran.out + ran.err
