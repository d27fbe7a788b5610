"""Reads what strace wrote: which calls the kernel refused, what they were about, and which capability would allow them.

Capabilities: https://man7.org/linux/man-pages/man7/capabilities.7.html
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Final

from undercurrent.hardening.ports import FIRST_FREE
from undercurrent.hardening.proving.nouns import FailedCall

__all__ = ["parse_trace", "writes"]

_LINE: Final = re.compile(r"(\d+)\s+(.*)")
_CALL: Final = re.compile(r"(\w+)\((.*)\)\s+= (-?\d+|\?)(?:<[^\n]*>)?(?: (E[A-Z0-9]+))?", re.DOTALL)
_UNFINISHED: Final = " <unfinished ...>"
_RESUMED: Final = re.compile(r"<\.\.\. \w+ resumed>(.*)", re.DOTALL)
_STRING: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_FOLDER: Final = re.compile(r"(?:AT_FDCWD|\d+)<(/[^>]*)>")
_DESCRIPTOR: Final = re.compile(r"\d+<(/[^>]*)>")
_SOCKET: Final = re.compile(r"(\d<[\w-]+):\[\d+\]>")
"""A socket or pipe, with a number that the kernel gave it and that says nothing to anybody."""
_PORT: Final = re.compile(r"htons\((\d+)\)")
_REFUSED: Final = frozenset({"EROFS", "EACCES", "EPERM"})
_LOST: Final = "ENOENT"

_BY_CALL: Final[Mapping[str, str]] = {
    **dict.fromkeys(("chown", "lchown", "fchown", "fchownat"), "CAP_CHOWN"),
    **dict.fromkeys(("chmod", "fchmod", "fchmodat", "fchmodat2", "utimensat", "utime", "utimes"), "CAP_FOWNER"),
    **dict.fromkeys(("setuid", "setreuid", "setresuid", "setfsuid"), "CAP_SETUID"),
    **dict.fromkeys(("setgid", "setregid", "setresgid", "setfsgid", "setgroups"), "CAP_SETGID"),
    **dict.fromkeys(
        (
            *("mount", "umount", "umount2", "pivot_root", "unshare", "setns", "sethostname", "setdomainname"),
            *("quotactl", "fsopen", "fsmount", "move_mount", "open_tree", "swapon", "swapoff"),
        ),
        "CAP_SYS_ADMIN",
    ),
    **dict.fromkeys(("mknod", "mknodat"), "CAP_MKNOD"),
    **dict.fromkeys(("ptrace", "process_vm_readv", "process_vm_writev"), "CAP_SYS_PTRACE"),
    **dict.fromkeys(("setpriority", "sched_setscheduler"), "CAP_SYS_NICE"),
    **dict.fromkeys(("setrlimit", "prlimit64"), "CAP_SYS_RESOURCE"),
    **dict.fromkeys(("mlock", "mlockall"), "CAP_IPC_LOCK"),
    **dict.fromkeys(("settimeofday", "clock_settime"), "CAP_SYS_TIME"),
    **dict.fromkeys(("init_module", "finit_module", "delete_module"), "CAP_SYS_MODULE"),
    **dict.fromkeys(("iopl", "ioperm"), "CAP_SYS_RAWIO"),
    **dict.fromkeys(("setxattr", "lsetxattr", "fsetxattr", "removexattr"), "CAP_SETFCAP"),
    "chroot": "CAP_SYS_CHROOT",
    "kill": "CAP_KILL",
    "reboot": "CAP_SYS_BOOT",
    "syslog": "CAP_SYSLOG",
    "capset": "CAP_SETPCAP",
    "bpf": "CAP_BPF",
    "perf_event_open": "CAP_PERFMON",
    "vhangup": "CAP_SYS_TTY_CONFIG",
    "setsockopt": "CAP_NET_ADMIN",
}
_WRITING: Final = frozenset(
    (
        *("mkdir", "mkdirat", "unlink", "unlinkat", "rmdir", "rename", "renameat", "renameat2", "link", "linkat"),
        *("symlink", "symlinkat", "mknod", "mknodat", "creat", "truncate", "ftruncate", "utimensat", "utime"),
        *("utimes", "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchown", "fchownat"),
        *("setxattr", "lsetxattr", "fsetxattr", "removexattr"),
    )
)
_OPEN_TO_WRITE: Final = re.compile(r"\bO_(?:WRONLY|RDWR|CREAT|TRUNC|TMPFILE)\b")


@dataclass(slots=True)
class _Trace:
    """What is known while the lines are read."""

    programs: dict[str, str] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)
    pending: dict[str, str] = field(default_factory=dict)
    last_parent: str = ""
    begun: bool = False


def parse_trace(text: str) -> tuple[FailedCall, ...]:
    """The refused calls, in their order; the same one of the same program only once, with its number."""
    found: dict[tuple[str, str, str, str], FailedCall] = {}
    for one in _refused(text):
        key = (one.call.partition("(")[0], one.error, one.path or one.call, one.caller)
        before = found.pop(key, None)
        found[key] = replace(one, times=before.times + 1) if before else one
    return tuple(found.values())


def _refused(text: str) -> Iterator[FailedCall]:
    trace = _Trace()
    for pid, line in _whole(text, trace):
        match = _CALL.match(line)
        if match is None:
            continue
        name, inner, result, error = match.groups()
        if folder := re.match(r"AT_FDCWD<(/[^>]*)>", inner):
            trace.folders[pid] = folder[1]
        if name in ("clone", "clone3", "fork", "vfork") and result not in ("0", "?") and not error:
            trace.last_parent = pid
        program = trace.programs.get(pid) or trace.programs.get(trace.last_parent, "")
        if name == "execve":
            path = _path(name, inner, trace.folders.get(pid, "/"))
            if result == "0":
                trace.programs[pid], trace.begun = path, True
        if not trace.begun and name != "execve":
            continue  # the runtime's own
        if error in _REFUSED or (error == _LOST and writes(name, inner)):
            yield _call(name, inner, error, program, trace.folders.get(pid, "/"))


def _whole(text: str, trace: _Trace) -> Iterator[tuple[str, str]]:
    """Lines with their process; those that another one cut in two are put together."""
    for raw in text.splitlines():
        match = _LINE.match(raw)
        if match is None:
            continue
        pid, line = match.groups()
        if line.endswith(_UNFINISHED):
            trace.pending[pid] = line.removesuffix(_UNFINISHED)
        elif resumed := _RESUMED.match(line):
            yield pid, trace.pending.pop(pid, "") + resumed[1]
        else:
            yield pid, line


def _call(name: str, inner: str, error: str, program: str, folder: str) -> FailedCall:
    path = _path(name, inner, folder)
    said = _SOCKET.sub(r"\1>", inner)
    return FailedCall(f"{name}({said})", error, path, program, _capability(name, inner, error, path))


def _path(name: str, inner: str, folder: str) -> str:
    """What the call is about: the last path of those that have two, as that is what is made."""
    strings = [(match.start(), _decoded(match[1])) for match in _STRING.finditer(inner)]
    if name in ("mount", "execve", "symlink", "symlinkat", "setxattr", "lsetxattr") and strings:
        wanted = strings[1 if name.startswith(("mount", "symlink")) and len(strings) > 1 else 0]
    elif name in ("rename", "renameat", "renameat2", "link", "linkat") and strings:
        wanted = strings[-1]
    elif strings and name not in ("sethostname", "setdomainname", "bind", "connect", "setsockopt", "write"):
        wanted = strings[0]
    else:
        where = _DESCRIPTOR.search(inner) if name not in ("bind", "connect", "setsockopt", "socket", "ioctl") else None
        return where[1] if where else ""
    at, path = wanted
    bases = [match[1] for match in _FOLDER.finditer(inner[:at])]
    return _joined(bases[-1] if bases else folder, path)


def _joined(folder: str, path: str) -> str:
    parts: list[str] = []
    for part in (PurePosixPath(folder) / path).parts[1:]:
        if part == "..":
            parts = parts[:-1]
        else:
            parts.append(part)
    return "/" + "/".join(parts)


def _decoded(text: str) -> str:
    try:
        return text.encode("latin-1", "replace").decode("unicode_escape").encode("latin-1").decode("utf-8", "replace")
    except (UnicodeDecodeError, UnicodeEncodeError):
        return text


def writes(name: str, inner: str) -> bool:
    """Whether the call would change a file or folder."""
    if name in ("open", "openat", "openat2"):
        return _OPEN_TO_WRITE.search(inner) is not None
    if name in ("access", "faccessat", "faccessat2"):
        return "W_OK" in inner
    return name in _WRITING


def _capability(name: str, inner: str, error: str, path: str) -> str:
    if name in _DECIDED:
        return _DECIDED[name](inner, error)
    if error == "EROFS":
        return "CAP_SYS_ADMIN" if path.startswith(("/proc/", "/sys/")) and writes(name, inner) else ""
    if error == "EACCES" and name not in ("setpriority", "sched_setscheduler"):
        return "CAP_DAC_OVERRIDE" if path and path != "/" else ""
    return _BY_CALL.get(name, "") if error == "EPERM" else ""


def _of_bind(inner: str, error: str) -> str:
    port = _PORT.search(inner)
    return "CAP_NET_BIND_SERVICE" if error == "EACCES" and port and 0 < int(port[1]) < FIRST_FREE else ""


def _of_socket(inner: str, _error: str) -> str:
    return "CAP_NET_RAW" if "SOCK_RAW" in inner or "PACKET" in inner else ""


def _of_ioctl(inner: str, _error: str) -> str:
    return "CAP_NET_ADMIN" if "SIOCS" in inner or "TUN" in inner else ""


def _of_clone(inner: str, error: str) -> str:
    return "CAP_SYS_ADMIN" if error == "EPERM" and "CLONE_NEW" in inner else ""


_DECIDED: Final[Mapping[str, Callable[[str, str], str]]] = {
    "bind": _of_bind,
    "socket": _of_socket,
    "ioctl": _of_ioctl,
    "clone": _of_clone,
    "clone3": _of_clone,
}
"""Calls whose arguments decide."""
