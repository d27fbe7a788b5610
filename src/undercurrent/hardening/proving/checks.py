"""What is looked at in a running container, and what of it is as it should be."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from undercurrent.hardening.proving.nouns import Check, Conditions
from undercurrent.hardening.proving.procfs import SETS, Mount, Process
from undercurrent.hardening.proving.seen import Seen, Value
from undercurrent.i18n import gettext_noop as N_

__all__ = ["Observation", "looked_at", "merged"]

_ENGINES_OWN: Final = frozenset({"proc", "sysfs", "devpts", "mqueue", "cgroup", "cgroup2"})
"""File systems through which the kernel is talked to: nothing is kept in them."""
_ENGINES_FOLDERS: Final = ("/dev", "/proc", "/sys")
_DEVICES: Final = frozenset({"full", "null", "random", "tty", "urandom", "zero"})
"""Devices that every container has; an ordinary user's engine cannot make them, and mounts the host's."""
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
            seen=Seen("ip_unprivileged_port_start {start}", {"start": seen.port_start}),
        )


def _user(processes: Sequence[Process]) -> Check:
    bad = [one for one in processes if 0 in one.uids or not one.uids]
    users = sorted({f"{one.uids[1]}:{one.gids[1]}" for one in processes})
    threads = len({one.pid for one in processes})
    seen: dict[str, Value] = {"users": users, "threads": threads}
    if bad:
        text = N_("{users} ({threads} threads): {root}")
        uids = sorted({(one.name, "/".join(map(str, one.uids))) for one in bad})
        seen["root"] = [Seen(N_("{name} is uid {uids}"), {"name": name, "uids": numbers}) for name, numbers in uids]
    else:
        text = N_("{users} ({threads} thread)") if threads == 1 else N_("{users} ({threads} threads)")
    return Check("user", ok=bool(processes) and not bad, seen=Seen(text, seen))


def _capabilities(processes: Sequence[Process], allowed: Sequence[str]) -> Check:
    held = frozenset[str]().union(*(one.capability_names for one in processes)) if processes else frozenset()
    over = held - set(allowed)
    bits = {name: max((one.capabilities[name] for one in processes), default=0) for name in SETS}
    sets = {name: f"{value:016x}" for name, value in bits.items() if value or not held}
    text = "{held} ({sets})" if held else f"{', '.join(SETS)}: 0"
    ok = bool(processes) and not over
    return Check("capabilities", ok=ok, seen=Seen(text, {"held": sorted(held), "sets": sets if processes else {}}))


def _no_new_privileges(processes: Sequence[Process]) -> Check:
    values = {one.no_new_privileges for one in processes}
    said = sorted("?" if one is None else str(int(one)) for one in values)
    return Check("no-new-privileges", ok=values == {True}, seen=Seen("NoNewPrivs {said}", {"said": said}))


def _seccomp(processes: Sequence[Process]) -> Check:
    values = {one.seccomp for one in processes}
    said = sorted("?" if one is None else str(one) for one in values)
    return Check("seccomp", ok=values == {_SECCOMP_FILTER}, seen=Seen("Seccomp {said}", {"said": said}), needed=False)


def _mounts(mounts: Sequence[Mount], conditions: Conditions) -> Iterator[Check]:
    # Of mounts on one path the last one is what a process sees.
    visible = {mount.path: mount for mount in mounts}
    root = visible.get("/")
    yield Check("read-only-root", ok=root is not None and not root.writable, seen=_root(root))
    declared = {path for one in conditions.writable for path in (one.path, _led_to(one.path))}
    writable = [one for one in visible.values() if one.writable and one.path != "/" and not _of_the_engine(one)]
    extra = sorted(one.path for one in writable if one.path not in declared)
    paths = sorted(one.path for one in writable)
    text = N_("{paths}; not declared: {undeclared}") if extra else "{paths}" if paths else "-"
    yield Check("writable-paths", ok=not extra, seen=Seen(text, {"paths": paths, "undeclared": extra}))


def _root(mount: Mount | None) -> Seen:
    if mount is None:
        return Seen("?")
    options = {"options": sorted(mount.options), "super_options": sorted(mount.super_options)}
    return Seen("/ {kind} {mode}", {"kind": mount.kind, "mode": "rw" if mount.writable else "ro", **options})


def _led_to(path: str) -> str:
    """Where ``path`` leads in most images: the kernel says where something is mounted, not by which link."""
    for link, place in _LINKS.items():
        if path == link or path.startswith(f"{link}/"):
            return place + path.removeprefix(link)
    return path


def _of_the_engine(mount: Mount) -> bool:
    path = PurePosixPath(mount.path)
    if any(path == PurePosixPath(folder) or PurePosixPath(folder) in path.parents for folder in _ENGINES_FOLDERS):
        device = mount.kind == "devtmpfs" and PurePosixPath(mount.root).name in _DEVICES
        return device or mount.kind in _ENGINES_OWN or mount.kind == "tmpfs"
    return False
