"""Bad input: one clear error each, that says what, where and what to do; the right exit code; the others go on."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from tests.support.cli import Result, UcRunner, command_line_environment
from tests.support.estate import PASSWORD, SIGNED, UNSIGNED, Estate
from tests.support.registry import FakeRegistry, Fault

VARIABLES: Final = {"COSIGN_PASSWORD": PASSWORD, "UNDERCURRENT_NET_RETRIES": "0"}
NOISE: Final = re.compile(
    r"Traceback|Error\(|<[\w.]+ object|\[Errno|\bNone\b|PosixPath|\['|b'|errno|asyncio|sqlalchemy|aiohttp|pydantic"
)
"""What nobody should have to read."""


def check_reads_well(result: Result) -> None:
    """There is nothing in it that is not for people."""
    assert not NOISE.search(result.stdout), result.stdout
    assert not NOISE.search(result.stderr), result.stderr


def check_error(result: Result, code: str, exit_code: int, message: str, hint: str) -> None:
    """The command ended with one error on standard error, and nothing on standard output."""
    assert (result.exit_code, result.stdout) == (exit_code, ""), result.stderr
    first, *rest = result.stderr.splitlines()
    assert first.startswith(f"error[{code}]: "), first
    assert message in first
    assert all(line.startswith("  hint: ") for line in rest)
    assert hint in "".join(rest)
    check_reads_well(result)


def check_failure(result: Result, exit_code: int, message: str, hint: str) -> None:
    """One image could not be done, and it is said once why; the good one was done."""
    assert result.exit_code == exit_code, result.stdout + result.stderr
    text = " ".join(re.sub(r"[│├└─]", " ", result.stdout).split())
    assert text.count(message) == 1, text
    assert hint in text
    assert f"{SIGNED} signed already" in text
    assert "0 changed, 1 left alone, 1 failed" in text
    check_reads_well(result)


# What ends a run before it begins


def corrupt_key(folder: Path) -> None:
    key = folder / "cosign.key"
    key.write_bytes(key.read_bytes().replace(b"eyJrZGYi", b"!!!!!!!!"))


@pytest.mark.parametrize(
    ("prepare", "flags", "code", "exit_code", "message", "hint"),
    [
        (
            None,
            ["--key", "nothing.key"],
            "invalid-key",
            2,
            "nothing.key cannot be read: No such file",
            "uc key generate",
        ),
        (None, ["--key", "images"], "invalid-key", 2, "images cannot be read: Is a directory", "uc key generate"),
        (None, ["--key", "cosign.pub"], "invalid-key", 2, "cosign.pub holds no private key", "private keys sign"),
        (
            None,
            ["--key", "images/index.json"],
            "invalid-key",
            2,
            "holds no private key; found: no PEM block",
            "private",
        ),
        (
            None,
            ["--key", "k8s://ns/name"],
            "invalid-key",
            2,
            "no plug-in is installed for keys of k8s://",
            "keys are read from files",
        ),
        (None, ["--key", "env://NOTHING"], "invalid-key", 2, "env://NOTHING: this environment variable is not set", ""),
        (corrupt_key, [], "invalid-key", 2, "cosign.key", ""),
        (
            None,
            ["--config", "nothing.toml"],
            "invalid-config",
            2,
            "cannot read nothing.toml: No such file",
            "check that",
        ),
        (None, ["--config", "images"], "invalid-config", 2, "cannot read images: Is a directory", "check that"),
        (None, ["--config", "cosign.pub"], "invalid-config", 2, "cosign.pub is not valid TOML", "https://toml.io"),
        (None, ["--all"], "usage", 2, "names and --all exclude each other", "uc image list"),
        (None, ["-a", "nothing"], "usage", 2, "'nothing' is not NAME=VALUE", ""),
    ],
)
def test_what_ends_a_run_before_it_begins(
    run_uc: UcRunner,
    estate: Estate,
    prepare: Callable[[Path], None] | None,
    flags: list[str],
    code: str,
    exit_code: int,
    message: str,
    hint: str,
) -> None:
    if prepare:
        prepare(run_uc.folder)

    result = run_uc("image", "sign", SIGNED, "--layout", "images", *flags, env=VARIABLES)

    check_error(result, code, exit_code, message, hint)


def test_a_wrong_password(run_uc: UcRunner, estate: Estate) -> None:
    result = run_uc("image", "sign", SIGNED, "--layout", "images", env={"COSIGN_PASSWORD": "not the one"})

    check_error(result, "invalid-key", 2, "cosign.key: the password does not open this key", "check COSIGN_PASSWORD")
    assert "not the one" not in result.stderr


def test_an_unreadable_config(run_uc: UcRunner, estate: Estate) -> None:
    config = run_uc.folder / "undercurrent.toml"
    config.write_text("[signing\nkey = 3\n")

    result = run_uc("image", "verify", SIGNED, "--layout", "images")

    check_error(result, "invalid-config", 2, f"{config} is not valid TOML: ", "https://toml.io")
    assert "line 1" in result.stderr


def test_machines_get_the_error_too(run_uc: UcRunner, estate: Estate) -> None:
    result = run_uc("image", "verify", SIGNED, "--key", "nothing.pub", "--json")

    assert result.exit_code == 2
    assert result.json["kind"] == "error"
    assert result.json["error"]["code"] == "invalid-key"
    assert result.stderr.startswith("error[invalid-key]: nothing.pub cannot be read")


# What goes wrong with one image among others


def broken_layout(folder: Path, change: str) -> str:
    """A layout with ``app:1.0`` in it that lacks something."""
    subprocess.run(["cp", "-r", folder / "images", folder / "broken"], check=True)
    broken = Estate(folder)
    digest = broken.digest(UNSIGNED)
    manifest = folder / "broken" / "blobs" / "sha256" / digest.partition(":")[2]
    match change:
        case "blob":
            manifest.unlink()
        case "content":
            manifest.write_bytes(manifest.read_bytes()[:-1])
        case "index":
            (folder / "broken" / "index.json").unlink()
        case "json":
            (folder / "broken" / "index.json").write_text('{"schemaVersion": 2,')
        case "marker":
            (folder / "broken" / "oci-layout").unlink()
        case "version":
            (folder / "broken" / "oci-layout").write_text('{"imageLayoutVersion": "9.0.0"}')
    return f"oci:broken:{UNSIGNED}"


@pytest.mark.parametrize(
    ("change", "exit_code", "message", "hint"),
    [
        ("blob", 2, "oci:broken lacks sha256:", "the layout is incomplete; copy the image into it again"),
        ("content", 1, "bytes instead of", "changed or damaged"),
        ("index", 1, "broken/index.json is missing from the OCI layout", "copy the layout again"),
        ("json", 1, "broken/index.json is not valid JSON", ""),
        ("marker", 1, "broken looks like an OCI layout, but its file oci-layout is missing", "copy the layout again"),
        ("version", 1, "broken has layout version '9.0.0'", ""),
    ],
)
def test_a_damaged_layout(
    run_uc: UcRunner, estate: Estate, change: str, exit_code: int, message: str, hint: str
) -> None:
    broken = broken_layout(run_uc.folder, change)

    result = run_uc("image", "sign", broken, f"oci:images:{SIGNED}", env=VARIABLES)

    check_failure(result, exit_code, message, hint)


@pytest.mark.parametrize(
    ("name", "exit_code", "message", "hint"),
    [
        ("Not A Reference", 2, "'Not A Reference' is not an image reference", "write [host[:port]/]name"),
        ("ghcr.io/Acme/App:1.0", 2, "a repository is written in lower case", "such as ghcr.io/acme/app:1.0"),
        ("app:1.0@sha256:short", 2, "'sha256:short'", ""),
        ("127.0.0.1:1/app:1.0", 4, "127.0.0.1:1 refuses connections", "check that the service runs, and the port"),
        ("nowhere.invalid/app:1.0", 4, "there is no host nowhere.invalid", "check the spelling"),
        ("oci:nowhere:app:1.0", 2, "nowhere does not exist", "uc image pack"),
        ("oci:cosign.pub:app:1.0", 2, "cosign.pub is not an OCI layout", "a file oci-layout in it"),
        ("oci:images:app:9.9", 2, "oci:images has no image app:9.9", "uc image list"),
        ("oci:images", 2, "oci:images holds 4 images", "name one of them after a colon"),
        ("oci-archive:nothing.tar", 2, "nothing.tar does not exist", ""),
        ("oci-archive:images", 2, "images is not a file", ""),
        ("oci-archive:empty.tar", 1, "empty.tar is ", ""),
        ("oci-archive:cut.tar", 1, "cut.tar is cut off", "fetch or write it again"),
        ("docker-archive:cut.tar.gz", 1, "cut.tar.gz is cut off", "fetch or write it again"),
        ("oci-archive:cosign.pub", 1, "cosign.pub is ", ""),
        ("oci:" + "x" * 300, 4, "cannot be read: File name too long", ""),
        ("docker:", 2, "", ""),
        ("oci:", 2, "", ""),
    ],
)
def test_a_name_of_nothing(
    run_uc: UcRunner, estate: Estate, name: str, exit_code: int, message: str, hint: str
) -> None:
    subprocess.run(["tar", "-C", estate.images, "-cf", run_uc.folder / "whole.tar", "."], check=True)
    subprocess.run(["gzip", "-k", run_uc.folder / "whole.tar"], check=True)
    for whole in (run_uc.folder / "whole.tar", run_uc.folder / "whole.tar.gz"):
        content = whole.read_bytes()
        (run_uc.folder / whole.name.replace("whole", "cut")).write_bytes(content[: len(content) // 2])
    (run_uc.folder / "empty.tar").touch()
    nobody = {"DOCKER_HOST": "unix:///nowhere", "CONTAINER_HOST": "unix:///nowhere"}

    result = run_uc("image", "sign", name, f"oci:images:{SIGNED}", env={**VARIABLES, **nobody})

    if message:
        check_failure(result, exit_code, message, hint)
    else:
        assert result.exit_code in {2, 3}
        check_reads_well(result)


@pytest.mark.parametrize(
    ("fault", "exit_code", "message", "hint"),
    [
        (Fault(status=401, times=None), 4, "no access to {host}/acme/app:1.0", "uc login 127.0.0.1"),
        (Fault(status=403, times=None), 4, "no access to {host}/acme/app:1.0", "uc login"),
        (
            Fault(status=429, headers={"Retry-After": "7200"}, times=None),
            4,
            "{host} wants fewer requests",
            "120 minutes",
        ),
        (Fault(status=503, times=None), 4, "{host} failed with status 503", "try again later"),
        (Fault(reset=True, times=None), 4, "{host} ", ""),
        (Fault(delay_s=3.0, times=None), 4, "{host} takes too long to answer", "net.timeout_s"),
        (Fault(status=200, body=b"<html>please log in</html>", times=None), 1, "is not valid JSON", ""),
        (Fault("GET|HEAD", "manifests/1.0", status=404, times=None), 2, "there is no {host}/acme/app:1.0", "login"),
    ],
)
def test_a_registry_that_is_no_help(
    run_uc: UcRunner, estate: Estate, registry: FakeRegistry, fault: Fault, exit_code: int, message: str, hint: str
) -> None:
    registry.put_image("acme/app", "1.0")
    registry.fail(fault)

    result = run_uc(
        *("image", "sign", f"{registry.host}/acme/app:1.0", f"oci:images:{SIGNED}"),
        env={**VARIABLES, "UNDERCURRENT_NET_TIMEOUT_S": "1"},
    )

    check_failure(result, exit_code, message.format(host=registry.host), hint)


def test_names_that_would_command_the_terminal(run_uc: UcRunner, estate: Estate) -> None:
    index = run_uc.folder / "images" / "index.json"
    index.write_text(index.read_text().replace(UNSIGNED, "evil\\u001b[2J:1.0"))

    listed = run_uc("image", "list", "--layout", "images")
    missing = run_uc("key", "show", "evil\x1b[2J\n.key")

    assert "evil\\x1b[2J:1.0" in listed.stdout
    assert missing.stderr.splitlines()[0].startswith("error[invalid-key]: evil\\x1b[2J\\n.key cannot be read")
    assert "\x1b" not in listed.stdout + missing.stderr


# What this machine does not let us do


@pytest.mark.parametrize("variable", ["XDG_STATE_HOME", "XDG_DATA_HOME"])
def test_a_home_that_cannot_be_used(run_uc: UcRunner, estate: Estate, variable: str) -> None:
    result = run_uc("image", "sign", SIGNED, "--layout", "images", env={**VARIABLES, variable: "/proc/nowhere"})

    check_error(result, "invalid-config", 2, "/proc/nowhere/undercurrent", "")
    assert "hint: " in result.stderr


@pytest.mark.parametrize(
    ("variable", "code", "exit_code"),
    [("XDG_CONFIG_HOME", "invalid-config", 2), ("XDG_DATA_HOME", "environment", 3)],
)
def test_a_home_that_may_not_even_be_asked_for(
    run_uc: UcRunner, estate: Estate, variable: str, code: str, exit_code: int
) -> None:
    # As a folder that its owner has closed does, this makes the system refuse to say whether a file is there.
    result = run_uc("image", "list", env={**VARIABLES, variable: "/" + "x" * 300})

    check_error(result, code, exit_code, "File name too long", "")


def test_a_cache_that_cannot_be_used(run_uc: UcRunner, estate: Estate) -> None:
    result = run_uc("image", "sbom", UNSIGNED, "--layout", "images", env={"XDG_CACHE_HOME": "/proc/nowhere"})

    assert result.exit_code == 3
    assert "/proc/nowhere" in result.stdout
    check_reads_well(result)


@pytest.mark.parametrize(
    "arguments",
    [
        ["image", "sbom", UNSIGNED, "--layout", "images", "--to", "/dev/full/x.json"],
        ["image", "sbom", UNSIGNED, "--layout", "images", "--to", "/proc/nowhere"],
        ["image", "copy", f"oci:images:{UNSIGNED}", "oci:/proc/nowhere:app:1.0"],
        ["image", "pack", "images", "-t", "app:1.0", "--layout", "/proc/nowhere"],
        ["key", "generate", "/proc/nowhere.key"],
        ["evidence", "export", "--to", "/proc/nowhere"],
    ],
)
def test_a_place_that_cannot_be_written_to(run_uc: UcRunner, estate: Estate, arguments: list[str]) -> None:
    result = run_uc(*arguments, env=VARIABLES)

    assert result.exit_code == (2 if "export" in arguments or "/dev/full/x.json" in arguments else 3)
    assert result.stderr.count("error[") == 1
    assert re.search(r"/(proc/nowhere|dev/full)", result.stderr)
    check_reads_well(result)


def run_with(run_uc: UcRunner, *arguments: str, redirected: str) -> Result:
    """Runs it in a shell that redirects its streams."""
    command = f'"$0" "$@" {redirected}'
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command, Path(sys.executable).with_name("uc"), *arguments],
        cwd=run_uc.folder,
        env=command_line_environment(run_uc.home),
        capture_output=True,
        text=True,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def test_a_full_disk_behind_standard_output(run_uc: UcRunner, estate: Estate) -> None:
    result = run_with(run_uc, "image", "list", "--layout", "images", redirected=">/dev/full")

    check_error(result, "environment", 3, "standard output cannot be written: No space left on device", "")


@pytest.mark.parametrize("redirected", ["| true", ">&-", "<&-", "2>&-", "2>/dev/full"])
def test_streams_that_nobody_reads_change_no_exit_code(run_uc: UcRunner, estate: Estate, redirected: str) -> None:
    result = run_with(run_uc, "image", "verify", UNSIGNED, "--layout", "images", "--json", redirected=redirected)

    assert result.exit_code == 1
    check_reads_well(result)


@pytest.mark.parametrize("redirected", ["2>&1 | true", ">&- 2>&-"])
def test_an_error_that_nobody_reads_stays_one(run_uc: UcRunner, estate: Estate, redirected: str) -> None:
    result = run_with(run_uc, "image", "verify", "--key", "nothing.pub", UNSIGNED, "--json", redirected=redirected)

    assert (result.exit_code, result.stdout, result.stderr) == (2, "", "")
