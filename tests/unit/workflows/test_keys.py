"""Which keys a run uses if the user does not say."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from undercurrent.errors import InvalidKey, UsageError
from undercurrent.settings import SigningSettings
from undercurrent.signing.keys import PrivateKey, write_key_pair
from undercurrent.workflows.keys import signing_key, trusted_keys


@pytest.fixture(autouse=True)
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def pair(name: str, password: bytes = b"") -> PrivateKey:
    key = PrivateKey.generate()
    write_key_pair(key, Path(name), password)
    return key


def test_the_key_that_is_set_comes_before_the_one_that_is_here() -> None:
    pair("cosign.key")

    assert signing_key(SigningSettings()) == "cosign.key"
    assert signing_key(SigningSettings(key="other.key")) == "other.key"
    assert signing_key(SigningSettings(key="env://KEY")) == "env://KEY"


def test_without_a_key_nobody_signs() -> None:
    with pytest.raises(UsageError, match="no key to sign with"):
        signing_key(SigningSettings())


async def test_public_keys_that_are_set_are_all_trusted() -> None:
    keys = [pair("a.key"), pair("b.key")]
    pair("cosign.key")

    trusted = await trusted_keys(SigningSettings(public_keys=("a.pub", "b.pub")))

    assert trusted == tuple(key.public for key in keys)


async def test_public_keys_in_the_environment_are_trusted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUR_PUBLIC_KEY", pair("a.key").public.pem)
    monkeypatch.setenv("OUR_PRIVATE_KEY", Path("a.key").read_text())
    (key,) = await trusted_keys(SigningSettings(public_keys=("env://OUR_PUBLIC_KEY",)))

    assert key.pem == Path("a.pub").read_text()
    with pytest.raises(InvalidKey, match="holds no public key"):
        await trusted_keys(SigningSettings(public_keys=("env://OUR_PRIVATE_KEY",)))


async def test_else_the_public_half_of_the_signing_key_is_and_asks_for_no_password() -> None:
    here, other = pair("cosign.key", b"secret"), pair("other.key", b"secret")

    assert await trusted_keys(SigningSettings()) == (here.public,)
    assert await trusted_keys(SigningSettings(key="other.key")) == (other.public,)


async def test_a_private_key_alone_will_do_only_if_it_is_not_encrypted() -> None:
    key = pair("cosign.key", b"secret")
    Path("open.pem").write_bytes(
        load_der_private_key(key.pkcs8, None).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    Path("cosign.pub").unlink()

    assert await trusted_keys(SigningSettings(key="open.pem")) == (key.public,)
    with pytest.raises(InvalidKey, match="encrypted, and there is no password"):
        await trusted_keys(SigningSettings(key="cosign.key"))


async def test_without_any_nobody_is_trusted() -> None:
    with pytest.raises(UsageError, match="no key to verify with"):
        await trusted_keys(SigningSettings())
    with pytest.raises(InvalidKey, match=r"nowhere\.key cannot be read"):
        await trusted_keys(SigningSettings(key="nowhere.key"))


@pytest.mark.parametrize("key", ["/", ".", "env://NOT_SET", "~"])
async def test_strange_names_of_keys_are_errors_of_ours(key: str) -> None:
    with pytest.raises(InvalidKey):
        await trusted_keys(SigningSettings(key=key))
