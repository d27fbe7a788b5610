"""Keys in a token (SoftHSM): images are signed with them, and cosign verifies that with the exported public half."""

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from cryptography.x509.oid import NameOID
from tests.support.cli import Result, UcRunner, command_line_environment
from tests.support.cosign import Cosign
from tests.support.images import push_image
from tests.support.servers import RegistryServer
from tests.support.softhsm import PIN, TYPES, SoftHsm, softhsm
from tests.support.terminal import converse

from undercurrent.errors import SignerFailed
from undercurrent.oci.reference import Reference
from undercurrent.oci.stores import Stores
from undercurrent.settings import Settings
from undercurrent.signing.signers import open_signer

TOKEN = "release"
MANY = 50


@pytest.fixture(scope="module")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> SoftHsm:
    """A token with a key of every kind, and two that share a name."""
    hsm = softhsm(tmp_path_factory.mktemp("softhsm"))
    hsm.add_token(TOKEN)
    for number, kind in enumerate(TYPES, 1):
        hsm.add_key(TOKEN, kind, f"{number:02}", kind)
    hsm.add_key(TOKEN, "twin", "a1")
    hsm.add_key(TOKEN, "twin", "a2")
    return hsm


@pytest.fixture
def uc(tmp_path: Path, hsm: SoftHsm) -> "Uc":
    home, folder = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    folder.mkdir()
    return Uc(UcRunner(home, folder), {**hsm.environ, "COSIGN_PKCS11_PIN": PIN})


class Uc:
    """The command line, where SoftHSM finds its tokens."""

    def __init__(self, runner: UcRunner, environ: Mapping[str, str]) -> None:
        self.folder = runner.folder
        self.home = runner.home
        self._run = runner
        self._environ = environ

    def __call__(self, *arguments: str | Path, **environ: str) -> Result:
        kept = {name: value for name, value in {**self._environ, **environ}.items() if value}
        return self._run(*arguments, env=kept)


def certificate_for(pem: str) -> bytes:
    """A certificate to a public key, DER, by an authority that nobody knows."""
    authority = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    key = load_pem_public_key(pem.encode())
    assert isinstance(key, ec.EllipticCurvePublicKey)
    builder = x509.CertificateBuilder(name, name, key, x509.random_serial_number())
    now = datetime.now(UTC)
    made = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(authority, hashes.SHA256())
    return made.public_bytes(Encoding.DER)


async def pushed(server: RegistryServer, repository: str, count: int) -> list[str]:
    names = [f"{server.host}/{repository}:{number}" for number in range(count)]
    async with Stores(Settings()) as stores:
        for name in names:
            reference = Reference.parse(name)
            await push_image(stores.repository(reference), {"name": name.encode()}, reference.tag)
    return names


@pytest.mark.parametrize("kind", TYPES)
async def test_cosign_accepts_what_a_token_signs(
    kind: str, hsm: SoftHsm, uc: Uc, distribution3: RegistryServer, repository_name: str
) -> None:
    (name,) = await pushed(distribution3, repository_name, 1)
    key = hsm.uri(TOKEN, kind)

    signed = uc("image", "sign", name, "--key", key, "--json")
    public = uc("key", "public", key, COSIGN_PKCS11_PIN="")
    shown = uc("key", "show", key, "--json", COSIGN_PKCS11_PIN="")
    verified = uc("image", "verify", name, "--key", key, COSIGN_PKCS11_PIN="")

    assert signed.exit_code == 0, signed.stderr
    assert signed.json["data"]["images"][0]["added"] == ["bundle", "legacy"]
    assert (public.exit_code, shown.exit_code, verified.exit_code) == (0, 0, 0), public.stderr + verified.stderr
    assert shown.json["data"]["kind"] == kind
    (uc.folder / "token.pub").write_text(public.stdout)
    cosign = Cosign(uc.folder)
    for legacy in (True, False):
        assert cosign.verify(name, legacy=legacy, key=uc.folder / "token.pub")
    again = uc("image", "sign", name, "--key", key, "--json")
    assert again.json["data"]["images"][0]["added"] == []


async def test_many_images_in_one_run(
    hsm: SoftHsm, uc: Uc, with_referrers: RegistryServer, repository_name: str
) -> None:
    names = await pushed(with_referrers, repository_name, MANY)
    (uc.folder / "undercurrent.toml").write_text(
        f"[signing]\nkey = {json.dumps(hsm.uri(TOKEN, 'ecdsa-p256'))}\n[fleet]\nconcurrency = 16\n"
    )

    signed = uc("image", "sign", *names, "--json")
    verified = uc("image", "verify", *names, "--json")

    assert signed.exit_code == 0, signed.stderr
    assert sum(image["changed"] for image in signed.json["data"]["images"]) == MANY
    assert verified.exit_code == 0, verified.stderr


def test_the_pin_comes_from_a_file_that_the_uri_names(hsm: SoftHsm, uc: Uc) -> None:
    (uc.folder / "pin").write_text(f"{PIN}\n")
    (uc.folder / "pin").chmod(0o644)
    made = uc("image", "pack", ".", "-t", "app:1.0", "--layout", "images")
    key = hsm.uri(TOKEN, "ecdsa-p256", f"&pin-source=file:{uc.folder / 'pin'}")

    signed = uc("image", "sign", "app:1.0", "--layout", "images", "--key", key, COSIGN_PKCS11_PIN="")

    assert made.exit_code == 0, made.stderr
    assert signed.exit_code == 0, signed.stderr
    assert "holds a PIN that other users may read" in signed.stderr


def test_the_pin_is_asked_for_on_a_terminal(hsm: SoftHsm, uc: Uc) -> None:
    uc("image", "pack", ".", "-t", "app:1.0", "--layout", "images")
    key = hsm.uri(TOKEN, "ed25519")

    code, shown = converse(
        [Path(sys.executable).with_name("uc"), "image", "sign", "app:1.0", "--layout", "images", "--key", key],
        [("PIN for pkcs11:token=release;object=ed25519: ", PIN)],
        env=command_line_environment(uc.home, NO_COLOR="1", **hsm.environ),
        cwd=uc.folder,
    )

    assert code == 0, shown
    assert PIN not in shown


def test_a_key_that_wants_its_pin_each_time_gets_it(hsm: SoftHsm, uc: Uc) -> None:
    hsm.add_key(TOKEN, "careful", "b1", "ecdsa-p256", "--always-auth")
    uc("image", "pack", ".", "-t", "app:1.0", "--layout", "images")

    signed = uc("image", "sign", "app:1.0", "--layout", "images", "--key", hsm.uri(TOKEN, "careful"))

    assert signed.exit_code == 0, signed.stderr


@pytest.mark.parametrize(
    ("key", "pin", "code", "message", "hint"),
    [
        ("{uri}", "000000", 2, "the PIN is wrong", "it was tried once"),
        ("{uri}", "", 2, "there is nobody to ask", "COSIGN_PKCS11_PIN"),
        ("{uri}&pin-value=739215", PIN, 2, "other users of this machine can see it", "pin-source"),
        ("{uri}&pin-source=nowhere", PIN, 2, "the PIN cannot be read from nowhere: No such file", ""),
        ("pkcs11:token=lost;object=rsa?module-path={module}", PIN, 2, "there is no such token", "'release' (slot-id="),
        ("pkcs11:token=release;object=no?module-path={module}", PIN, 2, "no such private key", "object=ecdsa-p256;id"),
        (
            "pkcs11:object=twin?module-path={module}",
            PIN,
            2,
            "2 keys are called so",
            "object=twin;id=%a1, object=twin;id=%a2",
        ),
        ("pkcs11:object=rsa", PIN, 2, "nobody says which library", "COSIGN_PKCS11_MODULE_PATH"),
        ("pkcs11:object=rsa?module-path=/nowhere.so", PIN, 3, "/nowhere.so cannot be loaded", "module-path"),
    ],
)
def test_what_goes_wrong_is_said_clearly(
    hsm: SoftHsm, uc: Uc, key: str, pin: str, code: int, message: str, hint: str
) -> None:
    uc("image", "pack", ".", "-t", "app:1.0", "--layout", "images")
    named = key.format(uri=hsm.uri(TOKEN, "ecdsa-p256"), module=hsm.module)

    done = uc("image", "sign", "app:1.0", "--layout", "images", "--key", named, COSIGN_PKCS11_PIN=pin)

    first, *rest = done.stderr.splitlines()
    assert (done.exit_code, done.stdout) == (code, "")
    assert message in first
    assert hint in "".join(rest)
    assert PIN not in done.stderr


def test_a_library_can_be_named_in_the_environment(hsm: SoftHsm, uc: Uc) -> None:
    shown = uc("key", "show", f"pkcs11:token={TOKEN};id=%01", COSIGN_PKCS11_MODULE_PATH=str(hsm.module))

    assert shown.exit_code == 0, shown.stderr
    assert "ecdsa-p256" in shown.stdout


def test_a_public_half_in_a_certificate_will_do(hsm: SoftHsm, uc: Uc) -> None:
    hsm.add_key(TOKEN, "certified", "c1")
    made = uc("key", "public", hsm.uri(TOKEN, "certified"))
    hsm.tool(TOKEN, "--delete-object", "--type", "pubkey", "--id", "c1")
    gone = uc("key", "public", hsm.uri(TOKEN, "certified"))
    (uc.folder / "certified.der").write_bytes(certificate_for(made.stdout))
    hsm.tool(
        TOKEN,
        "--write-object",
        str(uc.folder / "certified.der"),
        "--type",
        "cert",
        "--id",
        "c1",
        "--label",
        "certified",
    )

    found = uc("key", "public", hsm.uri(TOKEN, "certified"))

    assert (gone.exit_code, found.exit_code) == (2, 0), found.stderr
    assert "no public key and no certificate to this key" in gone.stderr
    assert found.stdout == made.stdout


def test_a_public_half_of_another_key_is_found_out(hsm: SoftHsm, uc: Uc) -> None:
    hsm.add_key(TOKEN, "mixed", "d1")
    hsm.tool(TOKEN, "--delete-object", "--type", "pubkey", "--id", "d1")
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    (uc.folder / "other.der").write_bytes(other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    written = ("--write-object", str(uc.folder / "other.der"), "--type", "pubkey", "--id", "d1", "--label", "mixed")
    hsm.tool(TOKEN, *written)
    uc("image", "pack", ".", "-t", "app:1.0", "--layout", "images")

    done = uc("image", "sign", "app:1.0", "--layout", "images", "--key", hsm.uri(TOKEN, "mixed"), "--json")

    assert done.exit_code == 3
    assert "does not verify what this key signs" in done.json["data"]["failures"][0]["message"]
    assert "1 unsigned" in uc("image", "verify", "app:1.0", "--layout", "images", "--key", hsm.uri(TOKEN, "rsa")).stdout


def test_a_key_in_a_token_takes_the_place_of_one_in_a_file(hsm: SoftHsm, uc: Uc) -> None:
    uc("key", "generate", COSIGN_PASSWORD="secret")
    uc("image", "pack", ".", "-t", "app:1.0", "--layout", "images")
    uc("image", "sign", "app:1.0", "--layout", "images", "--key", "cosign.key", COSIGN_PASSWORD="secret")
    token = hsm.uri(TOKEN, "ecdsa-p384")

    done = uc("key", "rotate", token, "--from", "cosign.pub", "--all", "--layout", "images", "--json")

    assert done.exit_code == 0, done.stderr
    assert [image["added"] for image in done.json["data"]["images"]] == [1]
    assert uc("image", "verify", "app:1.0", "--layout", "images", "--key", token).exit_code == 0
    assert (uc.folder / "cosign.pub").read_text().startswith("Trusted-Until: ")


async def test_a_token_that_is_pulled_out_is_said_to_be_gone(
    tmp_path: Path, hsm: SoftHsm, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in hsm.environ.items():
        monkeypatch.setenv(name, value)
    first, second = (hsm.uri(TOKEN, kind) for kind in ("ecdsa-p256", "ed25519"))
    async with open_signer(first, PIN.encode()) as signer, open_signer(second, PIN.encode()) as other:
        signature = await signer.sign(b"data")
        hsm.tokens.rename(tmp_path / "gone")
        with pytest.raises(SignerFailed, match="the token is gone") as caught:
            await signer.sign(b"data")
    (tmp_path / "gone").rename(hsm.tokens)

    assert signer.public.verify(signature, b"data")
    assert other.public != signer.public
    assert "it goes on where this one stopped" in caught.value.hint
