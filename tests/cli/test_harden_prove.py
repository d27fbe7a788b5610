"""``uc harden prove`` says what is wrong with what it is given before it asks an engine for anything."""

import os
from pathlib import Path

import pytest
from tests.support.cli import UcRunner

NO_PROGRAMS = {"PATH": "/nowhere"}
"""There is no engine: whatever is said is said before one is looked for."""


def test_without_an_engine_it_says_what_installs_one(run_uc: UcRunner, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")

    refused = run_uc("harden", "prove", str(tmp_path), env=NO_PROGRAMS)

    assert refused.exit_code == 3
    assert "neither podman nor docker is installed" in refused.stderr
    assert "apt-get install podman" in refused.stderr


@pytest.mark.parametrize("option", ["", "--before"])
def test_a_file_that_is_none_is_not_waited_for(run_uc: UcRunner, tmp_path: Path, option: str) -> None:
    fifo = tmp_path / "Dockerfile"
    os.mkfifo(fifo)
    arguments = ("app:1", option, str(fifo)) if option else (str(fifo),)

    refused = run_uc("harden", "prove", *arguments, env=NO_PROGRAMS)

    assert refused.exit_code == 1
    assert f"{fifo} is not a file" in refused.stderr


def test_a_file_that_nobody_wrote_is_too_large(run_uc: UcRunner, tmp_path: Path) -> None:
    with (tmp_path / "Dockerfile").open("wb") as file:
        file.truncate(16 * 1024 * 1024 + 1)

    refused = run_uc("harden", "prove", str(tmp_path), env=NO_PROGRAMS)

    assert refused.exit_code == 1
    assert f"{tmp_path / 'Dockerfile'} is larger than 16 MiB" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("EMPTY",), "has no Dockerfile"),
        (("./nothing",), "./nothing does not exist"),
        (("oci:layout",), "oci:layout names no image"),
        (("app:1", "--fix"), "app:1 is an image, and only Dockerfiles are fixed"),
        (("app:1", "--user", "0"), "a proof cannot run as the user '0'"),
        (("app:1", "--probe", "ftp:21"), "'ftp:21' is no probe"),
        (("app:1", "--tmpfs", "tmp"), "'tmp' is no path that can be made writable"),
        (("app:1", "--lowest-port", "1025"), "1025 is not in the range 1<=x<=1024"),
        (("app:1", "--network", "host"), "a proof cannot run in the network 'host'"),
    ],
)
def test_what_makes_no_sense(run_uc: UcRunner, arguments: tuple[str, ...], said: str) -> None:
    (run_uc.folder / "EMPTY").mkdir()

    refused = run_uc("harden", "prove", *arguments, env=NO_PROGRAMS)

    assert refused.exit_code == 2
    assert said in refused.stderr
