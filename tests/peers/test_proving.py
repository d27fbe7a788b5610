"""Proofs by real engines: what runs without root is proved, what lacks paths gets them, what needs root is told."""

import asyncio
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.support.cli import UcRunner, command_line_environment
from tests.support.engines import EngineServer
from tests.support.needing import compile_server
from tests.support.peers import require_peer

from undercurrent.errors import CouldNotCheck, Refused
from undercurrent.hardening.proving import (
    Conditions,
    Engine,
    Patience,
    Proof,
    Proving,
    Verdict,
    Writable,
    find_engine,
    image_of,
    parse_probe,
    prove,
)
from undercurrent.hardening.proving.building import Recipe, built
from undercurrent.hardening.proving.leftovers import is_left, own_name, sweep
from undercurrent.hardening.proving.storing import saved_digest

HTTP = parse_probe("http:")
STRICT = Conditions()
DOCKERFILE = """\
FROM scratch
COPY skeleton /
COPY needs /needs
EXPOSE 8080
ENTRYPOINT ["/needs"]
"""


POLICY = """
version = 1
[[authority]]
name = "release"
keys = ["cosign.pub"]
[[rule]]
name = "rootless"
images = ["shop:*"]
  [[rule.attestation]]
  type = "https://undercurrent.dev/rootless/v1"
  by = ["release"]
  where = [
    { field = "verdict", equals = "rootless" },
    { field = "checks[*].ok", equals = true, which = "every" },
  ]
"""


@dataclass(frozen=True, slots=True)
class Workshop:
    """An engine, as its user has it on the PATH, and the folder of a small image in it."""

    server: EngineServer
    environ: Mapping[str, str]
    folder: Path

    def names(self) -> list[str]:
        """Containers, and images of proofs: there should be none when a proof has ended."""
        containers = self.server.run("ps", "--all", "--format", "{{.Names}}").split()
        images = self.server.run("images", "--format", "{{.Repository}}").split()
        return [name for name in containers + images if "uc-prove-" in name]


WORKSHOPS: list[Workshop] = []


@pytest.fixture(scope="session")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("proving")
    compile_server(folder / "needs")
    for name in ("var/cache/app", "run", "mnt", "data", "tmp"):
        (folder / "skeleton" / name).mkdir(parents=True)
    (folder / "skeleton" / "data" / "seed").write_text("seed\n")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    return folder


def workshop(server: EngineServer, folder: Path, context: Path) -> Workshop:
    program = folder / server.engine
    program.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, server.client))} "$@"\n')
    program.chmod(0o755)
    environ = {"PATH": f"{folder}:{os.environ['PATH']}:/usr/sbin:/sbin", **server.environ}
    server.run("build", "--quiet", "--network=none", "--tag", "example.test/needs:1.0", context)
    WORKSHOPS.append(Workshop(server, environ, context))
    return WORKSHOPS[-1]


@pytest.fixture(scope="session")
def with_podman(podman_engine: EngineServer, context: Path, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    require_peer("strace", "apt-get install strace")
    return workshop(podman_engine, tmp_path_factory.mktemp("podman"), context)


@pytest.fixture(scope="session")
def with_docker(docker_engine: EngineServer, context: Path, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    require_peer("strace", "apt-get install strace")
    return workshop(docker_engine, tmp_path_factory.mktemp("docker"), context)


@pytest.fixture
def untraced(with_docker: Workshop) -> Workshop:
    """Docker, where there is no strace: on its PATH is nothing else."""
    return replace(with_docker, environ={**with_docker.environ, "PATH": with_docker.environ["PATH"].partition(":")[0]})


@pytest.fixture(params=["with_podman", "with_docker"])
def either(request: pytest.FixtureRequest) -> Workshop:
    made: Workshop = request.getfixturevalue(request.param)
    return made


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    assert [name for place in WORKSHOPS for name in place.names()] == []


async def engine_of(place: Workshop) -> Engine:
    return await find_engine(place.server.engine, place.environ)  # type: ignore[arg-type]


async def proved(
    place: Workshop,
    *command: str,
    probe: str = "http:",
    shrink: bool = False,
    propose: bool = True,
    before: tuple[str, ...] = (),
    conditions: Conditions = STRICT,
) -> Proof:
    engine = await engine_of(place)
    image = await image_of(engine, "example.test/needs:1.0", timeout_s=60)
    patience = Patience(20, 0.5, 20)
    proving = Proving(engine, image, image, parse_probe(probe), None, patience, before, propose=propose, shrink=shrink)
    return await prove(proving, replace(conditions, command=command))


async def test_what_needs_nothing_is_proved_by_what_the_kernel_says(either: Workshop) -> None:
    proof = await proved(either, "child")

    seen = {check.name: (check.ok, str(check.seen)) for check in proof.checks}
    assert proof.verdict is Verdict.ROOTLESS
    assert seen["user"] == (True, "10001:10001 (4 threads)"), "two before and two after the restart"
    assert seen["capabilities"] == (True, "CapInh, CapPrm, CapEff, CapBnd, CapAmb: 0")
    assert seen["no-new-privileges"] == (True, "NoNewPrivs 1")
    assert seen["read-only-root"][0]
    assert seen["writable-paths"] == (True, "-")
    assert seen["low-ports"] == (True, "ip_unprivileged_port_start 1024")
    answer = "http://:8080/: 200 text/plain 3 bytes (= before: status, type, body)"
    assert seen["probe"] == seen["restart"] == (True, answer)
    assert proof.runs == 2
    assert either.server.engine in proof.engine
    assert proof.runtime.startswith("runc 1.")


async def test_paths_that_are_missing_are_found_and_tried(either: Workshop) -> None:
    proof = await proved(either, "write=/var/cache/app/a", "write=/run/app.pid", "try=/var/other")

    assert proof.verdict is Verdict.ROOTLESS
    assert [one.writable for one in proof.missing] == [Writable("/var/cache/app"), Writable("/run")]
    assert proof.conditions.writable == (Writable("/run"), Writable("/var/cache/app"))
    assert [one.source for one in proof.missing] == ["call"] * 2
    assert 'openat(AT_FDCWD</>, "/var/cache/app/a", O_WRONLY|O_CREAT|O_APPEND, 0644)' in proof.missing[0].evidence
    assert (proof.missing[0].caller, proof.missing[0].error) == ("/needs", "EROFS")


async def test_without_a_trace_paths_are_found_by_what_the_program_says(untraced: Workshop) -> None:
    proof = await proved(untraced, "write=/var/cache/app/a", "write=/run/app.pid", "try=/var/other")

    assert proof.verdict is Verdict.ROOTLESS
    assert [one.source for one in proof.missing] == ["log"] * 2
    assert proof.conditions.writable == (Writable("/run"), Writable("/var/cache/app"))


async def test_nothing_is_proposed_where_that_is_not_wanted(with_podman: Workshop) -> None:
    proof = await proved(with_podman, "write=/run/app.pid", propose=False)

    assert proof.verdict is Verdict.FAILED
    assert proof.missing == ()
    assert proof.said == "/run/app.pid: Read-only file system"


async def test_files_of_another_owner_are_no_need_of_root(with_podman: Workshop) -> None:
    proof = await proved(with_podman, "write=/data/seed")

    assert proof.verdict is Verdict.FAILED
    assert [(one.writable, one.hides) for one in proof.missing] == [(Writable("/data", lasting=True), ("seed",))]
    assert proof.failed_call is not None
    assert (proof.failed_call.path, proof.failed_call.error) == ("/data/seed", "EACCES")


async def test_only_what_was_declared_is_writable(either: Workshop) -> None:
    proof = await proved(
        either, "write=/run/app.pid", conditions=Conditions(writable=(Writable("/run", options="exec,size=1m"),))
    )

    assert proof.verdict is Verdict.ROOTLESS
    assert proof.missing == ()
    assert {check.name: str(check.seen) for check in proof.checks}["writable-paths"] == "/run"


async def test_paths_that_it_does_without_are_taken_away(with_podman: Workshop) -> None:
    declared = tuple(Writable(path) for path in ("/data", "/mnt", "/run", "/var/cache/app"))

    proof = await proved(with_podman, "write=/run/app.pid", conditions=Conditions(writable=declared), shrink=True)

    assert proof.verdict is Verdict.ROOTLESS
    assert proof.conditions.writable == (Writable("/run"),)
    assert set(proof.shrunk or ()) == {"/data", "/mnt", "/var/cache/app"}


@pytest.mark.parametrize(
    ("command", "call", "error", "needed"),
    [
        ("port=80", "bind(", "EACCES", ("CAP_NET_BIND_SERVICE",)),
        ("chown=/run", 'chown("/run", 33, 33)', "EPERM", ("CAP_CHOWN",)),
        ("setuid", "setgroups(0, NULL)", "EPERM", None),
        ("mount", 'mount("none", "/mnt", "tmpfs", 0, NULL)', "EPERM", ("CAP_SYS_ADMIN",)),
        ("root", "must be run as root: Operation not permitted", "", ()),
    ],
)
async def test_what_needs_root_is_told_with_the_call_that_failed(
    with_podman: Workshop, command: str, call: str, error: str, needed: tuple[str, ...] | None
) -> None:
    before = ("CAP_SYS_ADMIN",) if command == "mount" else ()
    probe = "http://:80/" if command == "port=80" else "http:"

    proof = await proved(with_podman, command, probe=probe, before=before)

    assert proof.verdict is Verdict.ROOT
    assert proof.failed_call is not None
    assert proof.failed_call.call.startswith(call)
    assert proof.failed_call.error == error
    assert proof.needed == needed
    assert proof.lowest_port == (80 if command == "port=80" else None)


async def test_a_low_port_is_proved_where_anybody_may_listen_on_it(either: Workshop) -> None:
    proof = await proved(either, "port=80", probe="http://:80/", conditions=Conditions(lowest_port=80))

    assert proof.verdict is Verdict.ROOTLESS
    assert proof.conditions.lowest_port == 80
    seen = {check.name: str(check.seen) for check in proof.checks}
    assert seen["low-ports"] == "ip_unprivileged_port_start 80"
    assert seen["capabilities"] == "CapInh, CapPrm, CapEff, CapBnd, CapAmb: 0"


async def test_the_fewest_capabilities_of_what_needs_root_are_found(with_podman: Workshop) -> None:
    proof = await proved(with_podman, "setuid", shrink=True)

    assert proof.verdict is Verdict.ROOT
    assert set(proof.needed or ()) == {"CAP_SETGID", "CAP_SETUID"}


async def test_docker_containers_are_traced_from_their_first_instruction(with_docker: Workshop) -> None:
    proof = await proved(with_docker, "chown=/run")

    assert proof.verdict is Verdict.ROOT
    assert proof.failed_call is not None
    assert (proof.failed_call.call, proof.failed_call.error) == ('chown("/run", 33, 33)', "EPERM")
    assert {call.caller for call in proof.refused} == {"/needs"}, "nothing of runc's own is in it"
    assert proof.needed == ("CAP_CHOWN",)


async def test_without_a_trace_the_program_says_why_it_needs_root(untraced: Workshop) -> None:
    proof = await proved(untraced, "port=80", probe="http://:80/")

    assert proof.verdict is Verdict.ROOT
    assert proof.failed_call is not None
    assert proof.failed_call.call == "bind: Permission denied"
    assert proof.needed == ("CAP_NET_BIND_SERVICE",)


async def test_a_program_that_ends_at_once_is_held_and_looked_at(either: Workshop) -> None:
    proof = await proved(either, "write=/tmp/a", "exit=0", probe="exit")

    seen = {check.name: (check.ok, str(check.seen)) for check in proof.checks}
    assert proof.verdict is Verdict.ROOTLESS
    assert seen["user"] == (True, "10001:10001 (1 thread)")
    assert seen["capabilities"][0]
    assert seen["exit-code"] == (True, "exit 0 (before: 0)")


async def test_where_it_cannot_be_held_nothing_is_claimed(untraced: Workshop) -> None:
    with pytest.raises(CouldNotCheck, match="ended before its process could be looked at"):
        await proved(untraced, "exit=0", probe="exit")


async def test_what_does_not_run_as_it_is_proves_nothing(with_podman: Workshop) -> None:
    with pytest.raises(CouldNotCheck, match="even as it is"):
        await proved(with_podman, "exit=3", probe="exit")


async def test_a_probe_within_the_container_and_variables(with_podman: Workshop) -> None:
    proof = await proved(with_podman, probe="exec:/needs is=a", conditions=Conditions(environment={"WORD": "a"}))

    assert proof.verdict is Verdict.ROOTLESS
    assert {check.name: check.ok for check in proof.checks}["probe"]


async def test_volumes_of_the_image_begin_with_what_it_has(either: Workshop) -> None:
    engine = await engine_of(either)
    text = DOCKERFILE.replace("EXPOSE", "VOLUME /data\nUSER 0:0\nEXPOSE")
    async with built(engine, Recipe("Dockerfile", text.encode(), either.folder), timeout_s=120) as image:
        assert (image.volumes, image.ports, image.user) == (("/data",), ("8080/tcp",), "0:0")
        proof = await prove(Proving(engine, image, image, HTTP, patience=Patience(20, 0.2)), Conditions())

    assert proof.verdict is Verdict.ROOTLESS
    assert proof.conditions.user == "10001:10001"
    assert {check.name: str(check.seen) for check in proof.checks}["writable-paths"] == "/data"


HEREDOCS = """\
FROM example.test/shell:1.0
ARG WHO=world
COPY --chown=1:2 <<EOF /greeting
hello "$WHO" \\$x
EOF
RUN <<EOF
set -e
echo "line $WHO" > /line
EOF
RUN cat <<'X' > /two && echo done >> /two
two $WHO
X
USER 10001:10001
CMD ["/bin/sh", "-c", "cat /greeting /line /two"]
"""


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a shell of this machine, and an image's recipe: no registry is reachable in tests."""
    folder = tmp_path_factory.mktemp("shell")
    programs = [require_peer(name) for name in ("dash", "cat")]
    for name in ("bin", "tmp"):
        (folder / "root" / name).mkdir(parents=True)
    for program in programs:
        shutil.copy(program, folder / "root" / "bin" / {"dash": "sh"}.get(program.name, program.name))
        told = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
        for library in (Path(word) for word in told.split() if word.startswith("/")):
            place = folder / "root" / library.relative_to("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, place)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY root /\nENV PATH=/bin\n")
    return folder


async def test_builders_that_know_no_heredocs_get_none(either: Workshop, shell: Path) -> None:
    either.server.run("build", "--quiet", "--network=none", "--tag", "example.test/shell:1.0", shell)
    engine = await engine_of(either)

    async with built(engine, Recipe("Dockerfile", HEREDOCS.encode(), shell), timeout_s=120) as image:
        said = either.server.run("run", "--rm", "--network=none", image.id)

    assert said.splitlines() == ['hello "world" $x', "line world", "two $WHO", "done"]
    assert sorted(path.name for path in shell.iterdir()) == ["Dockerfile", "root"], "the context is as it was"


async def test_what_does_not_build_says_so_in_the_words_of_the_builder(with_podman: Workshop) -> None:
    engine = await engine_of(with_podman)
    with pytest.raises(Refused, match="nothere"):
        async with built(engine, Recipe("D", b"FROM scratch\nCOPY nothere /\n", with_podman.folder), timeout_s=60):
            pass


async def test_what_killed_processes_left_is_taken_away_and_nothing_else(with_podman: Workshop) -> None:
    engine = await engine_of(with_podman)
    gone = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from undercurrent.hardening.proving.leftovers import own_name; print(own_name())"),
        stdout=asyncio.subprocess.PIPE,
    )
    left = (await gone.communicate())[0].decode().strip()
    alive = own_name()
    assert (is_left(left), is_left(alive), is_left("uc-prove-mine")) == (True, False, False)
    for name in (left, alive):
        with_podman.server.run("create", "--name", name, "example.test/needs:1.0")
        with_podman.server.run("tag", "example.test/needs:1.0", f"localhost/{name}:built")

    await sweep(engine)

    assert with_podman.names() == [alive, f"localhost/{alive}"]
    with_podman.server.run("rm", alive)
    with_podman.server.run("rmi", f"localhost/{alive}:built")


def test_a_signal_takes_everything_away(with_podman: Workshop, run_uc: UcRunner) -> None:
    environ = command_line_environment(run_uc.home, **with_podman.environ)
    command = (sys.executable, "-m", "undercurrent", "harden", "prove", "example.test/needs:1.0", "--probe", "http:")
    started = subprocess.Popen([*command, "--stay", "60"], env=environ, stderr=subprocess.PIPE, text=True)
    try:
        for _turn in range(600):
            if any(name.endswith("-after") for name in with_podman.names()):
                break
            assert started.poll() is None
        started.send_signal(signal.SIGTERM)
        _out, said = started.communicate(timeout=60)
    finally:
        started.kill()
        started.wait()

    assert started.returncode == 130
    assert said == "error[interrupted]: interrupted\n"


def test_what_kill_9_left_goes_with_the_next_proof(with_podman: Workshop, run_uc: UcRunner) -> None:
    proof = ("harden", "prove", "example.test/needs:1.0", "--probe", "http:", "--before", "none", "--stay")
    environ = command_line_environment(run_uc.home, **with_podman.environ)
    started = subprocess.Popen([sys.executable, "-m", "undercurrent", *proof, "60"], env=environ)
    try:
        for _turn in range(600):
            if any(name.endswith("-after") for name in with_podman.names()):
                break
            assert started.poll() is None
    finally:
        started.kill()
        started.wait()
    assert with_podman.names() != []

    again = run_uc(*proof, "0.2", env=with_podman.environ)

    assert again.exit_code == 0, again.stderr
    assert with_podman.names() == []


def test_a_proof_of_an_image_is_attested_and_verified(with_podman: Workshop, run_uc: UcRunner) -> None:
    folder = run_uc.folder
    (folder / "files").mkdir()
    shutil.copy(with_podman.folder / "needs", folder / "files" / "needs")
    kind = "https://undercurrent.dev/rootless/v1"
    packed = ("pack", "files", "-t", "shop:1.0", "--layout", "images", "--entrypoint", "/needs")
    assert run_uc("image", *packed, "--user", "10001:10001", "--port", "8080").exit_code == 0

    proof = run_uc(
        *("harden", "prove", "oci:images:shop:1.0", "--probe", "http:", "--stay", "0.2", "--predicate", "proof.json"),
        "--json",
        env=with_podman.environ,
    )

    assert proof.exit_code == 0, proof.stderr
    written = json.loads((folder / "proof.json").read_text())
    assert written == proof.json["data"]
    digest = run_uc("image", "list", "--layout", "images", "--json").json["data"]["images"][0]["digest"]
    assert written["after"]["manifest"] == digest
    record = run_uc("evidence", "list", "--kind", "image-rootless", "--json").json["data"]["records"][0]
    assert (record["subject"], record["name"], record["outcome"]) == (digest, "shop:1.0", "rootless")
    assert record["proof"]["place"] == "oci:images"
    key = {"COSIGN_PASSWORD": "secret"}
    run_uc("key", "generate", env=key)
    (folder / "policy.toml").write_text(POLICY)
    verify = ("image", "verify", "--all", "--layout", "images", "--policy", "policy.toml", "--json")
    assert run_uc(*verify).json["data"]["images"][0]["verdict"] != "verified"
    attest = ("image", "attest", "--layout", "images", "--all", "--key", "cosign.key", "--type", kind)
    attested = run_uc(*attest, "--predicate", "proof.json", env=key)
    assert attested.exit_code == 0, attested.stderr
    verified = run_uc(*verify)
    assert verified.exit_code == 0, verified.stdout
    assert verified.json["data"]["images"][0]["verdict"] == "verified"


TO_BE_FIXED = """\
FROM scratch
COPY skeleton /
COPY needs /needs
ENV PORT=80
EXPOSE 80
ENTRYPOINT ["/needs"]
CMD ["write=/tmp/a"]
"""


def test_what_a_fix_would_make_of_it_is_proved_and_nothing_is_written(with_podman: Workshop, run_uc: UcRunner) -> None:
    application = run_uc.folder / "application"
    shutil.copytree(with_podman.folder, application)
    (application / "Dockerfile").write_text(TO_BE_FIXED)
    there = {path: path.read_bytes() for path in application.rglob("*") if path.is_file()}

    proof = run_uc(
        *("harden", "prove", "application", "--fix", "--unsafe-fixes", "--probe", "http://:80/", "--stay", "0.2"),
        *("--no-propose", "--json"),
        env=with_podman.environ,
    )

    assert proof.exit_code == 0, proof.stderr
    told = proof.json["data"]
    seen = {check["name"]: check["seen"] for check in told["checks"]}
    assert told["verdict"] == "rootless"
    assert told["before"]["config"] != told["after"]["config"]
    assert seen["image-user"] == "USER 10001:10001"
    assert seen["probe"] == "http://:8080/: 200 text/plain 3 bytes (= before: status, type, body)", "its port moved"
    assert seen["writable-paths"] == "/tmp", "as the fix says"  # noqa: S108 - in a container
    assert {path: path.read_bytes() for path in application.rglob("*") if path.is_file()} == there
    records = run_uc("evidence", "list", "--json").json["data"]["records"]
    assert records == [], "what is not written yet counts for nothing"


async def test_the_digest_in_the_evidence_is_that_of_other_commands(with_podman: Workshop, run_uc: UcRunner) -> None:
    engine = await engine_of(with_podman)
    image = await image_of(engine, "example.test/needs:1.0", timeout_s=60)
    digest = await saved_digest(engine, image, timeout_s=60)
    socket = {"CONTAINER_HOST": f"unix://{with_podman.server.socket}"}

    copied = run_uc("image", "copy", "podman:example.test/needs:1.0", "oci:copied:needs:1.0", "--json", env=socket)

    assert copied.exit_code == 0, copied.stderr
    assert copied.json["data"]["digest"] == digest
