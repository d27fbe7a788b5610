"""Which workloads run what a Dockerfile builds, and how they follow its ports."""

from pathlib import PurePath

import pytest

from undercurrent.hardening.fixing.running import (
    Cluster,
    Followed,
    ImageName,
    follow_pods,
    repository,
    runners,
    skaffold_names,
    usual_name,
)
from undercurrent.kube import objects, pods
from undercurrent.yamltext import edited, parse

POD = """\
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers:
  - name: web
    image: example/web:1
    ports: [{containerPort: 80}]
"""
SAID = ImageName(frozenset({"example/web"}))


def cluster_of(text: str) -> Cluster:
    documents = parse(text, "x.yaml")
    return Cluster(pods(documents), tuple(objects(documents)))


def followed(text: str, name: ImageName = SAID) -> tuple[Followed, str]:
    cluster = cluster_of(text)
    found = follow_pods(runners(cluster.pods, name), {80: 8080}, cluster)
    return found, edited(text, found.edits.get("x.yaml", ()))


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("web", "web"),
        ("web:1", "web"),
        ("docker.io/library/nginx:1.27", "nginx"),
        ("index.docker.io/acme/web", "acme/web"),
        ("registry:5000/acme/web@sha256:0", "registry:5000/acme/web"),
        ("registry:5000/web", "registry:5000/web"),
        ("", ""),
    ],
)
def test_names_are_compared_without_tags_and_what_docker_hub_puts_before_them(image: str, name: str) -> None:
    assert repository(image) == name


@pytest.mark.parametrize(
    ("path", "name"),
    [("shop/Web/Dockerfile", "web"), ("shop/Dockerfile.api", "api"), ("shop/api.Containerfile", "api")],
)
def test_an_image_is_usually_called_as_its_folder_or_its_file(path: str, name: str) -> None:
    assert usual_name(PurePath(path)) == name


def test_skaffold_says_what_it_builds() -> None:
    text = """\
apiVersion: skaffold/v4beta11
kind: Config
build:
  artifacts:
  - {image: example/web, context: web}
  - {image: example/tests, context: web, docker: {target: tests}}
  - {image: example/api, context: web, docker: {dockerfile: api.Dockerfile}}
---
apiVersion: other/v1
kind: Config
build: {artifacts: [{image: other, context: web}]}
"""
    found = tuple(objects(parse(text, "deploy/skaffold.yaml")))
    assert list(skaffold_names(found, "deploy/web/Dockerfile")) == ["example/web"]
    assert list(skaffold_names(found, "deploy/web/api.Dockerfile")) == ["example/api"]


def test_what_is_said_is_sure_and_what_has_the_name_is_a_guess() -> None:
    (sure,) = runners(cluster_of(POD).pods, SAID)
    assert (sure.guess, sure.doubt) == ("", "")
    (guess,) = runners(cluster_of(POD).pods, ImageName(guessed="web"))
    assert guess.guess == "Pod web is taken to run this image because of its name, example/web:1"
    found, after = followed(POD, ImageName(guessed="web"))
    assert [change.safe for change in found.changes] == [False]
    assert "containerPort: 8080" in after


def test_its_base_and_others_are_not_it() -> None:
    assert not runners(cluster_of(POD).pods, ImageName(guessed="web", bases=frozenset({"example/web"})))
    assert not runners(cluster_of(POD).pods, ImageName(guessed="api"))
    assert not runners(cluster_of(POD).pods, ImageName())


def test_what_several_files_may_build_stays_and_is_told() -> None:
    found, after = followed(POD, ImageName(guessed="web", rivals=("old/web/Dockerfile",)))
    assert after == POD
    assert [(one.path, one.line, one.reason) for one in found.unfixed] == [
        ("x.yaml", 7, "Pod web: example/web:1 may be built from old/web/Dockerfile as well")
    ]


def test_a_patch_of_the_workload_follows_it() -> None:
    over = "kind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, livenessProbe: {httpGet: {port: 80}}}]}\n"
    text = f"{POD}---\n{over}"
    found, after = followed(text)
    assert after == text.replace("containerPort: 80", "containerPort: 8080").replace("port: 80}", "port: 8080}")
    assert not found.unfixed
    stuck = text.replace("example/web:1\n", "example/web:1\n    args: [--port=80]\n")
    found, after = followed(stuck)
    assert after == stuck
    assert {one.reason for one in found.unfixed} >= {"Pod web: it is started with port 80: --port=80"}


def test_a_port_that_no_container_declares_belongs_to_the_only_one() -> None:
    service = "---\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n"
    alone = POD.replace("    ports: [{containerPort: 80}]\n", "")
    found, after = followed(alone + service)
    assert "{port: 80, targetPort: 8080}" in after
    assert [(change.what, change.line) for change in found.changes] == [
        ("Pod web follows: its port 80 becomes 8080", 10)
    ]
    several = alone + "  - {name: side, image: example/side}\n"
    found, after = followed(several + service)
    assert after == several + service
    assert [one.reason for one in found.unfixed] == [
        "Pod web: port 80 stays: no container declares it (containerPort), and there are several"
    ]


def test_who_does_not_speak_of_the_port_has_nothing_to_do() -> None:
    found, after = followed(POD.replace("80}", "9000}"))
    assert (found, after) == (Followed(), POD.replace("80}", "9000}"))


def test_what_stands_behind_an_alias_is_told_and_nothing_of_its_pod_changes() -> None:
    text = """\
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: side
    image: example/side
    livenessProbe: &probe {httpGet: {port: 80}}
  - name: web
    image: example/web
    ports: [{containerPort: 80}]
    livenessProbe: *probe
"""
    found, after = followed(text)
    assert after == text
    assert [(one.kind, one.line) for one in found.unfixed] == [("form", 8)]
