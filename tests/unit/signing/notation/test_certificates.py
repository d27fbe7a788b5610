"""What certificates must be made for, and that a chain is one: each requirement of the specification, broken once."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeAlias

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID as Use
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.notation import NOW, Certified, certify, usage

from undercurrent.signing.checks import Reason, SignatureRefusedError
from undercurrent.signing.notation.certificates import MAX_CHAIN, Purpose, load, require_fit, require_valid

Extensions: TypeAlias = Sequence[tuple[x509.ExtensionType, bool]]
NAME = "C=US,ST=WA,O=acme,CN={}"
DAY = timedelta(days=1)
SIGNS = (usage("digital_signature"), True)
CODE = (x509.ExtendedKeyUsage([Use.CODE_SIGNING]), False)
CLOCK = (x509.ExtendedKeyUsage([Use.TIME_STAMPING]), True)
ISSUES = (x509.BasicConstraints(ca=True, path_length=None), True)
CERTIFIES = (usage("key_cert_sign"), True)


def uses(*purposes: x509.ObjectIdentifier, critical: bool = False) -> tuple[x509.ExtensionType, bool]:
    return x509.ExtendedKeyUsage(purposes), critical


def refused(chain: Sequence[x509.Certificate], purpose: Purpose = Purpose.SIGNING) -> str:
    """Why a chain does not fit; empty if it does."""
    try:
        require_fit(chain, purpose)
    except SignatureRefusedError as error:
        return f"{error.reason}: {error}"
    return ""


@pytest.mark.parametrize(
    ("extensions", "why"),
    [
        ([SIGNS], ""),
        ([SIGNS, CODE], ""),
        ([(usage("digital_signature", "content_commitment"), True), CODE], ""),
        ([SIGNS, uses(Use.CODE_SIGNING, x509.ObjectIdentifier("1.3.6.1.4.1.57264.9"))], ""),
        ([SIGNS, (x509.BasicConstraints(ca=False, path_length=None), False)], ""),
        ([SIGNS, (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"x"), True)], ""),
        ([SIGNS, ISSUES], "is for an authority"),
        ([], "is not for signatures"),
        ([(usage("digital_signature"), False)], "is not for signatures"),
        ([(usage("content_commitment"), True)], "is not for signatures"),
        *[
            ([(usage("digital_signature", other), True)], "is not for signatures")
            for other in ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign")
        ],
        *[
            ([SIGNS, uses(Use.CODE_SIGNING, other)], "is for something else")
            for other in (
                Use.ANY_EXTENDED_KEY_USAGE,
                Use.SERVER_AUTH,
                Use.CLIENT_AUTH,
                Use.EMAIL_PROTECTION,
                Use.TIME_STAMPING,
                Use.OCSP_SIGNING,
            )
        ],
    ],
)
def test_who_signs(root: Certified, extensions: Extensions, why: str) -> None:
    leaf = certify(NAME.format("leaf"), root, extensions=extensions)

    assert why in refused(leaf.chain)
    assert bool(why) is bool(refused(leaf.chain))


@pytest.mark.parametrize(
    ("extensions", "why"),
    [
        ([SIGNS, CLOCK], ""),
        ([(usage("digital_signature"), False), CLOCK], ""),
        ([SIGNS], "is for something else"),
        ([SIGNS, CODE], "is for something else"),
        ([SIGNS, uses(Use.TIME_STAMPING)], "is for something else"),
        ([SIGNS, uses(Use.TIME_STAMPING, Use.CODE_SIGNING, critical=True)], "is for something else"),
    ],
)
def test_who_says_what_time_it_is(root: Certified, extensions: Extensions, why: str) -> None:
    leaf = certify(NAME.format("clock"), root, extensions=extensions)

    assert why in refused(leaf.chain, Purpose.TIMESTAMPING)
    assert bool(why) is bool(refused(leaf.chain, Purpose.TIMESTAMPING))


@pytest.mark.parametrize(
    ("extensions", "why"),
    [
        ([ISSUES, CERTIFIES], ""),
        ([(x509.BasicConstraints(ca=True, path_length=0), True), CERTIFIES], ""),
        ([CERTIFIES], "is not for an authority"),
        ([(x509.BasicConstraints(ca=False, path_length=None), True), CERTIFIES], "is not for an authority"),
        ([(x509.BasicConstraints(ca=True, path_length=None), False), CERTIFIES], "is not for an authority"),
        ([ISSUES], "may not sign other certificates"),
        ([ISSUES, (usage("key_cert_sign"), False)], "may not sign other certificates"),
        ([ISSUES, (usage("crl_sign"), True)], "may not sign other certificates"),
    ],
)
def test_who_vouches_for_them(root: Certified, extensions: Extensions, why: str) -> None:
    leaf = certify(NAME.format("leaf"), certify(NAME.format("middle"), root, extensions=extensions))

    assert why in refused(leaf.chain)
    assert bool(why) is bool(refused(leaf.chain))


def test_an_authority_says_how_many_may_be_below_it() -> None:
    for length, fits in ((0, False), (1, True)):
        top = [(x509.BasicConstraints(ca=True, path_length=length), True), CERTIFIES]
        middle = certify(NAME.format("middle"), certify(NAME.format("top"), extensions=top), authority=True)
        assert (refused(certify(NAME.format("leaf"), middle).chain) == "") is fits


def test_a_chain_is_complete_in_order_and_nothing_else(
    root: Certified, middle: Certified, release: Certified, stranger: Certified
) -> None:
    leaf, between, top = release.chain

    assert refused([leaf, between, top]) == ""
    for chain in ([leaf, between], [leaf, top], [between, leaf, top], [top, between, leaf], [leaf, between, top, top]):
        assert refused(chain)
    assert refused([leaf, *stranger.chain[1:]])
    assert refused([leaf, between, stranger.chain[-1]])  # a root of the same name, with another key
    assert "is for an authority" in refused([top])
    # One that issued itself in the middle of a chain would make the next one the root of nothing.
    assert "is a root" in refused([certify(NAME.format("leaf")).certificate] * 2)


def test_a_certificate_that_signed_itself_is_a_chain() -> None:
    assert refused(certify(NAME.format("alone")).chain) == ""
    borrowed = certify(NAME.format("alone"), certify(NAME.format("alone")))
    assert refused([borrowed.certificate])


@pytest.mark.parametrize(
    "key",
    [
        lambda: rsa.generate_private_key(65537, 2056),
        lambda: ec.generate_private_key(ec.SECP256K1()),
        ed25519.Ed25519PrivateKey.generate,
    ],
    ids=["rsa-2056", "secp256k1", "ed25519"],
)
def test_other_keys_do_not_sign(root: Certified, key: Callable[[], ec.EllipticCurvePrivateKey]) -> None:
    leaf = certify(NAME.format("leaf"), root, key=key())

    assert refused(leaf.chain).startswith(Reason.CERTIFICATE)
    assert "has a kind of key" in refused(leaf.chain)


def test_each_certificate_must_be_valid_all_the_time(root: Certified) -> None:
    leaf = certify(NAME.format("leaf"), root, valid=(NOW - DAY, NOW + DAY))

    require_valid(leaf.chain, NOW - DAY, NOW + DAY)
    for earliest, latest in ((NOW - 2 * DAY, NOW), (NOW, NOW + 2 * DAY)):
        with pytest.raises(SignatureRefusedError) as caught:
            require_valid(leaf.chain, earliest, latest)
        assert caught.value.reason is Reason.EXPIRED


@given(st.lists(st.binary(max_size=60), max_size=3))
def test_what_is_no_certificate_is_refused(encoded: list[bytes]) -> None:
    with pytest.raises(SignatureRefusedError) as caught:
        load(encoded)
    assert caught.value.reason is Reason.CERTIFICATE


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_no_certificate_breaks_what_reads_it(data: st.DataObject, release: Certified) -> None:
    chain = [item.public_bytes(Encoding.DER) for item in release.chain]
    number = data.draw(st.integers(0, 2))
    changed = bytearray(chain[number])
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    chain[number] = bytes(changed)
    try:
        loaded = load(chain)
        require_valid(loaded, NOW, NOW)
        require_fit(loaded, Purpose.SIGNING)
    except SignatureRefusedError:
        return
    assert chain == [item.public_bytes(Encoding.DER) for item in release.chain]


def test_a_chain_has_an_end(root: Certified) -> None:
    with pytest.raises(SignatureRefusedError):
        load([root.certificate.public_bytes(Encoding.DER)] * (MAX_CHAIN + 1))
