"""What a compose service does that it need not: the counterpart of Kubernetes' "restricted" for engines."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from undercurrent.hardening.manifests.compose import Service
from undercurrent.hardening.numbers import is_root
from undercurrent.yamltext import Key

__all__ = ["ServiceViolation", "capability", "keeps_data", "service_violations", "socket_in"]

_Check = Literal[
    "privileged",
    "capabilities-dropped",
    "capabilities-added",
    "read-only",
    "no-new-privileges",
    "seccomp",
    "apparmor",
    "selinux",
    "user",
    "host-namespaces",
    "engine-socket",
    "host-path",
    "devices",
    "sysctls",
]

_NAMESPACES: Final = ("network_mode", "pid", "ipc", "uts", "userns_mode", "cgroup")
_SOCKETS: Final = ("docker.sock", "podman.sock", "containerd.sock", "crio.sock", "cri-dockerd.sock")
_HOST: Final = ("/etc", "/root", "/boot", "/proc", "/sys", "/dev", "/usr", "/lib", "/bin", "/sbin", "/run", "/var")


@dataclass(frozen=True, slots=True)
class ServiceViolation:
    """Something that a service has, or lacks.

    Attributes:
        check: what is wrong.
        key: where, below the service; of what lacks something where it is not there.
        value: what is there, or empty where something is missing.
    """

    check: _Check
    key: Key
    value: str = ""


def service_violations(service: Service) -> tuple[ServiceViolation, ...]:
    """What a service does that it need not, in the order of how much it matters."""
    return tuple(found for look in (_host, _rights, _files, _confinement) for found in look(service))


def _host(service: Service) -> Iterator[ServiceViolation]:
    if service.data.get("privileged") not in (None, False):
        yield ServiceViolation("privileged", ("privileged",), "true")
    for name in _NAMESPACES:
        if service.data.get(name) == "host":
            yield ServiceViolation("host-namespaces", (name,), f"{name}: host")
    for number, device in enumerate(service.texts("devices")):
        yield ServiceViolation("devices", ("devices", number), device)
    for mount in service.mounts:
        if socket_in(mount.source):
            yield ServiceViolation("engine-socket", mount.key, mount.source)
        elif mount.kind == "bind" and _is_of_host(mount.source):
            yield ServiceViolation("host-path", mount.key, mount.source)
    sysctls = service.data.get("sysctls")
    for name in sysctls if isinstance(sysctls, dict) else [text.partition("=")[0] for text in service.texts("sysctls")]:
        if not str(name).startswith(("net.ipv4.", "net.ipv6.", "net.core.somaxconn")):
            yield ServiceViolation("sysctls", ("sysctls",), str(name))


def _is_of_host(path: str) -> bool:
    return path == "/" or any(path == one or path.startswith(f"{one}/") for one in _HOST)


def socket_in(path: str) -> bool:
    """Whether a path of the host is the socket of an engine, or the folder that such are in."""
    return path.endswith(_SOCKETS) or path.rstrip("/") in ("/var/run", "/run")


def _rights(service: Service) -> Iterator[ServiceViolation]:
    for number, name in enumerate(service.texts("cap_add")):
        if capability(name) != "NET_BIND_SERVICE":
            yield ServiceViolation("capabilities-added", ("cap_add", number), capability(name))
    if "ALL" not in map(capability, service.texts("cap_drop")):
        yield ServiceViolation("capabilities-dropped", ("cap_drop",))
    options = {option.replace("=", ":", 1) for option in service.texts("security_opt")}
    if not options & {"no-new-privileges:true", "no-new-privileges"}:
        yield ServiceViolation("no-new-privileges", ("security_opt",))
    if is_root(service.user):
        yield ServiceViolation("user", ("user",), service.user)


def capability(name: str) -> str:
    """As Kubernetes writes it: ``NET_ADMIN`` for ``cap_net_admin``."""
    return name.upper().removeprefix("CAP_")


def keeps_data(service: Service) -> bool:
    """Whether it writes into volumes that outlive it, or into folders of the host."""
    return any(not mount.read_only and mount.kind in ("volume", "bind") for mount in service.mounts)


def _files(service: Service) -> Iterator[ServiceViolation]:
    if service.data.get("read_only") is not True:
        yield ServiceViolation("read-only", ("read_only",))


def _confinement(service: Service) -> Iterator[ServiceViolation]:
    for number, option in enumerate(service.texts("security_opt")):
        name, _mark, value = option.replace("=", ":", 1).partition(":")
        if name in ("seccomp", "apparmor") and value == "unconfined":
            yield ServiceViolation("seccomp" if name == "seccomp" else "apparmor", ("security_opt", number), option)
        elif name == "label" and value == "disable":
            yield ServiceViolation("selinux", ("security_opt", number), option)
