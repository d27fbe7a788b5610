import pytest

from undercurrent.kube import Pod, pods
from undercurrent.yamltext import parse

MANIFESTS = """\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: one, namespace: web}
  spec:
    containers:
    - {name: a, image: "a:1"}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: two}
  spec:
    template:
      metadata:
        annotations: {x: "y"}
      spec:
        os: {name: windows}
        initContainers:
        - name: first
        containers:
        - name: b
          securityContext:
            privileged: true
        ephemeralContainers:
        - name: debug
- apiVersion: v1
  kind: Service
  metadata: {name: none}
---
apiVersion: batch/v1
kind: CronJob
metadata:
  generateName: three-
spec:
  jobTemplate:
    spec:
      template:
        spec:
          containers: []
---
# nothing
---
kind: Deployment
spec: broken
---
- no
- object
"""


def _pods() -> tuple[Pod, ...]:
    return pods(parse(MANIFESTS, "all.yaml"))


def test_pods_are_found_in_lists_templates_and_alone() -> None:
    assert [pod.title for pod in _pods()] == ["Pod one", "Deployment two", "CronJob"]
    assert [pod.key for pod in _pods()] == [
        ("items", 0),
        ("items", 1, "spec", "template"),
        ("spec", "jobTemplate", "spec", "template"),
    ]
    assert _pods()[0].owner.namespace == "web"


def test_containers_come_in_the_order_that_they_start() -> None:
    _one, two, _three = _pods()
    assert [(container.name, container.role) for container in two.containers] == [
        ("first", "init"),
        ("b", "main"),
        ("debug", "ephemeral"),
    ]
    assert two.windows
    assert two.metadata == {"annotations": {"x": "y"}}
    assert _pods()[0].containers[0].image == "a:1"


def test_what_is_written_has_its_line_and_what_is_not_that_of_what_is_around_it() -> None:
    two = _pods()[1]
    assert two.line("containers", 0, "securityContext", "privileged") == 24
    assert two.line("containers", 0, "securityContext", "capabilities", "drop") == 23
    assert two.line("securityContext") == 17


@pytest.mark.parametrize("kind", ["PodTemplate", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController"])
def test_each_kind_with_a_template_has_a_pod(kind: str) -> None:
    template = "template:\n  spec:\n    containers: [{name: a}]\n"
    text = template if kind == "PodTemplate" else "spec:\n" + "".join(f"  {line}\n" for line in template.splitlines())
    (pod,) = pods(parse(f"kind: {kind}\n{text}", "x"))
    assert pod.containers[0].name == "a"
