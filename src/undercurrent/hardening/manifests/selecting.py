"""Which pods a selector is about."""

from collections.abc import Mapping
from typing import Any

from undercurrent.kube import Object, Pod
from undercurrent.yamltext.shapes import list_in, mapping_in, text_in

__all__ = ["selects", "serves"]


def selects(selector: Any, pod: Pod) -> bool:
    """Whether a label selector is about a pod; an empty one is about all.

    Reference: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors

    Args:
        selector: ``matchLabels`` and ``matchExpressions``, as plain values.
        pod: with its labels.
    """
    said = mapping_in(selector)
    labels = {name: text_in(value) for name, value in mapping_in(pod.metadata.get("labels")).items()}
    wanted = mapping_in(said.get("matchLabels"))
    return all(labels.get(name) == text_in(value) for name, value in wanted.items()) and all(
        _meets(mapping_in(one), labels) for one in list_in(said.get("matchExpressions"))
    )


def serves(service: Object, pod: Pod) -> bool:
    """Whether a Service leads to a pod; one without a selector leads wherever somebody says."""
    selector = mapping_in(service.data.get("spec")).get("selector")
    return service.namespace == pod.owner.namespace and bool(selector) and selects({"matchLabels": selector}, pod)


def _meets(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value = labels.get(text_in(expression.get("key")))
    listed = {text_in(one) for one in list_in(expression.get("values"))}
    match expression.get("operator"):
        case "In":
            return value in listed
        case "NotIn":
            return value not in listed
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    return False
