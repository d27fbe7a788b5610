"""Pods, wherever manifests write them: alone, or in the template of a Deployment, a CronJob and the like."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from undercurrent.yamltext import Document, Key, line_at, plain
from undercurrent.yamltext.shapes import mapping_in, text_in

__all__ = ["WORKLOADS", "Container", "Object", "Pod", "objects", "pods"]

_TEMPLATE: Final[Key] = ("spec", "template")

WORKLOADS: Final[Mapping[str, Key]] = MappingProxyType(
    {
        "Pod": (),
        "PodTemplate": ("template",),
        "Deployment": _TEMPLATE,
        "StatefulSet": _TEMPLATE,
        "DaemonSet": _TEMPLATE,
        "ReplicaSet": _TEMPLATE,
        "ReplicationController": _TEMPLATE,
        "Job": _TEMPLATE,
        "CronJob": ("spec", "jobTemplate", "spec", "template"),
    }
)
"""The kinds that have a pod in them, and where."""

_ROLES: Final[tuple[tuple[str, Literal["init", "main", "ephemeral"]], ...]] = (
    ("initContainers", "init"),
    ("containers", "main"),
    ("ephemeralContainers", "ephemeral"),
)


@dataclass(frozen=True, slots=True)
class Object:
    """An object that a manifest describes.

    Attributes:
        document: that it is in.
        key: where in the document: empty, or an item of a List.
        kind: as it says.
        data: all of it, as plain values.
    """

    document: Document
    key: Key
    kind: str
    data: Mapping[str, Any]

    @property
    def name(self) -> str:
        """As its metadata says; empty for one that is named when it is made."""
        return text_in(mapping_in(self.data.get("metadata")).get("name"))

    @property
    def namespace(self) -> str:
        """As its metadata says; empty for whichever is the current one."""
        return text_in(mapping_in(self.data.get("metadata")).get("namespace"))


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a pod.

    Attributes:
        name: as it says.
        role: what it is for.
        key: where, below the pod's spec: ``("containers", 0)``.
        data: all of it, as plain values.
    """

    name: str
    role: Literal["init", "main", "ephemeral"]
    key: Key
    data: Mapping[str, Any]

    @property
    def image(self) -> str:
        """The image that it runs, as it is written."""
        return text_in(self.data.get("image"))

    @property
    def security(self) -> Mapping[str, Any]:
        """Its security context; empty without one."""
        return mapping_in(self.data.get("securityContext"))


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod, or the template of some.

    Attributes:
        owner: the object that it is in, or is.
        key: where its metadata and its spec are, in the document.
        metadata: as plain values.
        spec: as plain values.
        containers: in the order that they start.
    """

    owner: Object
    key: Key
    metadata: Mapping[str, Any]
    spec: Mapping[str, Any]
    containers: tuple[Container, ...]

    @property
    def document(self) -> Document:
        """That it is in."""
        return self.owner.document

    @property
    def security(self) -> Mapping[str, Any]:
        """The security context of the pod; empty without one."""
        return mapping_in(self.spec.get("securityContext"))

    @property
    def windows(self) -> bool:
        """It says that it runs on Windows."""
        return mapping_in(self.spec.get("os")).get("name") == "windows"

    @property
    def title(self) -> str:
        """What people call it: ``Deployment web``."""
        return f"{self.owner.kind} {self.owner.name}".rstrip()

    def at(self, *steps: str | int) -> Key:
        """Where something of its spec is, in the document."""
        return (*self.key, "spec", *steps)

    def line(self, *steps: str | int) -> int:
        """The line of something of its spec; where that is not written, of what it would stand in."""
        return line_at(self.document, self.at(*steps))


def objects(documents: Iterable[Document]) -> Iterator[Object]:
    """The objects that manifests describe, the items of lists one by one."""
    for document in documents:
        root = plain(document.root, document.name)
        if not isinstance(root, dict) or not isinstance(root.get("kind"), str):
            continue
        kind = root["kind"]
        items = root.get("items")
        if not (kind.endswith("List") and isinstance(items, list)):
            yield Object(document, (), kind, root)
            continue
        for number, item in enumerate(items):
            if isinstance(item, dict):
                said = item.get("kind") or kind.removesuffix("List")
                yield Object(document, ("items", number), str(said), item)


def pods(documents: Iterable[Document]) -> tuple[Pod, ...]:
    """The pods in manifests. What is no object of Kubernetes, or has no pod, is passed over."""
    return tuple(pod for item in objects(documents) if (pod := _pod(item)) is not None)


def _pod(item: Object) -> Pod | None:
    path = WORKLOADS.get(item.kind)
    if path is None:
        return None
    template: Any = item.data
    for step in path:
        template = mapping_in(template.get(step))
    spec = template.get("spec")
    if not isinstance(spec, dict):
        return None
    found = tuple(_containers(spec))
    return Pod(item, (*item.key, *path), mapping_in(template.get("metadata")), spec, found)


def _containers(spec: Mapping[str, Any]) -> Iterator[Container]:
    for field, role in _ROLES:
        listed = spec.get(field)
        for number, data in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(data, dict):
                yield Container(text_in(data.get("name")), role, (field, number), data)
