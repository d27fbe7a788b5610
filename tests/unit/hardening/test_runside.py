"""How an image is to be run."""

import shlex

from undercurrent.hardening.model.nouns import Origin, StatePath
from undercurrent.hardening.runside import (
    Published,
    RunSide,
    command_line,
    compose_options,
    container_security_context,
    engine_options,
    pod_security_context,
    resources,
    volume_name,
)

_HERE = Origin("Dockerfile", 1)
RUN = RunSide(
    10001,
    10001,
    ports=(Published(80, 8080), Published(53, 8053, "udp")),
    tmpfs=(StatePath("/tmp", "temporary", lasting=False, origin=_HERE),),
    volumes=(StatePath("/var/lib/app", "volume", lasting=True, origin=_HERE),),
    environment={"HOME": "/tmp"},
)


def test_an_engine_gets_every_restriction_and_keeps_the_port_outside() -> None:
    line = command_line(RUN, "registry.example/team/web:1")
    words = shlex.split(line.replace("\\\n", ""))
    assert words[:3] == ["docker", "run", "--rm"]
    assert words[-1] == "registry.example/team/web:1"
    assert tuple(words[3:-1]) == engine_options(RUN, "web")
    assert "--user 10001:10001 \\\n  --cap-drop ALL \\\n  --security-opt no-new-privileges \\\n  --read-only" in line
    assert "--tmpfs /tmp:rw,noexec,nosuid,nodev,size=64m,mode=1777" in line
    assert "--volume web-var-lib-app:/var/lib/app" in line
    assert "--publish 80:8080 \\\n  --publish 53:8053/udp" in line
    assert "--cap-add" not in line
    assert "--sysctl" not in line


def test_what_is_unpacked_and_loaded_lies_where_that_is_allowed() -> None:
    run = RunSide(10001, tmpfs=(StatePath("/tmp", "native-libraries", lasting=False, origin=_HERE),))
    assert "/tmp:rw,exec,nosuid,nodev,size=64m,mode=1777" in engine_options(run)


def test_a_folder_that_is_not_everybodys_belongs_to_who_runs() -> None:
    state = StatePath("/run/app", "runtime", lasting=False, origin=_HERE)
    option = "/run/app:rw,noexec,nosuid,nodev,size=64m,mode=1777"
    assert f"{option},uid=10001,gid=20" in engine_options(RunSide(10001, 20, tmpfs=(state,)))
    assert f"{option},uid=10001" in engine_options(RunSide(10001, tmpfs=(state,)))
    assert compose_options(RunSide(10001, 20, tmpfs=(state,)))["tmpfs"] == [f"{option},uid=10001,gid=20"]
    # podman knows no numbers here.
    assert f"--tmpfs {option},U,notmpcopyup" in command_line(RunSide(10001, 20, tmpfs=(state,)), "app", engine="podman")
    assert command_line(RUN, "app", engine="podman") == command_line(RUN, "app").replace("docker run", "podman run")


def test_a_port_that_cannot_be_moved_is_opened_to_all_users_not_by_a_capability() -> None:
    run = RunSide(10001, 10001, ports=(Published(80, 80),), lowest_port=80)
    assert "net.ipv4.ip_unprivileged_port_start=80" in engine_options(run)
    assert pod_security_context(run)["sysctls"] == [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "80"}]
    assert container_security_context(run)["capabilities"] == {"drop": ["ALL"]}


def test_a_group_that_is_left_to_the_image_is_not_named() -> None:
    run = RunSide(101)
    assert engine_options(run)[:2] == ("--user", "101")
    assert "runAsGroup" not in pod_security_context(run)


def test_compose_gets_the_same() -> None:
    assert compose_options(RUN, "web") == {
        "user": "10001:10001",
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "read_only": True,
        "tmpfs": ["/tmp:rw,noexec,nosuid,nodev,size=64m,mode=1777"],
        "volumes": ["web-var-lib-app:/var/lib/app"],
        "environment": {"HOME": "/tmp"},
        "ports": ["80:8080", "53:8053/udp"],
    }


def test_kubernetes_gets_what_restricted_asks_for() -> None:
    deployment, service, claim, policy = resources(RUN, "web:1", "Web Shop")
    pod = deployment["spec"]["template"]["spec"]
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "runAsGroup": 10001,
        "fsGroup": 10001,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert [volume["name"] for volume in pod["volumes"]] == ["tmp", "var-lib-app"]
    assert pod["volumes"][1]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert [mount["mountPath"] for mount in container["volumeMounts"]] == ["/tmp", "/var/lib/app"]
    assert service["spec"]["ports"][0] == {"name": "tcp-80", "protocol": "TCP", "port": 80, "targetPort": 8080}
    assert deployment["metadata"]["name"] == "web-shop"
    assert policy["spec"]["ingress"] == [
        {"ports": [{"protocol": "TCP", "port": 8080}, {"protocol": "UDP", "port": 8053}]}
    ]


def test_nobody_is_let_in_where_there_is_no_port() -> None:
    *_others, policy = resources(RunSide(10001), "job:1", "job")
    assert policy["spec"]["ingress"] == []


def test_names_of_volumes_are_labels() -> None:
    assert volume_name("Web_Shop", "/var/lib/App.d") == "web-shop-var-lib-app-d"
    assert len(volume_name("x" * 80, "/data")) <= 63
