"""Features of the Linux kernel, as it is set up here: read from /proc and /sys, and tried where that is cheap."""

import os
import platform
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _
from undercurrent.workflows.doctor.capability import Capability, Machine, Probe, run_program

__all__ = ["kernel_probes"]

_TRY_S: Final = 5.0
_LOWEST_WEB_PORT: Final = 80


def _feature(
    name: str,
    enables: str,
    *,
    present: bool,
    version: str = "",
    path: str = "",
    install: str = "",
    planned: bool = False,
) -> Capability:
    return Capability(name, "kernel", present, version, path, enables, "" if present else install, planned)


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


async def _user_namespaces(_machine: Machine) -> Capability:
    # A distribution may forbid them in several ways (Debian's sysctl, Ubuntu's AppArmor): making one tells.
    tried = await run_program(["unshare", "--user", "--map-root-user", "true"], timeout_s=_TRY_S)
    present = tried[0] == 0 if tried else _read("/proc/sys/user/max_user_namespaces") not in {"", "0"}
    if _read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1":
        install = "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
    elif _read("/proc/sys/kernel/unprivileged_userns_clone") == "0":
        install = "sysctl -w kernel.unprivileged_userns_clone=1"
    else:
        install = "sysctl -w user.max_user_namespaces=28633"
    enables = N_("building and running containers without being root")
    return _feature("user-namespaces", enables, present=present, install=install)


def _subordinate_ids(machine: Machine) -> Capability:
    user = machine.environ.get("USER") or str(os.getuid())
    lines = _read("/etc/subuid").splitlines()
    found = next((line for line in lines if line.partition(":")[0] in {user, str(os.getuid())}), "")
    _name, _start, count = (*found.split(":"), "", "")[:3]
    return _feature(
        "subordinate-ids",
        N_("more than one user inside a container that is not root's"),
        present=bool(found) or os.getuid() == 0,
        version=count,
        path="/etc/subuid" if found else "",
        install=f"usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}",
    )


def _cgroups(_machine: Machine) -> Capability:
    if Path("/sys/fs/cgroup/cgroup.controllers").exists():
        version = "v2"
    elif Path("/sys/fs/cgroup/unified/cgroup.controllers").exists():
        version = "hybrid"
    else:
        version = "v1" if Path("/sys/fs/cgroup").is_dir() else ""
    return _feature(
        "cgroup-v2",
        N_("memory and CPU limits for containers that are not root's"),
        present=version == "v2",
        version=version,
        path="/sys/fs/cgroup",
        install=_("boot with {option}").format(option="systemd.unified_cgroup_hierarchy=1"),
    )


def _overlayfs(_machine: Machine) -> Capability:
    here = any(line.split()[-1:] == ["overlay"] for line in _read("/proc/filesystems").splitlines())
    modules = Path("/lib/modules", platform.release(), "kernel", "fs", "overlayfs")
    return _feature(
        "overlayfs",
        N_("layers of images that are mounted instead of copied"),
        present=here or modules.is_dir(),
        install="modprobe overlay",
    )


def _seccomp(_machine: Machine) -> Capability:
    return _feature(
        "seccomp",
        N_("containers that may make only the system calls they need"),
        present="\nSeccomp:" in _read("/proc/self/status"),
        install=_("a kernel with {option}").format(option="CONFIG_SECCOMP_FILTER=y"),
    )


def _low_ports(_machine: Machine) -> Capability:
    first = _read("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    allowed = first.isdecimal() and int(first) <= _LOWEST_WEB_PORT
    return _feature(
        "low-ports",
        N_("servers on port 80 and 443 that are not root's"),
        present=allowed or os.getuid() == 0,
        version=_("from {port}").format(port=first) if first else "",
        install=f"sysctl -w net.ipv4.ip_unprivileged_port_start={_LOWEST_WEB_PORT}",
    )


def _fanotify(_machine: Machine) -> Capability:
    return _feature(
        "fanotify",
        N_("seeing which files of an image are used at all"),
        present=Path("/proc/sys/fs/fanotify").is_dir(),
        install=_("a kernel with {option}").format(option="CONFIG_FANOTIFY=y"),
        planned=True,
    )


def _kvm(_machine: Machine) -> Capability:
    device = Path("/dev/kvm")
    exists = device.exists()
    return _feature(
        "kvm",
        N_("microVMs at the speed of the machine"),
        present=exists and os.access(device, os.R_OK | os.W_OK),
        version=_("no access") if exists and not os.access(device, os.R_OK | os.W_OK) else "",
        path=str(device) if exists else "",
        install="usermod --append --groups kvm $USER"
        if exists
        else _("switch on virtualisation in the firmware, or nested virtualisation in the host"),
        planned=True,
    )


async def _look(check: Callable[[Machine], Capability], machine: Machine) -> Capability:
    return check(machine)


def kernel_probes(machine: Machine) -> tuple[Probe, ...]:
    """One for each feature; none where there is no Linux."""
    if not machine.linux:
        return ()
    checks = (_subordinate_ids, _cgroups, _overlayfs, _seccomp, _low_ports, _fanotify, _kvm)
    return (_user_namespaces, *(partial(_look, check) for check in checks))
