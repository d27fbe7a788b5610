"""The checks of Kubernetes' Pod Security Standards, one function each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from undercurrent.kube import Container, Pod
from undercurrent.yamltext import Key
from undercurrent.yamltext.shapes import list_in, mapping_in, text_in

__all__ = [
    "Found",
    "Version",
    "app_armor",
    "capabilities_baseline",
    "capabilities_restricted",
    "host_namespaces",
    "host_paths",
    "host_ports",
    "host_process",
    "privilege_escalation",
    "privileged",
    "probe_hosts",
    "proc_mount",
    "proc_mount_baseline",
    "run_as_non_root",
    "run_as_user",
    "seccomp_baseline",
    "seccomp_restricted",
    "selinux",
    "sysctls",
    "volumes",
]

Version: TypeAlias = tuple[int, int]
"""Of Kubernetes: ``(1, 35)``."""

_SECURITY: Final = "securityContext"


@dataclass(frozen=True, slots=True)
class Found:
    """Where a check fails: below the pod's spec (or in its metadata), in which container, by which value."""

    key: Key
    value: str = ""
    container: Container | None = None


def app_armor(pod: Pod, _version: Version) -> Iterator[Found]:
    """AppArmor's default profile is in force, or another one that is named."""
    for key, context, container in _contexts(pod):
        profile = context.get("appArmorProfile")
        if profile is not None:
            said = mapping_in(profile).get("type")
            if said not in ("RuntimeDefault", "Localhost"):
                yield Found((*key, "appArmorProfile", "type"), text_in(said), container)
    for name, value in mapping_in(pod.metadata.get("annotations")).items():
        allowed = value in ("", None, "runtime/default") or str(value).startswith("localhost/")
        if name.startswith("container.apparmor.security.beta.kubernetes.io/") and not allowed:
            yield Found(("metadata", "annotations", name), text_in(value))


_DEFAULT_CAPABILITIES: Final = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)


def capabilities_baseline(pod: Pod, _version: Version) -> Iterator[Found]:
    """No capability is added but those that containers have anyway."""
    yield from _added_capabilities(pod, _DEFAULT_CAPABILITIES)


def capabilities_restricted(pod: Pod, _version: Version) -> Iterator[Found]:
    """All are dropped, and none is added but that for ports below 1024."""
    for container in pod.containers:
        dropped = mapping_in(container.security.get("capabilities")).get("drop")
        if "ALL" not in list_in(dropped):
            yield Found((*container.key, _SECURITY, "capabilities", "drop"), container=container)
    yield from _added_capabilities(pod, frozenset({"NET_BIND_SERVICE"}))


def _added_capabilities(pod: Pod, allowed: frozenset[str]) -> Iterator[Found]:
    for container in pod.containers:
        added = list_in(mapping_in(container.security.get("capabilities")).get("add"))
        for number, name in enumerate(added):
            if name not in allowed:
                key = (*container.key, _SECURITY, "capabilities", "add", number)
                yield Found(key, text_in(name), container)


def host_namespaces(pod: Pod, _version: Version) -> Iterator[Found]:
    """The host's network, processes and message queues are not shared."""
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if not _is_off(pod.spec.get(field)):
            yield Found((field,), "true")


def host_paths(pod: Pod, _version: Version) -> Iterator[Found]:
    """No volume is a folder of the host."""
    for number, volume in enumerate(_volumes(pod)):
        if volume.get("hostPath") is not None:
            yield Found(("volumes", number, "hostPath"), text_in(mapping_in(volume["hostPath"]).get("path")))


def host_ports(pod: Pod, _version: Version) -> Iterator[Found]:
    """No port of the host is taken."""
    for container in pod.containers:
        for number, port in enumerate(list_in(container.data.get("ports"))):
            said = mapping_in(port).get("hostPort")
            if said not in (None, 0):
                yield Found((*container.key, "ports", number, "hostPort"), text_in(said), container)


def probe_hosts(pod: Pod, _version: Version) -> Iterator[Found]:
    """Probes and handlers ask the container itself, not a host that somebody named."""
    for container in pod.containers:
        for handler in (
            ("livenessProbe",),
            ("readinessProbe",),
            ("startupProbe",),
            ("lifecycle", "postStart"),
            ("lifecycle", "preStop"),
        ):
            found: Any = container.data
            for step in handler:
                found = mapping_in(found).get(step)
            for way in ("httpGet", "tcpSocket"):
                host = mapping_in(mapping_in(found).get(way)).get("host")
                if host not in (None, ""):
                    yield Found((*container.key, *handler, way, "host"), text_in(host), container)


def privileged(pod: Pod, _version: Version) -> Iterator[Found]:
    """No container is privileged."""
    for container in pod.containers:
        if not _is_off(container.security.get("privileged")):
            yield Found((*container.key, _SECURITY, "privileged"), "true", container)


def proc_mount(pod: Pod, _version: Version) -> Iterator[Found]:
    """What is masked in /proc stays masked."""
    for container in pod.containers:
        said = container.security.get("procMount")
        if said not in (None, "Default"):
            yield Found((*container.key, _SECURITY, "procMount"), text_in(said), container)


def proc_mount_baseline(pod: Pod, version: Version) -> Iterator[Found]:
    """Likewise, but for pods in a user namespace of their own."""
    if not _relaxed(pod, version):
        yield from proc_mount(pod, version)


_SELINUX_TYPES: Final = frozenset({"", "container_t", "container_init_t", "container_kvm_t"})


def selinux(pod: Pod, version: Version) -> Iterator[Found]:
    """SELinux confines as it does by default."""
    allowed = _SELINUX_TYPES | ({"container_engine_t"} if version >= (1, 31) else set())
    for key, context, container in _contexts(pod):
        options = mapping_in(context.get("seLinuxOptions"))
        for field in ("type", "user", "role"):
            said = options.get(field)
            if said is not None and said not in (allowed if field == "type" else ("",)):
                yield Found((*key, "seLinuxOptions", field), text_in(said), container)


def seccomp_baseline(pod: Pod, version: Version) -> Iterator[Found]:
    """Seccomp is not switched off."""
    if version < (1, 19):
        yield from _seccomp_annotations(pod)
        return
    for key, context, container in _contexts(pod):
        said = context.get("seccompProfile")
        if said is not None and not _filters(said):
            yield Found((*key, "seccompProfile", "type"), text_in(mapping_in(said).get("type")), container)


def seccomp_restricted(pod: Pod, version: Version) -> Iterator[Found]:
    """Seccomp is switched on."""
    yield from seccomp_baseline(pod, version)
    if pod.security.get("seccompProfile") is not None:
        return
    for container in pod.containers:
        if container.security.get("seccompProfile") is None:
            yield Found((*container.key, _SECURITY, "seccompProfile"), container=container)


def _filters(profile: Any) -> bool:
    return mapping_in(profile).get("type") in ("RuntimeDefault", "Localhost")


def _seccomp_annotations(pod: Pod) -> Iterator[Found]:
    annotations = mapping_in(pod.metadata.get("annotations"))
    names = {f"container.seccomp.security.alpha.kubernetes.io/{one.name}": one for one in pod.containers}
    for name, container in {"seccomp.security.alpha.kubernetes.io/pod": None, **names}.items():
        if name in annotations:
            said = str(annotations[name])
            if said not in ("runtime/default", "docker/default") and not said.startswith("localhost/"):
                yield Found(("metadata", "annotations", name), said, container)


_SYSCTLS: Final[tuple[tuple[Version, frozenset[str]], ...]] = (
    (
        (1, 0),
        frozenset(
            {
                "kernel.shm_rmid_forced",
                "net.ipv4.ip_local_port_range",
                "net.ipv4.tcp_syncookies",
                "net.ipv4.ping_group_range",
                "net.ipv4.ip_unprivileged_port_start",
            }
        ),
    ),
    ((1, 27), frozenset({"net.ipv4.ip_local_reserved_ports"})),
    (
        (1, 29),
        frozenset(
            {
                "net.ipv4.tcp_keepalive_time",
                "net.ipv4.tcp_fin_timeout",
                "net.ipv4.tcp_keepalive_intvl",
                "net.ipv4.tcp_keepalive_probes",
            }
        ),
    ),
    ((1, 32), frozenset({"net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"})),
)


def sysctls(pod: Pod, version: Version) -> Iterator[Found]:
    """Only kernel settings are changed that are the pod's own and harm nobody else."""
    safe = frozenset[str]().union(*(names for since, names in _SYSCTLS if since <= version))
    for number, sysctl in enumerate(list_in(pod.security.get("sysctls"))):
        name = mapping_in(sysctl).get("name")
        if name not in safe:
            yield Found((_SECURITY, "sysctls", number, "name"), text_in(name))


def host_process(pod: Pod, _version: Version) -> Iterator[Found]:
    """On Windows, no process of the host is made."""
    for key, context, container in _contexts(pod):
        if not _is_off(mapping_in(context.get("windowsOptions")).get("hostProcess")):
            yield Found((*key, "windowsOptions", "hostProcess"), "true", container)


def privilege_escalation(pod: Pod, _version: Version) -> Iterator[Found]:
    """No process gets more rights than the one that started it."""
    for container in pod.containers:
        said = container.security.get("allowPrivilegeEscalation")
        if said is not False:
            key = (*container.key, _SECURITY, "allowPrivilegeEscalation")
            yield Found(key, text_in(said), container)


_RESTRICTED_VOLUMES: Final = (
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
)


def volumes(pod: Pod, _version: Version) -> Iterator[Found]:
    """Volumes are of kinds that an administrator can rule; one without a kind is an emptyDir."""
    for number, volume in enumerate(_volumes(pod)):
        kinds = [kind for kind, source in volume.items() if kind != "name" and source is not None]
        if kinds and not any(kind in _RESTRICTED_VOLUMES for kind in kinds):
            yield Found(("volumes", number, kinds[0]), kinds[0])


def run_as_non_root(pod: Pod, version: Version) -> Iterator[Found]:
    """The kubelet is to refuse images that run as root."""
    if version >= (1, 35) and _relaxed(pod, version):
        return
    whole = pod.security.get("runAsNonRoot")
    if whole not in (None, True):
        yield Found((_SECURITY, "runAsNonRoot"), text_in(whole))
    for container in pod.containers:
        said = container.security.get("runAsNonRoot")
        if said is not True and (said is not None or whole is None):
            yield Found((*container.key, _SECURITY, "runAsNonRoot"), text_in(said), container)


def run_as_user(pod: Pod, version: Version) -> Iterator[Found]:
    """Nobody is set to user 0."""
    if version >= (1, 35) and _relaxed(pod, version):
        return
    for key, context, container in _contexts(pod):
        said = context.get("runAsUser")
        if said is not None and (not isinstance(said, int) or isinstance(said, bool) or said == 0):
            yield Found((*key, "runAsUser"), text_in(said), container)


def _relaxed(pod: Pod, version: Version) -> bool:
    """Root in the pod is nobody on the host: it has a user namespace."""
    return version >= (1, 35) and pod.spec.get("hostUsers") is False


def _contexts(pod: Pod) -> Iterator[tuple[Key, Mapping[str, Any], Container | None]]:
    yield (_SECURITY,), pod.security, None
    for container in pod.containers:
        yield (*container.key, _SECURITY), container.security, container


def _volumes(pod: Pod) -> list[Mapping[str, Any]]:
    return [mapping_in(volume) for volume in list_in(pod.spec.get("volumes"))]


def _is_off(value: Any) -> bool:
    return value is None or value is False
