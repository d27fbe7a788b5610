"""What rules look for in pods that is no part of the Pod Security Standards."""

from collections.abc import Iterator

from undercurrent.hardening.manifests.podchecks import Found
from undercurrent.hardening.manifests.servicechecks import socket_in
from undercurrent.hardening.numbers import as_number
from undercurrent.hardening.ports import FIRST_FREE
from undercurrent.hardening.rules.low_uid import is_low
from undercurrent.hardening.rules.secretnames import is_secret
from undercurrent.kube import Pod
from undercurrent.yamltext.shapes import list_in, mapping_in, text_in

__all__ = ["low_ports", "low_users", "ports", "secrets", "sockets", "tokens", "writable_roots"]


def writable_roots(pod: Pod) -> Iterator[Found]:
    """Containers that can write to their root filesystem; those on Windows cannot be kept from it."""
    for container in () if pod.windows else pod.containers:
        if container.security.get("readOnlyRootFilesystem") is not True:
            yield Found((*container.key, "securityContext", "readOnlyRootFilesystem"), container=container)


def low_users(pod: Pod) -> Iterator[Found]:
    """User ids that a node may use itself."""
    contexts = [(("securityContext",), pod.security, None)]
    contexts += [((*one.key, "securityContext"), one.security, one) for one in pod.containers]  # type: ignore[misc]
    for key, context, container in contexts:
        user = context.get("runAsUser")
        if isinstance(user, int) and not isinstance(user, bool) and is_low(user):
            yield Found((*key, "runAsUser"), str(user), container)


def sockets(pod: Pod) -> Iterator[Found]:
    """Sockets of engines."""
    for number, volume in enumerate(list_in(pod.spec.get("volumes"))):
        path = text_in(mapping_in(mapping_in(volume).get("hostPath")).get("path"))
        if socket_in(path):
            yield Found(("volumes", number, "hostPath", "path"), path)


def secrets(pod: Pod) -> Iterator[Found]:
    """Variables that are called like secrets and have their value here."""
    for container in pod.containers:
        for number, variable in enumerate(list_in(container.data.get("env"))):
            name, value = (text_in(mapping_in(variable).get(field)) for field in ("name", "value"))
            if is_secret(name, value):
                yield Found((*container.key, "env", number, "value"), name, container)


def tokens(pod: Pod) -> Iterator[Found]:
    """A token of the service account, which nobody asked for: neither the pod nor its account is named."""
    if pod.spec.get("automountServiceAccountToken") is None and not pod.spec.get("serviceAccountName"):
        yield Found(("automountServiceAccountToken",))


def ports(pod: Pod) -> tuple[int, ...]:
    """The ports of all its containers."""
    said = (mapping_in(port).get("containerPort") for one in pod.containers for port in list_in(one.data.get("ports")))
    return tuple(port for port in said if isinstance(port, int) and not isinstance(port, bool))


def low_ports(pod: Pod) -> Iterator[Found]:
    """Ports that need a capability, where the pod's kernel settings do not give them to everybody."""
    sysctls = [mapping_in(one) for one in list_in(pod.security.get("sysctls"))]
    free = [one.get("value") for one in sysctls if one.get("name") == "net.ipv4.ip_unprivileged_port_start"]
    lowest = min((said for value in free if (said := as_number(str(value))) is not None), default=FIRST_FREE)
    for container in pod.containers:
        for number, port in enumerate(list_in(container.data.get("ports"))):
            said = mapping_in(port).get("containerPort")
            if isinstance(said, int) and not isinstance(said, bool) and 0 < said < lowest:
                yield Found((*container.key, "ports", number, "containerPort"), str(said), container)
