import base64
import json
import os
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.peers import require_peer

from undercurrent.errors import EnvironmentLacks, InvalidKey, UsageError
from undercurrent.progress import Event, Noted
from undercurrent.signing import cosignkey
from undercurrent.signing.keys import (
    KeyKind,
    PrivateKey,
    change_password,
    import_key,
    load_any,
    load_public,
    load_signer,
    write_key_pair,
)

DATA = Path(os.environ.get("UNDERCURRENT_DATA", "../shared/data"))
P256 = ("ecparam", "-name", "prime256v1", "-genkey", "-noout")


X25519 = """\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VuAyEAhSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=
-----END PUBLIC KEY-----
"""


def openssl(*arguments: str | Path) -> None:
    subprocess.run([require_peer("openssl"), *arguments], check=True, capture_output=True)


@pytest.fixture
def pair(tmp_path: Path, signer: PrivateKey) -> tuple[Path, Path]:
    return write_key_pair(signer, tmp_path / "my.key", b"secret")


@pytest.mark.skipif(not DATA.is_dir(), reason="vectors are not here; set UNDERCURRENT_DATA")
def test_the_published_cosign_key_opens_with_its_empty_password() -> None:
    key = load_signer(DATA / "cosign-keys" / "cosign.key", b"")

    assert key.public == load_public(DATA / "cosign-keys" / "cosign.pub")


@pytest.mark.parametrize("name", ["cosign", "p384", "ed25519"])
async def test_keys_that_cosign_made_and_imported_open(recorded_keys: Path, name: str) -> None:
    key = load_signer(recorded_keys / f"{name}.key", b"")
    public = load_public(recorded_keys / f"{name}.pub")

    assert key.public == public
    assert public.pem == (recorded_keys / f"{name}.pub").read_text()
    assert public.verify(await key.sign(b"content"), b"content")


@pytest.mark.parametrize("kind", list(KeyKind))
def test_a_pair_that_was_written_is_read_again(tmp_path: Path, kind: KeyKind) -> None:
    key = PrivateKey.generate(kind)

    private, public = write_key_pair(key, tmp_path / "new.key", b"secret")

    assert public == tmp_path / "new.pub"
    assert load_signer(private, b"secret").public == key.public
    assert load_public(public) == key.public
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert private.read_text().startswith("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n")
    assert {path.name for path in tmp_path.iterdir()} == {"new.key", "new.pub"}


def test_the_password_is_asked_for_only_if_there_is_one(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    asked = []

    def ask() -> bytes:
        asked.append(True)
        return b"secret"

    openssl(*P256, "-out", tmp_path / "plain.pem")
    load_signer(tmp_path / "plain.pem", ask)
    assert not asked
    load_signer(pair[0], ask)
    assert asked == [True]


@pytest.mark.parametrize("password", [b"wrong", b""])
def test_a_wrong_password_says_which_file_it_does_not_open(pair: tuple[Path, Path], password: bytes) -> None:
    with pytest.raises(InvalidKey, match=r"my\.key: the password does not open") as refused:
        load_signer(pair[0], password)

    assert "COSIGN_PASSWORD" in refused.value.hint


def test_an_encrypted_key_without_a_password_says_what_to_set(pair: tuple[Path, Path]) -> None:
    with pytest.raises(InvalidKey, match="is encrypted") as refused:
        load_signer(pair[0])

    assert "COSIGN_PASSWORD" in refused.value.hint


@pytest.mark.parametrize(
    "make",
    [
        (*P256, "-out"),
        ("ecparam", "-name", "secp384r1", "-genkey", "-out"),  # with an EC PARAMETERS block before the key
        ("genpkey", "-algorithm", "ed25519", "-out"),
        ("genrsa", "-traditional", "-out"),
        ("genrsa", "-out"),
    ],
    ids=["sec1", "sec1-with-parameters", "pkcs8-ed25519", "pkcs1", "pkcs8-rsa"],
)
def test_keys_of_openssl_are_read(tmp_path: Path, make: tuple[str, ...]) -> None:
    openssl(*make, tmp_path / "key.pem")
    openssl("pkey", "-in", tmp_path / "key.pem", "-pubout", "-out", tmp_path / "key.pub")

    assert load_signer(tmp_path / "key.pem").public == load_public(tmp_path / "key.pub")


@pytest.mark.parametrize(
    "encrypt",
    [("pkcs8", "-topk8", "-v2", "aes256"), ("ec", "-aes256")],
    ids=["pkcs8", "proc-type"],
)
def test_encrypted_pem_wants_its_password(tmp_path: Path, encrypt: tuple[str, ...]) -> None:
    openssl(*P256, "-out", tmp_path / "plain.pem")
    openssl(*encrypt, "-in", tmp_path / "plain.pem", "-out", tmp_path / "key.pem", "-passout", "pass:secret")

    assert load_signer(tmp_path / "key.pem", b"secret").public == load_signer(tmp_path / "plain.pem").public
    for password in (b"wrong", None):
        with pytest.raises(InvalidKey, match=r"key\.pem"):
            load_signer(tmp_path / "key.pem", password)


def test_an_rsa_public_key_in_pkcs1_is_read(tmp_path: Path) -> None:
    openssl("genrsa", "-out", tmp_path / "key.pem")
    openssl("rsa", "-in", tmp_path / "key.pem", "-RSAPublicKey_out", "-out", tmp_path / "key.pub")

    assert load_public(tmp_path / "key.pub") == load_signer(tmp_path / "key.pem").public


def test_a_key_may_be_in_the_environment(
    pair: tuple[Path, Path], signer: PrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", pair[0].read_text())
    monkeypatch.setenv("MY_PUBLIC", pair[1].read_text())

    assert load_signer("env://MY_KEY", b"secret").public == load_public("env://MY_PUBLIC") == signer.public
    with pytest.raises(InvalidKey, match="not set"):
        load_signer("env://MY_OTHER", b"secret")


def test_what_is_no_key_is_told_apart(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    (tmp_path / "text").write_text("hello")
    (tmp_path / "large").write_bytes(bytes(100_000))
    (tmp_path / "two").write_text(pair[1].read_text() * 2)
    (tmp_path / "cut").write_text(pair[0].read_text()[:200] + "-----END ENCRYPTED SIGSTORE PRIVATE KEY-----")
    (tmp_path / "x25519").write_text(X25519)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-keyout", tmp_path / "k", "-out",
            tmp_path / "certificate")  # fmt: skip
    openssl("ecparam", "-name", "secp256k1", "-genkey", "-noout", "-out", tmp_path / "k1")

    for load, path, why in (
        (load_signer, "text", "no PEM block"),
        (load_signer, "missing", "No such file"),
        (load_signer, "", "Is a directory"),
        (load_signer, "large", "too large"),
        (load_signer, "my.pub", "found: PUBLIC KEY"),
        (load_signer, "k1", r"k1: .*secp256k1"),
        (load_signer, "cut", "cut is"),
        (load_public, "x25519", "x25519: X25519 is a kind"),
        (load_public, "my.key", "found: ENCRYPTED SIGSTORE PRIVATE KEY"),
        (load_public, "certificate", "found: CERTIFICATE"),
        (load_public, "two", "several keys"),
    ):
        with pytest.raises(InvalidKey, match=why) as refused:
            load(tmp_path / path)
        assert str(tmp_path / path) in refused.value.message
    with pytest.raises(InvalidKey, match="awskms://"):
        load_signer("awskms://alias/key")


def test_a_key_that_others_may_read_is_told_about(pair: tuple[Path, Path]) -> None:
    events: list[Event] = []

    load_signer(pair[0], b"secret", observer=events.append)
    assert events == []
    pair[0].chmod(0o640)
    load_signer(pair[0], b"secret", observer=events.append)
    assert isinstance(events[0], Noted)
    assert f"chmod 600 {pair[0]}" in events[0].message


@pytest.mark.parametrize("there", ["my.key", "my.pub"])
def test_a_file_that_is_there_is_overwritten_only_by_force(tmp_path: Path, signer: PrivateKey, there: str) -> None:
    (tmp_path / there).write_text("precious")

    with pytest.raises(UsageError, match="is there already"):
        write_key_pair(signer, tmp_path / "my.key", b"")
    assert [path.name for path in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "precious"

    write_key_pair(signer, tmp_path / "my.key", b"", force=True)
    assert load_signer(tmp_path / "my.key", b"").public == signer.public


def test_the_private_key_is_never_overwritten_by_its_public_half(tmp_path: Path, signer: PrivateKey) -> None:
    with pytest.raises(UsageError, match="private and the public"):
        write_key_pair(signer, tmp_path / "my.pub", b"", force=True)


def test_either_half_tells_the_public_key(pair: tuple[Path, Path], signer: PrivateKey) -> None:
    assert load_any(pair[0], b"secret") == load_any(pair[1]) == signer.public


def test_a_key_that_came_while_the_pair_was_written_stays(
    tmp_path: Path, signer: PrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two at once: the private file was free, the public one was taken meanwhile."""
    (tmp_path / "my.pub").write_text("theirs")
    monkeypatch.setattr("os.path.lexists", lambda _path: False)

    with pytest.raises(UsageError, match=r"my\.pub is there already"):
        write_key_pair(signer, tmp_path / "my.key", b"")
    assert [path.name for path in tmp_path.iterdir()] == ["my.pub"]
    assert (tmp_path / "my.pub").read_text() == "theirs"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path, signer: PrivateKey) -> None:
    with pytest.raises(EnvironmentLacks, match="nowhere"):
        write_key_pair(signer, tmp_path / "nowhere" / "my.key", b"")


def test_an_imported_key_is_the_same_key(tmp_path: Path) -> None:
    openssl(*P256, "-out", tmp_path / "theirs.pem")

    imported = import_key(tmp_path / "theirs.pem", None, tmp_path / "ours.key", b"secret")

    assert imported.public == load_signer(tmp_path / "theirs.pem").public
    assert load_signer(tmp_path / "ours.key", b"secret").public == imported.public


def test_another_password_opens_the_same_key(pair: tuple[Path, Path], signer: PrivateKey) -> None:
    change_password(pair[0], b"secret", b"new")

    assert load_signer(pair[0], b"new").public == signer.public
    assert stat.S_IMODE(pair[0].stat().st_mode) == 0o600
    with pytest.raises(InvalidKey):
        load_signer(pair[0], b"secret")


def test_only_cosign_keys_change_their_password(tmp_path: Path) -> None:
    openssl(*P256, "-out", tmp_path / "theirs.pem")
    before = (tmp_path / "theirs.pem").read_bytes()

    with pytest.raises(InvalidKey, match="not a cosign key"):
        change_password(tmp_path / "theirs.pem", None, b"new")
    assert (tmp_path / "theirs.pem").read_bytes() == before


def sealed(document: object, label: str = cosignkey.LABELS[0]) -> str:
    body = base64.encodebytes(json.dumps(document).encode()).decode()
    return f"-----BEGIN {label}-----\n{body}-----END {label}-----\n"


def document_of(pair: tuple[Path, Path]) -> dict[str, dict[str, object]]:
    body = "".join(pair[0].read_text().splitlines()[1:-1])
    document: dict[str, dict[str, object]] = json.loads(base64.b64decode(body))
    return document


@pytest.mark.parametrize(
    "params", [{"N": 2**30, "r": 8, "p": 1}, {"N": 65536.0, "r": 8, "p": True}, {"N": "65536", "r": 8, "p": 1}, {}]
)
def test_scrypt_parameters_that_could_take_all_memory_are_refused(
    pair: tuple[Path, Path], params: dict[str, object]
) -> None:
    document = document_of(pair)
    document["kdf"]["params"] = params
    pair[0].write_text(sealed(document))

    with pytest.raises(InvalidKey, match=r"my\.key"):
        load_signer(pair[0], b"secret")


@pytest.mark.parametrize(
    ("field", "value"), [("nonce", "AAAA"), ("nonce", "%"), ("name", "aes"), ("nonce", None)], ids=str
)
def test_a_damaged_cipher_is_named(pair: tuple[Path, Path], field: str, value: object) -> None:
    document = document_of(pair)
    document["cipher"][field] = value
    pair[0].write_text(sealed(document))

    with pytest.raises(InvalidKey, match=r"my\.key"):
        load_signer(pair[0], b"secret")


@pytest.mark.parametrize("cost", [32768, 131072])
def test_the_costs_of_other_writers_are_accepted(pair: tuple[Path, Path], cost: int) -> None:
    document = document_of(pair)
    document["kdf"]["params"] = {"N": cost, "r": 8, "p": 1}
    pair[0].write_text(sealed(document))

    with pytest.raises(InvalidKey, match="the password does not open"):  # so it was derived, with this cost
        load_signer(pair[0], b"secret")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kdf", "params", "N"]), inner),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=300)
    | st.builds(
        lambda kdf, cipher, text: sealed({"kdf": kdf, "cipher": cipher, "ciphertext": text}).encode(),
        json_values,
        json_values,
        json_values,
    )
    | st.builds(
        lambda label, body: b"-----BEGIN %b-----\n%b\n-----END %b-----" % (label, body, label),
        st.sampled_from(
            [b"PRIVATE KEY", b"EC PRIVATE KEY", b"RSA PRIVATE KEY", b"ENCRYPTED PRIVATE KEY", b"PUBLIC KEY"]
        ),
        st.binary(max_size=200) | st.binary(max_size=200).map(base64.b64encode),
    )
)
def test_nothing_in_a_key_file_is_worse_than_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "hostile.key"
    path.write_bytes(content)

    for load in (lambda: load_signer(path, b"secret"), lambda: load_public(path)):
        with pytest.raises(InvalidKey, match="hostile"):
            load()


@pytest.mark.timeout(20)
def test_a_file_of_beginnings_takes_no_longer_than_its_length(tmp_path: Path) -> None:
    (tmp_path / "x.pub").write_bytes(b"-----BEGIN PUBLIC KEY-----\n" * 2400)
    with pytest.raises(InvalidKey, match="holds no public key"):
        load_public(tmp_path / "x.pub")
