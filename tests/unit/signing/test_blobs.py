"""Files and their signatures: bundles, what cosign wrote before them, and detached ones; by keys and identities."""

import base64
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.sigstoreinstance import IDENTITY, ISSUER, NOON, Instance, encoded, pem_of, sign
from tests.support.sigstorepublic import public_trusted_root

from undercurrent.oci.digest import Digest
from undercurrent.signing import bundle, dsse, statement
from undercurrent.signing.blobs import verify_blob, verify_detached
from undercurrent.signing.bundle import MessageSignature
from undercurrent.signing.checks import Format, Reason, Trust
from undercurrent.signing.dsse import Envelope
from undercurrent.signing.identities import Identity, IdentityPattern
from undercurrent.signing.keys import PrivateKey
from undercurrent.signing.legacy import certificates
from undercurrent.signing.material import Material
from undercurrent.signing.proofs import trustedroot
from undercurrent.signing.proofs.content import SignedContent

VECTORS = Path(os.environ.get("UNDERCURRENT_DATA", "../shared/data")) / "sigstore-conformance" / "bundle-verify"
DATA = b"a release"
INSTANCE = Instance()
LEAF = INSTANCE.leaf()
ROOT = trustedroot.parse(json.dumps(INSTANCE.to_json()).encode(), "it")
BY_IDENTITY = Trust(identities=(IdentityPattern(IDENTITY, ISSUER),), root=ROOT)
CONTENT = SignedContent(sign(LEAF.key, DATA), DATA)
MATERIAL = INSTANCE.material(LEAF, CONTENT)


def message_bundle(material: Material = MATERIAL, signature: bytes = CONTENT.signature) -> bytes:
    return bundle.dump(MessageSignature("SHA2_256", bytes.fromhex(Digest.of(DATA).encoded), signature), material)


def local_bundle(**changes: object) -> bytes:
    (entry,) = MATERIAL.entries
    payload = {"body": encoded(entry.body), "integratedTime": 1767268800, "logIndex": 7, "logID": entry.log_id.hex()}
    assert entry.integrated is not None
    assert entry.integrated.timestamp() == payload["integratedTime"]
    document = {
        "base64Signature": encoded(CONTENT.signature),
        "cert": encoded(pem_of(LEAF.certificate)),
        "rekorBundle": {"SignedEntryTimestamp": encoded(entry.promise), "Payload": payload},
    }
    return json.dumps({**document, **changes}).encode()


async def test_a_file_signed_by_a_key(signer: PrivateKey, stranger: PrivateKey) -> None:
    raw = message_bundle(Material(signer.public.hint), await signer.sign(DATA))

    check = verify_blob(DATA, raw, Trust((signer.public,)), "it")
    assert (check.accepted, check.maker, check.where) == (True, signer.public, "it")
    assert verify_blob(DATA, raw, Trust((stranger.public,))).reason is Reason.UNTRUSTED_KEY
    assert verify_blob(DATA + b"!", raw, Trust((signer.public,))).reason is Reason.CONTENT_CHANGED
    changed = message_bundle(Material(signer.public.hint), await signer.sign(b"x"))
    assert verify_blob(DATA, changed, Trust((signer.public,))).reason is Reason.BAD_SIGNATURE
    assert verify_blob(DATA, raw, BY_IDENTITY).reason is Reason.UNTRUSTED_KEY


def test_a_file_signed_by_an_identity() -> None:
    check = verify_blob(memoryview(DATA), message_bundle(), BY_IDENTITY)

    assert (check.maker, check.signed_at, check.reason) == (Identity(IDENTITY, ISSUER), NOON, None)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (IdentityPattern("@example.org$", "^https://", subject_is_pattern=True, issuer_is_pattern=True), None),
        (IdentityPattern("other@example.org", ISSUER), Reason.IDENTITY),
        (IdentityPattern(IDENTITY, "https://another.example"), Reason.IDENTITY),
    ],
)
def test_the_identity_must_be_a_trusted_one(pattern: IdentityPattern, reason: Reason | None) -> None:
    assert verify_blob(DATA, message_bundle(), replace(BY_IDENTITY, identities=(pattern,))).reason == reason


def test_a_certificate_does_not_stand_for_a_key(signer: PrivateKey) -> None:
    assert verify_blob(DATA, message_bundle(), Trust((signer.public,), root=ROOT)).reason is Reason.CERTIFICATE


async def test_what_travels_with_the_signature_of_a_key_is_checked_where_a_root_is_given(signer: PrivateKey) -> None:
    signature = await signer.sign(DATA)
    right = message_bundle(Material("", timestamps=(INSTANCE.timestamp(signature),)), signature)
    wrong = message_bundle(Material("", timestamps=(INSTANCE.timestamp(b"x"),)), signature)
    with_root = Trust((signer.public,), root=ROOT)

    assert verify_blob(DATA, right, with_root).signed_at == NOON
    assert verify_blob(DATA, wrong, with_root).reason is Reason.TIMESTAMP
    assert verify_blob(DATA, wrong, Trust((signer.public,))).accepted


def sealed(payload: bytes, payload_type: str = dsse.IN_TOTO) -> bytes:
    envelope = Envelope(payload, payload_type, sign(LEAF.key, dsse.pae(payload_type, payload)))
    return bundle.dump(envelope, INSTANCE.material(LEAF, SignedContent.of(envelope)))


def test_a_statement_about_the_file() -> None:
    predicate = statement.build_attestation("it", Digest.of(DATA), "https://example.org/it", b"{}")
    check = verify_blob(DATA, sealed(predicate), BY_IDENTITY)

    assert (check.accepted, check.predicate_type) == (True, "https://example.org/it")
    assert check.statement is not None
    assert verify_blob(b"another", sealed(predicate), BY_IDENTITY).reason is Reason.CONTENT_CHANGED
    assert verify_blob(DATA, sealed(predicate, "text/plain"), BY_IDENTITY).reason is Reason.NOT_WHAT_IT_SAYS
    assert verify_blob(DATA, sealed(b"[]"), BY_IDENTITY).reason is Reason.MALFORMED


@pytest.mark.parametrize(
    ("digests", "reason"),
    [
        ({"sha256": Digest.of(DATA).encoded, "gitCommit": "x"}, None),
        ({"gitCommit": Digest.of(DATA).encoded}, Reason.CONTENT_CHANGED),
        ({"sha256": Digest.of(DATA).encoded, "sha512": "00"}, Reason.CONTENT_CHANGED),
        ({"SHA2_256": Digest.of(DATA).encoded}, Reason.CONTENT_CHANGED),
        ({}, Reason.CONTENT_CHANGED),
    ],
)
def test_all_digests_of_a_subject_that_are_known_must_be_the_files(
    digests: dict[str, str], reason: Reason | None
) -> None:
    said = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": "00"}}, {"digest": digests}],
        "predicateType": "x",
        "predicate": {},
    }
    assert verify_blob(DATA, sealed(json.dumps(said).encode()), BY_IDENTITY).reason == reason


def test_what_cosign_wrote_before_bundles() -> None:
    for cert in (encoded(pem_of(LEAF.certificate)), pem_of(LEAF.certificate).decode()):
        check = verify_blob(DATA, local_bundle(cert=cert), BY_IDENTITY)
        assert (check.maker, check.format) == (Identity(IDENTITY, ISSUER), Format.LEGACY)
    assert verify_blob(b"x", local_bundle(), BY_IDENTITY).reason is Reason.BAD_SIGNATURE
    assert verify_blob(DATA, local_bundle(rekorBundle=None), BY_IDENTITY).reason is Reason.LOG
    assert verify_blob(DATA, local_bundle(rekorBundle={"Payload": {}}), BY_IDENTITY).reason is Reason.MALFORMED
    assert verify_blob(DATA, local_bundle(cert="!"), BY_IDENTITY).reason is Reason.MALFORMED


async def test_a_detached_signature(signer: PrivateKey) -> None:
    signature, trust = await signer.sign(DATA), Trust((signer.public,))

    assert verify_detached(DATA, signature, trust).accepted
    assert verify_detached(b"x", signature, trust).reason is Reason.UNTRUSTED_KEY
    chain = certificates(pem_of(LEAF.certificate).decode(), "it")
    assert verify_detached(DATA, CONTENT.signature, BY_IDENTITY, Material(chain=chain)).reason is Reason.LOG
    assert verify_detached(DATA, CONTENT.signature, BY_IDENTITY, replace(MATERIAL, chain=chain)).accepted


def mutated(base: Any, draw: Callable[[st.SearchStrategy[Any]], Any]) -> Any:
    """``base`` with one value somewhere in it replaced, or one byte of what base64 hides."""
    if isinstance(base, dict) and base:
        key = draw(st.sampled_from(sorted(base)))
        return {**base, key: mutated(base[key], draw)}
    if isinstance(base, list) and base:
        return [mutated(base[0], draw), *base[1:]]
    if isinstance(base, str) and len(base) > 40 and draw(st.booleans()):
        with suppress(ValueError):
            raw = bytearray(base64.b64decode(base, validate=True))
            raw[draw(st.integers(0, len(raw) - 1))] ^= 1 << draw(st.integers(0, 7))
            return encoded(bytes(raw))
        place = draw(st.integers(0, len(base) - 1))
        return base[:place] + draw(st.characters()) + base[place + 1 :]
    return draw(st.none() | st.integers() | st.text(max_size=4) | st.lists(st.none(), max_size=1) | st.just({}))


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data(), st.sampled_from([message_bundle(), local_bundle(), sealed(b"{}")]))
def test_no_change_of_a_bundle_is_worse_than_a_refusal(data: st.DataObject, raw: bytes) -> None:
    check = verify_blob(DATA, json.dumps(mutated(json.loads(raw), data.draw)).encode(), BY_IDENTITY)

    # What is left without effect (a hint, an index that nobody signed) may be changed; who made it may not.
    assert check.reason is not None or check.maker == Identity(IDENTITY, ISSUER)


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_no_bytes_are_worse_than_a_refusal(raw: bytes) -> None:
    assert verify_blob(DATA, raw, BY_IDENTITY).reason is not None


@pytest.mark.skipif(not VECTORS.is_dir(), reason="vectors are not here; set UNDERCURRENT_DATA")
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data(), st.sampled_from(["happy-path-v0.1", "rekor2-happy-path", "happy-path-intoto-in-dsse-v3"]))
def test_no_change_of_a_real_bundle_is_worse_than_a_refusal(data: st.DataObject, name: str) -> None:
    case = VECTORS / name
    own = case / "trusted_root.json"
    root = trustedroot.parse(own.read_bytes() if own.exists() else public_trusted_root(), "it")
    anybody = IdentityPattern("^https://github.com/", "^https://token", subject_is_pattern=True, issuer_is_pattern=True)
    document = json.loads((case / "bundle.sigstore.json").read_bytes())
    artifact = (VECTORS / "a.txt").read_bytes()
    trust = Trust(identities=(anybody,), root=root)

    assert verify_blob(artifact, json.dumps(document).encode(), trust).accepted
    check = verify_blob(artifact, json.dumps(mutated(document, data.draw)).encode(), trust)
    assert check.accepted == (check.reason is None)
