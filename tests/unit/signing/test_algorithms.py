import hashlib
import pickle
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st
from nacl import bindings
from tests.support.peers import require_peer

from undercurrent.errors import InvalidKey
from undercurrent.signing.algorithms import KeyKind, PrivateKey, PublicKey

KINDS = tuple(KeyKind)


@pytest.fixture(scope="module", params=KINDS)
def key(request: pytest.FixtureRequest) -> PrivateKey:
    kind: KeyKind = request.param
    return PrivateKey.generate(kind)


async def test_each_kind_verifies_what_it_signed_and_nothing_else(key: PrivateKey) -> None:
    signature = await key.sign(b"content")

    assert key.public.verify(signature, b"content")
    assert key.public.verify(signature, memoryview(b"content"))
    assert not key.public.verify(signature, b"other content")
    assert not key.public.verify(signature[:-1], b"content")
    assert not key.public.verify(b"", b"content")
    assert not PrivateKey.generate(KeyKind.ECDSA_P256).public.verify(signature, b"content")


async def test_openssl_verifies_the_signature(key: PrivateKey, tmp_path: Path) -> None:
    (tmp_path / "key.pub").write_text(key.public.pem)
    (tmp_path / "data").write_bytes(b"content")
    (tmp_path / "sig").write_bytes(await key.sign(b"content"))
    if key.public.kind is KeyKind.ED25519:
        command = [str(require_peer("openssl")), "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "key.pub"]
        command += ["-in", "data", "-sigfile", "sig"]
    else:
        command = [str(require_peer("openssl")), "dgst", "-sha256", "-verify", "key.pub", "-signature", "sig", "data"]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_the_hint_and_the_fingerprint_are_the_hash_of_the_public_key(key: PrivateKey) -> None:
    digest = hashlib.sha256(key.public.der)

    assert key.public.fingerprint == digest.hexdigest()
    assert bytes.fromhex(key.public.fingerprint) == digest.digest()
    assert len(key.public.hint) == 44


def test_a_public_key_travels_to_another_process_and_a_private_one_does_not(key: PrivateKey) -> None:
    assert pickle.loads(pickle.dumps(key.public)) == key.public  # noqa: S301 - our own bytes
    with pytest.raises(TypeError):
        pickle.dumps(key)


def test_showing_a_private_key_shows_no_secret(key: PrivateKey) -> None:
    assert key.public.hint in repr(key)
    assert key.pkcs8.hex() not in repr(key)


def test_ed25519ph_is_accepted_as_cosign_signs_it() -> None:
    handle = ed25519.Ed25519PrivateKey.generate()
    state = bindings.crypto_sign_ed25519ph_state()
    bindings.crypto_sign_ed25519ph_update(state, b"content")
    secret = handle.private_bytes_raw() + handle.public_key().public_bytes_raw()
    signature = bindings.crypto_sign_ed25519ph_final_create(state, secret)
    public = PublicKey.of(handle.public_key())

    assert public.verify(signature, b"content")
    assert not public.verify(signature, b"other content")
    assert not public.verify(bytes(64), b"content")


@pytest.mark.parametrize(
    ("curve", "algorithm"),
    [(ec.SECP384R1(), hashes.SHA384()), (ec.SECP521R1(), hashes.SHA512())],
    ids=["p384", "p521"],
)
def test_the_hash_that_cosign_signs_a_larger_curve_with_is_accepted(
    curve: ec.EllipticCurve, algorithm: hashes.HashAlgorithm
) -> None:
    handle = ec.generate_private_key(curve)

    signature = handle.sign(b"content", ec.ECDSA(algorithm))

    assert PublicKey.of(handle.public_key()).verify(signature, b"content")


@pytest.mark.parametrize(
    "handle",
    [
        ec.generate_private_key(ec.SECP256K1()),
        ec.generate_private_key(ec.SECP224R1()),
        rsa.generate_private_key(65537, 1024),  # noqa: S505 - weak, which is the point
        rsa.generate_private_key(3, 2048),
        dsa.generate_private_key(2048),
        "no key at all",
    ],
    ids=["secp256k1", "p224", "rsa-1024", "rsa-e3", "dsa", "text"],
)
def test_weak_and_unknown_keys_are_refused(handle: object) -> None:
    with pytest.raises(InvalidKey, match="not supported") as refused:
        PrivateKey(handle)

    assert "P-256" in refused.value.hint


@given(st.binary(max_size=200))
def test_no_bytes_make_a_public_key_but_those_of_one(der: bytes) -> None:
    with pytest.raises(InvalidKey):
        PublicKey(der)
