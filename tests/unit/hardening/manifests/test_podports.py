"""Ports of pods led elsewhere, and what cannot follow."""

from dataclasses import dataclass

import pytest

from undercurrent.hardening.manifests.patched import PatchedFile, patch
from undercurrent.hardening.manifests.patching import Wanted
from undercurrent.hardening.manifests.podports import free_moves, moved_ports, obstacles, staying
from undercurrent.kube import Object, Pod, objects, pods
from undercurrent.yamltext import edited, parse

POD = """\
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  containers:
  - name: web
    image: example/web
    ports: [{containerPort: 80}]
"""


@dataclass
class Read:
    text: str
    pods: tuple[Pod, ...]
    objects: tuple[Object, ...]

    def moved(self, moves: dict[int, int], keeping: tuple[Pod, ...] = ()) -> str:
        return edited(
            self.text, [edit for _doc, edit, _change in moved_ports(self.pods[0], moves, self.objects, keeping)]
        )

    def obstacles(self) -> list[str]:
        pod = self.pods[0]
        return [one.reason for one in obstacles(pod, pod.containers[0], 80, 8080, self.objects)]

    def staying(self, keeping: tuple[Pod, ...] = ()) -> list[tuple[int, str]]:
        found = staying(self.pods[0], {80: 8080}, self.objects, keeping)
        return [(one.line, one.reason) for _document, one in found]


def read(*parts: str) -> Read:
    text = "---\n".join(parts)
    documents = parse(text, "x.yaml")
    return Read(text, pods(documents), tuple(objects(documents)))


def test_variables_and_annotations_that_say_the_port_follow() -> None:
    text = """\
kind: Pod
metadata: {annotations: {prometheus.io/port: '80', other: '80'}}
spec:
  containers:
  - name: web
    env:
    - {name: PORT, value: "80"}
    - {name: LISTEN_ADDR, value: "0.0.0.0:80"}
    - {name: BASE_URL, value: "http://localhost:80/"}
    - {name: UPSTREAM_URL, value: "http://api:80/"}
    - {name: RETRIES, value: "80"}
    ports: [{containerPort: 80, hostPort: 80}]
    livenessProbe: {httpGet: {port: 80, scheme: HTTPS}}
    readinessProbe: {tcpSocket: {port: 80, host: db.example}}
"""
    expected = text.replace("port: '80'", "port: '8080'").replace(
        'value: "80"}\n    - {name: L', 'value: "8080"}\n    - {name: L'
    )
    expected = expected.replace("0.0.0.0:80", "0.0.0.0:8080").replace("localhost:80/", "localhost:8080/")
    expected = expected.replace("containerPort: 80", "containerPort: 8080").replace("{port: 80, s", "{port: 8080, s")
    assert read(text).moved({80: 8080}) == expected


def test_what_lets_others_reach_the_pod_follows() -> None:
    policy = """\
kind: NetworkPolicy
metadata: {name: client}
spec:
  podSelector: {matchLabels: {app: client}}
  egress:
  - to: [{podSelector: {matchLabels: {app: web}}}]
    ports: [{port: 80}]
  - to: [{podSelector: {matchLabels: {app: db}}}]
    ports: [{port: 80}]
"""
    found = read(POD, policy)
    assert found.moved({80: 8080}).endswith(policy.replace("80}]\n  - to", "8080}]\n  - to"))
    both = read(
        POD,
        policy.replace(
            "[{podSelector: {matchLabels: {app: web}}}]", "[{podSelector: {}}, {ipBlock: {cidr: 10.0.0.0/8}}]"
        ),
    )
    assert both.text.endswith(both.moved({80: 8080}).partition("---\n")[2])
    assert both.staying() == [(15, "it lets others reach 80, of this pod and of what else it names; this pod has 8080")]


def test_what_is_about_another_pod_as_well_stays() -> None:
    other = POD.replace("name: web", "name: old").replace("app: web", "app: web, old: 'yes'")
    service = "kind: Service\nmetadata: {name: web}\nspec:\n  selector: {app: web}\n  ports: [{port: 80}]\n"
    found = read(POD, other, service)
    assert service in found.moved({80: 8080}, keeping=found.pods[1:])
    assert found.staying(found.pods[1:]) == [
        (21, "it is about Pod old, too, which keeps port 80: use the name of a port")
    ]
    assert "targetPort: 8080" in found.moved({80: 8080})
    assert found.staying() == []


def test_who_reaches_the_pods_themselves_is_told() -> None:
    service = """\
kind: Service
metadata: {name: web}
spec:
  clusterIP: None
  selector: {app: web}
  ports: [{port: 80}]
"""
    found = read(POD, service)
    assert "targetPort: 8080" in found.moved({80: 8080})
    assert found.staying() == [(14, "who looks up this Service reaches the pods themselves, at 8080 instead of 80")]


@pytest.mark.parametrize(("last", "told"), [(90, True), (9000, False)])
def test_a_range_of_ports_is_told_unless_it_has_the_new_one(last: int, told: bool) -> None:
    policy = (
        f"kind: NetworkPolicy\nspec:\n  podSelector: {{}}\n  ingress: [{{ports: [{{port: 80, endPort: {last}}}]}}]\n"
    )
    found = read(POD, policy)
    assert found.moved({80: 8080}).endswith(policy)
    assert [reason for _line, reason in found.staying()] == ["it allows ports 80-90, where 8080 is missing"][
        : int(told)
    ]


def test_a_command_that_asks_at_the_port_is_told() -> None:
    found = read(POD + "    livenessProbe: {exec: {command: [wget, 'http://localhost:80/']}}\n")
    assert found.staying() == [(8, "a command speaks of port 80, which becomes 8080")]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("    args: [--port, '80']\n", "it is started with port 80: 80"),
        ("    command: [sh, -c, 'exec server -p 80']\n", "it is started with port 80: exec server -p 80"),
        ("    args: [--workers=800, --rate, '1.80']\n", ""),
        (
            "  - {name: side, ports: [{containerPort: 8080}]}\n",
            "container side listens on 8080 already, where port 80 would go",
        ),
        ("  hostNetwork: true\n", "port 80 is the host's: it shares the host's network"),
        (
            (
                "    volumeMounts: [{name: conf, mountPath: /etc/nginx}]\n"
                "  volumes: [{name: conf, configMap: {name: gone}}]\n"
            ),
            "ConfigMap gone is mounted at /etc/nginx; it is not here, and may say port 80",
        ),
        (
            "    volumeMounts: [{name: conf, mountPath: /data}]\n  volumes: [{name: conf, configMap: {name: gone}}]\n",
            "",
        ),
        (
            "    volumeMounts: [{name: conf, mountPath: /x}]\n  volumes: [{name: conf, configMap: {name: site}}]\n",
            "ConfigMap site is mounted at /x, and speaks of port 80",
        ),
        ("    envFrom: [{configMapRef: {name: site}}]\n", ""),
        (
            "    envFrom: [{configMapRef: {name: variables}}]\n",
            "its variables come from ConfigMap variables, which speaks of port 80",
        ),
    ],
)
def test_what_stands_in_the_way(more: str, reason: str) -> None:
    maps = (
        "kind: ConfigMap\nmetadata: {name: site}\ndata: {default.conf: 'server { listen 80; }'}\n",
        "kind: ConfigMap\nmetadata: {name: variables}\ndata: {PORT: '80'}\n",
    )
    assert read(POD + more, *maps).obstacles() == [reason][: bool(reason)]


def test_low_ports_of_all_containers_get_places_of_their_own() -> None:
    text = (
        POD
        + "  - {name: side, ports: [{containerPort: 8080}, {containerPort: 53, protocol: UDP}, {containerPort: 53}]}\n"
    )
    assert free_moves(read(text).pods[0]) == {80: 8081, 53: 8053}


def _patched(text: str) -> PatchedFile:
    (file,) = patch({"x.yaml": parse(text, "x.yaml")}, Wanted(move_ports=True))
    return file


def test_a_port_that_cannot_move_stays_open_by_the_kernel_setting_and_is_told() -> None:
    file = _patched(POD + "    args: [--port=80]\n")
    assert [(one.line, one.reason) for one in file.unfixed] == [(8, "it is started with port 80: --port=80")]
    assert "containerPort: 80}" in file.after
    assert "net.ipv4.ip_unprivileged_port_start" in file.after


def test_a_mention_that_stays_is_told_in_the_file_that_it_is_in() -> None:
    service = (
        "kind: Service\nmetadata: {name: web}\nspec: {clusterIP: None, selector: {app: web}, ports: [{port: 80}]}\n"
    )
    files = patch({"p": parse(POD, "p"), "s": parse(service, "s")}, Wanted(move_ports=True))
    assert [[one.title for one in file.unfixed] for file in files] == [[], ["Service web"]]
    assert "targetPort: 8080" in files[1].after
