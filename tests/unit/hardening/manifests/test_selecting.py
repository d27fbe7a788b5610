"""Selectors, as Kubernetes reads them."""

from typing import Any

import pytest

from undercurrent.hardening.manifests.selecting import selects
from undercurrent.kube import pods
from undercurrent.yamltext import parse

POD = "kind: Pod\nmetadata: {labels: {app: web, tier: '1'}}\nspec: {containers: [{name: c}]}\n"


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ({}, True),
        (None, True),
        ({"matchLabels": {"app": "web", "tier": 1}}, True),
        ({"matchLabels": {"app": "web", "other": "x"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "api"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}, False),
        ({"matchExpressions": [{"key": "zone", "operator": "NotIn", "values": ["a"]}]}, True),
        ({"matchExpressions": [{"key": "zone", "operator": "Exists"}]}, False),
        ({"matchExpressions": [{"key": "zone", "operator": "DoesNotExist"}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "Like", "values": ["web"]}]}, False),
        ({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, False),
    ],
)
def test_a_selector_is_about_a_pod_or_not(selector: Any, selected: bool) -> None:
    (pod,) = pods(parse(POD, "x"))
    assert selects(selector, pod) is selected
