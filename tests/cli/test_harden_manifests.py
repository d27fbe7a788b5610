"""``uc harden manifests`` through the real entry point."""

import shutil
import stat
import subprocess
from pathlib import Path

import pytest
import yaml
from tests.support.cli import UcRunner

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: web # the only one
    image: web
"""
AGENT = POD.replace("name: web}", "name: agent}").replace("spec:\n", "spec:\n  hostPID: true\n")


def _write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")


def test_the_difference_is_shown_and_nothing_written(run_uc: UcRunner) -> None:
    _write(run_uc.folder, web_yaml=POD)
    result = run_uc("harden", "manifests", "web.yaml")
    assert result.exit_code == 1
    assert "--- a/web.yaml\n+++ b/web.yaml\n" in result.stdout
    assert "\n+      allowPrivilegeEscalation: false\n" in result.stdout
    assert "\n   - name: web # the only one\n" in result.stdout
    assert result.stdout.endswith("1 file to change; --write changes them\n")
    assert (run_uc.folder / "web.yaml").read_text(encoding="utf-8") == POD


@pytest.mark.skipif(shutil.which("patch") is None, reason="patch is not installed: apt-get install patch")
def test_the_difference_is_one_that_patch_can_make(run_uc: UcRunner) -> None:
    path = run_uc.folder / "web.yaml"
    path.write_bytes(POD.replace("image: web", "image:\tweb").replace("\n", "\r\n").encode())
    shown = run_uc("harden", "manifests", "web.yaml")
    difference, _summary = shown.stdout.rsplit("\n\n", 1)
    made = subprocess.run(
        ["patch", "--binary", "-p1"],
        input=f"{difference}\n".encode(),
        cwd=run_uc.folder,
        check=False,
        capture_output=True,
    )
    assert made.returncode == 0, made.stdout
    assert run_uc("harden", "manifests", "web.yaml").exit_code == 0


def test_files_are_written_once_and_keep_their_mode(run_uc: UcRunner) -> None:
    _write(run_uc.folder, web_yaml=POD, agent_yaml=AGENT)
    (run_uc.folder / "web.yaml").chmod(0o640)
    first = run_uc("harden", "manifests", ".", "--write", "--json", "--uid", "20001")
    assert first.exit_code == 1
    agent, web = first.json["data"]["files"]
    assert (web["changed"], agent["changed"], first.json["data"]["written"]) == (True, False, True)
    assert {change["line"] for change in web["changes"]} == {4, 6}
    assert [(one["check"], one["line"], one["title"]) for one in agent["left"]] == [("hostNamespaces", 5, "Pod agent")]
    text = (run_uc.folder / "web.yaml").read_text(encoding="utf-8")
    assert "    runAsUser: 20001\n" in text
    assert text.startswith(POD)
    assert stat.S_IMODE((run_uc.folder / "web.yaml").stat().st_mode) == 0o640
    again = run_uc("harden", "manifests", "web.yaml")
    assert (again.exit_code, again.stdout) == (0, "0 files to change\n")


def test_what_cannot_be_read_is_told_and_the_rest_done(run_uc: UcRunner) -> None:
    _write(run_uc.folder, web_yaml=POD, bad_yaml="kind: Pod\napiVersion: v1\nspec: {{ .Values.x }}\n")
    result = run_uc("harden", "manifests", ".", "--write")
    assert result.exit_code == 1
    assert "bad.yaml, line 3: this is a template, not YAML" in result.stdout
    assert "securityContext" in (run_uc.folder / "web.yaml").read_text(encoding="utf-8")


def test_a_compose_file_reads_nothing_outside_of_its_folder(run_uc: UcRunner) -> None:
    (run_uc.folder / "secret.yaml").write_text("services: {x: {image: secret}}\n", encoding="utf-8")
    inner = run_uc.folder / "app"
    inner.mkdir()
    compose = "services:\n  a:\n    extends: {file: ../secret.yaml, service: x}\n  b:\n    image: b:${TAG}\n"
    _write(inner, compose_yaml=compose, _env="TAG=1\n")
    result = run_uc("harden", "manifests", "app", "--write")
    assert result.exit_code == 1
    assert "it extends ../secret.yaml: x, which could not be read" in " ".join(result.stdout.split())
    after = (inner / "compose.yaml").read_text(encoding="utf-8")
    assert after.startswith(compose)
    assert 'b:${TAG}\n    user: "10001:10001"\n    read_only: true\n' in after


def test_bad_requests_are_refused(run_uc: UcRunner) -> None:
    nowhere = run_uc("harden", "manifests", "nowhere.yaml")
    assert (nowhere.exit_code, "nowhere.yaml is not there" in nowhere.stderr) == (2, True)
    nothing = run_uc("harden", "manifests", ".")
    assert (nothing.exit_code, "there is no manifest at ." in nothing.stderr) == (2, True)
    for option, value in (("--uid", "0"), ("--writable", "tmp"), ("--writable", "/a/../b")):
        assert run_uc("harden", "manifests", ".", option, value).exit_code == 2


def test_a_chart_needs_helm_and_says_so(run_uc: UcRunner) -> None:
    chart = run_uc.folder / "chart"
    (chart / "templates").mkdir(parents=True)
    _write(chart, Chart_yaml="apiVersion: v2\nname: web\nversion: 1.0.0\n")
    (chart / "templates" / "pod.yaml").write_text(POD.replace("image: web", "image: {{ .Values.image }}"))
    result = run_uc("harden", "manifests", "chart", env={"PATH": "/nowhere"})
    assert result.exit_code == 3
    assert "chart is a Helm chart, and helm is not installed" in " ".join(result.stdout.split())


def test_an_override_is_patched_with_what_it_is_laid_over(run_uc: UcRunner) -> None:
    base, over = "services:\n  web: {image: web}\n", "services:\n  web:\n    environment: {DEBUG: 1}\n"
    _write(run_uc.folder, compose_yaml=base)
    (run_uc.folder / "compose.override.yaml").write_text(over, encoding="utf-8")
    assert run_uc("harden", "manifests", ".", "--write").exit_code == 0
    assert (run_uc.folder / "compose.override.yaml").read_text(encoding="utf-8") == over
    assert "10001:10001" in (run_uc.folder / "compose.yaml").read_text(encoding="utf-8")


def test_a_service_that_is_built_here_gets_what_its_image_needs(run_uc: UcRunner) -> None:
    _write(
        run_uc.folder,
        Dockerfile='FROM python:3.13\nRUN mkdir -p /srv/data /var/log/app\nUSER 20001:20001\nCMD ["python"]\n',
        compose_yaml="services:\n  web:\n    build: .\n",
    )
    stopped = run_uc("harden", "manifests", ".", "--write")
    assert stopped.exit_code == 1
    assert "/srv/data, which has to outlive it" in " ".join(stopped.stdout.split())
    assert "read_only: true" in run_uc("harden", "manifests", ".", "--writable", "/srv/data").stdout

    with (run_uc.folder / "compose.yaml").open("a") as file:
        file.write("    volumes: ['data:/srv/data']\n")
    assert run_uc("harden", "manifests", ".", "--write").exit_code == 0
    made = yaml.safe_load((run_uc.folder / "compose.yaml").read_text())["services"]["web"]
    assert "user" not in made, "the image has one"
    assert made["read_only"] is True
    assert made["tmpfs"] == ["/tmp", "/var/log/app:mode=1777,uid=20001,gid=20001"]  # noqa: S108 - in the container
    assert run_uc("harden", "manifests", ".").exit_code == 0


def test_the_user_is_the_one_that_is_set(run_uc: UcRunner) -> None:
    _write(run_uc.folder, web_yaml=POD, undercurrent_toml="[harden]\nuid = 20002\n")
    assert run_uc("harden", "manifests", "web.yaml", "--write").exit_code == 0
    set_here = yaml.safe_load((run_uc.folder / "web.yaml").read_text())["spec"]["securityContext"]
    assert (set_here["runAsUser"], set_here["runAsGroup"]) == (20002, 20002)


def test_an_image_that_has_a_user_keeps_it(run_uc: UcRunner) -> None:
    known, unknown = (
        POD.replace("image: web", "image: grafana/grafana:11.2.0"),
        POD.replace("name: web}", "name: other}"),
    )
    named = POD.replace("name: web}", "name: dev}").replace("image: web", "image: acme/dev")
    settings = '[harden.bases]\n"acme/dev" = "dev"\n'
    service = "services:\n  web:\n    image: nginxinc/nginx-${KIND}:1.27\n"
    (run_uc.folder / ".env").write_text("KIND=unprivileged\n")
    _write(
        run_uc.folder,
        pods_yaml=f"{known}---\n{unknown}---\n{named}",
        compose_yaml=service,
        undercurrent_toml=settings,
    )
    assert run_uc("harden", "manifests", ".", "--write").exit_code == 0
    pods = [*yaml.safe_load_all((run_uc.folder / "pods.yaml").read_text())]
    users = [pod["spec"]["securityContext"].get("runAsUser") for pod in pods]
    assert users == [None, 10001, 10001], "Kubernetes cannot tell of a name that it is not root"
    assert all(pod["spec"]["securityContext"]["runAsNonRoot"] for pod in pods)
    assert "user" not in yaml.safe_load((run_uc.folder / "compose.yaml").read_text())["services"]["web"]
    assert run_uc("harden", "manifests", ".").exit_code == 0


def test_one_image_without_a_user_decides_for_its_pod(run_uc: UcRunner) -> None:
    both = POD.replace("image: web\n", "image: grafana/grafana:11.2.0\n  - name: side\n    image: ours/side\n")
    _write(run_uc.folder, pod_yaml=both)
    assert run_uc("harden", "manifests", ".", "--write").exit_code == 0
    assert yaml.safe_load((run_uc.folder / "pod.yaml").read_text())["spec"]["securityContext"]["runAsUser"] == 10001
