"""What a kustomization is made of."""

from undercurrent.hardening.manifests.kustomizations import Parts, parts
from undercurrent.yamltext import parse

TEXT = """\
resources: [web.yaml, ./sub/../other.yaml, ../base, "https://example.com/x.yaml", 5]
bases: [../old]
components: [../part]
patches:
- path: one.yaml
- patch: "- op: remove"
patchesStrategicMerge:
- two.yaml
- |-
  kind: Pod
  metadata: {name: x}
patchesJson6902: [{path: three.yaml, target: {kind: Pod}}]
"""


def test_files_and_folders_are_named_and_addresses_are_not() -> None:
    assert parts(parse(TEXT, "kustomization.yaml")) == Parts(
        ("web.yaml", "other.yaml", "../base", "../old", "../part"), ("two.yaml", "one.yaml", "three.yaml")
    )


def test_what_is_of_another_kind_counts_as_nothing() -> None:
    for text in ("", "[]", "resources: web.yaml\npatches: {a: 1}\n", "patches: [one.yaml]\n"):
        assert parts(parse(text, "kustomization.yaml")) == Parts()
