"""Dockerfiles to begin with: what they promise, and what cannot go into them."""

import re

import pytest
from tests.support.source import ROOT

from undercurrent.errors import UsageError
from undercurrent.hardening.manifests import pods, violations
from undercurrent.hardening.templates import KINDS, dockerfile, template
from undercurrent.yamltext import parse

TOOLKIT = ROOT / "toolkit" / "02_rootless_templates"


@pytest.mark.parametrize("kind", KINDS)
def test_the_toolkit_has_them_as_they_are_without_options(kind: str) -> None:
    assert (TOOLKIT / f"{kind}.Dockerfile").read_text("utf-8") == dockerfile(kind), (
        f"run: uc harden new {kind} --to - > toolkit/02_rootless_templates/{kind}.Dockerfile"
    )


def test_the_toolkit_has_no_others() -> None:
    assert {path.name for path in TOOLKIT.iterdir()} == {f"{kind}.Dockerfile" for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_every_value_goes_everywhere(kind: str) -> None:
    text = dockerfile(kind, app="shop", port=9090, uid=20002)

    assert "myapp" not in text
    assert "8080" not in text
    assert "10001" not in text
    assert not re.search("@[A-Z]+@", text)
    assert "USER 20002:20002\n" in text
    assert "EXPOSE 9090\n" in text
    assert "echo 'shop:x:20002:20002::" in text


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_user_is_a_number_and_nothing_is_built_after_it(kind: str) -> None:
    keywords = re.findall(r"^([A-Z]+) ", dockerfile(kind), re.MULTILINE)

    assert keywords.count("FROM") == 2
    assert keywords.count("USER") == 1
    assert set(keywords[keywords.index("USER") + 1 :]) <= {"HEALTHCHECK", "CMD", "ENTRYPOINT"}
    assert "HEALTHCHECK" in keywords


@pytest.mark.parametrize(
    "name",
    ["", "Shop", "my_app", "-x", "x-", "9x", "a" * 32, "root", "nobody", "a b", "a\nUSER root", "a'; id;'", "../x"],
)
def test_a_name_that_would_be_something_else_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="cannot name an application"):
        dockerfile("python", app=name)


@pytest.mark.parametrize("port", [-1, 0, 80, 1023, 65536])
def test_a_port_that_needs_a_capability_or_is_none_is_refused(port: int) -> None:
    with pytest.raises(UsageError, match="is not between 1024 and 65535"):
        dockerfile("python", port=port)


@pytest.mark.parametrize("uid", [-1, 0, 1000, 10000, 2**31])
def test_a_user_that_may_be_one_of_the_machines_is_refused(uid: int) -> None:
    with pytest.raises(UsageError, match="is not between 10001"):
        dockerfile("python", uid=uid)


def test_what_there_is_no_template_for_is_refused() -> None:
    with pytest.raises(UsageError, match="no template cobol; there is alpine, ubuntu, python, nodejs"):
        dockerfile("cobol")


def test_secrets_and_history_stay_out_of_the_image() -> None:
    ignored = template("nodejs")[".dockerignore"].split()

    assert {".git", ".env", "**/*.pem", "**/*.key", ".npmrc", "**/node_modules", "Dockerfile"} <= set(ignored)


@pytest.mark.parametrize("kind", KINDS)
def test_kubernetes_admits_it_where_pods_are_restricted(kind: str) -> None:
    files = template(kind, app="shop", port=9090, uid=20002)
    (pod,) = pods(parse(files["kubernetes.yaml"], "kubernetes.yaml"))

    assert violations(pod, "restricted") == ()
    assert "runAsUser: 20002" in files["kubernetes.yaml"]
    assert "readOnlyRootFilesystem: true" in files["kubernetes.yaml"]
    assert "- 9090:9090\n" in files["compose.yaml"]
    assert "read_only: true\n" in files["compose.yaml"]
