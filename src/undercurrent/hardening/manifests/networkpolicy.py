"""Network policies for pods that have none: others reach their ports, and nothing else."""

from collections.abc import Iterator
from typing import Any

from undercurrent.hardening.manifests.selecting import selects
from undercurrent.kube import Object, Pod, pods
from undercurrent.yamltext import Document
from undercurrent.yamltext.shapes import list_in, mapping_in
from undercurrent.yamltext.writing import lines, manner_of

__all__ = ["policies", "policy_for"]


def policies(documents: tuple[Document, ...], others: tuple[Object, ...]) -> str:
    """The text to put behind a file: a policy for each pod with labels that none of ``others`` is about."""
    about = [other for other in others if other.kind == "NetworkPolicy"]
    made = [
        policy_for(pod)
        for pod in pods(documents)
        if mapping_in(pod.metadata.get("labels")) and not any(_is_about(other, pod) for other in about)
    ]
    if not made or not documents:
        return ""
    manner = manner_of(documents[0])
    text = documents[0].text
    start = "" if text.endswith("\n") else manner.newline
    parts = [line for policy in made for line in ("---", *lines(policy, 0, manner))]
    return start + "".join(line + manner.newline for line in parts)


def policy_for(pod: Pod) -> dict[str, Any]:
    """A policy that lets nobody in but on the pod's ports. What the pod itself may reach, it says nothing of."""
    ports = sorted({port for container in pod.containers for port in _ports(container.data)})
    name = pod.owner.name or "pod"
    metadata: dict[str, Any] = {"name": f"{name}-only-its-ports"[:63]}
    if pod.owner.namespace:
        metadata["namespace"] = pod.owner.namespace
    allowed = {"ports": [{"protocol": protocol, "port": number} for number, protocol in ports]}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata,
        "spec": {
            "podSelector": {"matchLabels": dict(mapping_in(pod.metadata.get("labels")))},
            "policyTypes": ["Ingress"],
            "ingress": [allowed] if ports else [],
        },
    }


def _ports(container: Any) -> Iterator[tuple[int, str]]:
    for port in list_in(container.get("ports")):
        said = mapping_in(port)
        if isinstance(said.get("containerPort"), int):
            yield said["containerPort"], str(said.get("protocol") or "TCP")


def _is_about(policy: Object, pod: Pod) -> bool:
    spec = mapping_in(policy.data.get("spec"))
    return policy.namespace == pod.owner.namespace and selects(spec.get("podSelector"), pod)
