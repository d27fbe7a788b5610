"""Audits beside real programs: charts and kustomizations as they are rendered, images and bases where they are kept."""

import io
import os
import tarfile
from pathlib import Path
from typing import Any

from tests.support.cli import Result, UcRunner
from tests.support.engines import EngineServer
from tests.support.images import push_image
from tests.support.peers import require_peer
from tests.support.servers import RegistryServer

from undercurrent.oci.reference import Reference
from undercurrent.oci.stores import Stores

DEPLOYMENT = """\
# {{ .Chart.Name }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-KIND
spec:
  selector: {matchLabels: {app: KIND}}
  template:
    metadata: {labels: {app: KIND}}
    spec:
      containers:
        - {name: KIND, image: "{{ .Values.image }}", securityContext: {{ .Values.security | toJson }}}
"""
SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 443, targetPort: 8443}]}
"""
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - {name: web, image: acme/web}
"""


def written(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def with_program(program: str) -> dict[str, str]:
    return {"PATH": os.pathsep.join((str(require_peer(program).parent), os.environ["PATH"]))}


def audit(run_uc: UcRunner, *arguments: str | Path, **more: Any) -> Result:
    return run_uc("harden", "audit", "--hadolint", "off", *arguments, **more)


def found(result: Result) -> set[tuple[str, str]]:
    return {(one["code"], one["place"]["name"]) for one in result.json["findings"]}


def test_what_helm_renders_is_told_at_its_templates(run_uc: UcRunner) -> None:
    written(
        run_uc.folder,
        **{
            "deploy/shop/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
            "deploy/shop/values.yaml": "image: acme/web\nsecurity: {privileged: true}\n",
            "deploy/shop/templates/web.yaml": DEPLOYMENT.replace("KIND", "web"),
            "deploy/shop/templates/service.yaml": SERVICE,
            "deploy/shop/charts/jobs/Chart.yaml": "apiVersion: v2\nname: jobs\nversion: 1.0.0\n",
            "deploy/shop/charts/jobs/values.yaml": "image: acme/jobs\nsecurity: {}\n",
            "deploy/shop/charts/jobs/templates/jobs.yaml": DEPLOYMENT.replace("KIND", "jobs"),
            "web/Dockerfile": "FROM debian:12\nEXPOSE 8443\nCMD server\n",
            "compose.yaml": "services: {web: {build: web, image: acme/web}}\n",
        },
    )

    result = audit(run_uc, "--json", env=with_program("helm"))

    assert result.json["data"]["could_not_check"] == []
    assert ("UC140", "deploy/shop/templates/web.yaml") in found(result)
    assert ("UC140", "deploy/shop/charts/jobs/templates/jobs.yaml") not in found(result)
    assert ("UC143", "deploy/shop/charts/jobs/templates/jobs.yaml") in found(result)
    assert all((run_uc.folder / name).is_file() for _code, name in found(result))
    (place,) = result.json["data"]["ranking"]
    assert place["name"] == "web/Dockerfile"
    assert [use["where"] for use in place["used_by"]] == ["compose.yaml: web", "deploy/shop: Deployment release-web"]
    assert place["factors"] == {"exposure": 3, "reach": 4, "uses": 2, "effort": 1}


def test_a_chart_that_helm_refuses_could_not_be_checked_and_stops_nobody(run_uc: UcRunner) -> None:
    written(
        run_uc.folder,
        **{
            "chart/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
            "chart/templates/web.yaml": "{{ .Values.a.b.c }}",
            "Dockerfile": "FROM debian:12\n",
        },
    )

    result = audit(run_uc, "--json", env=with_program("helm"))

    assert result.exit_code == 4
    (refused,) = result.json["data"]["could_not_check"]
    assert refused["name"] == "chart/Chart.yaml"
    assert "nil pointer" in refused["message"]
    assert ("UC101", "Dockerfile") in found(result)


def test_what_kustomize_builds_is_what_runs(run_uc: UcRunner) -> None:
    patch = '[{"op": "add", "path": "/spec/hostNetwork", "value": true}]'
    written(
        run_uc.folder,
        **{
            "base/pod.yaml": POD,
            "base/kustomization.yaml": "resources: [pod.yaml]\n",
            "overlay/kustomization.yaml": (
                f"resources: [../base]\nnamePrefix: my-\npatches: [{{target: {{kind: Pod}}, patch: '{patch}'}}]\n"
            ),
        },
    )

    result = audit(run_uc, "--json", env=with_program("kustomize"))

    assert result.json["data"]["could_not_check"] == []
    assert [name for code, name in found(result) if code == "UC149"] == ["overlay/kustomization.yaml"]
    assert any("Pod my-web" in one["message"] for one in result.json["findings"])
    assert [name for code, name in found(result) if code == "UC141"] == ["base/pod.yaml"]


PLAIN = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  hostPID: true
  automountServiceAccountToken: false
  containers:
  - name: web
    image: acme/web
    securityContext: {privileged: true, readOnlyRootFilesystem: true}  # uc:ignore UC140 -- a driver
"""
MENDED = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {hostPID: false, hostIPC: true}
"""


def test_what_a_kustomization_is_made_of_is_told_once(run_uc: UcRunner) -> None:
    overlay = "resources: [../base, more.yaml]\nnameSuffix: -a\npatches: [{path: patch.yaml}]\n"
    written(
        run_uc.folder,
        **{
            "base/pod.yaml": PLAIN,
            "base/kustomization.yaml": "resources: [pod.yaml]\n",
            "one/more.yaml": PLAIN.replace("name: web", "name: more"),
            "one/kustomization.yaml": overlay,
            "one/patch.yaml": MENDED,
            "alone.yaml": PLAIN.replace("name: web", "name: alone"),
            "web/Dockerfile": "FROM debian:12\nCMD server\n",
            "compose.yaml": "services: {web: {build: web, image: acme/web}}\n",
        },
    )

    result = audit(run_uc, "--json", env=with_program("kustomize"))

    assert result.json["data"]["could_not_check"] == []
    places = {code: sorted(name for one, name in found(result) if one == code) for code, _name in found(result)}
    assert places["UC146"] == ["alone.yaml", "base/pod.yaml", "one/more.yaml"]
    assert places["UC149"] == ["alone.yaml", "one/kustomization.yaml", "one/more.yaml"]
    assert "UC140" not in places
    assert len(result.json["findings"]) == len({(str(one["place"]), one["message"]) for one in result.json["findings"]})
    (image,) = result.json["data"]["ranking"]
    assert [use["where"] for use in image["used_by"]] == [
        "compose.yaml: web",
        "alone.yaml: Pod alone",
        "one: Pod more-a",
        "one: Pod web-a",
    ]


def rootfs(path: Path) -> Path:
    """With a SUID program and a user."""
    with tarfile.open(path, "w") as tar:
        for name, mode, text in (("bin/su", 0o4755, ""), ("etc/passwd", 0o644, "app:x:10001:0::/:/bin/sh\n")):
            member = tarfile.TarInfo(name)
            member.mode, member.size = mode, len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return path


def variables_of(server: EngineServer) -> dict[str, str]:
    return {{"podman": "CONTAINER_HOST", "docker": "DOCKER_HOST"}[server.engine]: f"unix://{server.socket}"}


def changes(*lines: str) -> list[str]:
    return [part for line in lines for part in ("--change", line)]


def rootless(run_uc: UcRunner) -> dict[str, str]:
    records = run_uc("evidence", "list", "--kind", "image-rootless", "--json").json["data"]["records"]
    return {one["name"]: one["outcome"] for one in records}


def test_images_of_an_engine_are_looked_into(engine_server: EngineServer, run_uc: UcRunner, tmp_path: Path) -> None:
    file, env = rootfs(tmp_path / "a.tar"), variables_of(engine_server)
    for name, change in {"app": "USER app", "root": "EXPOSE 80"}.items():
        engine_server.run("import", *changes(change), file, f"example.test/audit/{name}:1")
    app, root = (f"{engine_server.engine}:example.test/audit/{name}:1" for name in ("app", "root"))

    result = audit(run_uc, "--images", app, root, "--json", env=env)

    assert result.exit_code == 1
    identities = {one["name"]: one["identity"] for one in result.json["data"]["ranking"]}
    assert identities == {app: "rootless", root: "root"}
    of_app, of_root = ({code for code, name in found(result) if name == one} for one in (app, root))
    assert (of_app, of_root) == ({"UC103", "UC110"}, {"UC101", "UC108", "UC110", "UC120"})
    assert rootless(run_uc) == identities


def test_an_engine_is_asked_who_runs_in_a_base(engine_server: EngineServer, run_uc: UcRunner, tmp_path: Path) -> None:
    name = "example.test/audit/base:1"
    engine_server.run("import", *changes("USER 10001:0", "EXPOSE 8080"), rootfs(tmp_path / "a.tar"), name)
    written(
        run_uc.folder,
        **{
            "undercurrent.toml": f'[images]\nengines = ["{engine_server.engine}"]\n',
            "app/Dockerfile": f"FROM {name}\nCMD server\n",
            "named/Dockerfile": f"FROM {name}\nUSER app\n",
        },
    )

    asked = audit(run_uc, "--online", "--json", env=variables_of(engine_server))
    silent = audit(run_uc, "--offline", "--json", env=variables_of(engine_server))

    places = {one["name"]: one for one in asked.json["data"]["ranking"]}
    place = places["app/Dockerfile"]
    assert (place["identity"], place["user"], place["ports"]) == ("rootless", "10001:0", [8080])
    assert places["named/Dockerfile"]["identity"] == "rootless"  # as its passwd file says
    assert [one["identity"] for one in silent.json["data"]["ranking"]] == ["unknown", "unknown"]


async def test_a_registry_tells_of_images_and_of_bases(
    registry_server: RegistryServer, repository_name: str, stores: Stores, run_uc: UcRunner
) -> None:
    bare = f"{registry_server.host}/{repository_name}"
    configs: dict[str, dict[str, object]] = {
        "app": {"User": "10001:0"},
        "named": {"User": "app"},
        "root": {"ExposedPorts": {"80/tcp": {}}},
    }
    passwd = b"app:x:10001:0::/:/bin/sh\n"
    for tag, config in configs.items():
        store = stores.repository(Reference.parse(f"{bare}:{tag}"))
        await push_image(store, {"etc/passwd": passwd}, tag, config=config)
        written(run_uc.folder, **{f"{tag}/Dockerfile": f"FROM {bare}:{tag}\nCMD server\n"})

    bases = audit(run_uc, "--online", "--json")
    images = audit(run_uc, "--images", "--registry", f"{registry_server.host}/{repository_name}", "--json")

    identities = {one["name"]: one["identity"] for one in bases.json["data"]["ranking"]}
    assert identities == {
        "app/Dockerfile": "rootless",
        "named/Dockerfile": "rootless",
        "root/Dockerfile": "root",
    }
    assert ("UC108", "root/Dockerfile") in found(bases)
    identities = {one["name"]: one["identity"] for one in images.json["data"]["ranking"]}
    assert identities == {f"{bare}:app": "rootless", f"{bare}:named": "rootless", f"{bare}:root": "root"}
    assert rootless(run_uc) == identities
