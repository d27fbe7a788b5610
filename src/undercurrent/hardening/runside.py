"""How an image is to be run so that it is rootless: the options of engines and compose, the fields of Kubernetes.

One noun, `RunSide`, says what a container gets; the functions say it to ``docker run`` and ``podman run``, to compose
and to Kubernetes. What Kubernetes gets passes Pod Security's "restricted":
https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from undercurrent.hardening.model.nouns import StatePath
from undercurrent.hardening.ports import FIRST_FREE

__all__ = [
    "Engine",
    "Published",
    "RunSide",
    "command_line",
    "compose_options",
    "container_security_context",
    "engine_options",
    "pod_security_context",
    "pod_volumes",
    "resources",
    "tmpfs_option",
    "tmpfs_owner",
    "volume_name",
]


Engine: TypeAlias = Literal["docker", "podman"]
"""Who runs it."""

_TMPFS_SIZE: Final = "64m"
_EVERYBODYS: Final = frozenset({"/tmp", "/var/tmp"})
"""Folders that everybody may write to in any image."""
_EXECUTED: Final = "native-libraries"
"""`StatePath.why` of a folder that programs are unpacked into and loaded from: it cannot be ``noexec``."""


@dataclass(frozen=True, slots=True, order=True)
class Published:
    """A port of the container, and the one under which it was known outside before: equal, unless it was moved."""

    outside: int
    inside: int
    protocol: Literal["tcp", "udp", "sctp"] = "tcp"


@dataclass(frozen=True, slots=True)
class RunSide:
    """What a container is given, and nothing else.

    Attributes:
        user: its user id; never 0 in what is proposed.
        group: its group id; None leaves it to the image's passwd file.
        ports: that it listens on.
        tmpfs: paths to write to that need not outlive it.
        volumes: paths to write to that have to.
        environment: variables beyond those of the image.
        capabilities: kept, ``CAP_…``; empty unless one cannot be avoided.
        lowest_port: the lowest port that anybody may listen on; below `FIRST_FREE` only where a program cannot be
            told to use another one. The sysctl that says so is one of those that "restricted" allows.
    """

    user: int
    group: int | None = None
    ports: tuple[Published, ...] = ()
    tmpfs: tuple[StatePath, ...] = ()
    volumes: tuple[StatePath, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    lowest_port: int = FIRST_FREE

    @property
    def named_user(self) -> str:
        """As USER and ``--user`` take it."""
        return str(self.user) if self.group is None else f"{self.user}:{self.group}"


def volume_name(name: str, path: str) -> str:
    """What a volume for ``path`` of the application ``name`` is called: one DNS label, as Kubernetes wants it."""
    return _label(f"{name}-{path.strip('/').replace('/', '-')}")


def _label(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].rstrip("-") or "app"


def tmpfs_option(state: StatePath, run: RunSide, engine: Engine = "docker") -> str:
    """What ``--tmpfs`` and compose's ``tmpfs:`` take: mode and owner are said because engines differ in them else.

    runc before 1.1.8 gives a tmpfs the mode of the folder that it is over, whatever it is told
    (https://github.com/opencontainers/runc/releases/tag/v1.1.8): that is why it needs an owner where that folder is not
    everybody's. Docker takes numbers; podman takes none, but ``U``, which gives it to the container's user.

    Args:
        state: the path.
        run: who writes there.
        engine: that is told.
    """
    executes = "exec" if state.why == _EXECUTED else "noexec"
    options = ["rw", executes, "nosuid", "nodev", f"size={_TMPFS_SIZE}", "mode=1777"]
    if state.path not in _EVERYBODYS:
        options += ["U", "notmpcopyup"] if engine == "podman" else tmpfs_owner(state.path, run.named_user)
    return f"{state.path}:{','.join(options)}"


def tmpfs_owner(path: str, user: str) -> tuple[str, ...]:
    """The options that give a tmpfs at ``path`` to a user, as Docker and compose take them: see `tmpfs_option`.

    None where everybody may write, or where the user is no number.
    """
    numbers = zip(("uid", "gid"), user.split(":"), strict=False)
    wanted = path not in _EVERYBODYS
    return tuple(f"{name}={number}" for name, number in numbers if wanted and number.isdecimal())


def engine_options(run: RunSide, name: str = "", *, engine: Engine = "docker", publish: bool = True) -> tuple[str, ...]:
    """The arguments that ``docker run`` or ``podman run`` gets before the image.

    Args:
        run: what it is given.
        name: of the application, for the names of volumes.
        engine: which of them.
        publish: with ``--publish``, one for each port.
    """
    options = ["--user", run.named_user, "--cap-drop", "ALL"]
    options += [part for capability in run.capabilities for part in ("--cap-add", capability.removeprefix("CAP_"))]
    options += ["--security-opt", "no-new-privileges", "--read-only"]
    for state in run.tmpfs:
        options += ["--tmpfs", tmpfs_option(state, run, engine)]
    for state in run.volumes:
        options += ["--volume", f"{volume_name(name, state.path)}:{state.path}"]
    if run.lowest_port < FIRST_FREE:
        options += ["--sysctl", f"net.ipv4.ip_unprivileged_port_start={run.lowest_port}"]
    for variable, value in run.environment.items():
        options += ["--env", f"{variable}={value}"]
    for port in run.ports if publish else ():
        options += ["--publish", _mapping(port)]
    return tuple(options)


def _mapping(port: Published) -> str:
    protocol = "" if port.protocol == "tcp" else f"/{port.protocol}"
    return f"{port.outside}:{port.inside}{protocol}"


def command_line(run: RunSide, image: str, *, engine: Engine = "docker") -> str:
    """The line that a person types, an option on each line."""
    name = re.split(r"[@:]", image.rpartition("/")[2])[0]
    options = (shlex.join(option) for option in _paired(engine_options(run, name, engine=engine)))
    return " \\\n  ".join((f"{engine} run --rm", *options, shlex.quote(image)))


def _paired(options: Iterable[str]) -> Iterable[tuple[str, ...]]:
    pair: tuple[str, ...] = ()
    for option in options:
        if option.startswith("--") and pair:
            yield pair
            pair = ()
        pair = (*pair, option)
    if pair:
        yield pair


def compose_options(run: RunSide, name: str = "") -> dict[str, Any]:
    """The keys of a compose service, as its specification has them.

    Reference: https://github.com/compose-spec/compose-spec/blob/main/05-services.md
    """
    options: dict[str, Any] = {"user": run.named_user, "cap_drop": ["ALL"]}
    if run.capabilities:
        options["cap_add"] = [capability.removeprefix("CAP_") for capability in run.capabilities]
    options |= {"security_opt": ["no-new-privileges:true"], "read_only": True}
    if run.tmpfs:
        options["tmpfs"] = [tmpfs_option(state, run) for state in run.tmpfs]
    if run.volumes:
        options["volumes"] = [f"{volume_name(name, state.path)}:{state.path}" for state in run.volumes]
    if run.lowest_port < FIRST_FREE:
        options["sysctls"] = {"net.ipv4.ip_unprivileged_port_start": run.lowest_port}
    if run.environment:
        options["environment"] = dict(run.environment)
    if run.ports:
        options["ports"] = [_mapping(port) for port in run.ports]
    return options


def pod_security_context(run: RunSide) -> dict[str, Any]:
    """``spec.securityContext`` of a pod."""
    group = run.user if run.group is None else run.group
    context: dict[str, Any] = {"runAsNonRoot": True, "runAsUser": run.user}
    if run.group is not None:
        context["runAsGroup"] = run.group
    if run.tmpfs or run.volumes:
        context["fsGroup"] = group
    context["seccompProfile"] = {"type": "RuntimeDefault"}
    if run.lowest_port < FIRST_FREE:
        context["sysctls"] = [{"name": "net.ipv4.ip_unprivileged_port_start", "value": str(run.lowest_port)}]
    return context


def container_security_context(run: RunSide) -> dict[str, Any]:
    """``securityContext`` of a container."""
    capabilities: dict[str, Any] = {"drop": ["ALL"]}
    if run.capabilities:
        capabilities["add"] = [capability.removeprefix("CAP_") for capability in run.capabilities]
    return {"allowPrivilegeEscalation": False, "capabilities": capabilities, "readOnlyRootFilesystem": True}


def pod_volumes(run: RunSide, name: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """``volumes`` of the pod and ``volumeMounts`` of its container: an emptyDir for each tmpfs, else a claim.

    Args:
        run: what it is given.
        name: of the application: what the claims are called begins with it.
    """
    volumes: list[dict[str, Any]] = [{"name": _label(state.path), "emptyDir": {}} for state in run.tmpfs]
    volumes += [
        {"name": _label(state.path), "persistentVolumeClaim": {"claimName": volume_name(name, state.path)}}
        for state in run.volumes
    ]
    paths = [state.path for state in (*run.tmpfs, *run.volumes)]
    mounts = [{"name": volume["name"], "mountPath": path} for volume, path in zip(volumes, paths, strict=True)]
    return volumes, mounts


def resources(run: RunSide, image: str, name: str) -> tuple[dict[str, Any], ...]:
    """Kubernetes objects to begin with: a Deployment, a Service, claims, and a NetworkPolicy.

    The policy lets nobody in but on the ports, and says nothing of what the application may reach.

    Args:
        run: what it is given.
        image: to run.
        name: of the application; made a DNS label.
    """
    name = _label(name)
    labels = {"app.kubernetes.io/name": name}
    found = [_deployment(run, image, name, labels)]
    if run.ports:
        ports = [_service_port(port) for port in run.ports]
        found.append(_named("v1", "Service", name, {"selector": labels, "ports": ports}))
    for state in run.volumes:
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        found.append(_named("v1", "PersistentVolumeClaim", volume_name(name, state.path), spec))
    allowed = [{"ports": [{"protocol": port.protocol.upper(), "port": port.inside} for port in run.ports]}]
    policy = {"podSelector": {"matchLabels": labels}, "policyTypes": ["Ingress"], "ingress": allowed * bool(run.ports)}
    found.append(_named("networking.k8s.io/v1", "NetworkPolicy", name, policy))
    return tuple(found)


def _named(version: str, kind: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": dict(spec)}


def _service_port(port: Published) -> dict[str, Any]:
    name = f"{port.protocol}-{port.outside}"
    return {"name": name, "protocol": port.protocol.upper(), "port": port.outside, "targetPort": port.inside}


def _deployment(run: RunSide, image: str, name: str, labels: Mapping[str, str]) -> dict[str, Any]:
    volumes, mounts = pod_volumes(run, name)
    container: dict[str, Any] = {"name": name, "image": image, "securityContext": container_security_context(run)}
    if run.ports:
        container["ports"] = [{"containerPort": port.inside, "protocol": port.protocol.upper()} for port in run.ports]
    if run.environment:
        container["env"] = [{"name": key, "value": value} for key, value in run.environment.items()]
    if mounts:
        container["volumeMounts"] = mounts
    spec: dict[str, Any] = {
        "automountServiceAccountToken": False,
        "securityContext": pod_security_context(run),
        "containers": [container],
    }
    if volumes:
        spec["volumes"] = volumes
    template = {"metadata": {"labels": dict(labels)}, "spec": spec}
    deployment = {"replicas": 1, "selector": {"matchLabels": dict(labels)}, "template": template}
    if run.volumes:
        deployment["strategy"] = {"type": "Recreate"}  # two at once must not write to one volume
    return _named("apps/v1", "Deployment", name, deployment)
