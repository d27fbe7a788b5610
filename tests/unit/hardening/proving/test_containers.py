"""What engines are told, so that the conditions hold."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from undercurrent.errors import UndercurrentError
from undercurrent.hardening.proving.containers import arguments, container
from undercurrent.hardening.proving.engines import Engine, version_numbers
from undercurrent.hardening.proving.nouns import Conditions, Writable

PODMAN = Engine("podman", "podman", "4.3.1", "runc 1.1.5")
DOCKER = Engine("docker", "docker", "20.10.24", "runc 1.1.5")
STRICT = {"--cap-drop=ALL", "--security-opt=no-new-privileges", "--read-only", "--user=10001:10001"}


def told(engine: Engine, conditions: Conditions) -> set[str]:
    return set(arguments(engine, conditions))


@pytest.mark.parametrize("engine", [PODMAN, DOCKER])
def test_all_is_taken_away(engine: Engine) -> None:
    given = told(engine, Conditions(user="10001:10001"))

    assert given >= STRICT | {"--sysctl=net.ipv4.ip_unprivileged_port_start=1024", "--network=none"}
    assert not any(option.startswith(("--tmpfs", "--volume", "--cap-add", "--env")) for option in given)


def test_podman_makes_nothing_writable_by_itself() -> None:
    assert told(PODMAN, Conditions()) >= {"--read-only-tmpfs=false", "--image-volume=ignore"}


@pytest.mark.parametrize("engine", [PODMAN, DOCKER])
def test_as_the_engine_would_run_it(engine: Engine) -> None:
    given = told(engine, Conditions(capabilities=None, read_only=False, added=("CAP_SYS_ADMIN",)))

    assert not given & STRICT
    assert not any("sysctl" in option for option in given)
    assert "--cap-add=CAP_SYS_ADMIN" in given


@pytest.mark.parametrize("engine", [PODMAN, DOCKER])
def test_a_container_gets_no_network_unless_one_is_named(engine: Engine) -> None:
    for conditions in (Conditions(), Conditions(capabilities=None, read_only=False)):
        assert "--network=none" in told(engine, conditions)
    assert "--network=backend" in told(engine, Conditions(network="backend"))


def test_a_tmpfs_is_empty_its_users_own_and_not_for_programs() -> None:
    run = Conditions(user="10001:20", writable=(Writable("/run"), Writable("/opt/a", options="exec,mode=700")))

    assert told(PODMAN, run) >= {
        "--tmpfs=/run:rw,nosuid,nodev,noexec,mode=1777,U,notmpcopyup",
        "--tmpfs=/opt/a:rw,nosuid,nodev,U,notmpcopyup,exec,mode=700",
    }
    assert told(DOCKER, run) >= {
        "--tmpfs=/run:rw,nosuid,nodev,noexec,mode=1777,uid=10001,gid=20",
        "--tmpfs=/opt/a:rw,nosuid,nodev,uid=10001,gid=20,exec,mode=700",
    }


def test_volumes_variables_and_what_is_kept() -> None:
    given = told(
        DOCKER,
        Conditions(
            writable=(Writable("/data", lasting=True),),
            environment={"A": "1", "TOKEN": None},
            capabilities=("CAP_CHOWN",),
            entrypoint="/bin/x",
        ),
    )

    assert given >= {"--volume=/data", "--env=A=1", "--env=TOKEN", "--cap-add=CAP_CHOWN", "--entrypoint=/bin/x"}


def test_versions_are_compared_by_number() -> None:
    assert version_numbers("1.28.2") < (1, 35) < version_numbers("1.35.0-dev")
    assert version_numbers("20.10.24+dfsg1") == (20, 10, 24)
    assert version_numbers("?") == ()


@pytest.mark.parametrize("step", ["create", "init", "start", "restart"])
async def test_an_engine_is_not_cut_off_in_the_middle_of_a_start(tmp_path: Path, step: str) -> None:
    program = tmp_path / "engine"
    note = f'echo "$1 %s" >> {tmp_path}/log\n'
    program.write_text(f'#!/bin/sh\n{note % "begins"}[ "$1" = {step} ] && sleep 0.5\n{note % "ends"}echo id\n')
    program.chmod(0o755)
    engine = replace(PODMAN, program=str(program))

    async def proof() -> None:
        async with container(engine, "image", Conditions(), "after") as made:
            with suppress(UndercurrentError):
                await made.prepare()
            await made.start()
            await made.restart(2)

    running = asyncio.create_task(proof())
    log = tmp_path / "log"
    while not log.exists() or f"{step} begins" not in log.read_text():
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert log.read_text().split("\n")[-4:] == [f"{step} ends", "rm begins", "rm ends", ""]
