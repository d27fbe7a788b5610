"""Pods made to pass Kubernetes' "restricted", or the reasons why they cannot."""

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from undercurrent.hardening.manifests.patching import Change, Patch, Unfixed, Wanted, extended, set_all
from undercurrent.hardening.manifests.podports import declared_ports, free_moves, moved_ports, obstacles, staying
from undercurrent.hardening.manifests.podsecurity import Violation, violations
from undercurrent.hardening.ports import FIRST_FREE
from undercurrent.i18n import gettext_noop as N_
from undercurrent.i18n import translate as _
from undercurrent.kube import Container, Object, Pod
from undercurrent.splices import Edit
from undercurrent.yamltext import Document, Key, remove, set_value
from undercurrent.yamltext.shapes import list_in, mapping_in

__all__ = ["patch_pod"]

_REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "appArmorProfile": N_("AppArmor is switched off for it ({value}); whoever did so has a reason"),
        "capabilities_restricted": N_("it adds the capability {value}, which it may need"),
        "hostNamespaces": N_("it shares the host's network, processes or message queues ({field})"),
        "hostPorts": N_("it takes port {value} of the host; a Service would not need it"),
        "hostProbesAndHostLifecycle": N_("a probe or handler asks {value} instead of the container itself"),
        "privileged": N_("it is privileged: it can do all that root of the host can"),
        "procMount_restricted": N_("it sees /proc unmasked"),
        "restrictedVolumes": N_("its volume is of the kind {value}; a PersistentVolumeClaim would be allowed"),
        "seLinuxOptions": N_("it sets an SELinux {field} of its own: {value}"),
        "sysctls": N_("it changes the kernel setting {value}, which is not for it alone"),
        "windowsHostProcess": N_("it is a process of the Windows host"),
    }
)
_BIND: Final = "NET_BIND_SERVICE"
_PORT_START: Final = "net.ipv4.ip_unprivileged_port_start"


def patch_pod(pod: Pod, wanted: Wanted, others: tuple[Object, ...] = ()) -> Patch:
    """The edits that make a pod pass "restricted"; none where something stands in the way, which is told.

    Args:
        pod: to change.
        wanted: how it is to run.
        others: what may mention its ports: Services, network policies.

    Raises:
        Unsupported: it is written in a way that cannot be changed with certainty.
    """
    unfixed = tuple(_unfixed(found, wanted) for found in violations(pod, "restricted") if _stands(found))
    if unfixed:
        return Patch(unfixed=unfixed)
    edits: list[Edit] = []
    changes: list[Change] = []

    def put(key: Key, values: Mapping[str, Any]) -> None:
        made = set_all(pod.document, pod.at(*key), values)
        edits.extend(made)
        changes.extend(Change(pod.title, pod.line(*key), f"{_dotted(pod, key)}.{said}") for said in _said(values))

    blocked = tuple(_blocked(pod, others)) if wanted.move_ports else ()
    stuck = {port for port, _why in blocked}
    moves = {port: new for port, new in free_moves(pod).items() if wanted.move_ports and port not in stuck}
    new_security = dict(_pod_security(pod, wanted, moves))
    for container in pod.containers:
        put((*container.key, "securityContext"), dict(_security(pod, container, wanted)))
        edits += _less_capabilities(pod, container, wanted)
    if not pod.windows:
        volumes = list(_temporary(pod, wanted))
        for container, mounts in _by_container(volumes):
            key = pod.at(*container.key, "volumeMounts")
            edits += extended(pod.document, key, mounts)
            changes += [_mounted(pod, container, mount) for mount in mounts]
        edits += extended(pod.document, pod.at("volumes"), [{"name": name, "emptyDir": {}} for name, *_rest in volumes])
    put(("securityContext",), new_security)
    files: dict[str, list[Edit]] = {pod.document.name: edits}
    for document, edit, change in moved_ports(pod, moves, others):
        files.setdefault(document.name, []).append(edit)
        changes.append(change)
    return Patch(
        {name: tuple(found) for name, found in files.items() if found},
        tuple(changes),
        tuple(why for _port, why in blocked),
        _by_file(staying(pod, moves, others)),
    )


def _by_file(found: Iterable[tuple[Document, Unfixed]]) -> dict[str, tuple[Unfixed, ...]]:
    files: dict[str, list[Unfixed]] = {}
    for document, why in found:
        files.setdefault(document.name, []).append(why)
    return {name: tuple(left) for name, left in files.items()}


def _blocked(pod: Pod, others: tuple[Object, ...]) -> Iterator[tuple[int, Unfixed]]:
    """The ports that cannot be moved, with the reason."""
    for port, new in free_moves(pod).items():
        for container in pod.containers:
            if port in declared_ports(container):
                yield from ((port, why) for why in obstacles(pod, container, port, new, others))


def _stands(found: Violation) -> bool:
    return found.check in _REASONS and not (found.check == "capabilities_restricted" and found.value in ("", _BIND))


def _unfixed(found: Violation, _wanted: Wanted) -> Unfixed:
    field = next((str(step) for step in reversed(found.key) if isinstance(step, str)), "")
    reason = _(_REASONS[found.check]).format(value=found.value, field=field)
    if found.container is not None:
        reason = _("container {name}: {reason}").format(name=found.container.name, reason=reason)
    return Unfixed(found.pod.title, found.line, found.check, reason)


def _pod_security(pod: Pod, wanted: Wanted, moves: Mapping[int, int]) -> Iterator[tuple[str, Any]]:
    has = pod.security
    own = [container.security.get("runAsUser") for container in pod.containers]
    if not has.get("runAsNonRoot") and not _own_namespace(pod):
        yield "runAsNonRoot", True
        named = has.get("runAsUser") or pod.windows or all(own) or wanted.user
        if has.get("runAsUser") == 0 or not named:
            yield "runAsUser", wanted.uid
            if not has.get("runAsGroup") and not any(own):  # whose user is set has the group that goes with it
                yield "runAsGroup", wanted.gid
    elif has.get("runAsUser") == 0 and not _own_namespace(pod):
        yield "runAsUser", wanted.uid
    if pod.windows:
        return
    if "fsGroup" not in has and _keeps(pod):
        yield "fsGroup", has.get("runAsGroup") or wanted.gid
    if mapping_in(has.get("seccompProfile")).get("type") not in ("RuntimeDefault", "Localhost"):
        yield "seccompProfile", {"type": "RuntimeDefault"}
    lowest = min((port for port in free_moves(pod) if port not in moves), default=FIRST_FREE)
    names = [mapping_in(one).get("name") for one in list_in(has.get("sysctls"))]
    if lowest < FIRST_FREE and _PORT_START not in names:
        yield "sysctls", [*list_in(has.get("sysctls")), {"name": _PORT_START, "value": str(lowest)}]


def _keeps(pod: Pod) -> bool:
    """It has volumes whose files it does not get as its own without being in their group."""
    kinds = {kind for volume in list_in(pod.spec.get("volumes")) for kind in mapping_in(volume)}
    templates = mapping_in(pod.owner.data.get("spec")).get("volumeClaimTemplates")
    return bool(kinds & {"persistentVolumeClaim", "ephemeral", "csi"}) or bool(templates)


def _security(pod: Pod, container: Container, wanted: Wanted) -> Iterator[tuple[str, Any]]:
    has = container.security
    if has.get("runAsNonRoot") is False and not _own_namespace(pod):
        yield "runAsNonRoot", True
    if has.get("runAsUser") == 0 and not _own_namespace(pod):
        yield "runAsUser", wanted.uid
    if pod.windows:
        return
    if has.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation", False
    if "ALL" not in list_in(mapping_in(has.get("capabilities")).get("drop")):
        yield "capabilities", {"drop": ["ALL"]}
    if has.get("readOnlyRootFilesystem") is not True:
        yield "readOnlyRootFilesystem", True
    profile = has.get("seccompProfile")
    if profile is not None and mapping_in(profile).get("type") not in ("RuntimeDefault", "Localhost"):
        yield "seccompProfile", {"type": "RuntimeDefault"}


def _less_capabilities(pod: Pod, container: Container, wanted: Wanted) -> tuple[Edit, ...]:
    added = list_in(mapping_in(container.security.get("capabilities")).get("add"))
    if wanted.keep_bind or not added or pod.windows:
        return ()
    key = pod.at(*container.key, "securityContext", "capabilities", "add")
    if "ALL" in list_in(mapping_in(container.security.get("capabilities")).get("drop")):
        return remove(pod.document, key)
    # `drop` goes into the same mapping: what is added is emptied, as a mapping cannot lose its all and gain another.
    return set_value(pod.document, key, [])


def _temporary(pod: Pod, wanted: Wanted) -> Iterator[tuple[str, Container, str]]:
    """Names of new volumes, for which containers, mounted where."""
    names = {mapping_in(volume).get("name") for volume in list_in(pod.spec.get("volumes"))}
    claims = list_in(mapping_in(pod.owner.data.get("spec")).get("volumeClaimTemplates"))
    names |= {mapping_in(mapping_in(claim).get("metadata")).get("name") for claim in claims}
    for container in pod.containers:
        if container.security.get("readOnlyRootFilesystem") is True:
            continue
        mounted = {
            str(mapping_in(one).get("mountPath")).rstrip("/") for one in list_in(container.data.get("volumeMounts"))
        }
        for path in wanted.writable:
            if any(path == one or path.startswith(f"{one}/") for one in mounted):
                continue
            plain = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-")[:40] or "writable"
            single = plain if len(pod.containers) == 1 else f"{plain}-{container.name}"[:63].rstrip("-")
            name = next(one for one in (single, *(f"{single[:60]}-{n}" for n in range(2, 99))) if one not in names)
            names.add(name)
            yield name, container, path


def _by_container(volumes: list[tuple[str, Container, str]]) -> Iterator[tuple[Container, list[dict[str, str]]]]:
    for key in dict.fromkeys(container.key for _name, container, _path in volumes):
        mine = [volume for volume in volumes if volume[1].key == key]
        yield mine[0][1], [{"name": name, "mountPath": path} for name, _container, path in mine]


def _mounted(pod: Pod, container: Container, mount: Mapping[str, str]) -> Change:
    what = f"{_dotted(pod, container.key)}.volumeMounts: {mount['mountPath']} (emptyDir)"
    return Change(pod.title, pod.line(*container.key), what)


def _said(values: Mapping[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from (f"{name}.{inner}" for inner in _said(value))
        else:
            items = value if isinstance(value, list) else [value]
            yield f"{name}: {', '.join(_shown(item) for item in items)}"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return " ".join(f"{name}={inner}" for name, inner in value.items())
    return str(value)


def _dotted(pod: Pod, key: Key) -> str:
    """For people: ``containers[web].securityContext``."""
    found = next((one for one in pod.containers if one.key == key[:2]), None)
    if found is None:
        return ".".join(map(str, key))
    return ".".join((f"{key[0]}[{found.name}]", *map(str, key[2:])))


def _own_namespace(pod: Pod) -> bool:
    return pod.spec.get("hostUsers") is False
