"""Single signatures, in both envelopes: the good one is accepted, and each bad one refused for its own reason."""

import base64
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.notation import (
    NOW,
    Certified,
    certify,
    cose,
    jws,
    policy,
    push_notation,
    sign_with,
    target,
    trusting,
    unpadded,
)

from undercurrent.errors import UndercurrentError
from undercurrent.oci import mediatypes
from undercurrent.oci.image import Image
from undercurrent.signing.checks import Check, Format, Reason, Trust
from undercurrent.signing.identities import Identity
from undercurrent.signing.keys import PrivateKey
from undercurrent.signing.notation import cose as reading_cose
from undercurrent.signing.notation import jws as reading_jws
from undercurrent.signing.notation.examine import examine_notation
from undercurrent.signing.referrers import examine_referrer

Maker: TypeAlias = Callable[..., bytes]
BOTH = pytest.mark.parametrize("make", [jws, cose])
MEDIA_TYPES = {jws: "application/jose+json", cose: "application/cose"}
SUBJECT = "CN=release,O=acme,ST=WA,C=US"
SCHEME = "io.cncf.notary.signingScheme"
SIGNED = "io.cncf.notary.signingTime"
AUTHENTIC = "io.cncf.notary.authenticSigningTime"
EXPIRY = "io.cncf.notary.expiry"
DAY = timedelta(days=1)


@pytest.fixture
def trust(tmp_path: Path, root: Certified) -> Trust:
    return Trust(notation=trusting(tmp_path / "trust", {"ca:acme": [root]}, policy()))


async def examined(image: Image, envelope: bytes, make: Maker, trust: Trust | None, **changes: Any) -> Check:
    manifest = await push_notation(image, envelope, MEDIA_TYPES[make], **changes)
    return await examine_notation(image.store, manifest.referrer, image, trust)


@BOTH
async def test_a_signature_that_the_policy_trusts_is_accepted_and_says_by_whom(
    image: Image, release: Certified, trust: Trust, make: Maker
) -> None:
    check = await examined(image, make(target(image, {"build": "7"}), release), make, trust)

    assert check.accepted
    assert check.is_signature
    assert check.format is Format.NOTATION
    assert check.maker == Identity(SUBJECT, "notation:ca:acme")
    assert (check.annotations, check.notes, check.signed_at) == ({"build": "7"}, (), None)


@BOTH
async def test_without_trust_it_is_read_and_neither_accepted_nor_refused(
    image: Image, release: Certified, make: Maker
) -> None:
    check = await examined(image, make(target(image), release), make, None)

    assert (check.identity, check.maker, check.reason) == (SUBJECT, None, None)


async def test_a_manifest_may_also_say_what_it_is_itself(image: Image, release: Certified, trust: Trust) -> None:
    names = {"artifact_type": mediatypes.NOTATION_SIGNATURE, "config_type": mediatypes.OCI_EMPTY}

    assert (await examined(image, jws(target(image), release), jws, trust, **names)).accepted


async def test_a_listing_without_types_is_looked_into(image: Image, release: Certified, trust: Trust) -> None:
    mine = await push_notation(image, jws(target(image), release))
    other = await push_notation(image, b"a document", artifact_type="application/pdf", layer_type="application/pdf")

    for manifest, accepted in ((mine, [True]), (other, [])):
        listed = replace(manifest.referrer, artifact_type="")
        found = [check.accepted async for check in examine_referrer(image.store, listed, image, trust)]
        assert found == accepted


@pytest.mark.parametrize(
    "key",
    [
        lambda: rsa.generate_private_key(65537, 2048),
        lambda: rsa.generate_private_key(65537, 3072),
        lambda: ec.generate_private_key(ec.SECP384R1()),
        lambda: ec.generate_private_key(ec.SECP521R1()),
    ],
    ids=["PS256", "PS384", "ES384", "ES512"],
)
async def test_each_kind_of_key_signs_with_its_own_algorithm(
    tmp_path: Path, image: Image, key: Callable[[], Any]
) -> None:
    alone = certify("C=US,ST=WA,O=acme,CN=alone", key=key())
    trust = Trust(notation=trusting(tmp_path / "trust", {"ca:acme": [alone]}, policy()))

    for make in (jws, cose):
        assert (await examined(image, make(target(image), alone), make, trust)).accepted


@BOTH
async def test_what_a_signature_must_say_is_looked_for_in_what_was_signed(
    image: Image, release: Certified, trust: Trust, make: Maker
) -> None:
    wanted = replace(trust, annotations={"build": "7"})

    said = await examined(image, make(target(image, {"build": "7"}), release), make, wanted)
    silent = await examined(image, make(target(image), release), make, wanted)

    assert said.accepted
    assert silent.reason is Reason.ANNOTATIONS_DIFFER


def altered(envelope: bytes, make: Maker, part: str, to: int | None) -> bytes:
    """An envelope in which the last byte but one of one part is another."""

    def change(value: bytes) -> bytes:
        return value[:-2] + bytes([value[-2] ^ 1 if to is None else to]) + value[-1:]

    if make is jws:
        document = json.loads(envelope)
        document[part] = unpadded(change(base64.urlsafe_b64decode(document[part] + "==")))
        return json.dumps(document).encode()
    parts, number = list(cbor2.loads(envelope).value), {"payload": 2, "signature": 3}[part]
    parts[number] = change(parts[number])
    return cbor2.dumps(cbor2.CBORTag(18, parts))


@BOTH
async def test_a_signature_that_was_changed_is_refused(
    image: Image, release: Certified, trust: Trust, make: Maker
) -> None:
    # The payload ends in two spaces, so that one of them can become something else that JSON takes.
    envelope = make(target(image) + b"  ", release)
    assert (await examined(image, envelope, make, trust)).accepted

    for part, to in (("signature", None), ("payload", 0x09)):
        check = await examined(image, altered(envelope, make, part, to), make, trust)
        assert check.reason is Reason.BAD_SIGNATURE


@BOTH
async def test_the_signature_of_another_image_does_not_count(
    image: Image, other_image: Image, release: Certified, trust: Trust, make: Maker
) -> None:
    moved = make(target(other_image), release)

    assert (await examined(image, moved, make, trust)).reason is Reason.OTHER_IMAGE
    attached_elsewhere = await push_notation(image, moved, MEDIA_TYPES[make], subject=other_image)
    check = await examine_notation(image.store, attached_elsewhere.referrer, image, trust)
    assert check.reason is Reason.OTHER_SUBJECT


@pytest.mark.parametrize("field", [{"size": 1}, {"mediaType": "application/vnd.oci.image.index.v1+json"}])
async def test_the_whole_descriptor_must_be_that_of_the_image(
    image: Image, release: Certified, trust: Trust, field: Mapping[str, Any]
) -> None:
    document = json.loads(target(image))
    document["targetArtifact"] |= field

    check = await examined(image, jws(json.dumps(document).encode(), release), jws, trust)

    assert check.reason is Reason.OTHER_IMAGE


@BOTH
async def test_who_is_not_in_the_trust_store_is_refused(
    tmp_path: Path, image: Image, release: Certified, stranger: Certified, trust: Trust, make: Maker
) -> None:
    check = await examined(image, make(target(image), stranger), make, trust)
    assert check.reason is Reason.CERTIFICATE
    assert check.identity == SUBJECT  # it claims to be the same

    # A chain that ends in the trusted root, with a key that the root never vouched for.
    forged = make(target(image), stranger, chain=release.chain)
    assert (await examined(image, forged, make, trust)).reason is Reason.BAD_SIGNATURE
    lengthened = make(target(image), stranger, chain=[*stranger.chain, *release.chain[-1:]])
    assert (await examined(image, lengthened, make, trust)).reason is Reason.CERTIFICATE


@pytest.mark.parametrize(
    ("identity", "reason"),
    [
        ("x509.subject: C=US, ST=WA, O=acme", None),
        ("x509.subject: CN=release,O=acme,ST=WA,C=US", None),
        ("x509.subject: C=US, S=WA, O=acme, CN=release", None),
        ("x509.subject: C=US, ST=WA, O=acme, CN=nightly", Reason.IDENTITY),
        ("x509.subject: C=US, ST=WA, O=acme, OU=web", Reason.IDENTITY),
        ("x509.subject: C=US, ST=WA, O=ACME", Reason.IDENTITY),
    ],
)
async def test_the_policy_says_who_is_trusted_of_all_whom_the_store_vouches_for(
    tmp_path: Path, image: Image, root: Certified, release: Certified, identity: str, reason: Reason | None
) -> None:
    trust = Trust(notation=trusting(tmp_path / "trust", {"ca:acme": [root]}, policy(identities=[identity])))

    assert (await examined(image, jws(target(image), release), jws, trust)).reason is reason


async def test_the_policy_that_names_the_repository_goes_before_the_one_for_all(
    tmp_path: Path, image: Image, root: Certified, release: Certified, stranger: Certified
) -> None:
    notation = trusting(
        tmp_path / "trust",
        {"ca:acme": [root], "ca:others": [stranger.issuer or stranger]},
        policy(stores=["ca:others"]),
        policy(name="app", scopes=["registry.example/acme/app"]),
    )
    envelope = jws(target(image), release)

    assert (await examined(image, envelope, jws, Trust(notation=notation))).accepted
    elsewhere = replace(image, name="registry.example/acme/app2:1.0")
    check = await examined(elsewhere, envelope, jws, Trust(notation=notation))
    assert check.reason is Reason.CERTIFICATE


@pytest.mark.parametrize("name", ["registry.example/acme/other:1.0", "app:1.0", "sha256:" + "0" * 64])
async def test_a_repository_that_no_policy_is_for_is_not_verified(
    tmp_path: Path, image: Image, root: Certified, release: Certified, name: str
) -> None:
    notation = trusting(
        tmp_path / "trust",
        {"ca:acme": [root]},
        policy(scopes=["registry.example/acme/app", "docker.io/library/sha256"]),
    )

    check = await examined(replace(image, name=name), jws(target(image), release), jws, Trust(notation=notation))

    assert check.reason is Reason.POLICY


async def test_a_policy_that_skips_verification_makes_nothing_verified(
    tmp_path: Path, image: Image, root: Certified, release: Certified
) -> None:
    notation = trusting(
        tmp_path / "trust",
        {"ca:acme": [root]},
        policy(),
        policy(name="lax", scopes=["registry.example/acme/app"], level="skip"),
    )

    check = await examined(image, jws(target(image), release), jws, Trust(notation=notation))

    assert check.reason is Reason.POLICY
    assert "'lax'" in check.message


async def test_who_trusts_keys_only_is_told_by_whom_it_is(
    image: Image, release: Certified, trust: Trust, signer: PrivateKey
) -> None:
    check = await examined(
        image, jws(target(image), release), jws, replace(trust, notation=None, keys=(signer.public,))
    )

    assert check.reason is Reason.CERTIFICATE
    assert SUBJECT in check.message


@BOTH
@pytest.mark.parametrize(
    ("level", "override", "accepted"),
    [
        ("strict", {}, False),
        ("strict", {"expiry": "log"}, True),
        ("permissive", {}, True),
        ("permissive", {"expiry": "enforce"}, False),
        ("audit", {}, True),
    ],
)
async def test_an_expired_signature_counts_only_where_the_policy_says_so(
    tmp_path: Path,
    image: Image,
    root: Certified,
    release: Certified,
    make: Maker,
    level: str,
    override: Mapping[str, str],
    accepted: bool,
) -> None:
    statement = policy(level=level, override=override)
    trust = Trust(notation=trusting(tmp_path / "trust", {"ca:acme": [root]}, statement))
    envelope = make(target(image), release, signed=NOW - 2 * DAY, expires=NOW - DAY)

    check = await examined(image, envelope, make, trust)

    assert check.accepted is accepted
    assert (check.reason is Reason.EXPIRED) is not accepted
    assert bool(check.notes) is accepted


async def test_one_that_expires_later_counts(image: Image, release: Certified, trust: Trust) -> None:
    for make in (jws, cose):
        envelope = make(target(image), release, expires=NOW + DAY)
        assert (await examined(image, envelope, make, trust)).accepted


@pytest.mark.parametrize("valid", [(NOW - 9 * DAY, NOW - DAY), (NOW + DAY, NOW + 9 * DAY)])
@pytest.mark.parametrize(("level", "reason"), [("strict", Reason.EXPIRED), ("permissive", None)])
async def test_a_certificate_that_is_not_valid_now_needs_proof_of_the_time(
    tmp_path: Path, image: Image, root: Certified, valid: Any, level: str, reason: Reason | None
) -> None:
    signer = certify("C=US,ST=WA,O=acme,CN=release", root, valid=valid)
    trust = Trust(notation=trusting(tmp_path / "trust", {"ca:acme": [root]}, policy(level=level)))

    check = await examined(image, jws(target(image), signer, signed=valid[0]), jws, trust)

    assert check.reason is reason
    assert bool(check.notes) is (reason is None)


async def test_no_policy_makes_a_stranger_trusted(
    tmp_path: Path, image: Image, root: Certified, stranger: Certified
) -> None:
    trust = Trust(notation=trusting(tmp_path / "trust", {"ca:acme": [root]}, policy(level="audit")))

    check = await examined(image, jws(target(image), stranger), jws, trust)

    assert check.reason is Reason.CERTIFICATE


@BOTH
async def test_a_signing_authority_vouches_for_the_time(
    tmp_path: Path, image: Image, root: Certified, make: Maker
) -> None:
    then = NOW - 5 * DAY
    signer = certify("C=US,ST=WA,O=acme,CN=service", root, valid=(NOW - 9 * DAY, NOW - DAY))
    stores = {"signingAuthority:acme": [root], "ca:acme": [root]}
    names = ["signingAuthority:acme", "ca:acme"]
    trust = Trust(notation=trusting(tmp_path / "trust", stores, policy(stores=names)))
    only_ca = Trust(notation=trusting(tmp_path / "less", {"ca:acme": [root]}, policy()))

    good = await examined(image, make(target(image), signer, signed=then, authority=True), make, trust)
    late = await examined(image, make(target(image), signer, signed=NOW, authority=True), make, trust)
    other = await examined(image, make(target(image), signer, signed=then, authority=True), make, only_ca)

    assert good.maker == Identity("CN=service,O=acme,ST=WA,C=US", "notation:signingAuthority:acme")
    assert good.signed_at == then
    assert late.reason is Reason.EXPIRED
    assert other.reason is Reason.CERTIFICATE


TIME = cbor2.CBORTag(1, 1_700_000_000)
HEADERS = {
    "an algorithm that is not its key's": ({"alg": "ES384"}, {1: -35}, Reason.NOT_WHAT_IT_SAYS),
    "no algorithm": ({"alg": "none"}, {1: None}, Reason.UNSUPPORTED),
    "a symmetric algorithm": ({"alg": "HS256"}, {1: 5}, Reason.UNSUPPORTED),
    "another payload": ({"cty": "application/json"}, {3: "application/json"}, Reason.MALFORMED),
    "nothing critical": ({"crit": None}, {2: None}, Reason.MALFORMED),
    "an empty list": ({"crit": []}, {2: []}, Reason.MALFORMED),
    "the scheme not critical": ({"crit": [EXPIRY], EXPIRY: "2999-01-01T00:00:00Z"},) * 2 + (Reason.MALFORMED,),
    "twice critical": ({"crit": [SCHEME, SCHEME]}, {2: [SCHEME, SCHEME]}, Reason.MALFORMED),
    "critical and unknown": ({"crit": [SCHEME, "b64"], "b64": 1}, {2: [SCHEME, "b64"], "b64": 1}, Reason.UNSUPPORTED),
    "critical and absent": ({"crit": [SCHEME, EXPIRY]}, {2: [SCHEME, EXPIRY]}, Reason.MALFORMED),
    "a plug-in": ({"io.cncf.notary.verificationPlugin": "x"},) * 2 + (Reason.UNSUPPORTED,),
    "an unknown scheme": ({SCHEME: "notary.x509.new"},) * 2 + (Reason.UNSUPPORTED,),
    "a scheme that is none": ({SCHEME: ["notary.x509"]},) * 2 + (Reason.UNSUPPORTED,),
    "no time": ({SIGNED: None},) * 2 + (Reason.MALFORMED,),
    "a time that is none": ({SIGNED: "yesterday"},) * 2 + (Reason.MALFORMED,),
    "a day that is none": ({SIGNED: "2026-02-30T00:00:00Z"}, {SIGNED: cbor2.CBORTag(1, 1e300)}, Reason.MALFORMED),
    "a time after all others": (
        {SIGNED: "9999-12-31T23:59:59-01:00"},
        {SIGNED: cbor2.CBORTag(1, 2**62)},
        Reason.MALFORMED,
    ),
    "a time without its tag": ({SIGNED: 1_700_000_000},) * 2 + (Reason.MALFORMED,),
    "the other scheme's time": ({AUTHENTIC: "2026-01-01T00:00:00Z"}, {AUTHENTIC: TIME}, Reason.MALFORMED),
    "an expiry that is not critical": ({EXPIRY: "2999-01-01T00:00:00Z"}, {EXPIRY: TIME}, Reason.MALFORMED),
    "an end before its beginning": (
        {EXPIRY: "2001-01-01T00:00:00Z", "crit": [SCHEME, EXPIRY]},
        {EXPIRY: TIME, 2: [SCHEME, EXPIRY]},
        Reason.MALFORMED,
    ),
}


@BOTH
@pytest.mark.parametrize("attack", HEADERS)
async def test_what_is_signed_along_must_be_right(
    image: Image, release: Certified, trust: Trust, make: Maker, attack: str
) -> None:
    in_json, in_cbor, reason = HEADERS[attack]

    check = await examined(
        image, make(target(image), release, protected=in_json if make is jws else in_cbor), make, trust
    )

    assert check.reason is reason


@BOTH
async def test_what_is_signed_along_and_not_critical_may_be_anything(
    image: Image, release: Certified, trust: Trust, make: Maker
) -> None:
    check = await examined(image, make(target(image), release, protected={"com.example.note": "x"}), make, trust)

    assert check.accepted


async def test_the_chain_may_be_signed_along_in_cbor(image: Image, release: Certified, trust: Trust) -> None:
    chain = [item.public_bytes(Encoding.DER) for item in release.chain]
    envelope = cose(target(image), release, protected={33: chain}, header={33: None})

    assert (await examined(image, envelope, cose, trust)).accepted


DAMAGED_JWS: dict[str, Callable[[Any], Any]] = {
    "general form": lambda it: it | {"signatures": []},
    "no header": lambda it: {key: value for key, value in it.items() if key != "header"},
    "header is none": lambda it: it | {"header": []},
    "padded": lambda it: it | {"payload": it["payload"] + "="},
    "no signature": lambda it: it | {"signature": ""},
    "signature is none": lambda it: it | {"signature": 7},
    "no chain": lambda it: it | {"header": {}},
    "chain is none": lambda it: it | {"header": {"x5c": "MAo="}},
    "no base64": lambda it: it | {"header": {"x5c": ["*"]}},
    "two chains": lambda it: it | {"header": it["header"] | {"X5C": []}},
    "timestamp is none": lambda it: it | {"header": it["header"] | {"io.cncf.notary.timestampSignature": 1}},
}


@pytest.mark.parametrize("attack", DAMAGED_JWS)
async def test_json_that_is_no_signature_is_malformed(
    image: Image, release: Certified, trust: Trust, attack: str
) -> None:
    document = DAMAGED_JWS[attack](json.loads(jws(target(image), release)))

    check = await examined(image, json.dumps(document).encode(), jws, trust)

    assert check.reason is Reason.MALFORMED


async def test_a_key_that_appears_twice_is_refused_in_either_envelope(
    image: Image, release: Certified, trust: Trust
) -> None:
    in_json = jws(target(image), release).replace(b'{"payload"', b'{"payload": "e30", "payload"', 1)
    assert (await examined(image, in_json, jws, trust)).reason is Reason.MALFORMED

    protected = cbor2.loads(cose(target(image), release)).value[0]
    twice = bytes([protected[0] + 1]) + protected[1:] + b"\x01\x26"  # alg: ES256, once more
    assert (await examined(image, resigned(image, release, twice), cose, trust)).reason is Reason.MALFORMED
    assert (await examined(image, resigned(image, release, protected), cose, trust)).accepted


def resigned(image: Image, signer: Certified, protected: bytes) -> bytes:
    """A true signature over protected headers that are no map that cbor2 would write."""
    _body, others, payload, _old = cbor2.loads(cose(target(image), signer)).value
    signature = sign_with(signer, cbor2.dumps(["Signature1", protected, b"", payload]))
    return cbor2.dumps(cbor2.CBORTag(18, [protected, others, payload, signature]))


DAMAGED_COSE: dict[str, Callable[[Any], Any]] = {
    "another tag": lambda parts: cbor2.CBORTag(98, parts),
    "no tag": lambda parts: parts,
    "three parts": lambda parts: cbor2.CBORTag(18, parts[:3]),
    "five parts": lambda parts: cbor2.CBORTag(18, [*parts, b""]),
    "detached": lambda parts: cbor2.CBORTag(18, [*parts[:2], None, parts[3]]),
    "no signature": lambda parts: cbor2.CBORTag(18, [*parts[:3], b""]),
    "headers are none": lambda parts: cbor2.CBORTag(18, [cbor2.dumps([1]), *parts[1:]]),
    "others are none": lambda parts: cbor2.CBORTag(18, [parts[0], [], *parts[2:]]),
    "no chain": lambda parts: cbor2.CBORTag(18, [parts[0], {}, *parts[2:]]),
    "chain is none": lambda parts: cbor2.CBORTag(18, [parts[0], {33: [1]}, *parts[2:]]),
    "a header in both places": lambda parts: cbor2.CBORTag(18, [parts[0], parts[1] | {1: -7}, *parts[2:]]),
    "a name that only looks like one": lambda parts: cbor2.CBORTag(18, [parts[0], parts[1] | {1.5: 0}, *parts[2:]]),
    "timestamp is none": lambda parts: cbor2.CBORTag(
        18, [parts[0], parts[1] | {"io.cncf.notary.timestampSignature": 1}, *parts[2:]]
    ),
    "a value with another tag": lambda parts: cbor2.CBORTag(
        18, [parts[0], parts[1] | {"note": cbor2.CBORTag(30, [1, 2])}, *parts[2:]]
    ),
}


@pytest.mark.parametrize("attack", DAMAGED_COSE)
async def test_cbor_that_is_no_signature_is_malformed(
    image: Image, release: Certified, trust: Trust, attack: str
) -> None:
    envelope = cose(target(image), release)
    parts = [dict(part) if isinstance(part, Mapping) else part for part in cbor2.loads(envelope).value]

    check = await examined(image, cbor2.dumps(DAMAGED_COSE[attack](parts)), cose, trust)

    assert check.reason is Reason.MALFORMED
    assert (await examined(image, envelope + b"\0", cose, trust)).reason is Reason.MALFORMED


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xd2\x84" + b"\x81" * 5000,  # nested without end
        b"\xd2\x9f\xff",  # of no stated length
        b"\xd8\x1c\x81\xd8\x1d\x00",  # a list that holds itself
        b"\xd2\x84\x5b\x7f\xff\xff\xff\xff\xff\xff\xff",  # more bytes than there are
        b"\xd2\x84\x40\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
    ],
)
async def test_cbor_that_would_cost_more_than_it_brings_is_malformed(image: Image, trust: Trust, raw: bytes) -> None:
    assert (await examined(image, raw, cose, trust)).reason is Reason.MALFORMED


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_read_is_an_envelope_or_one_error(data: st.DataObject, release: Certified) -> None:
    make, read = data.draw(st.sampled_from([(jws, reading_jws.parse), (cose, reading_cose.parse)]))
    envelope = bytearray(make(b'{"targetArtifact": {}}', release))
    for _ in range(data.draw(st.integers(0, 4))):
        start = data.draw(st.integers(0, len(envelope)))
        length = data.draw(st.integers(0, 40))
        envelope[start : start + length] = data.draw(st.binary(max_size=12))
    with suppress(UndercurrentError):
        assert read(bytes(envelope), "the signature").signature


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"layer_type": "application/json"}, Reason.MALFORMED),
        ({"artifact_type": "application/vnd.example"}, Reason.MALFORMED),
    ],
)
async def test_a_manifest_that_holds_no_envelope_is_malformed(
    image: Image, release: Certified, trust: Trust, changes: dict[str, str], reason: Reason
) -> None:
    manifest = await push_notation(image, jws(target(image), release), **changes)

    check = await examine_notation(
        image.store, replace(manifest.referrer, artifact_type=mediatypes.NOTATION_SIGNATURE), image, trust
    )

    assert check.reason is reason


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"[]", Reason.MALFORMED),
        (b"{}", Reason.MALFORMED),
        (b'{"targetArtifact": 1}', Reason.MALFORMED),
        (b'{"targetArtifact": {"digest": "md5:1", "mediaType": "a", "size": 1}}', Reason.MALFORMED),
        (b'{"targetartifact": {}}', Reason.MALFORMED),
        (b"\xff", Reason.MALFORMED),
    ],
)
async def test_a_payload_that_names_no_image_is_malformed(
    image: Image, release: Certified, trust: Trust, payload: bytes, reason: Reason
) -> None:
    assert (await examined(image, jws(payload, release), jws, trust)).reason is reason


async def test_an_envelope_that_is_too_large_is_not_read(image: Image, release: Certified, trust: Trust) -> None:
    check = await examined(image, jws(target(image) + b" " * 1_000_000, release), jws, trust)

    assert check.reason is Reason.TOO_LARGE
