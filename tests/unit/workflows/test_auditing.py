"""Audits of trees: what compose files and manifests say of the images that Dockerfiles build."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from undercurrent.hardening.auditing.ranking import Use
from undercurrent.settings import HardenSettings, Settings
from undercurrent.workflows.auditing import Asked, Audit, audit_files
from undercurrent.workflows.discovering import find_files

OFF = Asked(hadolint="off")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


async def audited(settings: Settings | None = None, asked: Asked = OFF, exclude: Iterable[str] = ()) -> Audit:
    return await audit_files(find_files([Path()], exclude=exclude), asked, settings or Settings())


async def test_an_override_counts_with_what_it_is_laid_over(tree: Path) -> None:
    base = "services:\n  web:\n    image: web\n    read_only: true\n    privileged: false\n"
    over = "services:\n  web:\n    user: '1000'\n    privileged: true\n"
    written(tree, **{"compose.yaml": base, "compose.override.yaml": over})

    found = {(one.place.name, one.place.line, one.rule.code) for one in (await audited()).findings}

    assert found == {
        ("compose.override.yaml", 3, "UC148"),
        ("compose.override.yaml", 4, "UC140"),
        ("compose.yaml", 2, "UC141"),
        ("compose.yaml", 2, "UC144"),
    }, "a user is said, over there"


async def test_services_say_what_is_built_and_what_is_reached(tree: Path) -> None:
    compose = """
services:
  web:
    build: {context: web, target: release}
    ports: ["127.0.0.1:1:8080", "80:8080"]
  again:
    build: {context: web, target: release}
    privileged: true
  odd:
    build: {context: ., dockerfile: images/odd.build}
  far:
    build: https://git.example.com/x.git
"""
    two_stages = "FROM debian:12 AS release\nFROM debian:12 AS development\n"
    written(tree, **{"compose.yaml": compose, "web/Dockerfile": two_stages, "images/odd.build": "FROM debian:12\n"})

    audit = await audited()

    assert audit.unchecked == ()
    web, odd = audit.ranking
    assert (web.name, web.image.target) == ("web/Dockerfile", "release")
    assert web.uses == (
        Use("compose.yaml: web", (80,)),
        Use("compose.yaml: again", over_host=True),
    )
    assert (web.priority.exposure, web.priority.reach, web.priority.uses) == (3, 4, 2)
    assert (odd.name, odd.uses) == ("images/odd.build", (Use("compose.yaml: odd"),))


async def test_what_a_service_repeats_of_its_image_is_said_once(tree: Path) -> None:
    compose = """
services:
  web:
    build: web
    ports: ["80:80", "443:443"]
  proxy:
    image: nginx:1.27
    ports: ["8000:80"]
"""
    written(tree, **{"compose.yaml": compose, "web/Dockerfile": "FROM debian:12\nEXPOSE 80\nCMD server\n"})

    findings = (await audited()).findings

    (port,) = (one for one in findings if one.rule.code == "UC108")
    assert port.fix
    assert port.fix.description == "listen on 8080, and publish it as before: compose.yaml:5"
    assert port.properties
    assert port.properties["mappings"] == ["compose.yaml:5"]
    said = {(one.rule.code, one.message) for one in findings if one.rule.code in {"UC101", "UC146", "UC162"}}
    assert said == {
        ("UC101", "runs as root: no USER, and the base image debian:12 runs as root"),
        ("UC146", "service proxy runs as whoever the image says"),
        ("UC162", "service proxy listens on port 80"),
        ("UC162", "service web listens on port 443"),
    }


async def test_a_mapping_is_not_told_where_the_port_of_the_image_is_ignored(tree: Path) -> None:
    written(
        tree,
        **{
            "compose.yaml": 'services: {web: {build: ., ports: ["80:80"]}}\n',
            "Dockerfile": "FROM debian:12\n# uc:ignore UC108 -- docker only\nEXPOSE 80\n",
        },
    )

    assert not {"UC108", "UC162"} & {one.rule.code for one in (await audited()).findings}


async def test_a_dockerfile_that_builds_nothing_says_nothing_about_its_service(tree: Path) -> None:
    written(tree, **{"compose.yaml": "services: {web: {build: .}}\n", "Dockerfile": "FRM debian:12\n"})

    assert "UC146" in {one.rule.code for one in (await audited()).findings}


async def test_what_an_image_has_from_another_one_is_said_there(tree: Path) -> None:
    stages = (
        "FROM debian:12 AS release\nEXPOSE 80\nCMD server\n"
        "FROM release AS development\nRUN useradd vscode\n"
        "FROM debian:12 AS other\n"
    )
    compose = "services: {a: {build: {context: ., target: %s}}, b: {build: {context: ., target: development}}}\n"
    written(tree, **{"compose.yaml": compose % "release", "Dockerfile": stages})

    found = [(one.rule.code, one.place.line) for one in (await audited()).findings if one.place.name == "Dockerfile"]
    assert [line for code, line in found if code == "UC101"] == [1, 6]
    assert [line for code, line in found if code == "UC120"] == [1]

    written(tree, **{"compose.yaml": compose % "other"})
    found = [(one.rule.code, one.place.line) for one in (await audited()).findings if one.place.name == "Dockerfile"]
    assert [line for code, line in found if code == "UC101"] == [4, 6]


async def test_pods_run_images_by_the_name_that_a_service_builds(tree: Path) -> None:
    written(
        tree,
        **{
            "compose.yaml": "services:\n  web:\n    build: .\n    image: registry.example.com/web\n",
            "Dockerfile": "FROM debian:12\n",
            "pod.yaml": """
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers:
    - name: web
      image: registry.example.com/web:latest@sha256:0000
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  selector: {app: web}
  ports: [{port: 443, targetPort: 8443}]
""",
        },
    )

    (image,) = (await audited()).ranking

    assert image.uses == (Use("compose.yaml: web"), Use("pod.yaml: Pod web", (443,)))
    assert image.priority.exposure == 3


async def test_findings_of_manifests_can_be_ignored_and_are_known_again(tree: Path) -> None:
    pod = "apiVersion: v1\nkind: Pod\nspec:\n  hostNetwork: true{comment}\n  containers: [{{name: a, image: b}}]\n"
    written(tree, **{"pod.yaml": pod.format(comment="")})
    before = {one.rule.code: one.fingerprint for one in (await audited()).findings}
    assert "UC149" in before

    written(tree, **{"pod.yaml": "# moved\n" + pod.format(comment="")})
    assert {one.rule.code: one.fingerprint for one in (await audited()).findings} == before

    written(tree, **{"pod.yaml": pod.format(comment=" # uc:ignore UC149 -- it routes packets")})
    audit = await audited()
    assert "UC149" not in {one.rule.code for one in audit.findings}
    assert [one.reason for one in audit.audited[0].ignored] == ["it routes packets"]


async def test_a_file_that_is_no_yaml_could_not_be_checked_and_stops_nobody(tree: Path) -> None:
    written(tree, **{"pod.yaml": "apiVersion: v1\nkind: [\n", "Dockerfile": "FROM debian:12\n"})

    audit = await audited()

    assert [one.name for one in audit.unchecked] == ["pod.yaml"]
    assert [one.name for one in audit.ranking] == ["Dockerfile"]


async def test_a_base_that_another_dockerfile_builds_is_known(tree: Path) -> None:
    written(
        tree,
        **{
            "base/Dockerfile": "FROM debian:12\nUSER 10001\n",
            "app/Dockerfile": "FROM registry.example.com/acme/base:1\nCMD x\n",
            "other/Dockerfile": "FROM registry.example.com/acme/nobody:1\nCMD x\n",
        },
    )

    identities = {place.name: str(place.image.identity) for place in (await audited()).ranking}

    assert identities == {"base/Dockerfile": "rootless", "app/Dockerfile": "rootless", "other/Dockerfile": "unknown"}


async def test_what_is_built_in_can_be_switched_off(tree: Path) -> None:
    written(tree, Dockerfile="FROM debian:12\n")

    (place,) = (await audited(Settings(harden=HardenSettings(builtin_bases=False)))).ranking

    assert str(place.image.identity) == "unknown"


async def test_several_processes_come_to_the_same(tree: Path) -> None:
    count = 70
    written(tree, **{f"d{number:02}/Dockerfile": f"FROM debian:12\nUSER {number}\n" for number in range(count)})

    audit = await audited()

    assert [one.name for one in audit.audited] == [f"d{number:02}/Dockerfile" for number in range(count)]
    assert sum(str(place.image.identity) == "root" for place in audit.ranking) == 1
