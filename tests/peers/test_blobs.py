"""uc and cosign believe each other's signatures of files: by keys and identities, in bundles and in older forms."""

from pathlib import Path

import pytest
from tests.support.cli import UcRunner
from tests.support.cosign import PASSWORD, Cosign, CosignRefusedError, cosign_with_key
from tests.support.sigstore_stack import Sigstore

from undercurrent.signing.identities import Identity

WITHOUT_LOG = ("--tlog-upload=false", "--use-signing-config=false", "--yes")


@pytest.fixture
def cosign(tmp_path: Path) -> Cosign:
    home = tmp_path / "cosign"
    home.mkdir()
    return cosign_with_key(home)


@pytest.fixture
def file(cosign: Cosign) -> Path:
    path = cosign.home / "release.tar"
    path.write_bytes(b"a release")
    return path


@pytest.fixture
def uc(tmp_path: Path, cosign: Cosign) -> UcRunner:
    home = tmp_path / "home"
    home.mkdir()
    return UcRunner(home, cosign.home)


def test_cosign_believes_what_uc_signed_with_a_key(uc: UcRunner, cosign: Cosign, file: Path) -> None:
    done = uc("sign-blob", file, "--key", cosign.key, env={"COSIGN_PASSWORD": PASSWORD})
    assert done.exit_code == 0, done.stderr

    check = (
        "verify-blob",
        "--key",
        cosign.public_key,
        "--insecure-ignore-tlog=true",
        "--bundle",
        f"{file}.sigstore.json",
    )
    cosign.run(*check, file)
    file.write_bytes(b"another")
    with pytest.raises(CosignRefusedError):
        cosign.run(*check, file)


@pytest.mark.parametrize("form", ["--new-bundle-format=true", "--new-bundle-format=false", "detached"])
def test_uc_believes_what_cosign_signed_with_a_key(uc: UcRunner, cosign: Cosign, file: Path, form: str) -> None:
    if form == "detached":
        signed = ("--new-bundle-format=false", "--output-signature", "its.sig")
        proof = ("--signature", "its.sig")
    else:
        signed, proof = (form, "--bundle", "its.json"), ("--bundle", "its.json")
    cosign.run("sign-blob", "--key", cosign.key, *WITHOUT_LOG, *signed, file)

    assert uc("verify-blob", file, "--key", cosign.public_key, *proof).exit_code == 0
    file.write_bytes(b"another")
    assert uc("verify-blob", file, "--key", cosign.public_key, *proof).exit_code == 1


def test_both_believe_what_the_other_signed_as_somebody(
    uc: UcRunner, cosign: Cosign, file: Path, sigstore: Sigstore
) -> None:
    identity = Identity("ada@example.com", sigstore.issuer.people)
    whom = ("--certificate-identity", identity.subject, "--certificate-oidc-issuer", identity.issuer)
    trusted = (*whom, "--trusted-root", sigstore.trusted_root)
    (uc.folder / "undercurrent.toml").write_text(f'[signing]\ntrust_config = "{sigstore.trust_config}"\n')

    signed = uc("sign-blob", file, "--keyless", env={"SIGSTORE_ID_TOKEN": sigstore.issuer.of_person()})
    assert signed.exit_code == 0, signed.stderr
    cosign.run("verify-blob", *trusted, "--bundle", f"{file}.sigstore.json", file)
    assert uc("verify-blob", file, *trusted).exit_code == 0

    token = sigstore.issuer.of_person()
    instance = ("--signing-config", sigstore.signing_config, "--trusted-root", sigstore.trusted_root)
    cosign.run("sign-blob", "--yes", *instance, "--identity-token", token, "--bundle", "its.json", file)
    verified = uc("verify-blob", file, *trusted, "--bundle", "its.json", "--json")
    assert verified.exit_code == 0, verified.stdout
    assert verified.json["data"]["files"][0]["check"]["signed_at"]
    stranger = [word if word != identity.subject else "eve@example.com" for word in map(str, trusted)]
    assert uc("verify-blob", file, *stranger, "--bundle", "its.json").exit_code == 1
