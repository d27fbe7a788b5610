"""``uc key``: pairs that cosign reads, passwords from everywhere but flags."""

import stat
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from tests.support.cli import UcRunner, command_line_environment
from tests.support.estate import PASSWORD, Estate
from tests.support.terminal import converse

EMPTY: Final = {"COSIGN_PASSWORD": ""}


def test_a_pair_is_made_for_its_owner_only_and_never_overwritten(run_uc: UcRunner) -> None:
    made = run_uc("key", "generate", "my.key", "--json", env={"COSIGN_PASSWORD": "secret"})
    content = (run_uc.folder / "my.key").read_bytes()
    again = run_uc("key", "generate", "my.key", env=EMPTY)
    forced = run_uc("key", "generate", "my.key", "--force", "--kind", "ed25519", env=EMPTY)

    assert made.json["data"]["kind"] == "ecdsa-p256"
    assert b"ENCRYPTED SIGSTORE PRIVATE KEY" in content
    assert again.exit_code == 2
    assert again.stderr.startswith("error[usage]: my.key is there already\n")
    assert forced.exit_code == 0
    assert (run_uc.folder / "my.key").read_bytes() != content
    assert stat.S_IMODE((run_uc.folder / "my.key").stat().st_mode) == 0o600
    shown = run_uc("key", "show", "my.pub").stdout
    assert "ed25519" in shown
    assert shown.splitlines()[1].split()[1] == forced.stdout.splitlines()[1].split()[1]


def test_a_new_password_is_asked_for_twice(run_uc: UcRunner) -> None:
    def generate(*answers: str) -> tuple[int, str]:
        questions = ("Password for the new key: ", "The same again: ")
        return converse(
            [Path("uc"), "key", "generate"],
            list(zip(questions, answers, strict=True)),
            env=command_line_environment(run_uc.home, PATH=f"{Path(sys.executable).parent}:/usr/bin:/bin"),
            cwd=run_uc.folder,
        )

    code, shown = generate("one", "two")
    assert (code, (run_uc.folder / "cosign.key").exists()) == (2, False)
    assert "error[usage]: the two passwords differ" in shown
    code, shown = generate("same", "same")
    assert code == 0, shown
    assert run_uc("key", "public", "cosign.key", env={"COSIGN_PASSWORD": "same"}).exit_code == 0


def test_the_password_is_changed_and_the_public_half_stays(run_uc: UcRunner, estate: Estate) -> None:
    before = run_uc("key", "public", "cosign.key", env={"COSIGN_PASSWORD": PASSWORD})
    changed = run_uc("key", "change-password", env={"COSIGN_PASSWORD": PASSWORD, "UC_NEW_PASSWORD": "new"})
    after = run_uc("key", "public", "cosign.key", env={"COSIGN_PASSWORD": "new"})
    old = run_uc("key", "public", "cosign.key", env={"COSIGN_PASSWORD": PASSWORD})

    assert (before.exit_code, changed.exit_code, after.exit_code, old.exit_code) == (0, 0, 0, 2), changed.stderr
    assert before.stdout == after.stdout == (run_uc.folder / "cosign.pub").read_text()


def test_the_old_password_is_asked_for_before_the_new_one(run_uc: UcRunner, estate: Estate) -> None:
    code, shown = converse(
        [Path(sys.executable).with_name("uc"), "key", "change-password"],
        [("Password of cosign.key: ", PASSWORD), ("New password: ", "new"), ("The same again: ", "new")],
        env=command_line_environment(run_uc.home),
        cwd=run_uc.folder,
    )

    assert code == 0, shown


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_any_private_key_becomes_cosigns(run_uc: UcRunner, kind: str) -> None:
    key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ed25519.Ed25519PrivateKey.generate()
    encryption = BestAvailableEncryption(b"old") if kind == "rsa" else NoEncryption()
    (run_uc.folder / "their.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    (run_uc.folder / "their.pem").chmod(0o644)

    imported = run_uc(
        *("key", "import", "their.pem", "our.key", "--json"),
        env={"COSIGN_PASSWORD": "new", "UC_SOURCE_PASSWORD": "old"},
    )
    shown = run_uc("key", "show", "our.key", "--json", env={"COSIGN_PASSWORD": "new"})

    assert imported.exit_code == 0, imported.stderr
    assert "their.pem is a private key that other users may read" in imported.stderr
    assert shown.json["data"]["fingerprint"] == imported.json["data"]["fingerprint"]
    assert kind in shown.json["data"]["kind"]


def test_a_rotated_key_is_kept_and_still_verifies(run_uc: UcRunner, estate: Estate) -> None:
    rotated = run_uc("key", "rotate", "--json", env={"COSIGN_PASSWORD": "new"})
    kept = Path(rotated.json["data"]["kept"])

    new_only = run_uc("image", "verify", "acme/signed:1.0", "--layout", "images")
    both = run_uc(
        *("image", "verify", "acme/signed:1.0", "--layout", "images"),
        *("--key", "cosign.pub", "--key", kept.with_suffix(".pub")),
    )

    assert (new_only.exit_code, both.exit_code) == (1, 0), rotated.stderr
    assert kept.name.startswith("cosign-")
    assert run_uc("key", "show", kept, env={"COSIGN_PASSWORD": PASSWORD}).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["show", "nothing.key"], "nothing.key cannot be read: No such file or directory", "uc key generate"),
        (["show", "."], ". cannot be read: Is a directory", "uc key generate"),
        (["show", "images/index.json"], "images/index.json holds no private key", "private keys sign"),
        (["show", "empty"], "empty holds no private key", "private keys sign"),
        (["show", "cut.key"], "cut.key", ""),
        (["public", "cosign.key", "--password-fd", "77"], "file descriptor 77 cannot be read", "--password-fd 3"),
        (["generate", "nowhere/my.key"], "nowhere/my.key cannot be written", ""),
        (["generate", "."], ". is not the name of a file", "cosign.key"),
        (["import", "cosign.pub", "my.key"], "cosign.pub holds no private key", "private keys sign"),
        (
            ["import", "cosign.key", "my.key"],
            "a password is needed, and there is nobody to ask",
            "--source-password-fd",
        ),
        (["change-password", "nothing.key"], "nothing.key cannot be read", "uc key generate"),
        (["rotate", "nothing.key"], "nothing.pub cannot be read", "uc key generate"),
        (["public", "--no-input", "cosign.key"], "the password does not open this key", "COSIGN_PASSWORD"),
    ],
)
def test_what_is_no_key(run_uc: UcRunner, estate: Estate, arguments: list[str], message: str, hint: str) -> None:
    (run_uc.folder / "empty").touch()
    (run_uc.folder / "cut.key").write_bytes((run_uc.folder / "cosign.key").read_bytes()[:300])

    result = run_uc("key", *arguments, env={"COSIGN_PASSWORD": "wrong"})

    assert result.exit_code == (3 if "written" in message else 2)
    assert result.stdout == ""
    first, *rest = result.stderr.splitlines()
    assert first.startswith("error[")
    assert message in first
    assert hint in "".join(rest)
    assert len(rest) <= 1


def test_cosign_would_read_it_too(run_uc: UcRunner) -> None:
    run_uc("key", "generate", env=EMPTY)

    checked = subprocess.run(
        ["openssl", "pkey", "-pubin", "-in", run_uc.folder / "cosign.pub", "-noout", "-text"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stderr
    assert "prime256v1" in checked.stdout
