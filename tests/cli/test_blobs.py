"""``uc sign-blob`` and ``uc verify-blob``: files, their bundles, one verdict each, and what is refused."""

import base64
import json
from pathlib import Path

import pytest
from tests.support.cli import UcRunner
from tests.support.sigstoreinstance import IDENTITY, ISSUER, Instance, pem_of, sign

from undercurrent.signing import bundle
from undercurrent.signing.bundle import MessageSignature
from undercurrent.signing.proofs.content import SignedContent

PASSWORD = {"COSIGN_PASSWORD": ""}


@pytest.fixture
def uc(run_uc: UcRunner) -> UcRunner:
    """With a key pair and two files."""
    assert run_uc("key", "generate", env=PASSWORD).exit_code == 0
    for name in ("a.txt", "b.txt"):
        (run_uc.folder / name).write_text(name)
    return run_uc


def test_files_are_signed_once_and_verified(uc: UcRunner) -> None:
    first = uc("sign-blob", "a.txt", "b.txt", env=PASSWORD)
    again = uc("sign-blob", "a.txt", "b.txt", "--json", env=PASSWORD)
    verified = uc("verify-blob", "a.txt", "b.txt", "--key", "cosign.pub")

    assert (first.exit_code, again.exit_code, verified.exit_code) == (0, 0, 0), verified.stderr
    assert first.stdout.splitlines()[-1] == "2 changed, 0 left alone"
    assert [file["changed"] for file in again.json["data"]["files"]] == [False, False]
    assert verified.stdout.count("✓ verified") == 2
    on_record = uc("evidence", "list", "--json").json["data"]["records"]
    assert [(record["kind"], record["outcome"], record["name"]) for record in reversed(on_record)] == [
        ("blob-signed", "signed", "a.txt"),
        ("blob-signed", "signed", "b.txt"),
        ("blob-verified", "verified", "a.txt"),
        ("blob-verified", "verified", "b.txt"),
    ]


def test_a_dry_run_leaves_nothing(uc: UcRunner) -> None:
    result = uc("sign-blob", "a.txt", "-n", env=PASSWORD)

    assert result.stdout.splitlines()[-1] == "1 would be changed, 0 left alone"
    assert not (uc.folder / "a.txt.sigstore.json").exists()
    assert uc("verify-blob", "a.txt").exit_code == 1


def test_each_verdict_and_why(uc: UcRunner) -> None:
    uc("sign-blob", "a.txt", env=PASSWORD)
    (uc.folder / "a.txt").write_text("changed")

    result = uc("verify-blob", "a.txt", "b.txt", "--json")

    assert result.exit_code == 1
    found = {file["name"]: (file["verdict"], file["reason"]) for file in result.json["data"]["files"]}
    assert found == {"a.txt": ("untrusted", "content-changed"), "b.txt": ("unsigned", "unsigned")}
    assert "other content" in uc("verify-blob", "a.txt").stdout


def test_a_bundle_of_somebody_else_is_not_replaced_unasked(uc: UcRunner) -> None:
    (uc.folder / "a.txt.sigstore.json").write_text("{}")

    refused = uc("sign-blob", "a.txt", env=PASSWORD)
    assert (refused.exit_code, (uc.folder / "a.txt.sigstore.json").read_text()) == (2, "{}")
    assert "--overwrite" in refused.stderr
    assert uc("sign-blob", "a.txt", "--overwrite", env=PASSWORD).exit_code == 0
    assert uc("verify-blob", "a.txt").exit_code == 0


def test_standard_input_and_a_bundle_elsewhere(uc: UcRunner) -> None:
    signed = uc("sign-blob", "-", "--bundle", "it.json", env=PASSWORD, input="content")

    assert signed.exit_code == 0, signed.stderr
    assert uc("verify-blob", "-", "--bundle", "it.json", input="content").exit_code == 0
    assert uc("verify-blob", "-", "--bundle", "it.json", input="other").exit_code == 1


def test_a_large_file_is_mapped_into_memory(uc: UcRunner) -> None:
    with (uc.folder / "large").open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)

    assert uc("sign-blob", "large", env=PASSWORD).exit_code == 0
    assert uc("verify-blob", "large").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "exit_code", "says"),
    [
        (("verify-blob", "none.txt"), 2, "does not exist"),
        (("verify-blob", "."), 1, "is not a file"),
        (("verify-blob", "a.txt", "--bundle", "none.json"), 2, "does not exist"),
        (("verify-blob", "a.txt", "b.txt", "--bundle", "x"), 2, "one file"),
        (("verify-blob", "a.txt", "--bundle", "x", "--signature", "y"), 2, "--bundle stands for both"),
        (("verify-blob", "a.txt", "--certificate", "x"), 2, "belongs to --signature"),
        (("verify-blob", "a.txt", "--signature", "?"), 2, "neither a file"),
        (("verify-blob", "-"), 2, "standard input"),
        (("sign-blob", "-"), 2, "standard input"),
        (("sign-blob", "a.txt", "b.txt", "--bundle", "x"), 2, "one file"),
        (("sign-blob", "a.txt", "--bundle", "none/x"), 3, "cannot be written"),
    ],
)
def test_what_makes_no_sense_is_said(uc: UcRunner, arguments: tuple[str, ...], exit_code: int, says: str) -> None:
    result = uc(*arguments, env=PASSWORD)

    assert result.exit_code == exit_code, result.stderr
    assert says in result.stderr


@pytest.fixture
def instance(uc: UcRunner) -> Instance:
    """A sigstore instance; its trusted root is in the folder."""
    instance = Instance()
    (uc.folder / "root.json").write_text(json.dumps(instance.to_json()))
    return instance


BY_IDENTITY = ("--certificate-identity", IDENTITY, "--certificate-oidc-issuer", ISSUER, "--trusted-root", "root.json")


def test_an_identity_signed_it(uc: UcRunner, instance: Instance) -> None:
    leaf = instance.leaf()
    content = SignedContent(sign(leaf.key, b"a.txt"), b"a.txt")
    raw = bundle.dump(MessageSignature("", b"", content.signature), instance.material(leaf, content))
    (uc.folder / "a.txt.sigstore.json").write_bytes(raw)

    result = uc("verify-blob", "a.txt", *BY_IDENTITY, "--json")
    assert result.exit_code == 0, result.stderr
    (file,) = result.json["data"]["files"]
    assert file["signed_by"] == {"identity": IDENTITY, "issuer": ISSUER}
    assert file["check"]["signed_at"] == "2026-01-01T12:00:00+00:00"
    other = [word.replace(IDENTITY, "other@example.org") for word in BY_IDENTITY]
    assert uc("verify-blob", "a.txt", *other).exit_code == 1


def test_a_detached_signature_is_a_file_or_base64(uc: UcRunner, instance: Instance) -> None:
    leaf = instance.leaf()
    public = uc.folder / "own.pub"
    public.write_bytes(pem_of(leaf.key))
    signature = sign(leaf.key, b"a.txt")
    text = base64.b64encode(signature).decode()
    (uc.folder / "a.sig").write_text(text + "\n")
    (uc.folder / "a.raw").write_bytes(signature)
    (uc.folder / "a.pem").write_bytes(pem_of(leaf.certificate))

    for said in ("a.sig", "a.raw", text):
        assert uc("verify-blob", "a.txt", "--signature", said, "--key", Path("own.pub")).exit_code == 0
        assert uc("verify-blob", "b.txt", "--signature", said, "--key", Path("own.pub")).exit_code == 1
    by_certificate = uc("verify-blob", "a.txt", "--signature", "a.sig", "--certificate", "a.pem", *BY_IDENTITY)
    assert by_certificate.exit_code == 1
    assert "there is no log entry" in by_certificate.stdout
