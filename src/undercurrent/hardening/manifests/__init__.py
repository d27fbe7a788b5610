"""Manifests that say how containers run: Kubernetes' pods and compose's services; what is wrong, and patches."""

from undercurrent.hardening.manifests.podsecurity import LATEST, Level, Violation, violations
from undercurrent.kube import Container, Pod, pods

__all__ = ["LATEST", "Container", "Level", "Pod", "Violation", "pods", "violations"]
