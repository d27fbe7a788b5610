"""Ports of pods led elsewhere, with every mention: probes, variables, Services, policies; and what cannot follow.

An Ingress names the port of a Service, which stays as it is; so does a port's name.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from undercurrent.hardening.manifests.patching import Change, Unfixed
from undercurrent.hardening.manifests.selecting import selects, serves
from undercurrent.hardening.ports import FIRST_FREE, free_ports, is_configured_in, names_port, speaks_of
from undercurrent.i18n import translate as _
from undercurrent.kube import Container, Object, Pod
from undercurrent.splices import Edit
from undercurrent.yamltext import Document, Key, line_at, set_value
from undercurrent.yamltext.shapes import list_in, mapping_in, text_in

__all__ = ["declared_ports", "free_moves", "moved_ports", "obstacles", "staying"]

_Moved: TypeAlias = Iterator[tuple[Document, Edit, Change]]

_HANDLERS: Final = ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle.postStart", "lifecycle.preStop")
_LISTENING: Final = re.compile(
    r"((?:[a-z]+://)?(?:(?:0\.0\.0\.0|\[::\]|\*|\+|localhost|127\.0\.0\.1)?:)?)([0-9]{1,5})(/?)"
)
_SCRAPED: Final = "prometheus.io/port"
_OWN: Final = ("", "localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class _Mention:
    """A place in another object that means a port of the pod.

    Attributes:
        other: the object.
        key: where in its document.
        port: that it means.
        why: it has to stay as it is; empty if it can be changed.
    """

    other: Object
    key: Key
    port: int
    why: str = ""


def declared_ports(container: Container) -> dict[int, int]:
    """The numbers of its ``ports``, each with its place in that list."""
    found: dict[int, int] = {}
    for index, port in enumerate(list_in(container.data.get("ports"))):
        number = _number(mapping_in(port).get("containerPort"))
        if number:
            found.setdefault(number, index)
    return found


def free_moves(pod: Pod) -> dict[int, int]:
    """Where each port below 1024 that a pod declares goes, if it goes."""
    declared = [number for container in pod.containers for number in declared_ports(container)]
    return free_ports((number for number in declared if number < FIRST_FREE), declared)


def moved_ports(pod: Pod, moves: Mapping[int, int], others: Sequence[Object], keeping: Sequence[Pod] = ()) -> _Moved:
    """The edits that move ports, each with the document that it is in and what it says.

    Args:
        pod: whose ports they are.
        moves: from where to where; its containers share them, as they share an address.
        others: what may mention them: Services, network policies.
        keeping: pods that keep their ports: what is about them as well is left as it is.

    Raises:
        Unsupported: a mention is written in a way that cannot be changed with certainty.
    """
    for container in pod.containers:
        yield from _moved_in(pod, container, moves)
    scraped = text_in(mapping_in(pod.metadata.get("annotations")).get(_SCRAPED))
    if scraped.isdecimal() and int(scraped) in moves:
        key = (*pod.key, "metadata", "annotations", _SCRAPED)
        yield from _set(pod.document, key, str(moves[int(scraped)]), pod.title)
    for mention in _mentions(pod, moves, others, keeping):
        if not mention.why:
            title = f"{mention.other.kind} {mention.other.name}"
            yield from _set(mention.other.document, mention.key, moves[mention.port], title)


def _moved_in(pod: Pod, container: Container, moves: Mapping[int, int]) -> _Moved:
    for index, port in enumerate(list_in(container.data.get("ports"))):
        number = _number(mapping_in(port).get("containerPort"))
        if number in moves:
            yield from _put(pod, (*container.key, "ports", index, "containerPort"), moves[number])
    for index, before, number, after in _variables(container):
        if number in moves and number in declared_ports(container):
            yield from _put(pod, (*container.key, "env", index, "value"), f"{before}{moves[number]}{after}")
    for key, number in _handlers(container):
        if number in moves:
            yield from _put(pod, (*container.key, *key), moves[number])


def obstacles(pod: Pod, container: Container, port: int, new: int, others: Sequence[Object]) -> Iterator[Unfixed]:
    """Why a container cannot be led from one port to another: what is said to it counts more than its image.

    Args:
        pod: that it is in.
        container: that listens on ``port``.
        port: as it is.
        new: as it would be.
        others: the ConfigMaps that it may be given.
    """

    def left(key: Key, reason: str) -> Unfixed:
        return _left(pod, key, reason)

    if pod.spec.get("hostNetwork") is True:
        yield left(("hostNetwork",), _("port {port} is the host's: it shares the host's network").format(port=port))
    for other in pod.containers:
        if new in declared_ports(other):
            key = (*other.key, "ports", declared_ports(other)[new])
            text = _("container {name} listens on {new} already, where port {port} would go")
            yield left(key, text.format(name=other.name, new=new, port=port))
    for field in ("command", "args"):
        for index, word in enumerate(list_in(container.data.get(field))):
            if speaks_of(word, port):
                text = _("it is started with port {port}: {word}")
                yield left((*container.key, field, index), text.format(port=port, word=_short(word)))
    yield from _configured(pod, container, port, others)


def _configured(pod: Pod, container: Container, port: int, others: Sequence[Object]) -> Iterator[Unfixed]:
    """ConfigMaps that say the port, and those that may, as they are not here."""
    maps = {one.name: one for one in others if one.kind == "ConfigMap" and one.namespace in ("", pod.owner.namespace)}
    volumes = {
        mapping_in(one).get("name"): text_in(mapping_in(mapping_in(one).get("configMap")).get("name"))
        for one in list_in(pod.spec.get("volumes"))
    }
    for index, mount in enumerate(list_in(container.data.get("volumeMounts"))):
        said = mapping_in(mount)
        name, path = volumes.get(said.get("name"), ""), text_in(said.get("mountPath"))
        key = (*container.key, "volumeMounts", index)
        if name in maps and speaks_of(maps[name].data.get("data"), port):
            text = _("ConfigMap {name} is mounted at {path}, and speaks of port {port}")
            yield _left(pod, key, text.format(name=name, path=path, port=port))
        elif name and name not in maps and is_configured_in(path):
            text = _("ConfigMap {name} is mounted at {path}; it is not here, and may say port {port}")
            yield _left(pod, key, text.format(name=name, path=path, port=port))
    for index, source in enumerate(list_in(container.data.get("envFrom"))):
        name = text_in(mapping_in(mapping_in(source).get("configMapRef")).get("name"))
        pairs = mapping_in(maps[name].data.get("data")) if name in maps else {}
        if any(names_port(variable) and speaks_of(value, port) for variable, value in pairs.items()):
            text = _("its variables come from ConfigMap {name}, which speaks of port {port}")
            yield _left(pod, (*container.key, "envFrom", index), text.format(name=name, port=port))


def staying(
    pod: Pod, moves: Mapping[int, int], others: Sequence[Object], keeping: Sequence[Pod] = ()
) -> Iterator[tuple[Document, Unfixed]]:
    """The mentions that `moved_ports` does not change, each with the document that it is in and the reason."""
    for container in pod.containers:
        for way in _HANDLERS:
            key: Key = (*way.split("."), "exec", "command")
            for port in moves:
                if speaks_of(_below(container.data, key), port):
                    text = _("a command speaks of port {port}, which becomes {new}")
                    yield pod.document, _left(pod, (*container.key, *key), text.format(port=port, new=moves[port]))
    for mention in _mentions(pod, moves, others, keeping):
        if mention.why:
            other = mention.other
            line = line_at(other.document, mention.key)
            yield other.document, Unfixed(f"{other.kind} {other.name}", line, "port", mention.why)


def _mentions(
    pod: Pod, moves: Mapping[int, int], others: Sequence[Object], keeping: Sequence[Pod]
) -> Iterator[_Mention]:
    for other in others:
        if other.kind == "Service" and serves(other, pod):
            yield from _of_service(moves, other, keeping)
        elif other.kind == "NetworkPolicy":
            yield from _of_policy(pod, moves, other, keeping)


def _of_service(moves: Mapping[int, int], other: Object, keeping: Sequence[Pod]) -> Iterator[_Mention]:
    spec = mapping_in(other.data.get("spec"))
    kept = [one for one in keeping if serves(other, one)]
    for index, port in enumerate(list_in(spec.get("ports"))):
        said = mapping_in(port)
        target = _number(said.get("targetPort", said.get("port")))
        if target not in moves:
            continue
        key = (*other.key, "spec", "ports", index, "targetPort")
        if spec.get("clusterIP") == "None":
            text = _("who looks up this Service reaches the pods themselves, at {new} instead of {port}")
            yield _Mention(other, key, target, text.format(new=moves[target], port=target))
        yield _Mention(other, key, target, _shared(kept, target))


def _of_policy(pod: Pod, moves: Mapping[int, int], other: Object, keeping: Sequence[Pod]) -> Iterator[_Mention]:
    spec = mapping_in(other.data.get("spec"))
    same = other.namespace == pod.owner.namespace
    if same and "podSelector" in spec and selects(spec["podSelector"], pod):
        kept = [one for one in keeping if one.owner.namespace == other.namespace and selects(spec["podSelector"], one)]
        for rule, said in enumerate(list_in(spec.get("ingress"))):
            yield from _of_rule(moves, other, (*other.key, "spec", "ingress", rule), said, kept)
    for rule, said in enumerate(list_in(spec.get("egress"))):
        peers = [mapping_in(one) for one in list_in(mapping_in(said).get("to"))]
        about = [one["podSelector"] for one in peers if same and set(one) == {"podSelector"}]
        if not any(selects(one, pod) for one in about):
            continue
        kept = [one for one in keeping if any(selects(selector, one) for selector in about)]
        found = list(_of_rule(moves, other, (*other.key, "spec", "egress", rule), said, kept))
        alone = len(about) == len(peers)
        text = _("it lets others reach {port}, of this pod and of what else it names; this pod has {new}")
        for one in found:
            why = one.why if alone else one.why or text.format(port=one.port, new=moves[one.port])
            yield _Mention(other, one.key, one.port, why)


def _of_rule(moves: Mapping[int, int], other: Object, key: Key, said: Any, kept: Sequence[Pod]) -> Iterator[_Mention]:
    for index, port in enumerate(list_in(mapping_in(said).get("ports"))):
        number, last = _number(mapping_in(port).get("port")), _number(mapping_in(port).get("endPort"))
        at = (*key, "ports", index, "port")
        if last:
            text = _("it allows ports {first}-{last}, where {new} is missing")
            for moved, new in moves.items():
                if number <= moved <= last and not number <= new <= last:
                    yield _Mention(other, at, moved, text.format(first=number, last=last, new=new))
        elif number in moves:
            yield _Mention(other, at, number, _shared(kept, number))


def _shared(kept: Sequence[Pod], port: int) -> str:
    """Why what is about several pods stays as it is; empty if they all follow."""
    for pod in kept:
        if any(port in declared_ports(container) for container in pod.containers):
            text = _("it is about {title}, too, which keeps port {port}: use the name of a port")
            return text.format(title=pod.title, port=port)
    return ""


def _variables(container: Container) -> Iterator[tuple[int, str, int, str]]:
    """Variables that say where it listens: their places, and what is before the port, the port, and what is behind."""
    for index, variable in enumerate(list_in(container.data.get("env"))):
        said = mapping_in(variable)
        match = _LISTENING.fullmatch(text_in(said.get("value")))
        if match and names_port(text_in(said.get("name"))):
            yield index, match[1], int(match[2]), match[3]


def _handlers(container: Container) -> Iterator[tuple[Key, int]]:
    """Where probes and hooks say a port of the pod."""
    for way in _HANDLERS:
        for kind in ("httpGet", "tcpSocket", "grpc"):
            key: Key = (*way.split("."), kind)
            handler = mapping_in(_below(container.data, key))
            number = _number(handler.get("port"))
            if number and text_in(handler.get("host")) in _OWN:
                yield (*key, "port"), number


def _below(data: Any, key: Key) -> Any:
    for step in key:
        data = mapping_in(data).get(str(step))
    return data


def _number(value: Any) -> int:
    """A port; 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _short(value: Any) -> str:
    text = " ".join(text_in(value).split())
    return text if len(text) <= 60 else f"{text[:59]}…"  # noqa: PLR2004


def _left(pod: Pod, key: Key, reason: str) -> Unfixed:
    return Unfixed(pod.title, pod.line(*key), "port", reason)


def _put(pod: Pod, key: Key, value: Any) -> _Moved:
    return _set(pod.document, pod.at(*key), value, pod.title)


def _set(document: Document, key: Key, value: Any, title: str) -> _Moved:
    what = f"{'.'.join(map(str, key))}: {value}"
    for edit in set_value(document, key, value):
        yield document, edit, Change(title, line_at(document, key), what, document.name)
