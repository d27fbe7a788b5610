import os
from pathlib import Path

import pytest

from undercurrent.hardening.manifests.compose import Build, Service, interpolated, services
from undercurrent.hardening.manifests.servicechecks import service_violations
from undercurrent.hardening.manifests.servicepatch import move_port
from undercurrent.yamltext import edited, parse

DATA = Path(os.environ.get("UNDERCURRENT_DATA", "../shared/data")) / "dockerfiles" / "awesome-compose"

COMPOSE = """\
x-common: &common
  restart: always
  cap_drop: [ALL]
services:
  base:
    image: example/base:${TAG:-1}
    ports: ["9000:9000"]
    environment: {A: "1"}
  web:
    <<: *common
    extends: base
    build: ./web
    ports:
    - 80:80
    - "127.0.0.1:${PORT}:443/tcp"
    - target: 53
      published: "5353"
      protocol: udp
    - "7000-7010:7000-7010"
    environment:
    - B=2
    - C
    volumes:
    - data:/data
    - ./src:/src:ro
    - {type: bind, source: /etc, target: /host/etc}
    - /scratch
  loop:
    extends: {service: loop}
  lost:
    extends: {file: nowhere.yaml, service: x}
volumes: {data: }
"""


def _services(text: str = COMPOSE, **more: str) -> dict[str, Service]:
    files = dict(more)
    found = services(parse(text, "compose.yaml"), read=lambda name: files.get(name.replace(".", "_")))
    return {service.name: service for service in found}


def test_a_service_has_what_it_takes_over_behind_its_own() -> None:
    web = _services()["web"]
    assert web.image == "example/base:1"
    assert web.environment == {"B": "2", "C": None}
    assert web.data["restart"] == "always"
    assert [mapping.target for mapping in web.ports] == [80, 53, 7000, 9000]
    assert [(mapping.published, mapping.host, mapping.protocol) for mapping in web.ports][:2] == [
        ("80", "", "tcp"),
        ("5353", "", "udp"),
    ]
    assert web.ports[2].last == 7010
    assert web.line("ports", 0) == 14


def test_what_loops_or_is_nowhere_is_told() -> None:
    found = _services()
    assert found["loop"].doubts == ("loop",)
    assert found["lost"].doubts == ("nowhere.yaml: x",)
    assert found["web"].doubts == ()


def test_files_that_extend_each_other_end() -> None:
    text = "services:\n  a:\n    extends: {file: b.yaml, service: b}\n"
    other = "services:\n  b:\n    image: x\n    extends: {file: c.yaml, service: c}\n"
    third = "services:\n  c:\n    user: '1'\n    extends: {file: b.yaml, service: b}\n"
    found = _services(text, b_yaml=other, c_yaml=third)["a"]
    assert (found.image, found.user) == ("x", "1")
    assert found.doubts == ("b.yaml: b",)


def test_included_files_have_services_and_may_loop() -> None:
    text = "include: [other.yaml, {path: [../third.yaml]}]\nservices: {a: {image: a}}\n"
    other = "include: [other.yaml]\nservices: {b: {image: b}}\n"
    found = _services(text, other_yaml=other)
    assert {name: service.document.name for name, service in found.items()} == {"a": "compose.yaml", "b": "other.yaml"}


def test_mounts_and_builds_are_read_in_each_form() -> None:
    web = _services()["web"]
    assert [(mount.kind, mount.source, mount.target, mount.read_only) for mount in web.mounts] == [
        ("volume", "data", "/data", False),
        ("bind", "./src", "/src", True),
        ("bind", "/etc", "/host/etc", False),
        ("volume", "", "/scratch", False),
    ]
    assert web.build == Build("./web")
    text = "services: {a: {build: {context: c, dockerfile: D, target: t, args: {X: 1, Y: }}}}"
    assert _services(text)["a"].build == Build("c", "D", "t", {"X": "1", "Y": None})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$A-${A}", "1-1"),
        ("${B-x}${B:-y}", "y"),
        ("${N-x}${N:-y}", "xy"),
        ("${N}", "${N}"),
        ("${A:+yes}${N+no}", "yes"),
        ("$$A", "$A"),
        ("${N:?must be set}", "${N:?must be set}"),
        ("100%", "100%"),
    ],
)
def test_variables_are_put_in_as_compose_does(text: str, value: str) -> None:
    assert interpolated(text, {"A": "1", "B": ""}) == value


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("- 80:80 # web\n", "- 80:8080 # web\n"),
        ('- "${PORT:-80}:80/tcp"\n', '- "${PORT:-80}:8080/tcp"\n'),
        ("- '127.0.0.1:80:80'\n", "- '127.0.0.1:80:8080'\n"),
        ("- 80\n", "- 8080\n"),
        ("- target: 80\n      published: 80\n", "- target: 8080\n      published: 80\n"),
    ],
)
def test_a_port_is_moved_in_its_own_form(before: str, after: str) -> None:
    start = "services:\n  web:\n    ports:\n    "
    (service,) = services(parse(start + before, "x"))
    made = edited(start + before, move_port(service, service.ports[0], 8080))
    assert made == start + (after if before != "- 80\n" else '- "8080"\n')


def test_what_a_service_does_that_it_need_not_is_found() -> None:
    text = """\
services:
  bad:
    privileged: true
    network_mode: host
    cap_add: [cap_net_admin]
    devices: [/dev/kmsg]
    user: root
    security_opt: [seccomp=unconfined, "apparmor:unconfined", label:disable]
    sysctls: {kernel.msgmax: 1}
    volumes: [/var/run/docker.sock:/var/run/docker.sock:ro, /etc:/etc]
  good:
    user: "10001"
    read_only: true
    cap_drop: [all]
    cap_add: [NET_BIND_SERVICE]
    security_opt: ["no-new-privileges=true"]
"""
    found = _services(text)
    assert service_violations(found["good"]) == ()
    assert [violation.check for violation in service_violations(found["bad"])] == [
        "privileged",
        "host-namespaces",
        "devices",
        "engine-socket",
        "host-path",
        "sysctls",
        "capabilities-added",
        "capabilities-dropped",
        "no-new-privileges",
        "user",
        "read-only",
        "seccomp",
        "apparmor",
        "selinux",
    ]


@pytest.mark.skipif(not DATA.is_dir(), reason="the files are not here; set UNDERCURRENT_DATA")
def test_real_compose_files_have_services_whose_builds_are_folders() -> None:
    count = 0
    for path in sorted(DATA.glob("*/compose.y*ml")):
        for service in services(parse(path.read_bytes(), str(path))):
            count += 1
            assert service.image or service.build
            if service.build:
                assert (path.parent / service.build.context).is_dir(), (path, service.name)
    assert count > 60


BASE = """\
services:
  web:
    build: .
    environment: [A=1, B=1]
    ports: ["80:80"]
    cap_add: [NET_RAW]
  db: {image: postgres}
"""
OVER = """\
services:
  web:
    build: {target: dev}
    user: root
    environment: {B: 2}
    ports: ["8443:443"]
  tool: {image: tool}
"""


def _laid(
    base: str = BASE, over: str = OVER, names: tuple[str, str] = ("d/compose.yaml", "d/compose.override.yml")
) -> dict[tuple[str, str], Service]:
    documents = (*parse(over, names[1]), *parse(base, names[0]))
    return {(one.document.name, one.name): one for one in services(documents)}


def test_the_override_beside_a_file_is_laid_over_it() -> None:
    found = _laid()
    assert list(found) == [("d/compose.yaml", "web"), ("d/compose.yaml", "db"), ("d/compose.override.yml", "tool")]
    web = found["d/compose.yaml", "web"]
    assert web.build == Build(".", target="dev")
    assert (web.user, web.environment) == ("root", {"A": "1", "B": "2"})
    assert [mapping.target for mapping in web.ports] == [80, 443]


def test_each_thing_has_the_place_that_counts() -> None:
    web = _laid()["d/compose.yaml", "web"]

    def where(*steps: str | int) -> tuple[str, int]:
        document, _key = web.place(*steps)
        return document.name, web.line(*steps)

    assert where() == ("d/compose.yaml", 2)
    assert where("ports", 0) == ("d/compose.yaml", 5)
    assert where("ports", 1) == ("d/compose.override.yml", 6)
    assert where("ports") == ("d/compose.yaml", 5)
    assert where("cap_add") == ("d/compose.yaml", 6)
    assert where("user") == ("d/compose.override.yml", 4)
    assert where("read_only") == ("d/compose.yaml", 2)


@pytest.mark.parametrize(
    ("base", "over", "together"),
    [
        ("compose.yaml", "compose.override.yaml", True),
        ("docker-compose.yml", "docker-compose.override.yml", True),
        ("compose.yml", "docker-compose.override.yaml", True),
        ("compose.prod.yaml", "compose.override.yaml", False),
        ("compose.yaml", "compose.dev.yaml", False),
        ("compose.yaml", "other/compose.override.yaml", False),
    ],
)
def test_only_what_compose_looks_for_by_itself_is_laid_over(base: str, over: str, *, together: bool) -> None:
    assert (len(_laid(names=(base, over))) == 3) is together


def test_what_takes_something_back_is_a_file_of_its_own() -> None:
    assert len(_laid(over=OVER.replace("user: root", "cap_add: !reset []"))) == 4
