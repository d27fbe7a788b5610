"""What is emitted for Kubernetes is accepted by a real API server in namespaces that enforce "restricted".

The API server's own admission decides, in dry runs: nothing is kept, and no node is there. kubeconform, which brings no
schemas and would fetch them, gets such as the API server tells of itself.
"""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as some
from tests.support.controlplane import Answer, ApiServer
from tests.support.kubeschemas import write_schemas
from tests.support.peers import require_peer

from undercurrent.hardening.manifests import Level, Pod, pods, violations
from undercurrent.hardening.manifests.patched import patch
from undercurrent.hardening.manifests.patching import Wanted
from undercurrent.hardening.model import Origin, StatePath
from undercurrent.hardening.runside import Published, RunSide, resources
from undercurrent.kube import objects
from undercurrent.splices import as_text
from undercurrent.yamltext import Document, parse

DATA: Final = Path(os.environ.get("UNDERCURRENT_DATA", "../shared/data")) / "pod-security"
CASES: Final = sorted(DATA.glob("*/v1.35/*/*.yaml"))
WORKLOADS: Final = sorted((Path(__file__).parent / "workloads").glob("*.*"))
LEVELS: Final[tuple[Level, ...]] = ("baseline", "restricted")
INVALID: Final = {"procmount"}
VERSIONS: Final = {"v1-25": (1, 25), "v1-35": (1, 35), "latest": (1, 36)}
OPTIONS: Final = {
    "stay": Wanted(),
    "move": Wanted(move_ports=True, network_policy=True, writable=("/tmp", "/run", "/var/cache/nginx")),  # noqa: S108
}


def _documents(path: Path) -> tuple[Document, ...]:
    return parse(as_text(path.read_bytes()), path.name)


def _as_pod(pod: Pod) -> dict[str, Any]:
    """What the controller of a template would make of it."""
    spec = dict(pod.spec)
    claims = pod.owner.data.get("spec", {}).get("volumeClaimTemplates", ())
    names = [claim["metadata"]["name"] for claim in claims]
    made = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in names]
    metadata = {key: value for key, value in pod.metadata.items() if key in ("labels", "annotations")}
    if made:
        spec["volumes"] = [*spec.get("volumes", ()), *made]
    metadata["name"] = "try"
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _forbidden(answer: Answer) -> bool:
    """Whether Pod Security refused it; nothing else may."""
    if answer.status == HTTPStatus.FORBIDDEN and "violates PodSecurity" in answer.message:
        return True
    assert answer.status == HTTPStatus.CREATED, answer
    return False


@pytest.fixture(scope="module")
def namespaces(kubernetes: ApiServer) -> Mapping[tuple[Level, str], str]:
    return {
        (level, version): kubernetes.namespace(f"{level}-{version}", level, version.replace("-", "."))
        for level in LEVELS
        for version in VERSIONS
    }


@pytest.mark.skipif(not DATA.is_dir(), reason="the cases are not here; set UNDERCURRENT_DATA")
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("version", VERSIONS)
def test_every_case_is_judged_as_the_api_server_does(
    kubernetes: ApiServer, namespaces: Mapping[tuple[Level, str], str], level: Level, version: str
) -> None:
    wrong: list[str] = []
    invalid: set[str] = set()
    refused = 0
    for path in CASES:
        (pod,) = pods(_documents(path))
        answer = kubernetes.try_out(_as_pod(pod), namespaces[level, version])
        if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            invalid.add(path.stem.rstrip("0123456789"))
            continue
        forbidden = _forbidden(answer)
        refused += forbidden
        if forbidden != bool(violations(pod, level, VERSIONS[version])):
            wrong.append(str(path.relative_to(DATA)))
    assert wrong == []
    assert 0 < refused < len(CASES)
    # Some are no valid objects of this version of the API any more, which is said before admission is asked.
    assert invalid <= INVALID


@pytest.mark.skipif(not DATA.is_dir(), reason="the cases are not here; set UNDERCURRENT_DATA")
def test_every_case_that_is_mended_is_accepted(
    kubernetes: ApiServer, namespaces: Mapping[tuple[Level, str], str]
) -> None:
    mended = 0
    for path in CASES:
        (file,) = patch({path.name: _documents(path)}, Wanted())
        if not file.unfixed:
            (pod,) = pods(parse(file.after, path.name))
            assert not _forbidden(kubernetes.try_out(_as_pod(pod), namespaces["restricted", "latest"])), path
            mended += 1
    assert mended > 50


@pytest.mark.parametrize("path", WORKLOADS, ids=lambda path: path.name)
@pytest.mark.parametrize("options", OPTIONS)
def test_workloads_are_refused_before_and_accepted_after(
    kubernetes: ApiServer, namespaces: Mapping[tuple[Level, str], str], path: Path, options: str
) -> None:
    namespace = namespaces["restricted", "latest"]
    (file,) = patch({path.name: _documents(path)}, OPTIONS[options])
    before, after = (parse(text, path.name) for text in (file.before, file.after))
    hardened = path.name == "hardened.yaml"
    for pod in pods(before):
        assert _forbidden(kubernetes.try_out(_as_pod(pod), namespace)) != hardened
    if path.name == "cni.yaml":
        assert file.unfixed
        return
    for pod in pods(after):
        assert not _forbidden(kubernetes.try_out(_as_pod(pod), namespace)), pod.title
    for item in objects(after):
        answer = kubernetes.try_out(item.data, namespace)
        assert answer.status == HTTPStatus.CREATED, answer
        assert not [warning for warning in answer.warnings if "PodSecurity" in warning]


RUN_SIDES: Final = {
    "least": RunSide(user=10001),
    "most": RunSide(
        user=10001,
        group=10002,
        ports=(Published(80, 8080), Published(53, 5353, "udp")),
        tmpfs=(StatePath("/tmp", "temporary", lasting=False, origin=Origin("Dockerfile", 1)),),  # noqa: S108
        volumes=(StatePath("/var/lib/app", "volume", lasting=True, origin=Origin("Dockerfile", 2)),),
        environment={"HOME": "/tmp"},  # noqa: S108
        capabilities=("CAP_NET_BIND_SERVICE",),
        lowest_port=80,
    ),
}


@pytest.mark.parametrize("name", RUN_SIDES)
def test_what_a_fixed_image_is_run_with_is_accepted(
    kubernetes: ApiServer, namespaces: Mapping[tuple[Level, str], str], name: str
) -> None:
    found = resources(RUN_SIDES[name], "example/app:1", "app")
    for item in found:
        answer = kubernetes.try_out(item, namespaces["restricted", "latest"])
        assert answer.status == HTTPStatus.CREATED, answer
        assert not [warning for warning in answer.warnings if "PodSecurity" in warning]
    (pod,) = pods(parse(json.dumps(found[0]), "run.json"))
    assert not _forbidden(kubernetes.try_out(_as_pod(pod), namespaces["restricted", "latest"]))


@pytest.fixture(scope="module")
def schemas(kubernetes: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_schemas(kubernetes, tmp_path_factory.mktemp("schemas"))


def _kubeconform(schemas: str, *files: Path) -> dict[str, list[str]]:
    command: list[str | Path] = [
        require_peer("kubeconform"),
        "-strict",
        "-output",
        "json",
        "-schema-location",
        schemas,
        *files,
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    wrong: dict[str, list[str]] = {}
    for resource in json.loads(said.stdout)["resources"]:
        wrong.setdefault(Path(resource["filename"]).name, []).append(f"{resource['status']}: {resource['msg']}")
    assert (said.returncode != 0) == bool(wrong), said
    return wrong


def test_kubeconform_accepts_all_of_it(schemas: str, tmp_path: Path) -> None:
    files = list(_emitted(tmp_path))
    assert len(files) > 40
    assert _kubeconform(schemas, *files) == {}


def _emitted(folder: Path) -> Iterator[Path]:
    for name, wanted in OPTIONS.items():
        for path in WORKLOADS:
            (file,) = patch({path.name: _documents(path)}, wanted)
            made = folder / f"{name}-{path.name}"
            made.write_text(file.after, encoding="utf-8", newline="")
            yield made
    for name, run in RUN_SIDES.items():
        for number, item in enumerate(resources(run, "example/app:1", "app")):
            made = folder / f"run-{name}-{number}.json"
            made.write_text(json.dumps(item), encoding="utf-8")
            yield made


def test_kubeconform_would_refuse_what_the_api_has_not(schemas: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    text = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: b, runAsRoot: false}]}\n"
    )
    bad.write_text(text, encoding="utf-8")
    assert "runAsRoot" in _kubeconform(schemas, bad)["bad.yaml"][0]


def _module() -> Path | None:
    """Where Go keeps the source of Pod Security, once it has built the API server."""
    folder = os.environ.get("GOMODCACHE") or Path(os.environ.get("GOPATH") or Path.home() / "go") / "pkg" / "mod"
    found = Path(folder) / "k8s.io" / "pod-security-admission@v0.36.3" / "test" / "testdata"
    return found if found.is_dir() else None


def test_the_cases_of_every_version_since_the_first_are_judged_as_kubernetes_does() -> None:
    cases = _module()
    if cases is None:  # the program may have come from a cache, without its source
        pytest.skip("Kubernetes' source is not here; `make peers` fetches it when it builds the API server")
    wrong: list[str] = []
    files = sorted(cases.glob("*/v1.*/*/*.yaml"))
    for path in files:
        level: Level = "restricted" if path.parents[2].name == "restricted" else "baseline"
        major, minor = map(int, path.parent.parent.name.removeprefix("v").split("."))
        (pod,) = pods(_documents(path))
        if bool(violations(pod, level, (major, minor))) != (path.parent.name == "fail"):
            wrong.append(str(path.relative_to(cases)))
    assert wrong == []
    assert len(files) > 4000


BOOLEANS: Final = some.sampled_from((None, True, False))
SHARED: Final = {
    "runAsNonRoot": BOOLEANS,
    "runAsUser": some.sampled_from((None, 0, 1, 20001)),
    "seccompProfile": some.sampled_from(
        (None, {"type": "RuntimeDefault"}, {"type": "Unconfined"}, {"type": "Localhost", "localhostProfile": "a.json"})
    ),
    "appArmorProfile": some.sampled_from((None, {"type": "RuntimeDefault"}, {"type": "Unconfined"})),
    "seLinuxOptions": some.sampled_from(
        (None, {}, {"type": ""}, {"type": "container_t"}, {"type": "spc_t"}, {"level": "s0"}, {"user": "u"})
    ),
}
CONTAINER_SECURITY: Final = some.fixed_dictionaries(
    {},
    optional={
        **SHARED,
        "privileged": BOOLEANS,
        "allowPrivilegeEscalation": BOOLEANS,
        "procMount": some.sampled_from((None, "Default", "Unmasked")),
        "capabilities": some.fixed_dictionaries(
            {},
            optional={
                "add": some.lists(some.sampled_from(("NET_BIND_SERVICE", "CHOWN", "NET_RAW", "ALL")), max_size=2),
                "drop": some.lists(some.sampled_from(("ALL", "all", "NET_RAW")), max_size=2),
            },
        ),
    },
)
HANDLER: Final = some.sampled_from(
    ({"httpGet": {"port": 80}}, {"httpGet": {"port": 80, "host": "h"}}, {"tcpSocket": {"port": 80, "host": ""}})
)
CONTAINER: Final = some.fixed_dictionaries(
    {"image": some.just("a"), "securityContext": CONTAINER_SECURITY | some.none()},
    optional={
        "livenessProbe": HANDLER,
        "lifecycle": some.fixed_dictionaries({}, optional={"preStop": HANDLER}),
        "ports": some.sampled_from((None, [], [{"containerPort": 80}], [{"containerPort": 80, "hostPort": 80}])),
    },
)
VOLUMES: Final = some.sampled_from(
    ({}, {"emptyDir": {}}, {"emptyDir": None}, {"hostPath": {"path": "/"}}, {"nfs": {"server": "s", "path": "/"}})
)
SPEC: Final = some.fixed_dictionaries(
    {"containers": some.lists(CONTAINER, min_size=1, max_size=2)},
    optional={
        "initContainers": some.lists(CONTAINER.map(lambda one: {"image": "i", **_without(one)}), max_size=1),
        "volumes": some.lists(VOLUMES, max_size=2),
        "hostNetwork": BOOLEANS,
        "hostPID": BOOLEANS,
        "hostUsers": BOOLEANS,
        "os": some.sampled_from((None, {"name": "linux"}, {"name": "windows"})),
        "securityContext": some.fixed_dictionaries(
            {},
            optional={
                **SHARED,
                "sysctls": some.sampled_from(
                    (None, [{"name": "net.ipv4.tcp_syncookies", "value": "1"}], [{"name": "kernel.sem", "value": "1"}])
                ),
            },
        ),
    },
)


def _without(container: Mapping[str, Any]) -> dict[str, Any]:
    """Init containers have neither probes nor handlers."""
    return {name: value for name, value in container.items() if name not in ("livenessProbe", "lifecycle")}


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spec=SPEC, level=some.sampled_from(LEVELS), version=some.sampled_from(sorted(VERSIONS)))
def test_any_pod_is_judged_as_the_api_server_does(
    kubernetes: ApiServer,
    namespaces: Mapping[tuple[Level, str], str],
    spec: dict[str, Any],
    level: Level,
    version: str,
) -> None:
    for field, letter in (("containers", "c"), ("initContainers", "i"), ("volumes", "v")):
        spec[field] = [{"name": f"{letter}{number}", **one} for number, one in enumerate(spec.get(field, ()))]
    made = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "any"}, "spec": spec}
    answer = kubernetes.try_out(made, namespaces[level, version])
    (pod,) = pods(parse(json.dumps(made), "any.json"))
    assume(answer.status != HTTPStatus.UNPROCESSABLE_ENTITY)
    assert _forbidden(answer) == bool(violations(pod, level, VERSIONS[version])), answer.message
