"""Proofs by an ordinary user, whose podman has no root: the kernel is asked, and calls are traced, all the same."""

import json
import os
import shlex
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.engines import CONTAINERS_CONF
from tests.support.needing import compile_server
from tests.support.ordinary import NAME, as_user, ordinary_user, python_for
from tests.support.peers import require_peer, skip_or_fail

DOCKERFILE = 'FROM scratch\nCOPY needs /needs\nCOPY run /run\nEXPOSE 8080\nENTRYPOINT ["/needs"]\n'


@pytest.fixture(scope="module")
def proved() -> Iterator[Callable[..., Any]]:
    for program, package in (("podman", "podman"), ("runc", "runc"), ("strace", "strace"), ("newuidmap", "uidmap")):
        require_peer(program, f"apt-get install {package}")
    if os.geteuid() != 0:
        skip_or_fail("only root can start programs as another user")
    user = ordinary_user()
    if user is None:
        skip_or_fail(f"no user has a line in /etc/subuid; make one with: useradd --create-home {NAME}")
    with tempfile.TemporaryDirectory(prefix="uc-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for part in ("home", "run", "bin", "context/run"):
            (folder / part).mkdir(parents=True)
        (folder / "containers.conf").write_text(CONTAINERS_CONF)
        storage = (
            "--root",
            folder / "root",
            "--runroot",
            folder / "r",
            "--tmpdir",
            folder / "t",
            "--storage-driver",
            "vfs",
        )
        podman = folder / "bin" / "podman"
        podman.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, (require_peer("podman"), *storage)))} "$@"\n')
        podman.chmod(0o755)
        compile_server(folder / "context" / "needs")
        (folder / "context" / "Dockerfile").write_text(DOCKERFILE)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)
        environ = {
            "PATH": f"{folder}/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": str(folder / "home"),
            "XDG_RUNTIME_DIR": str(folder / "run"),
            "CONTAINERS_CONF": str(folder / "containers.conf"),
            "LANG": "C.UTF-8",
        }
        python, packages = python_for(user, environ, folder)
        target = str(folder / "context")

        def prove(*arguments: str) -> Any:
            command = (python, "-m", "undercurrent", "harden", "prove", target, "--stay", "0.2", "--json", *arguments)
            done = as_user(user, command, {**environ, **packages})
            assert done.returncode in (0, 1), done.stderr
            return json.loads(done.stdout)["data"]

        try:
            yield prove
            left = as_user(user, (podman, "ps", "--all", "--format", "{{.Names}}"), environ).stdout
            assert "uc-prove-" not in left
        finally:
            # Its layers belong to users that only its own namespace knows.
            as_user(
                user, (podman, "unshare", shutil.which("rm") or "rm", "-rf", folder / "root", folder / "r"), environ
            )
            for pause in folder.rglob("pause.pid"):  # what keeps that namespace
                os.kill(int(pause.read_text()), signal.SIGKILL)


def test_an_ordinary_user_proves_and_calls_are_traced(proved: Callable[..., Any]) -> None:
    told = proved("--probe", "http:", "--cmd", "write=/run/a")

    seen = {check["name"]: (check["ok"], check["seen"]) for check in told["checks"]}
    assert told["verdict"] == "rootless"
    assert seen["user"][0]
    assert seen["user"][1].startswith("10001:")
    assert seen["capabilities"] == (True, "CapInh, CapPrm, CapEff, CapBnd, CapAmb: 0")
    assert seen["writable-paths"] == (True, "/run"), "the devices that it mounts from the host are the engine's"
    assert [(one["path"], one["source"], one["error"]) for one in told["missing"]] == [("/run", "call", "EROFS")]


def test_what_needs_root_needs_the_root_of_its_namespace(proved: Callable[..., Any]) -> None:
    told = proved("--probe", "http:", "--cmd", "chown=/run", "--before", "none")

    assert told["verdict"] == "root"
    assert told["failed_call"]["call"] == 'chown("/run", 33, 33)'
    assert told["needed"] == ["CAP_CHOWN"]


def test_a_job_that_ends_at_once_is_held(proved: Callable[..., Any]) -> None:
    told = proved("--probe", "exit", "--cmd", "exit=0", "--before", "none")

    assert told["verdict"] == "rootless"
    assert {check["name"]: check["ok"] for check in told["checks"]}["user"]
