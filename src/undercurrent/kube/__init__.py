"""Kubernetes' objects, as far as several capabilities know them."""

from undercurrent.kube.podspecs import WORKLOADS, Container, Object, Pod, objects, pods

__all__ = ["WORKLOADS", "Container", "Object", "Pod", "objects", "pods"]
