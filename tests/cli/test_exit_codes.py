"""The table of exit codes, each of them met for real."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.cli import UcRunner, command_line_environment

NO_PASSWORD = {"COSIGN_PASSWORD": ""}


@pytest.fixture
def layout(run_uc: UcRunner) -> Path:
    """A layout with one image in it, and a key pair beside it."""
    (run_uc.folder / "files").mkdir()
    (run_uc.folder / "files" / "hello").write_text("hello\n")
    packed = run_uc("image", "pack", "files", "-t", "app:1.0", "--layout", "images")
    assert packed.exit_code == 0, packed.stderr
    made = run_uc("key", "generate", env=NO_PASSWORD)
    assert made.exit_code == 0, made.stderr
    return run_uc.folder / "images"


@pytest.fixture
def silent_server() -> Iterator[socket.socket]:
    """It takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        yield listener


def test_0_when_all_is_well(run_uc: UcRunner, layout: Path) -> None:
    signed = run_uc("image", "sign", "app:1.0", "--layout", layout, "--key", "cosign.key", env=NO_PASSWORD)
    verified = run_uc("image", "verify", "app:1.0", "--layout", layout, "--key", "cosign.pub")

    assert (signed.exit_code, verified.exit_code) == (0, 0), signed.stderr + verified.stderr


def test_1_when_a_check_says_no(run_uc: UcRunner, layout: Path) -> None:
    result = run_uc("image", "verify", "app:1.0", "--layout", layout, "--key", "cosign.pub", "--json")

    assert result.exit_code == 1, result.stderr
    assert [finding["code"] for finding in result.json["findings"]] == ["UC201"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["config", "show", "--no-such-option"],
        ["config", "show", "--config", "nowhere.toml"],
        ["rule", "UC000"],
        ["image", "verify", "Not A Reference", "--key", "cosign.pub"],
        ["image", "verify", "app:2.0", "--layout", "images", "--key", "cosign.pub"],
        ["image", "verify", "app:1.0", "--layout", "images", "--key", "files/hello"],
    ],
)
def test_2_when_what_was_asked_for_makes_no_sense(run_uc: UcRunner, layout: Path, arguments: list[str]) -> None:
    result = run_uc(*arguments)

    assert result.exit_code == 2, result.stdout + result.stderr
    assert "Traceback" not in result.stderr


def test_3_when_this_machine_lacks_something(run_uc: UcRunner, tmp_path: Path) -> None:
    result = run_uc("doctor", "--require", "firecracker", env={"PATH": str(tmp_path)})

    assert result.exit_code == 3


def test_4_when_nobody_answers(run_uc: UcRunner, layout: Path) -> None:
    result = run_uc(
        "image", "verify", "127.0.0.1:1/app:1.0", "--key", "cosign.pub", "--json", env={"UNDERCURRENT_NET_RETRIES": "0"}
    )

    assert result.exit_code == 4, result.stderr
    assert [finding["code"] for finding in result.json["findings"]] == ["UC203"]


def test_130_when_the_user_stops_it(run_uc: UcRunner, layout: Path, silent_server: socket.socket) -> None:
    image = f"127.0.0.1:{silent_server.getsockname()[1]}/app:1.0"
    with subprocess.Popen(
        [str(Path(sys.executable).with_name("uc")), "image", "verify", image, "--key", "cosign.pub"],
        cwd=run_uc.folder,
        env=command_line_environment(run_uc.home),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        connection, _address = silent_server.accept()
        process.send_signal(signal.SIGINT)
        _out, said = process.communicate(timeout=30)
    connection.close()

    assert process.returncode == 130, said
    assert "error[interrupted]" in said
    assert "Traceback" not in said
