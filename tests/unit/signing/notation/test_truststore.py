"""Trust stores: what may be in one, and what is not looked at."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.notation import Certified, certify, policy, trusting, write_store

from undercurrent.errors import ConfigError
from undercurrent.signing.notation.trust import load
from undercurrent.signing.notation.trustpolicy import NamedStore, StoreKind
from undercurrent.signing.notation.truststore import MAX_FILE, certificates

ACME = NamedStore(StoreKind.CA, "acme")


def test_all_certificates_of_a_store_are_trusted_and_no_others(
    tmp_path: Path, root: Certified, middle: Certified
) -> None:
    alone = certify("C=US,ST=WA,O=acme,CN=alone")
    folder = write_store(tmp_path, {"ca:acme": [root], "ca:others": [alone]}) / "x509" / "ca" / "acme"
    (folder / "both.crt").write_bytes(middle.pem + alone.pem)
    (folder / "der.CER").write_bytes(alone.certificate.public_bytes(Encoding.DER))
    (folder / "README.md").write_text("passed over")
    (folder / "below").mkdir()
    (folder / "below" / "x.pem").write_text("passed over")

    found = certificates(tmp_path, ACME)

    assert set(found) == {root.certificate, middle.certificate, alone.certificate}
    assert len(found) == 4


def _link(folder: Path) -> None:
    (folder / "link.pem").symlink_to(folder / "0.pem")


def _move(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(folder.with_name("elsewhere"))


def _empty(folder: Path) -> None:
    (folder / "0.pem").unlink()


def _remove(folder: Path) -> None:
    _empty(folder)
    folder.rmdir()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_link, "link.pem is a link"),
        (_move, "is no folder"),
        (_empty, "holds no certificate"),
        (_remove, "is no folder"),
        (lambda folder: (folder / "x.pem").write_text("-----BEGIN CERTIFICATE-----"), "x.pem holds no certificate"),
        (lambda folder: (folder / "x.crt").write_bytes(b"\x30\x00"), "x.crt holds no certificate"),
        (lambda folder: (folder / "x.crt").write_bytes(b"0" * (MAX_FILE + 1)), "x.crt is larger than"),
    ],
)
def test_what_is_no_trust_store_is_a_mistake(
    tmp_path: Path, root: Certified, change: Callable[[Path], object], said: str
) -> None:
    folder = write_store(tmp_path, {"ca:acme": [root]}) / "x509" / "ca" / "acme"
    change(folder)

    with pytest.raises(ConfigError) as caught:
        certificates(tmp_path, ACME)
    assert said in caught.value.message


def test_only_roots_of_trust_are_put_there(
    tmp_path: Path, root: Certified, middle: Certified, release: Certified
) -> None:
    write_store(tmp_path, {"ca:acme": [root, release], "tsa:clock": [middle]})

    for store in (ACME, NamedStore(StoreKind.TSA, "clock")):
        with pytest.raises(ConfigError) as caught:
            certificates(tmp_path, store)
        assert "is no root of trust" in caught.value.message


def test_every_store_that_a_policy_names_must_be_there(tmp_path: Path, root: Certified) -> None:
    with pytest.raises(ConfigError) as caught:
        trusting(tmp_path, {"ca:acme": [root]}, policy(stores=["ca:acme", "tsa:clock"]))
    assert "trust store tsa:clock is no folder" in caught.value.message


def test_a_policy_is_no_link(tmp_path: Path, root: Certified) -> None:
    trusting(tmp_path, {"ca:acme": [root]}, policy())
    (tmp_path / "link.json").symlink_to(tmp_path / "trustpolicy.json")

    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "truststore", tmp_path / "link.json")
    assert "link.json is a link" in caught.value.message
