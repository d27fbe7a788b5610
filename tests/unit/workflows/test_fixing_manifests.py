"""A fix follows a port into what runs the image: Kubernetes' YAML, and charts as far as they can be read."""

from pathlib import Path

import pytest

from undercurrent.errors import BadContent, NotFound
from undercurrent.settings import Settings
from undercurrent.workflows.fixing import Fixes, Wish, fix, write

NGINX = "FROM nginx:1.27\nCOPY default.conf /etc/nginx/conf.d/default.conf\n"
SITE = "server {\n  listen 80;\n}\n"
WEB = """\
# what runs
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: web
        image: ghcr.io/acme/web:1.2 # ours
        ports:
        - containerPort: 80
          name: http
        readinessProbe:
          httpGet: {path: /, port: http}
        livenessProbe:
          httpGet: {path: /, port: 80}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports:
  - port: 80
  - name: named
    port: 81
    targetPort: http
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  defaultBackend: {service: {name: web, port: {number: 80}}}
"""
AFTER = WEB.replace("containerPort: 80", "containerPort: 8080").replace("path: /, port: 80}", "path: /, port: 8080}")
AFTER = AFTER.replace("  - port: 80\n", "  - port: 80\n    targetPort: 8080\n")
SKAFFOLD = """\
apiVersion: skaffold/v4beta11
kind: Config
build: {artifacts: [{image: ghcr.io/acme/web, context: web}]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "Dockerfile").write_text(NGINX)
    (tmp_path / "web" / "default.conf").write_text(SITE)
    (tmp_path / "k8s").mkdir()
    (tmp_path / "k8s" / "web.yaml").write_text(WEB)
    return tmp_path


async def fixed(*, unsafe: bool = False) -> Fixes:
    return await fix([Path()], Settings(), Wish(unsafe=unsafe))


def left(fixes: Fixes) -> list[tuple[str, int, str]]:
    return [(one.path, one.line, one.reason) for plan in fixes.plans for one in plan.unfixed]


async def test_the_yaml_follows_and_once_is_enough(folder: Path) -> None:
    (folder / "skaffold.yaml").write_text(SKAFFOLD)
    fixes = await fixed()
    assert [file.name for file in fixes.files] == ["k8s/web.yaml", "web/Dockerfile", "web/default.conf"]
    write(fixes)
    assert (folder / "k8s" / "web.yaml").read_text() == AFTER
    assert not left(fixes)
    again = await fixed()
    assert (again.files, left(again)) == ((), [])


async def test_line_ends_stay_as_they_are(folder: Path) -> None:
    (folder / "skaffold.yaml").write_text(SKAFFOLD)
    (folder / "k8s" / "web.yaml").write_bytes(WEB.replace("\n", "\r\n").encode())
    write(await fixed())
    assert (folder / "k8s" / "web.yaml").read_bytes() == AFTER.replace("\n", "\r\n").encode()


async def test_compose_says_what_the_image_is_called_and_both_follow(folder: Path) -> None:
    compose = "services:\n  web:\n    build: web\n    image: ghcr.io/acme/web\n    ports: ['80:80']\n"
    (folder / "compose.yaml").write_text(compose)
    fixes = await fixed()
    write(fixes)
    assert (folder / "k8s" / "web.yaml").read_text() == AFTER
    assert (folder / "compose.yaml").read_text() == compose.replace("80:80", "80:8080")
    assert [(one.path, one.line) for one in fixes.plans[0].changes if one.path != "web/Dockerfile"] == [
        ("k8s/web.yaml", 14),
        ("compose.yaml", 5),
    ]


async def test_a_name_is_a_guess_that_waits_to_be_asked_for(folder: Path) -> None:
    fixes = await fixed()
    assert not fixes.files
    reason = "Deployment web is taken to run this image because of its name, ghcr.io/acme/web:1.2"
    assert [change.unsafe_because for change in fixes.plans[0].hidden if not change.safe] == [reason]
    write(await fixed(unsafe=True))
    assert (folder / "k8s" / "web.yaml").read_text() == AFTER


async def test_another_image_is_left_alone(folder: Path) -> None:
    other = WEB.replace("acme/web:1.2", "acme/shop:1.2")
    (folder / "k8s" / "web.yaml").write_text(other)
    write(await fixed(unsafe=True))
    assert (folder / "k8s" / "web.yaml").read_text() == other


async def test_the_base_image_itself_is_left_alone(folder: Path) -> None:
    (folder / "web").rename(folder / "nginx")
    base = WEB.replace("ghcr.io/acme/web:1.2", "docker.io/library/nginx:1.27")
    (folder / "k8s" / "web.yaml").write_text(base)
    write(await fixed(unsafe=True))
    assert (folder / "k8s" / "web.yaml").read_text() == base


async def test_two_files_that_may_build_it_are_told(folder: Path) -> None:
    (folder / "old" / "web").mkdir(parents=True)
    (folder / "old" / "web" / "Dockerfile").write_text('FROM scratch\nCOPY a /a\nEXPOSE 9000\nCMD ["/a"]\n')
    fixes = await fixed(unsafe=True)
    assert "k8s/web.yaml" not in [file.name for file in fixes.files]
    reason = "Deployment web: ghcr.io/acme/web:1.2 may be built from old/web/Dockerfile as well"
    assert left(fixes) == [("k8s/web.yaml", 14, reason)]


async def test_a_workload_that_says_the_port_itself_makes_it_unsafe_and_stays(folder: Path) -> None:
    (folder / "skaffold.yaml").write_text(SKAFFOLD)
    stuck = WEB.replace("        ports:\n", "        command: [nginx, -g, 'listen 80;']\n        ports:\n")
    (folder / "k8s" / "web.yaml").write_text(stuck)
    assert not (await fixed()).files
    fixes = await fixed(unsafe=True)
    assert "k8s/web.yaml" not in [file.name for file in fixes.files]
    assert left(fixes) == [("k8s/web.yaml", 13, "Deployment web: it is started with port 80: listen 80;")]


async def test_a_chart_and_a_template_are_told(folder: Path) -> None:
    (folder / "skaffold.yaml").write_text(SKAFFOLD)
    templates = folder / "chart" / "templates"
    templates.mkdir(parents=True)
    (folder / "chart" / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\n")
    (folder / "chart" / "values.yaml").write_text("web:\n  image:\n    repository: ghcr.io/acme/web\n")
    (templates / "web.yaml").write_text("kind: Pod\nspec: {{ .Values.spec }}\n")
    (folder / "k8s" / "more.yaml").write_text("apiVersion: v1\nkind: Pod\nspec: {{ .Values.spec }}\n")
    fixes = await fixed()
    reason = "the chart runs ghcr.io/acme/web: its templates are not changed, and have to say 8080 instead of 80"
    assert left(fixes) == [("chart/values.yaml", 3, reason)]
    assert [failed.key for failed in fixes.not_read] == ["k8s/more.yaml"]
    assert "this is a template, not YAML" in fixes.not_read[0].error.message


async def test_a_chart_whose_values_are_no_yaml_is_told(folder: Path) -> None:
    (folder / "skaffold.yaml").write_text(SKAFFOLD)
    (folder / "chart").mkdir()
    (folder / "chart" / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 1.0.0\n")
    (folder / "chart" / "values.yaml").write_text("a: [")
    ((path, _line, reason),) = left(await fixed())
    assert path == "chart/values.yaml"
    assert "not valid YAML" in reason


async def test_yaml_that_cannot_be_read_matters_only_where_a_port_moves_or_it_was_named(folder: Path) -> None:
    (folder / "k8s" / "bad.yaml").write_text("apiVersion: v1\nkind: [\n")
    (folder / "web" / "Dockerfile").write_text('FROM scratch\nCOPY a /a\nEXPOSE 9000\nCMD ["/a"]\n')
    assert not (await fixed()).not_read
    named = await fix([Path("web"), Path("k8s/bad.yaml")], Settings(), Wish())
    assert [failed.key for failed in named.not_read] == ["k8s/bad.yaml"]


async def test_manifests_alone_are_for_another_command(folder: Path) -> None:
    with pytest.raises(NotFound, match="no Dockerfile at k8s") as found:
        await fix([Path("k8s/web.yaml")], Settings(), Wish())
    assert found.value.hint == "manifests are changed by `uc harden manifests k8s/web.yaml`"
    (folder / "k8s" / "bad.yaml").write_text("kind: [\n")
    with pytest.raises(BadContent, match=r"^k8s/bad.yaml, line 2: "):
        await fix([Path("k8s/bad.yaml")], Settings(), Wish())
    (folder / "empty").mkdir()
    with pytest.raises(NotFound) as found:
        await fix([Path("empty")], Settings(), Wish())
    assert found.value.hint == "name a Dockerfile, or a folder with one"
