"""What `uc doctor` finds, on machines that have it and on machines that do not."""

import asyncio
import locale
from pathlib import Path

import pytest

from undercurrent.errors import UsageError
from undercurrent.workflows.doctor import programs, surroundings
from undercurrent.workflows.doctor.capability import Capability, Machine, System
from undercurrent.workflows.doctor.examine import choose, examine
from undercurrent.workflows.doctor.kernel import kernel_probes
from undercurrent.workflows.doctor.programs import PROGRAMS, Program, program_probes


@pytest.fixture(autouse=True)
def only_the_path_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_SERVER_FOLDERS", ())
    monkeypatch.setattr(programs, "_OUR_FOLDER", "/nonexistent")


def machine(folder: Path, system: System = "debian", architecture: str = "x86_64", **environ: str) -> Machine:
    return Machine(system, architecture, {"PATH": str(folder), "HOME": str(folder), **environ})


def install(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def known(name: str) -> Program:
    return next(program for program in PROGRAMS if program.name == name)


async def examined(on: Machine) -> dict[str, Capability]:
    return {capability.name: capability for capability in await examine(on)}


@pytest.mark.parametrize(
    ("name", "answer", "version"),
    [
        ("podman", "podman version 4.3.1", "4.3.1"),
        ("docker", "Docker version 28.2.2, build e6534b4", "28.2.2"),
        ("cosign", '{"gitVersion": "v3.1.3", "goVersion": "go1.26.8"}', "3.1.3"),
        ("runc", "runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1", "1.1.5+ds1"),
        ("kubectl", "Client Version: v1.32.4\nKustomize Version: v5.5.0", "1.32.4"),
        ("helm", "v4.0.1+g12500dd", "4.0.1+g12500dd"),
        ("prometheus", "prometheus, version 2.42.0+ds (branch: debian/sid)", "2.42.0+ds"),
        ("firecracker", "Firecracker v1.13.0\n\nSupported snapshot data format versions: v7.0.0", "1.13.0"),
        ("strace", "strace -- version 6.1\nCopyright (c) 1991-2022", "6.1"),
        ("hadolint", "Haskell Dockerfile Linter 2.15.1", "2.15.1"),
        ("kustomize", "v5.7.1", "5.7.1"),
        ("git", "no numbers", ""),
    ],
)
async def test_a_program_is_found_with_its_version(tmp_path: Path, name: str, answer: str, version: str) -> None:
    install(tmp_path, name, f"cat <<'END'\n{answer}\nEND")

    found = await known(name).probe(machine(tmp_path))

    assert (found.present, found.version, found.path) == (True, version, str(tmp_path / name))
    assert found.install == ""


async def test_what_pip_installed_beside_this_is_found_where_it_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "_OUR_FOLDER", str(tmp_path))
    for name in ("hadolint", "strace"):
        install(tmp_path, name, "echo 1.2.3")

    found = [await known(name).probe(machine(tmp_path / "path")) for name in ("hadolint", "strace")]

    assert [item.path for item in found] == [str(tmp_path / "hadolint"), ""]


def test_what_uc_harden_runs_is_not_called_part_of_a_later_version() -> None:
    runs = {"podman", "docker", "runc", "strace", "git", "hadolint", "helm", "kustomize", "kubectl"}
    said = {program.name: program for program in PROGRAMS if program.name in runs}

    assert set(said) == runs
    assert not [name for name, program in said.items() if program.planned]
    assert {name for name, program in said.items() if "uc harden" in program.enables} == runs - {"runc"}


async def test_a_program_that_fails_or_hangs_is_there_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "_ANSWER_S", 0.2)
    install(tmp_path, "podman", "echo 1.2.3; exit 1")
    install(tmp_path, "skopeo", "exec sleep 60")

    found = [await known(name).probe(machine(tmp_path)) for name in ("podman", "skopeo")]

    assert [(item.present, item.version) for item in found] == [(True, ""), (True, "")]


@pytest.mark.parametrize(
    ("system", "name", "line"),
    [
        ("debian", "docker", "apt-get install docker.io"),
        ("ubuntu", "docker", "apt-get install docker.io"),
        ("ubuntu", "kubectl", "apt-get install kubectl"),
        ("fedora", "docker", "dnf install moby-engine"),
        ("alpine", "cosign", "apk add cosign"),
        ("macos", "skopeo", "brew install skopeo"),
        ("macos", "runc", "runs on Linux only"),
        ("ubuntu", "strace", "apt-get install strace"),
        ("fedora", "kustomize", "see https://kubectl.docs.kubernetes.io/installation/kustomize/"),
        ("debian", "hadolint", "see https://github.com/hadolint/hadolint#install"),
        ("debian", "helm", "see https://helm.sh/docs/intro/install/"),
        ("", "podman", "see https://podman.io/docs/installation"),
    ],
)
async def test_what_is_missing_comes_with_the_line_that_brings_it(
    tmp_path: Path, system: System, name: str, line: str
) -> None:
    found = await known(name).probe(machine(tmp_path, system))

    assert (found.present, found.install) == (False, line)


@pytest.mark.parametrize(
    ("system", "architecture", "line"),
    [
        ("debian", "x86_64", "apt-get install qemu-system-x86"),
        ("debian", "aarch64", "apt-get install qemu-system-arm"),
        ("alpine", "aarch64", "apk add qemu-system-aarch64"),
        ("macos", "arm64", "brew install qemu"),
        ("debian", "riscv64", "see https://www.qemu.org/download/"),
    ],
)
async def test_qemu_is_the_machines_own(tmp_path: Path, system: System, architecture: str, line: str) -> None:
    (qemu,) = [
        found
        for probe in program_probes()
        if (found := await probe(machine(tmp_path, system, architecture))).name == "qemu"
    ]

    assert (qemu.present, qemu.install) == (False, line)


async def test_the_bundled_syft_is_said_to_be(tmp_path: Path) -> None:
    found = (await examined(machine(tmp_path)))["syft"]

    assert found.present
    assert found.version.endswith(", bundled")


async def test_nothing_at_all_is_no_error(tmp_path: Path) -> None:
    found = await examined(machine(tmp_path / "nowhere", "", "unknown", XDG_RUNTIME_DIR=str(tmp_path)))

    absent = {name for name, item in found.items() if item.kind == "program" and not item.present}
    assert absent == {program.name for program in PROGRAMS} | {"qemu"}
    assert all(found[name].install for name in absent)


async def test_an_engine_that_answers(tmp_path: Path) -> None:
    server = await asyncio.start_unix_server(lambda _reader, writer: writer.close(), tmp_path / "engine.sock")
    async with server:
        found = await examined(machine(tmp_path, DOCKER_HOST=f"unix://{tmp_path}/engine.sock"))

    assert found["docker-socket"].path == str(tmp_path / "engine.sock")
    assert found["docker-socket"].present


@pytest.mark.parametrize("where", ["tcp://192.0.2.1:2375", "unix:///nonexistent.sock"])
async def test_an_engine_that_does_not(tmp_path: Path, where: str) -> None:
    found = (await examined(machine(tmp_path, DOCKER_HOST=where)))["docker-socket"]

    assert not found.present
    assert found.install


async def test_a_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file" / "share"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "new" / "cache"))

    found = await examined(machine(tmp_path))

    assert not found["data-folder"].present
    assert found["data-folder"].install == f"chown $USER {tmp_path / 'file'}"
    assert found["cache-folder"].present


async def test_a_terminal_without_chinese(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locale, "getencoding", lambda: "ANSI_X3.4-1968")

    found = (await examined(machine(tmp_path)))["utf-8"]

    assert (found.present, found.install) == (False, "export LANG=C.UTF-8")


async def test_an_extra_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "_EXTRAS", (("mysql", "no-such-package", "evidence"),))

    found = (await examined(machine(tmp_path)))["mysql"]

    assert (found.present, found.install) == (False, "pip install 'undercurrent[mysql]'")


async def test_names_are_unique_and_in_the_same_order(tmp_path: Path) -> None:
    first, second = [[item.name for item in await examine(machine(tmp_path))] for _ in range(2)]

    assert first == second
    assert len(set(first)) == len(first)


def test_there_is_no_linux_kernel_on_macos(tmp_path: Path) -> None:
    assert kernel_probes(machine(tmp_path, "macos")) == ()


async def test_kernel_features_are_found_in_the_running_kernel(tmp_path: Path) -> None:
    found = {item.name: item for probe in kernel_probes(machine(tmp_path)) for item in [await probe(machine(tmp_path))]}

    assert found["seccomp"].present == ("Seccomp:" in Path("/proc/self/status").read_text())
    assert found["cgroup-v2"].version in {"v1", "hybrid", "v2"}
    assert all(item.present or item.install for item in found.values())


async def test_choosing_keeps_the_order_asked_for(tmp_path: Path) -> None:
    found = await examine(machine(tmp_path))

    assert [item.name for item in choose(found, ["skopeo", "cosign"])] == ["skopeo", "cosign"]
    with pytest.raises(UsageError) as caught:
        choose(found, ["cosgn"])
    assert caught.value.hint == "did you mean cosign?"
    with pytest.raises(UsageError) as caught:
        choose(found, ["xyzzy"])
    assert "known are: syft, cosign" in caught.value.hint
