"""What is looked at in a running container, and what of it is as it should be."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from undercurrent.hardening.proving.nouns import Check, Conditions
from undercurrent.hardening.proving.procfs import SETS, Mount, Process

__all__ = ["Observation", "looked_at", "merged"]

_ENGINES_OWN: Final = frozenset({"proc", "sysfs", "devpts", "mqueue", "cgroup", "cgroup2"})
"""File systems through which the kernel is talked to: nothing is kept in them."""
_ENGINES_FOLDERS: Final = ("/dev", "/proc", "/sys")
_LINKS: Final = {"/var/run": "/run", "/var/lock": "/run/lock"}
"""Filesystem Hierarchy Standard 3.0, 5.11 and 5.13; in all usual base images they are links."""
_SECCOMP_FILTER: Final = 2


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen at one moment.

    Attributes:
        processes: threads of all processes of the container.
        mounts: what its first process has mounted.
        port_start: the first port that needs no capability; None if nobody looked.
    """

    processes: tuple[Process, ...]
    mounts: tuple[Mount, ...]
    port_start: int | None = None


def merged(observations: Iterable[Observation]) -> Observation:
    """All that was seen at several moments, as if at one."""
    seen = tuple(observations)
    starts = [one.port_start for one in seen if one.port_start is not None]
    return Observation(
        tuple(process for one in seen for process in one.processes),
        tuple(dict.fromkeys(mount for one in seen for mount in one.mounts)),
        min(starts, default=None),
    )


def looked_at(seen: Observation, conditions: Conditions) -> Iterator[Check]:
    """One check for each thing that a proof asks for."""
    yield _user(seen.processes)
    yield _capabilities(seen.processes, conditions.capabilities or ())
    yield _no_new_privileges(seen.processes)
    yield _seccomp(seen.processes)
    yield from _mounts(seen.mounts, conditions)
    if seen.port_start is not None:
        yield Check(
            "low-ports",
            ok=seen.port_start >= conditions.lowest_port,
            seen=f"ip_unprivileged_port_start {seen.port_start}",
        )


def _user(processes: Sequence[Process]) -> Check:
    bad = [one for one in processes if 0 in one.uids or not one.uids]
    users = sorted({f"{one.uids[1]}:{one.gids[1]}" for one in processes})
    pids = len({one.pid for one in processes})
    text = ", ".join(users) + f" ({pids} {'thread' if pids == 1 else 'threads'})"
    if bad:
        text += ": " + ", ".join(sorted({f"{one.name} is uid {'/'.join(map(str, one.uids))}" for one in bad}))
    return Check("user", ok=bool(processes) and not bad, seen=text)


def _capabilities(processes: Sequence[Process], allowed: Sequence[str]) -> Check:
    held = frozenset[str]().union(*(one.capability_names for one in processes)) if processes else frozenset()
    over = held - set(allowed)
    if not held:
        return Check("capabilities", ok=bool(processes), seen=f"{', '.join(SETS)}: 0")
    text = "; ".join(
        f"{name} {bits:016x}"
        for name in SETS
        if (bits := max((one.capabilities[name] for one in processes), default=0))
    )
    return Check("capabilities", ok=not over, seen=f"{', '.join(sorted(held))} ({text})")


def _no_new_privileges(processes: Sequence[Process]) -> Check:
    values = {one.no_new_privileges for one in processes}
    said = ", ".join(sorted("?" if one is None else str(int(one)) for one in values))
    return Check("no-new-privileges", ok=values == {True}, seen=f"NoNewPrivs {said}")


def _seccomp(processes: Sequence[Process]) -> Check:
    values = {one.seccomp for one in processes}
    said = ", ".join(sorted("?" if one is None else str(one) for one in values))
    return Check("seccomp", ok=values == {_SECCOMP_FILTER}, seen=f"Seccomp {said}", needed=False)


def _mounts(mounts: Sequence[Mount], conditions: Conditions) -> Iterator[Check]:
    # Of mounts on one path the last one is what a process sees.
    visible = {mount.path: mount for mount in mounts}
    root = visible.get("/")
    yield Check(
        "read-only-root",
        ok=root is not None and not root.writable,
        seen="?" if root is None else f"/ {root.kind} {'rw' if root.writable else 'ro'}",
    )
    declared = {path for one in conditions.writable for path in (one.path, _led_to(one.path))}
    writable = [one for one in visible.values() if one.writable and one.path != "/" and not _of_the_engine(one)]
    extra = sorted(one.path for one in writable if one.path not in declared)
    text = ", ".join(sorted(one.path for one in writable)) or "-"
    yield Check("writable-paths", ok=not extra, seen=text if not extra else f"{text}; not declared: {', '.join(extra)}")


def _led_to(path: str) -> str:
    """Where ``path`` leads in most images: the kernel says where something is mounted, not by which link."""
    for link, place in _LINKS.items():
        if path == link or path.startswith(f"{link}/"):
            return place + path.removeprefix(link)
    return path


def _of_the_engine(mount: Mount) -> bool:
    path = PurePosixPath(mount.path)
    if any(path == PurePosixPath(folder) or PurePosixPath(folder) in path.parents for folder in _ENGINES_FOLDERS):
        return mount.kind in _ENGINES_OWN or mount.kind == "tmpfs"
    return False
