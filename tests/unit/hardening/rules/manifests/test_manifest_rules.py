import pytest

from undercurrent.findings import Finding
from undercurrent.hardening.manifests.compose import services
from undercurrent.hardening.manifests.patched import patch
from undercurrent.hardening.manifests.patching import Wanted
from undercurrent.hardening.rules.manifests import POD_CHECKS, RULES, SERVICE_CHECKS, in_pods, in_services
from undercurrent.kube import pods
from undercurrent.yamltext import parse

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  automountServiceAccountToken: false
  securityContext:
    runAsNonRoot: true
    runAsUser: 20001
    seccompProfile: {type: RuntimeDefault}
  containers:
  - name: c
    image: c
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: {drop: [ALL]}
"""


def _in_pod(text: str) -> tuple[Finding, ...]:
    return in_pods(pods(parse(text, "pod.yaml")))


def _in_service(text: str) -> tuple[Finding, ...]:
    return in_services(services(parse(f"services:\n  s:\n{text}", "compose.yaml")))


SERVICE = """\
    image: s
    user: "20001"
    read_only: true
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
"""


def test_codes_are_in_order_and_nobody_elses() -> None:
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))
    assert all("UC140" <= code <= "UC179" for code in codes)
    assert len({rule.name for rule in RULES}) == len(RULES) == 24
    assert all(rule.aliases and rule.before != rule.after and rule.language == "yaml" for rule in RULES)
    assert (len(POD_CHECKS), len(SERVICE_CHECKS)) == (23, 18)


def test_what_is_hardened_has_no_findings() -> None:
    assert _in_pod(POD) == ()
    assert _in_service(SERVICE) == ()


CONTEXT = "      allowPrivilegeEscalation: false\n"


@pytest.mark.parametrize(
    ("code", "line", "was", "now"),
    [
        ("UC140", 14, CONTEXT, f"      privileged: true\n{CONTEXT}"),
        ("UC141", 16, "drop: [ALL]", "drop: [NET_RAW]"),
        ("UC142", 16, "drop: [ALL]", "drop: [ALL], add: [SYS_ADMIN]"),
        ("UC143", 15, "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"),
        ("UC144", 14, "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true"),
        ("UC145", 9, "type: RuntimeDefault", "type: Unconfined"),
        ("UC145", 13, "    seccompProfile: {type: RuntimeDefault}\n", "    # none\n"),
        ("UC146", 7, "runAsNonRoot: true", "runAsNonRoot: false"),
        ("UC147", 8, "runAsUser: 20001", "runAsUser: 0"),
        ("UC148", 8, "runAsUser: 20001", "runAsUser: 1000"),
        ("UC149", 5, "  automountService", "  hostPID: true\n  automountService"),
        ("UC150", 5, "  automountService", "  volumes: [{name: v, hostPath: {path: /srv}}]\n  automountService"),
        ("UC151", 12, "    image: c", "    ports: [{containerPort: 8080, hostPort: 80}]"),
        ("UC152", 14, CONTEXT, f"      procMount: Unmasked\n{CONTEXT}"),
        ("UC153", 7, "    runAsNonRoot", "    sysctls: [{name: kernel.msgmax, value: '1'}]\n    runAsNonRoot"),
        ("UC154", 7, "    runAsNonRoot", "    seLinuxOptions: {type: spc_t}\n    runAsNonRoot"),
        ("UC155", 7, "    runAsNonRoot", "    appArmorProfile: {type: Unconfined}\n    runAsNonRoot"),
        ("UC156", 5, "  automountService", "  volumes: [{name: v, nfs: {server: s, path: /}}]\n  automountService"),
        ("UC157", 7, "    runAsNonRoot", "    windowsOptions: {hostProcess: true}\n    runAsNonRoot"),
        (
            "UC158",
            5,
            "  automountService",
            "  volumes: [{name: v, hostPath: {path: /run/docker.sock}}]\n  automountService",
        ),
        ("UC159", 12, "    image: c", "    env: [{name: DB_PASSWORD, value: hunter2}, {name: TOKEN_TTL, value: 1h}]"),
        ("UC160", 12, "    image: c", "    livenessProbe: {tcpSocket: {host: x, port: 80}}"),
        ("UC161", 4, "  automountServiceAccountToken: false\n", "  # no word of it\n"),
        ("UC162", 12, "    image: c", "    ports: [{containerPort: 80}]"),
    ],
)
def test_each_thing_is_found_in_a_pod_at_its_line(code: str, line: int, was: str, now: str) -> None:
    assert was in POD
    found = _in_pod(POD.replace(was, now, 1))
    assert {(one.rule.code, one.place.line) for one in found if one.rule.code == code} == {(code, line)}
    (first, *_others) = (one for one in found if one.rule.code == code)
    assert "{" not in first.message
    assert first.place.name == "pod.yaml"
    assert first.fingerprint.startswith(f"{code}:pod.yaml:Pod p:")


@pytest.mark.parametrize(
    ("code", "line", "was", "now"),
    [
        ("UC140", 3, "    image: s", "    privileged: true"),
        ("UC141", 2, "    cap_drop: [ALL]\n", ""),
        ("UC142", 3, "    image: s", "    cap_add: [SYS_PTRACE]"),
        ("UC143", 5, "read_only: true", "read_only: false"),
        ("UC144", 7, "no-new-privileges:true", "no-new-privileges:false"),
        ("UC145", 7, '"no-new', '"seccomp:unconfined", "no-new'),
        ("UC146", 2, '    user: "20001"\n', ""),
        ("UC147", 4, '"20001"', '"0:0"'),
        ("UC148", 4, '"20001"', "node"),
        ("UC148", 4, '"20001"', '"1000"'),
        ("UC149", 3, "    image: s", "    network_mode: host"),
        ("UC150", 3, "    image: s", "    volumes: ['/etc:/etc']"),
        ("UC153", 3, "    image: s", "    sysctls: {kernel.sem: 1}"),
        ("UC154", 7, '"no-new', '"label:disable", "no-new'),
        ("UC155", 7, '"no-new', '"apparmor=unconfined", "no-new'),
        ("UC158", 3, "    image: s", "    volumes: ['/var/run/docker.sock:/x']"),
        ("UC159", 3, "    image: s", "    environment: {API_KEY: abc, OTHER_TOKEN: '${TOKEN}', PASSWORD_FILE: /x}"),
        ("UC162", 3, "    image: s", "    ports: ['80:80', '8080:8080']"),
        ("UC163", 3, "    image: s", "    devices: [/dev/sda]"),
    ],
)
def test_each_thing_is_found_in_a_service_at_its_line(code: str, line: int, was: str, now: str) -> None:
    assert was in SERVICE
    found = [one for one in _in_service(SERVICE.replace(was, now, 1)) if one.rule.code == code]
    if now == "node":  # a name says nothing about the id
        assert found == []
        return
    assert [(one.place.line, one.place.name) for one in found] == [(line, "compose.yaml")]
    assert "{" not in found[0].message


def test_what_a_patch_can_mend_says_so_and_is_mended() -> None:
    text = "kind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: c\n"
    before = _in_pod(text)
    (file,) = patch({"pod.yaml": parse(text, "pod.yaml")}, Wanted())
    mended = {one.rule.code for one in before if one.fix and "uc harden manifests" in one.fix.description}
    assert mended == {"UC141", "UC143", "UC144", "UC145", "UC146"}
    assert {one.rule.code for one in _in_pod(file.after)} == {one.rule.code for one in before} - mended
    assert all(one.fix for one in before)
