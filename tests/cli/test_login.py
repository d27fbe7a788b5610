"""``uc login`` and ``logout``."""

import base64
import json
import sys
from pathlib import Path
from typing import Final

import pytest
from tests.support.background import in_background
from tests.support.cli import UcRunner, command_line_environment
from tests.support.registry import FakeRegistry
from tests.support.terminal import converse

ONCE: Final = {"UNDERCURRENT_NET_RETRIES": "0"}


def kept(run_uc: UcRunner) -> dict[str, str]:
    """Users and passwords by host, as Docker's file has them."""
    file = run_uc.home / ".docker" / "config.json"
    auths = json.loads(file.read_text()).get("auths", {}) if file.exists() else {}
    return {host: base64.b64decode(entry["auth"]).decode() for host, entry in auths.items()}


def test_credentials_are_tried_kept_and_forgotten(run_uc: UcRunner) -> None:
    with in_background(FakeRegistry(basic=("ann", "pass:word"))) as registry:
        login = ("login", registry.host, "--username", "ann")
        wrong = run_uc(*login, "--password-stdin", input="wrong\n", env=ONCE)
        nothing = kept(run_uc)
        right = run_uc(*login, env={"REGISTRY_PASSWORD": "pass:word"})

    assert (wrong.exit_code, nothing) == (4, {})
    assert wrong.stderr.startswith("error[unauthorized]: ")
    assert "wrong" not in wrong.stderr.replace("wrong password", "")
    assert (right.exit_code, kept(run_uc)) == (0, {registry.host: "ann:pass:word"})
    assert f"signed in to {registry.host}" in right.stdout
    out = run_uc("logout", registry.host, "--json")
    assert out.json["data"] == {"host": registry.host, "files": [str(run_uc.home / ".docker" / "config.json")]}
    assert kept(run_uc) == {}
    again = run_uc("logout", registry.host)
    assert again.exit_code == 2
    assert again.stderr.startswith(f"error[not-found]: nobody is signed in to {registry.host}\n")


def test_user_and_password_are_asked_for(run_uc: UcRunner) -> None:
    with in_background(FakeRegistry(basic=("ann", "secret"))) as registry:
        code, shown = converse(
            [Path(sys.executable).with_name("uc"), "login", registry.host],
            [("User: ", "ann"), (f"Password for {registry.host}: ", "secret")],
            env=command_line_environment(run_uc.home),
            cwd=run_uc.folder,
        )

    assert code == 0, shown
    assert "secret" not in shown
    assert kept(run_uc) == {registry.host: "ann:secret"}


def test_a_registry_that_asks_nobody_says_so(run_uc: UcRunner, registry: FakeRegistry) -> None:
    result = run_uc("login", registry.host, "-u", "ann", "--password-stdin", input="secret")

    assert result.exit_code == 0
    assert "nobody knows whether these credentials are right" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["127.0.0.1:1", "-u", "ann", "--password-stdin"], "127.0.0.1:1 refuses connections", "port"),
        (["127.0.0.1:1"], "no user was named", "--username"),
        (
            ["127.0.0.1:1", "-u", "ann"],
            "a password is needed",
            "set REGISTRY_PASSWORD, or hand it over with --password-stdin",
        ),
        (["registry.example/path", "-u", "ann", "--password-stdin"], "is not a registry", "HOST:PORT"),
        (["Bad Host", "-u", "ann", "--password-stdin"], "'Bad Host' is not a", "HOST:PORT"),
    ],
)
def test_what_cannot_be_signed_in_to(run_uc: UcRunner, arguments: list[str], message: str, hint: str) -> None:
    result = run_uc("login", *arguments, input="secret\n", env=ONCE)

    assert result.exit_code in {2, 4}
    assert result.stdout == ""
    first, second = result.stderr.splitlines()
    assert message in first
    assert hint in second
    assert "secret" not in result.stderr


def test_a_password_that_is_no_text(run_uc: UcRunner) -> None:
    result = run_uc("login", "registry.example", "-u", "ann", "--password-stdin", input=b"\xff\xfe\n")

    assert result.exit_code == 2
    assert result.stderr == "error[usage]: the password is not valid UTF-8\n"
