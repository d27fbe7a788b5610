import pytest

from undercurrent.hardening.manifests.chartvalues import proposed_values
from undercurrent.hardening.manifests.patching import Wanted
from undercurrent.hardening.manifests.rendering import source_of
from undercurrent.yamltext import parse, plain

POD = {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
CONTAINER = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True}


@pytest.mark.parametrize(
    ("values", "proposed"),
    [
        (
            "podSecurityContext: {}\nsecurityContext: {}\nimage: x\n",
            {"podSecurityContext": POD, "securityContext": CONTAINER},
        ),
        (
            "web:\n  securityContext:\n  containerSecurityContext: {enabled: false}\n",
            {"web": {"securityContext": POD, "containerSecurityContext": CONTAINER | {"enabled": True}}},
        ),
        ("podSecurityContext: {runAsUser: 20001}\n", {"podSecurityContext": POD | {"runAsUser": 20001}}),
        ("image: x\nsecurityContext: off\n", None),
        ("", None),
    ],
)
def test_values_are_proposed_under_the_names_that_the_chart_has(values: str, proposed: object) -> None:
    (document,) = parse(values, "values.yaml") or parse("---\n", "values.yaml")
    text = proposed_values(document, Wanted())
    assert (plain(parse(text, "x")[0].root) if text else None) == proposed


def test_the_template_of_a_line_is_the_last_that_helm_named_before_it() -> None:
    text = "---\n# Source: web/templates/a.yaml\na: 1\n---\n# Source: web/templates/b.yaml\nb: 1\n"
    assert [source_of(text, line) for line in (1, 3, 6)] == ["", "web/templates/a.yaml", "web/templates/b.yaml"]
