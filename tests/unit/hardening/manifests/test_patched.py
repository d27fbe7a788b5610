import os
from pathlib import Path
from typing import Final

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as some

from undercurrent.hardening.manifests import pods, violations
from undercurrent.hardening.manifests.compose import services
from undercurrent.hardening.manifests.patched import PatchedFile, patch
from undercurrent.hardening.manifests.patching import Wanted
from undercurrent.hardening.manifests.servicechecks import service_violations
from undercurrent.splices import as_text
from undercurrent.yamltext import parse

WORKLOADS: Final = sorted((Path(__file__).parents[3] / "peers" / "workloads").glob("*.*"))
DATA: Final = Path(os.environ.get("UNDERCURRENT_DATA", "../shared/data"))
COMPOSE: Final = sorted(DATA.glob("dockerfiles/awesome-compose/*/compose.y*ml"))
FIXTURES: Final = sorted(DATA.glob("pod-security/restricted/v1.35/fail/*.yaml"))


def _patched(text: str, wanted: Wanted | None = None, name: str = "x.yaml") -> PatchedFile:
    (file,) = patch({name: parse(text, name)}, wanted or Wanted())
    return file


def _is_within(before: str, after: str) -> bool:
    """Whether every line is still there, in its order."""
    lines = iter(after.splitlines())
    return all(line in lines for line in before.splitlines())


@pytest.mark.parametrize("path", WORKLOADS, ids=lambda path: path.name)
@pytest.mark.parametrize("wanted", [Wanted(), Wanted(move_ports=True, network_policy=True)], ids=["stay", "move"])
def test_workloads_pass_restricted_or_say_why_not_and_are_patched_once(path: Path, wanted: Wanted) -> None:
    before = as_text(path.read_bytes())
    file = _patched(before, wanted, path.name)
    found = pods(parse(file.after, path.name))
    assert found
    left = {reason.title for reason in file.unfixed}
    assert left == ({"DaemonSet cni"} if path.name == "cni.yaml" else set())
    for pod in found:
        assert pod.title in left or violations(pod, "restricted") == ()
    assert _patched(file.after, wanted, path.name).after == file.after


def test_what_stands_in_the_way_is_told_with_its_line_and_nothing_is_changed() -> None:
    path = next(path for path in WORKLOADS if path.name == "cni.yaml")
    file = _patched(path.read_text(encoding="utf-8"))
    assert file.after == file.before
    assert [(one.line, one.check) for one in file.unfixed] == [
        (11, "hostNamespaces"),
        (16, "privileged"),
        (18, "capabilities_restricted"),
        (23, "restrictedVolumes"),
    ]


@pytest.mark.skipif(not DATA.is_dir(), reason="the cases are not here; set UNDERCURRENT_DATA")
def test_every_case_that_restricted_refuses_is_mended_or_explained() -> None:
    mended = 0
    for path in FIXTURES:
        text = as_text(path.read_bytes())
        file = _patched(text, name=path.name)
        if file.unfixed:
            assert file.after == text
            assert all(one.reason and 1 <= one.line <= text.count("\n") for one in file.unfixed)
            continue
        (pod,) = pods(parse(file.after, path.name))
        assert violations(pod, "restricted") == ()
        mended += 1
    assert mended >= 15


@pytest.mark.skipif(not DATA.is_dir(), reason="the files are not here; set UNDERCURRENT_DATA")
def test_every_real_compose_file_keeps_its_lines_and_is_patched_once() -> None:
    fixed = left = 0
    for path in COMPOSE:
        before = as_text(path.read_bytes())
        wanted = Wanted(owned_volumes=True)
        file = _patched(before, wanted, str(path))
        assert _is_within(before, file.after) or "cap_add" in before
        assert _patched(file.after, wanted, str(path)).after == file.after
        told = {reason.title for reason in file.unfixed}
        for service in services(parse(file.after, str(path))):
            if f"service {service.name}" in told:
                left += 1
            else:
                assert service_violations(service) == ()
                fixed += 1
    assert fixed >= 60
    assert left >= 3


def test_ports_move_with_every_mention_and_no_other() -> None:
    text = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web
        ports: [{containerPort: 80, name: http}, {containerPort: 8080}]
        livenessProbe: {httpGet: {port: 80}}
        readinessProbe: {tcpSocket: {port: http}}
        lifecycle: {preStop: {httpGet: {port: 80, path: /stop}}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}, {port: 81, targetPort: 80}, {port: 82, targetPort: http}]}
---
apiVersion: v1
kind: Service
metadata: {name: other}
spec: {selector: {app: other}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: elsewhere, namespace: elsewhere}
spec: {selector: {app: web}, ports: [{port: 80}]}
"""
    after = _patched(text, Wanted(move_ports=True)).after
    assert "[{containerPort: 8081, name: http}, {containerPort: 8080}]" in after
    assert "livenessProbe: {httpGet: {port: 8081}}" in after
    assert "tcpSocket: {port: http}" in after
    assert "preStop: {httpGet: {port: 8081, path: /stop}}" in after
    assert "[{port: 80, targetPort: 8081}, {port: 81, targetPort: 8081}, {port: 82, targetPort: http}]" in after
    assert "metadata: {name: other}\nspec: {selector: {app: other}, ports: [{port: 80}]}" in after
    assert "namespace: elsewhere}\nspec: {selector: {app: web}, ports: [{port: 80}]}" in after
    assert "sysctls" not in after
    assert "ip_unprivileged_port_start" in _patched(text).after


def test_the_service_of_a_pod_may_stand_in_another_file() -> None:
    pod = "kind: Pod\nmetadata: {labels: {a: b}}\nspec: {containers: [{name: c, ports: [{containerPort: 443}]}]}\n"
    service = "kind: Service\nspec:\n  selector: {a: b}\n  ports:\n  - port: 443\n"
    files = patch({"p": parse(pod, "p"), "s": parse(service, "s")}, Wanted(move_ports=True))
    assert files[1].after == service + "    targetPort: 8443\n"


def test_options_decide() -> None:
    text = (
        "kind: Pod\nspec:\n  containers:\n  - name: a\n    securityContext: {capabilities: {add: [NET_BIND_SERVICE]}}\n"
    )
    wanted = Wanted(uid=20001, gid=20002, writable=("/run", "/var/cache/x"), keep_bind=True)
    after = _patched(text, wanted).after
    (pod,) = pods(parse(after, "x"))
    assert (pod.security["runAsUser"], pod.security["runAsGroup"]) == (20001, 20002)
    assert pod.containers[0].security["capabilities"] == {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]}
    assert pod.containers[0].data["volumeMounts"] == [
        {"name": "run", "mountPath": "/run"},
        {"name": "var-cache-x", "mountPath": "/var/cache/x"},
    ]
    (pod,) = pods(parse(_patched(text).after, "x"))
    assert pod.containers[0].security["capabilities"] == {"add": [], "drop": ["ALL"]}


def test_a_mount_that_is_there_is_enough() -> None:
    text = "kind: Pod\nspec:\n  containers:\n  - name: a\n    volumeMounts: [{name: v, mountPath: /tmp/}]\n"
    (pod,) = pods(parse(_patched(text).after, "x"))
    assert pod.containers[0].data["volumeMounts"] == [{"name": "v", "mountPath": "/tmp/"}]
    assert "volumes" not in pod.spec


def test_what_is_shared_by_an_alias_is_written_out_where_it_has_to_differ() -> None:
    text = """\
kind: Pod
x: &security {privileged: false}
spec:
  containers:
  - name: a
    securityContext: *security
"""
    after = _patched(text).after
    (pod,) = pods(parse(after, "x"))
    assert "x: &security {privileged: false}\n" in after
    assert pod.containers[0].security["privileged"] is False
    assert violations(pod, "restricted") == ()


def test_what_cannot_be_changed_with_certainty_is_left_and_told() -> None:
    text = "kind: Pod\nx: &list [{name: a}]\nspec:\n  containers: *list\n"
    file = _patched(text)
    assert file.after == text
    assert [(one.line, one.check) for one in file.unfixed] == [(3, "form")]
    assert "cannot be changed" in file.unfixed[0].reason


def test_a_service_that_extends_one_that_is_nowhere_is_left() -> None:
    file = _patched("services:\n  a:\n    image: x\n    extends: {file: no.yaml, service: b}\n")
    assert file.after == file.before
    assert [one.check for one in file.unfixed] == ["extends"]


def test_volumes_of_a_service_are_asked_about() -> None:
    text = "services:\n  db:\n    image: db\n    volumes:\n    - data:/data\n"
    file = _patched(text)
    assert file.after == text
    assert [(one.line, one.check) for one in file.unfixed] == [(5, "user")]
    assert 'user: "10001:10001"' in _patched(text, Wanted(owned_volumes=True)).after
    own = text.replace("image: db", "image: db\n    user: '999'")
    assert "read_only: true" in _patched(own).after
    assert _patched(own).unfixed == ()


def test_lists_that_come_by_a_merge_are_kept() -> None:
    text = "x: &x\n  security_opt: [apparmor=mine]\nservices:\n  a:\n    <<: *x\n    image: a\n"
    (service,) = services(parse(_patched(text).after, "x"))
    assert service.texts("security_opt") == ("apparmor=mine", "no-new-privileges:true")
    assert "x: &x\n  security_opt: [apparmor=mine]\n" in _patched(text).after


BOOLEANS = some.sampled_from((None, True, False))
USERS = some.sampled_from((None, 0, 1000, 20001))
PROFILES = some.sampled_from((None, {"type": "RuntimeDefault"}, {"type": "Unconfined"}))
CAPABILITIES = some.sampled_from(
    (None, {}, {"drop": ["ALL"]}, {"drop": ["NET_RAW"], "add": ["NET_BIND_SERVICE"]}, {"add": ["NET_BIND_SERVICE"]})
)
SECURITY = some.fixed_dictionaries(
    {},
    optional={
        "runAsNonRoot": BOOLEANS,
        "runAsUser": USERS,
        "seccompProfile": PROFILES,
        "allowPrivilegeEscalation": BOOLEANS,
        "readOnlyRootFilesystem": BOOLEANS,
        "capabilities": CAPABILITIES,
    },
)
CONTAINERS = some.fixed_dictionaries(
    {"name": some.sampled_from(("a", "b"))},
    optional={
        "securityContext": SECURITY | some.none(),
        "volumeMounts": some.sampled_from((None, [], [{"name": "v", "mountPath": "/v"}])),
        "ports": some.sampled_from(([{"containerPort": 80}], [{"containerPort": 8080}], None)),
    },
)
SPECS = some.fixed_dictionaries(
    {"containers": some.lists(CONTAINERS, min_size=1, max_size=2)},
    optional={
        "initContainers": some.lists(CONTAINERS, max_size=1),
        "securityContext": SECURITY.map(
            lambda context: {name: context[name] for name in context if name[:3] in ("run", "sec")}
        ),
        "volumes": some.sampled_from((None, [], [{"name": "v", "emptyDir": {}}], [{"name": "tmp", "secret": {}}])),
        "hostUsers": BOOLEANS,
        "os": some.sampled_from((None, {"name": "linux"}, {"name": "windows"})),
    },
)


@settings(max_examples=60, deadline=None)
@given(spec=SPECS, flow=some.sampled_from((None, True, False)), move=some.booleans())
def test_any_pod_that_nothing_stands_in_the_way_of_passes_after_one_patch(
    spec: dict[str, object], flow: bool | None, move: bool
) -> None:
    wanted = Wanted(move_ports=move)
    text = yaml.safe_dump({"kind": "Pod", "spec": spec}, default_flow_style=flow, sort_keys=False)
    file = _patched(text, wanted)
    if file.unfixed:  # the dumper shares what is the same by aliases
        assert "*" in text
        assert {one.check for one in file.unfixed} == {"form"}
        return
    (pod,) = pods(parse(file.after, "x"))
    assert violations(pod, "restricted") == ()
    assert _patched(file.after, wanted).after == file.after


def test_what_is_laid_over_a_service_is_changed_where_it_counts_and_the_rest_once() -> None:
    base = "services:\n  web:\n    image: web\n    cap_add: [NET_RAW]\n    ports: ['80:80']\n"
    over = "services:\n  web:\n    user: root\n    cap_add: [CHOWN]\n    ports: ['443:443']\n"
    names = ("compose.override.yaml", "compose.yaml")
    texts = dict(zip(names, (over, base), strict=True))
    wanted = Wanted(move_ports=True)
    first, second = patch({name: parse(text, name) for name, text in texts.items()}, wanted)
    assert [one.check for one in second.unfixed] == ["capabilities-added"] * 2
    without = {
        name: text.replace("NET_RAW", "NET_BIND_SERVICE").replace("CHOWN", "NET_BIND_SERVICE")
        for name, text in texts.items()
    }
    first, second = patch({name: parse(text, name) for name, text in without.items()}, wanted)
    assert first.after == "services:\n  web:\n    user: 10001:10001\n    ports: ['443:8443']\n"
    assert "user:" not in second.after
    assert "ports: ['80:8080']\n" in second.after
    assert "cap_add" not in second.after
    assert "read_only: true\n" in second.after
    assert [one.what for one in first.changes] == [
        "user: 10001:10001",
        "cap_add: NET_BIND_SERVICE → –",
        "ports: 443 → 8443",
    ]
    again = patch({one.name: parse(one.after, one.name) for one in (first, second)}, wanted)
    assert all(one.after == one.before and not one.unfixed for one in again)


def test_a_user_that_is_root_is_replaced_wherever_it_is_said() -> None:
    own = "containers: [{name: a, securityContext: {runAsUser: 5}}]"
    pod = f"kind: Pod\nspec:\n  securityContext: {{runAsUser: 0}}\n  {own}\n"
    assert "runAsUser: 10001" in _patched(pod).after
    windows = "kind: Pod\nspec:\n  os: {name: windows}\n  securityContext: {runAsUser: 0}\n  containers: [{name: a}]\n"
    assert not _patched(windows).unfixed


def test_a_tmpfs_over_a_folder_of_the_image_belongs_to_who_runs() -> None:
    wanted = Wanted(writable=("/tmp", "/run/app"))
    file = _patched("services:\n  web: {image: web}\n", wanted, "compose.yaml")
    (web,) = services(parse(file.after, "compose.yaml"))
    assert web.texts("tmpfs") == ("/tmp", "/run/app:mode=1777,uid=10001,gid=10001")
    own = _patched("services:\n  web: {image: web, user: '70'}\n", wanted, "compose.yaml")
    (web,) = services(parse(own.after, "compose.yaml"))
    assert web.texts("tmpfs") == ("/tmp", "/run/app:mode=1777,uid=70")
    assert _patched(own.after, wanted, "compose.yaml").after == own.after
