"""Where low ports go."""

import pytest
from tests.support.fixes import planned

from undercurrent.hardening.auditing.dockerfiles import audit_dockerfile
from undercurrent.hardening.manifests.compose import services
from undercurrent.hardening.manifests.patched import patch
from undercurrent.hardening.manifests.patching import Wanted
from undercurrent.hardening.model import known
from undercurrent.hardening.ports import free_ports
from undercurrent.hardening.rules.manifests import in_pods, in_services
from undercurrent.kube import pods
from undercurrent.yamltext import parse

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - name: c
    ports: [{containerPort: 53}, {containerPort: 80}, {containerPort: 8080}]
"""
SERVICE = "services:\n  s:\n    image: s\n    ports: ['53:53', '80:80', '8081:8080']\n"


def test_places_are_the_usual_ones_or_the_next_that_is_free() -> None:
    assert free_ports([443, 80, 53], [8443]) == {53: 8053, 80: 8080, 443: 8444}
    assert free_ports([80, 81], [8080]) == {80: 8081, 81: 8082}


@pytest.mark.parametrize("port", [53, 80, 443, 514])
def test_the_audit_advises_what_the_fix_does(port: int) -> None:
    text = f"FROM python:3.12\nEXPOSE {port}\nCMD python -m http.server {port}\n"
    findings = audit_dockerfile(text.encode(), "Dockerfile", find_base=known).findings
    (advice,) = (one.fix.description for one in findings if one.rule.code == "UC108" and one.fix)

    assert f"listen on {planned(text).moved[port]}," in advice


@pytest.mark.parametrize("text", [POD, SERVICE], ids=["pod", "service"])
def test_the_audit_of_a_manifest_advises_what_the_patch_does(text: str) -> None:
    documents = parse(text, "x.yaml")
    findings = in_services(services(documents)) if text is SERVICE else in_pods(pods(documents))
    advice = [one.fix.description for one in findings if one.rule.code == "UC162" and one.fix]
    (file,) = patch({"x.yaml": documents}, Wanted(move_ports=True))

    assert [text.split()[5].rstrip(",") for text in advice] == ["8053", "8081"]
    assert all(f"{port}" in file.after for port in (8053, 8081))
