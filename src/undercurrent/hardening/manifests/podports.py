"""Ports of pods moved above 1023, with every mention: probes, Services, network policies."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from undercurrent.hardening.manifests.patching import Change
from undercurrent.hardening.ports import FIRST_FREE, free_port
from undercurrent.kube import Container, Object, Pod
from undercurrent.splices import Edit
from undercurrent.yamltext import Document, Key, line_at, set_value
from undercurrent.yamltext.shapes import list_in, mapping_in

__all__ = ["moved_ports"]

_Moved: TypeAlias = Iterator[tuple[Document, Edit, Change]]


def moved_ports(pod: Pod, others: tuple[Object, ...]) -> _Moved:
    """The edits that move them, each with the document that it is in and what it says.

    An Ingress names the port of a Service, which stays as it is; so does a port's name.
    """
    used = {number for container in pod.containers for _index, number in _ports(container)}
    moves: dict[int, int] = {}
    for container in pod.containers:
        for index, number in _ports(container):
            if number >= FIRST_FREE:
                continue
            moves.setdefault(number, free_port(number, used | set(moves.values())))
            key = pod.at(*container.key, "ports", index, "containerPort")
            yield from _put(pod.document, key, moves[number], pod.title)
        yield from _handlers(pod, container, moves)
    if moves:
        for other in others:
            yield from _mentions(pod, other, moves)


def _ports(container: Container) -> Iterator[tuple[int, int]]:
    for index, port in enumerate(list_in(container.data.get("ports"))):
        number = mapping_in(port).get("containerPort")
        if isinstance(number, int) and not isinstance(number, bool) and number > 0:
            yield index, number


def _handlers(pod: Pod, container: Container, moves: Mapping[int, int]) -> _Moved:
    ways = ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle.postStart", "lifecycle.preStop")
    for way in ways:
        for kind in ("httpGet", "tcpSocket", "grpc"):
            key: Key = (*way.split("."), kind, "port")
            found: Any = container.data
            for step in key:
                found = mapping_in(found).get(str(step))
            if isinstance(found, int) and found in moves:
                yield from _put(pod.document, pod.at(*container.key, *key), moves[found], pod.title)


def _mentions(pod: Pod, other: Object, moves: Mapping[int, int]) -> _Moved:
    if other.namespace != pod.owner.namespace:
        return
    spec = mapping_in(other.data.get("spec"))
    title = f"{other.kind} {other.name}"
    if other.kind == "Service" and spec.get("selector") and _selects(mapping_in(spec["selector"]), pod):
        for index, port in enumerate(list_in(spec.get("ports"))):
            said = mapping_in(port)
            target = said.get("targetPort", said.get("port"))
            if isinstance(target, int) and target in moves:
                key = (*other.key, "spec", "ports", index, "targetPort")
                yield from _put(other.document, key, moves[target], title)
    selector = mapping_in(mapping_in(spec.get("podSelector")).get("matchLabels"))
    if other.kind == "NetworkPolicy" and "podSelector" in spec and _selects(selector, pod):
        for rule, said in enumerate(list_in(spec.get("ingress"))):
            for index, port in enumerate(list_in(mapping_in(said).get("ports"))):
                number = mapping_in(port).get("port")
                if isinstance(number, int) and number in moves:
                    key = (*other.key, "spec", "ingress", rule, "ports", index, "port")
                    yield from _put(other.document, key, moves[number], title)


def _selects(selector: Mapping[str, Any], pod: Pod) -> bool:
    labels = mapping_in(pod.metadata.get("labels"))
    return all(str(labels.get(name)) == str(value) for name, value in selector.items())


def _put(document: Document, key: Key, port: int, title: str) -> _Moved:
    what = f"{'.'.join(map(str, key))}: {port}"
    for edit in set_value(document, key, port):
        yield document, edit, Change(title, line_at(document, key), what)
