"""Helm charts and kustomizations, rendered by the real helm and kustomize."""

import os
from pathlib import Path

import pytest
from tests.support.cli import UcRunner
from tests.support.peers import require_peer

TEMPLATE = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-web
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      securityContext:
        {{- toYaml .Values.podSecurityContext | nindent 8 }}
      containers:
        - name: web
          image: "{{ .Values.image }}"
          securityContext:
            {{- toYaml .Values.securityContext | nindent 12 }}
"""
VALUES = "image: web:1\npodSecurityContext: {}\nsecurityContext: {}\n"
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: web
    image: web
"""


def _path(*programs: str) -> dict[str, str]:
    folders = [str(require_peer(program).parent) for program in programs]
    return {"PATH": os.pathsep.join((*folders, os.environ["PATH"]))}


@pytest.fixture
def chart(run_uc: UcRunner) -> Path:
    folder = run_uc.folder / "chart"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\n", encoding="utf-8")
    (folder / "values.yaml").write_text(VALUES, encoding="utf-8")
    (folder / "templates" / "web.yaml").write_text(TEMPLATE, encoding="utf-8")
    return folder


def test_a_chart_is_rendered_and_gets_values_that_mend_it(run_uc: UcRunner, chart: Path) -> None:
    result = run_uc("harden", "manifests", "chart", "--json", "--write", env=_path("helm"))
    assert result.exit_code == 1
    (rendered,) = result.json["data"]["rendered"]
    assert {found["source"] for found in rendered["violations"]} == {"web/templates/web.yaml"}
    assert {found["check"] for found in rendered["violations"]} == {
        "allowPrivilegeEscalation",
        "capabilities_restricted",
        "runAsNonRoot",
        "seccompProfile_restricted",
    }
    assert rendered["left"] == []
    assert (chart / "values.yaml").read_text(encoding="utf-8") == VALUES
    (chart / "values.yaml").write_text("image: web:1\n" + rendered["values"], encoding="utf-8")
    again = run_uc("harden", "manifests", "chart", env=_path("helm"))
    assert (again.exit_code, "chart: what it renders passes" in again.stdout) == (0, True)


def test_a_chart_without_such_values_is_told_where_the_pod_comes_from(run_uc: UcRunner, chart: Path) -> None:
    (chart / "templates" / "web.yaml").write_text(POD, encoding="utf-8")
    result = run_uc("harden", "manifests", "chart", env=_path("helm"))
    assert result.exit_code == 1
    assert "web/templates/web.yaml: Pod web" in result.stdout
    assert "--values" not in result.stdout


def test_a_chart_that_helm_refuses_is_told_in_helms_words(run_uc: UcRunner, chart: Path) -> None:
    (chart / "templates" / "web.yaml").write_text("{{ .Values.a.b.c }}", encoding="utf-8")
    result = run_uc("harden", "manifests", "chart", env=_path("helm"))
    assert result.exit_code == 1
    text = " ".join(result.stdout.replace("│", "").split())
    assert "helm cannot render chart:" in text
    assert "nil pointer" in text


def test_a_kustomization_is_rendered_and_passes_once_its_files_are_patched(run_uc: UcRunner) -> None:
    folder = run_uc.folder / "deploy"
    folder.mkdir()
    (folder / "pod.yaml").write_text(POD, encoding="utf-8")
    (folder / "kustomization.yaml").write_text("resources: [pod.yaml]\nnamePrefix: my-\n", encoding="utf-8")
    first = run_uc("harden", "manifests", "deploy", env=_path("kustomize"))
    assert first.exit_code == 1
    assert "deploy: Pod my-web" in first.stdout
    run_uc("harden", "manifests", "deploy", "--write", env=_path("kustomize"))
    again = run_uc("harden", "manifests", "deploy", env=_path("kustomize"))
    assert (again.exit_code, "deploy: what it renders passes" in again.stdout) == (0, True)
