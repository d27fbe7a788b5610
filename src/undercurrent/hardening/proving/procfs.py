"""What the kernel says of a container's processes: their users, capabilities, restrictions and mounts.

All of it is read on the host, from ``/proc`` (https://man7.org/linux/man-pages/man5/proc.5.html): what is asked is the
kernel, not the container.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = [
    "CAPABILITIES",
    "SETS",
    "Mount",
    "Process",
    "inside",
    "mounts",
    "parse_mounts",
    "parse_status",
    "pids",
    "processes",
    "started_at",
]

CAPABILITIES: Final = (
    *("CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP"),
    *("LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER"),
    *("SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE"),
    *("SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP"),
    *("MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF"),
    "CHECKPOINT_RESTORE",
)
"""Names by bit: https://github.com/torvalds/linux/blob/v6.12/include/uapi/linux/capability.h"""

SETS: Final = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
_OCTAL: Final = re.compile(r"\\([0-7]{3})")
_MOST_STATUS: Final = 64 * 1024
_MOST_MOUNTS: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Process:
    """A process, or one of its threads.

    Attributes:
        pid: on the host.
        name: of the program, at most 15 characters.
        uids: real, effective, saved, file system; as seen inside of the container.
        gids: likewise.
        groups: supplementary ones, likewise.
        capabilities: a bit set for each of `SETS`.
        no_new_privileges: as ``NoNewPrivs`` says; None if the kernel is older than 4.10.
        seccomp: 0 none, 1 strict, 2 a filter; None if the kernel has none.
    """

    pid: int
    name: str
    uids: tuple[int, ...]
    gids: tuple[int, ...]
    groups: tuple[int, ...]
    capabilities: dict[str, int]
    no_new_privileges: bool | None
    seccomp: int | None

    @property
    def capability_names(self) -> frozenset[str]:
        """``CAP_CHOWN`` … in any of the sets."""
        bits = 0
        for one in self.capabilities.values():
            bits |= one
        known = {f"CAP_{name}" for bit, name in enumerate(CAPABILITIES) if bits >> bit & 1}
        return frozenset(
            known | {f"CAP_{bit}" for bit in range(len(CAPABILITIES), bits.bit_length()) if bits >> bit & 1}
        )


@dataclass(frozen=True, slots=True)
class Mount:
    """A line of ``mountinfo``; ``root`` is what of the file system is mounted there."""

    path: str
    kind: str
    source: str
    options: frozenset[str]
    super_options: frozenset[str]
    root: str = "/"

    @property
    def writable(self) -> bool:
        """Neither the mount nor the file system under it is read-only."""
        return "ro" not in self.options and "ro" not in self.super_options


def inside(number: int, maps: str) -> int:
    """What ``number`` of the host is inside, by a process's ``uid_map`` or ``gid_map``; -1 where it is nobody."""
    for line in maps.splitlines():
        first_inside, first_outside, count = map(int, line.split())
        if first_outside <= number < first_outside + count:
            return number - first_outside + first_inside
    return -1


def parse_status(text: str, uid_map: str = "0 0 4294967295", gid_map: str = "0 0 4294967295") -> Process:
    """The process that a ``status`` file describes.

    Raises:
        ValueError: that is no such file.
    """
    said = {name: value.strip() for name, colon, value in (line.partition(":") for line in text.splitlines()) if colon}
    try:
        flag = said.get("NoNewPrivs")
        mode = said.get("Seccomp")
        return Process(
            pid=int(said["Pid"]),
            name=said["Name"],
            uids=tuple(inside(int(one), uid_map) for one in said["Uid"].split()),
            gids=tuple(inside(int(one), gid_map) for one in said["Gid"].split()),
            groups=tuple(inside(int(one), gid_map) for one in said.get("Groups", "").split()),
            capabilities={name: int(said[name], 16) for name in SETS},
            no_new_privileges=None if flag is None else flag == "1",
            seccomp=None if mode is None else int(mode),
        )
    except KeyError as error:
        raise ValueError(f"a status without {error}") from error


def parse_mounts(text: str) -> tuple[Mount, ...]:
    """The mounts that ``mountinfo`` lists, in its order.

    Raises:
        ValueError: a line is not as the manual says.
    """
    found = []
    for line in text.splitlines():
        fields = line.split(" ")
        dash = fields.index("-")
        root, path, options = _unescaped(fields[3]), _unescaped(fields[4]), frozenset(fields[5].split(","))
        kind, source, above = fields[dash + 1 : dash + 4]
        found.append(Mount(path, kind, _unescaped(source), options, frozenset(above.split(",")), root))
    return tuple(found)


def _unescaped(text: str) -> str:
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), text)


def mounts(pid: int) -> tuple[Mount, ...]:
    """What is mounted for process ``pid``.

    Raises:
        OSError: it is gone, or this user may not look.
    """
    return parse_mounts(_read(Path(f"/proc/{pid}/mountinfo"), _MOST_MOUNTS))


def processes(pid: int) -> tuple[Process, ...]:
    """All threads of all processes in the process namespace of ``pid``; that of ``pid`` first.

    Raises:
        OSError: ``pid`` is gone, or this user may not look.
    """
    space = os.stat(f"/proc/{pid}/ns/pid").st_ino  # noqa: PTH116 - Path.stat of a magic link is the same call
    others = [other for other in pids() if other != pid and _space(other) == space]
    first = list(_threads(pid))
    if not first:
        raise ProcessLookupError(3, "no such process", f"/proc/{pid}")
    return tuple(first + [thread for other in others for thread in _threads(other)])


def pids() -> Iterator[int]:
    """Numbers of all processes that there are now."""
    return (int(name) for name in os.listdir("/proc") if name.isdecimal())  # noqa: PTH208 - thousands of names


def _space(pid: int) -> int | None:
    with suppress(OSError):
        return os.stat(f"/proc/{pid}/ns/pid").st_ino  # noqa: PTH116 - as above
    return None


def _threads(pid: int) -> Iterator[Process]:
    folder = Path(f"/proc/{pid}")
    with suppress(OSError):  # it ended meanwhile
        maps = [_read(folder / name, _MOST_STATUS) for name in ("uid_map", "gid_map")]
        for thread in sorted((folder / "task").iterdir(), key=lambda one: int(one.name)):
            with suppress(OSError):
                process = parse_status(_read(thread / "status", _MOST_STATUS), *maps)
                if any(process.uids) or not _zombie(thread):
                    yield process


def _zombie(thread: Path) -> bool:
    """Whether it has ended and only waits for its parent to notice: it can do nothing any more."""
    return "\nState:\tZ" in _read(thread / "status", _MOST_STATUS)


def started_at(pid: int) -> int:
    """When it began, in clock ticks after boot: tells it from a later process with its number.

    Raises:
        OSError: it is gone.
    """
    return int(_read(Path(f"/proc/{pid}/stat"), _MOST_STATUS).rpartition(")")[2].split()[19])


def _read(path: Path, most: int) -> str:
    with path.open("rb") as file:
        return file.read(most).decode(errors="replace")
