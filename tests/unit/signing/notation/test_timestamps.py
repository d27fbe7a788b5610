"""What a timestamp authority says is believed if it is about this signature and by somebody trusted."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response
from tests.support.notation import NOW, Certified, certify, cose, jws, policy, push_notation, revoke, target, trusting
from tests.support.sigstoreinstance import NOON, Instance, timestamp
from tests.support.timestamps import Authority, timestamp_authority

from undercurrent.oci.image import Image
from undercurrent.signing.checks import Check, Reason, SignatureRefusedError, Trust
from undercurrent.signing.notation.examine import examine_notation
from undercurrent.signing.notation.timestamps import witnessed

DAY = timedelta(days=1)
NAMES = ("ca:acme", "tsa:clock")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    folder = tmp_path_factory.mktemp("clock")
    with timestamp_authority(folder, digests="sha256, sha384, sha512") as running:
        yield running


@pytest.fixture(scope="module")
def clock(authority: Authority) -> Certified:
    """The authority: its certificate, issued by its root."""

    def read(name: str, issuer: Certified | None) -> Certified:
        key = load_pem_private_key((authority.folder / f"{name}.key").read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        certificate = x509.load_pem_x509_certificate((authority.folder / f"{name}.pem").read_bytes())
        return Certified(key, certificate, issuer)

    return read("tsa", read("root", None))


@pytest.fixture(scope="module")
def stamp(authority: Authority) -> Callable[[bytes], bytes]:
    """A token for a signature."""

    def token(signature: bytes) -> bytes:
        query = TimestampRequestBuilder(signature, HashAlgorithm.SHA256, nonce=True, cert_req=True).build()
        return decode_timestamp_response(authority.answer(query.as_bytes()).body).time_stamp_token()

    return token


@pytest.fixture(scope="module")
def good(stamp: Callable[[bytes], bytes]) -> bytes:
    """A token for "signature"."""
    return stamp(b"signature")


@pytest.fixture
def hour(clock: Certified) -> Certified:
    """The root of the authority."""
    assert clock.issuer is not None
    return clock.issuer


async def examined(image: Image, envelope: bytes, trust: Trust, *, in_cbor: bool = False, after: int = 0) -> Check:
    manifest = await push_notation(image, envelope, "application/cose" if in_cbor else "application/jose+json")
    return await examine_notation(image.store, manifest.referrer, image, trust, now=NOW + after * DAY)


@pytest.mark.parametrize("in_cbor", [False, True])
async def test_a_signature_outlives_its_certificate(
    tmp_path: Path, image: Image, root: Certified, hour: Certified, stamp: Callable[[bytes], bytes], in_cbor: bool
) -> None:
    signer = certify("C=US,ST=WA,O=acme,CN=brief", root, valid=(NOW - DAY, NOW + DAY))
    stores = {"ca:acme": [root], "tsa:clock": [hour]}
    trust = Trust(notation=trusting(tmp_path / "trust", stores, policy(stores=NAMES)))
    without = Trust(notation=trusting(tmp_path / "less", stores, policy()))
    before = datetime.now(UTC).replace(microsecond=0)
    envelope = (cose if in_cbor else jws)(target(image), signer, timestamp=stamp)
    after = datetime.now(UTC)

    check = await examined(image, envelope, trust, in_cbor=in_cbor, after=9)

    assert check.accepted
    assert check.signed_at is not None
    assert before <= check.signed_at <= after
    assert (await examined(image, envelope, without, in_cbor=in_cbor, after=9)).reason is Reason.EXPIRED


async def test_a_certificate_that_had_expired_already_is_refused(
    tmp_path: Path, image: Image, root: Certified, hour: Certified, stamp: Callable[[bytes], bytes]
) -> None:
    late = certify("C=US,ST=WA,O=acme,CN=late", root, valid=(NOW - 9 * DAY, NOW - DAY))
    stores = {"ca:acme": [root], "tsa:clock": [hour]}
    trust = Trust(notation=trusting(tmp_path / "trust", stores, policy(stores=NAMES)))

    check = await examined(image, jws(target(image), late, signed=NOW - 5 * DAY, timestamp=stamp), trust)

    assert check.reason is Reason.EXPIRED


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        (lambda stamp: lambda _signature: stamp(b"another signature"), "about another signature"),
        (lambda _stamp: lambda _signature: b"\x30\x03\x02\x01\x00", "cannot be read"),
        (lambda stamp: lambda signature: stamp(signature)[:-1], "cannot be read"),
        (lambda stamp: lambda signature: stamp(signature)[:-1] + b"\0", "was changed"),
    ],
    ids=["of another", "none", "cut off", "changed"],
)
async def test_a_timestamp_that_is_not_right_is_refused(
    tmp_path: Path,
    image: Image,
    root: Certified,
    release: Certified,
    hour: Certified,
    stamp: Callable[[bytes], bytes],
    attack: Callable[[Callable[[bytes], bytes]], Callable[[bytes], bytes]],
    said: str,
) -> None:
    stores = {"ca:acme": [root], "tsa:clock": [hour]}
    trust = Trust(notation=trusting(tmp_path / "trust", stores, policy(stores=NAMES)))
    lax = Trust(notation=trusting(tmp_path / "lax", stores, policy(stores=NAMES, level="permissive")))
    envelope = jws(target(image), release, timestamp=attack(stamp))

    check = await examined(image, envelope, trust)

    assert check.reason is Reason.TIMESTAMP
    assert said in check.message
    logged = await examined(image, envelope, lax)
    assert logged.accepted
    assert logged.signed_at is None
    assert said in " ".join(logged.notes)


async def test_an_authority_that_nobody_trusts_is_refused(
    tmp_path: Path, image: Image, root: Certified, release: Certified, stamp: Callable[[bytes], bytes]
) -> None:
    stores = {"ca:acme": [root], "tsa:clock": [root]}
    trust = Trust(notation=trusting(tmp_path / "trust", stores, policy(stores=NAMES)))

    check = await examined(image, jws(target(image), release, timestamp=stamp), trust)

    assert check.reason is Reason.TIMESTAMP
    assert "no trusted authority vouches for" in check.message


async def test_an_authority_that_is_revoked_is_refused(
    tmp_path: Path,
    image: Image,
    root: Certified,
    release: Certified,
    clock: Certified,
    hour: Certified,
    stamp: Callable[[bytes], bytes],
) -> None:
    stores = {"ca:acme": [root], "tsa:clock": [hour]}
    lists = [revoke(hour, clock)]
    trust = Trust(notation=trusting(tmp_path / "trust", stores, policy(stores=NAMES), revoked=lists))

    assert (await examined(image, jws(target(image), release, timestamp=stamp), trust)).reason is Reason.REVOKED


async def test_a_key_that_was_lost_after_the_timestamp_had_signed_rightly(
    tmp_path: Path,
    image: Image,
    root: Certified,
    middle: Certified,
    release: Certified,
    hour: Certified,
    stamp: Callable[[bytes], bytes],
) -> None:
    stores = {"ca:acme": [root], "tsa:clock": [hour]}
    lists = [revoke(middle, release, since=NOW + DAY)]
    trust = Trust(notation=trusting(tmp_path / "trust", stores, policy(stores=NAMES), revoked=lists))
    unasked = Trust(notation=trusting(tmp_path / "less", stores, policy(), revoked=lists))
    envelope = jws(target(image), release, timestamp=stamp)

    assert (await examined(image, envelope, trust, after=2)).accepted
    assert (await examined(image, envelope, unasked, after=2)).reason is Reason.REVOKED


def test_certificates_out_of_order_are_no_obstacle() -> None:
    instance = Instance()
    response = timestamp(instance.tsa, b"signature", NOON, embedded=(instance.tsa, instance.tsa_root))
    token = response.partition(b"\x30\x03\x02\x01\x00")[2]
    first, second = sorted((instance.tsa.der, instance.tsa_root.der))
    swapped = token.replace(first + second, second + first)
    root = x509.load_der_x509_certificate(instance.tsa_root.der)

    assert swapped != token
    assert [witnessed(raw, b"signature", [root]).time for raw in (token, swapped)] == [NOON, NOON]


@given(data=st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_token_breaks_what_reads_it(data: st.DataObject, good: bytes, hour: Certified) -> None:
    token = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(token)))
        token[start : start + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    try:
        found = witnessed(bytes(token), b"signature", [hour.certificate])
    except SignatureRefusedError:
        return
    assert abs(found.time - NOW) < DAY
