"""Who signed and when: a signature with all its proofs is believed, and each proof that is wrong is refused as such."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier
from tests.support.sigstoreinstance import (
    CERTIFIES,
    CODE_SIGNING,
    IDENTITY,
    ISSUER,
    NOON,
    SIGNS,
    Certified,
    Instance,
    Log,
    authority_extensions,
    authority_to_json,
    body_of,
    certify,
    fulcio_extension,
    sign,
    timestamp,
)

from undercurrent.signing import dsse
from undercurrent.signing.algorithms import PublicKey
from undercurrent.signing.checks import Reason, SignatureRefusedError
from undercurrent.signing.dsse import Envelope
from undercurrent.signing.identities import Identity
from undercurrent.signing.material import Material
from undercurrent.signing.proofs import trustedroot
from undercurrent.signing.proofs.content import SignedContent
from undercurrent.signing.proofs.trustedroot import TrustedRoot
from undercurrent.signing.proofs.vouching import vouched, witnessed

INSTANCE = Instance()
LEAF = INSTANCE.leaf()
MINUTE = timedelta(minutes=1)


def root_of(change: Callable[[Any], object] = lambda _document: None, instance: Instance = INSTANCE) -> TrustedRoot:
    document = copy.deepcopy(instance.to_json())
    change(document)
    return trustedroot.parse(json.dumps(document).encode(), "it")


ROOT = root_of()


def message(leaf: Certified = LEAF, data: bytes = b"data") -> SignedContent:
    return SignedContent(sign(leaf.key, data), data)


def sealed(leaf: Certified = LEAF, payload: bytes = b"{}") -> SignedContent:
    signature = sign(leaf.key, dsse.pae(dsse.IN_TOTO, payload))
    return SignedContent.of(Envelope(payload, dsse.IN_TOTO, signature))


def reason_of(material: Material, content: SignedContent, root: TrustedRoot = ROOT) -> Reason:
    with pytest.raises(SignatureRefusedError) as refused:
        vouched(material, content, root)
    return refused.value.reason


@pytest.mark.parametrize("content", [message(), sealed()])
def test_a_signature_with_all_its_proofs_is_believed(content: SignedContent) -> None:
    found = vouched(INSTANCE.material(LEAF, content), content, ROOT)

    assert found.identity == Identity(IDENTITY, ISSUER)
    assert found.key == PublicKey.of(LEAF.key.public_key())
    assert found.times == (NOON, NOON)
    assert found.claims == {"issuer": ISSUER}


@pytest.mark.parametrize("version", ["0.0.1", "0.0.2"])
@pytest.mark.parametrize("kind", ["hashedrekord", "dsse", "intoto"])
def test_an_entry_of_every_kind_vouches_for_its_own_signature_only(kind: str, version: str) -> None:
    right = sealed() if kind != "hashedrekord" else message()
    stranger = INSTANCE.leaf()
    entry = INSTANCE.log.entry(body_of(kind, version, right, LEAF.certificate))
    wrong = {
        "content": body_of(
            kind, version, sealed(payload=b"[]") if right.envelope else message(data=b"x"), LEAF.certificate
        ),
        "signature": body_of(kind, version, replace(right, signature=b"another"), LEAF.certificate),
        "certificate": body_of(kind, version, right, stranger.certificate),
        "key": body_of(kind, version, right, LEAF.key),
    }
    if (kind, version) == ("intoto", "0.0.1"):
        del wrong["signature"]  # such entries have none

    vouched(INSTANCE.material(LEAF, right, entries=(entry,)), right, ROOT)
    for body in wrong.values():
        assert reason_of(INSTANCE.material(LEAF, right, entries=(INSTANCE.log.entry(body),)), right) is Reason.LOG


def test_an_entry_about_an_envelope_does_not_vouch_for_a_message() -> None:
    content = message()
    for kind in ("dsse", "intoto"):
        entry = INSTANCE.log.entry(body_of(kind, "0.0.1", content, LEAF.certificate))
        assert reason_of(INSTANCE.material(LEAF, content, entries=(entry,)), content) is Reason.LOG
    # What is signed is the envelope's encoding, and entries of the general kind may be about that.
    envelope = sealed()
    entry = INSTANCE.log.entry(body_of("hashedrekord", "0.0.2", envelope, LEAF.certificate))
    vouched(INSTANCE.material(LEAF, envelope, entries=(entry,)), envelope, ROOT)


CONTENT = message()
RIGHT = INSTANCE.material(LEAF, CONTENT)
ENTRY = RIGHT.entries[0]
BODY = ENTRY.body
ANOTHER = INSTANCE.log.entry(body_of("hashedrekord", "0.0.1", message(data=b"other"), LEAF.certificate))
assert ENTRY.proof is not None
PROOF = ENTRY.proof
STRANGE_LOG = Log(INSTANCE.log.name)


@pytest.mark.parametrize(
    ("material", "reason"),
    [
        (replace(RIGHT, entries=()), Reason.LOG),
        (replace(RIGHT, entries=(STRANGE_LOG.entry(BODY),)), Reason.LOG),
        (replace(RIGHT, entries=(replace(ENTRY, proof=ANOTHER.proof),)), Reason.LOG),
        (replace(RIGHT, entries=(replace(ENTRY, proof=STRANGE_LOG.proof(BODY)),)), Reason.LOG),
        (replace(RIGHT, entries=(replace(ENTRY, proof=replace(PROOF, index=0)),)), Reason.LOG),
        (replace(RIGHT, entries=(replace(ENTRY, proof=replace(PROOF, size=3)),)), Reason.LOG),
        (replace(RIGHT, entries=(replace(ENTRY, proof=replace(PROOF, root=bytes(32))),)), Reason.LOG),
        (replace(RIGHT, entries=(replace(ENTRY, proof=replace(PROOF, hashes=())),)), Reason.LOG),
        (replace(RIGHT, entries=(replace(ENTRY, proof=replace(PROOF, hashes=(bytes(32),) * 60)),)), Reason.LOG),
        (replace(RIGHT, entries=(replace(ENTRY, proof=replace(PROOF, checkpoint="")),)), Reason.LOG),
        (replace(RIGHT, entries=(replace(ENTRY, promise=ANOTHER.promise),)), Reason.LOG),
        (replace(RIGHT, entries=(replace(ENTRY, promise=STRANGE_LOG.promise(BODY, 7, NOON)),)), Reason.LOG),
        (replace(RIGHT, entries=(replace(ENTRY, integrated=NOON + MINUTE),)), Reason.LOG),
        (replace(RIGHT, entries=(replace(ENTRY, integrated=None),)), Reason.LOG),
        (replace(RIGHT, entries=(replace(ENTRY, index=8),)), Reason.LOG),
        (replace(RIGHT, entries=(replace(ENTRY, promise=b"", proof=None),)), Reason.LOG),
        (replace(RIGHT, entries=(replace(ENTRY, kind="dsse"),)), Reason.LOG),
        (replace(RIGHT, entries=(replace(ENTRY, version="0.0.2"),)), Reason.LOG),
        (replace(RIGHT, entries=(ENTRY, ANOTHER)), Reason.LOG),
        (replace(RIGHT, entries=(ENTRY, replace(ENTRY, promise=ANOTHER.promise))), Reason.LOG),
        (replace(RIGHT, entries=(INSTANCE.log.entry(BODY[:-1] + b',"kind":"hashedrekord"}'),)), Reason.LOG),
        (replace(RIGHT, entries=(INSTANCE.log.entry(BODY, time=NOON + 10 * MINUTE),)), Reason.EXPIRED),
        (replace(RIGHT, entries=(INSTANCE.log.entry(BODY, time=NOON - 2 * MINUTE),)), Reason.EXPIRED),
        (replace(RIGHT, entries=(INSTANCE.log.entry(BODY, time=NOON - timedelta(days=2)),)), Reason.LOG),
        (replace(RIGHT, entries=(INSTANCE.log.entry(BODY, time=None),), timestamps=()), Reason.NO_TIME),
        (replace(RIGHT, entries=(replace(ENTRY, promise=b""),), timestamps=()), Reason.NO_TIME),
        (replace(RIGHT, timestamps=(INSTANCE.timestamp(b"another signature"),)), Reason.TIMESTAMP),
        (replace(RIGHT, timestamps=(INSTANCE.timestamp(CONTENT.signature, NOON + 10 * MINUTE),)), Reason.EXPIRED),
        (
            replace(RIGHT, timestamps=(INSTANCE.timestamp(CONTENT.signature, NOON - timedelta(days=2)),)),
            Reason.TIMESTAMP,
        ),
        (replace(RIGHT, timestamps=(*RIGHT.timestamps, INSTANCE.timestamp(b"x"))), Reason.TIMESTAMP),
        (replace(RIGHT, timestamps=(timestamp(INSTANCE.tsa, CONTENT.signature, NOON, status=2),)), Reason.TIMESTAMP),
        (replace(RIGHT, timestamps=(b"none at all",)), Reason.TIMESTAMP),
        (replace(RIGHT, timestamps=(b"",)), Reason.TIMESTAMP),
        (replace(RIGHT, chain=()), Reason.CERTIFICATE),
        (replace(RIGHT, chain=(b"none",)), Reason.CERTIFICATE),
        (replace(RIGHT, chain=(LEAF.der, b"none")), Reason.CERTIFICATE),
        (replace(RIGHT, chain=(INSTANCE.leaf().der,)), Reason.BAD_SIGNATURE),
    ],
)
def test_a_proof_that_is_wrong_is_refused(material: Material, reason: Reason) -> None:
    vouched(RIGHT, CONTENT, ROOT)
    assert reason_of(material, CONTENT) is reason


def test_either_proof_of_time_is_enough_and_a_legacy_entry_has_only_a_promise() -> None:
    for material in (
        replace(RIGHT, timestamps=()),
        replace(RIGHT, entries=(INSTANCE.log.entry(BODY, proven=False),), timestamps=()),
        replace(RIGHT, entries=(INSTANCE.log.entry(BODY, time=None),)),
        # The bundle's own word for the time is not signed, and not needed.
        replace(RIGHT, entries=(replace(ENTRY, promise=b"", integrated=NOON - timedelta(days=900)),)),
    ):
        assert vouched(material, CONTENT, ROOT).times == (NOON,)


def test_what_is_by_strangers_is_passed_over_where_the_rest_is_enough() -> None:
    # A certificate of the same name, and a log of the same name: it is the key that counts.
    strange = Instance()
    material = replace(
        RIGHT,
        entries=(*RIGHT.entries, STRANGE_LOG.entry(BODY)),
        timestamps=(*RIGHT.timestamps, strange.timestamp(CONTENT.signature)),
    )

    assert vouched(material, CONTENT, ROOT).times == (NOON, NOON)
    only_strange = replace(material, entries=(INSTANCE.log.entry(BODY, time=None),), timestamps=material.timestamps[1:])
    assert reason_of(only_strange, CONTENT) is Reason.TIMESTAMP


def test_what_an_instance_does_not_have_is_not_asked_for() -> None:
    bare = root_of(lambda root: root.update(tlogs=[], ctlogs=[]))
    leaf = INSTANCE.leaf(logs=())
    content = message(leaf)
    material = INSTANCE.material(leaf, content, entries=())

    assert vouched(material, content, bare).times == (NOON,)
    assert reason_of(material, content) is Reason.LOG


def renewed(authority: Certified, *extensions: tuple[x509.ExtensionType, bool], **options: Any) -> Certified:
    """An intermediate certificate for the authority's key, otherwise made."""
    return certify("authority", INSTANCE.root, extensions, key=authority.key, **options)


BELOW = certify("below", INSTANCE.authority, [*authority_extensions()])
UNKNOWN = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00")
NAMES = x509.NameConstraints([x509.RFC822Name("example.org")], None)
PURPOSES = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
CONSTRAINED = (x509.BasicConstraints(ca=True, path_length=0), True)


@pytest.mark.parametrize(
    "leaf",
    [
        INSTANCE.leaf((PURPOSES, False)),
        INSTANCE.leaf(without=x509.ExtendedKeyUsage),
        INSTANCE.leaf((CERTIFIES, True)),
        INSTANCE.leaf(without=x509.KeyUsage),
        INSTANCE.leaf((x509.BasicConstraints(ca=True, path_length=None), True)),
        INSTANCE.leaf((UNKNOWN, True)),
        INSTANCE.leaf((NAMES, False)),
        INSTANCE.leaf(logs=()),
        INSTANCE.leaf(logs=(Log("elsewhere"),)),
        INSTANCE.leaf(without=x509.SubjectAlternativeName),
        INSTANCE.leaf((x509.SubjectAlternativeName([x509.RFC822Name(IDENTITY), x509.RFC822Name("b@c.d")]), True)),
        INSTANCE.leaf(name=x509.DNSName("example.org")),
        INSTANCE.leaf(name=x509.OtherName(ObjectIdentifier("1.2.3"), b"\x0c\x01a")),
        INSTANCE.leaf(fulcio_extension(1, "https://another.example")),
        INSTANCE.leaf((x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.57264.1.9"), b"\x0c\x05abc"), False)),
        INSTANCE.leaf((x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.57264.1.9"), b"raw"), False)),
        INSTANCE.leaf(issuer=Instance().authority),
        INSTANCE.leaf(issuer=BELOW),
        INSTANCE.leaf(issuer=certify("authority", INSTANCE.authority, [(CERTIFIES, True)])),
    ],
)
def test_a_certificate_that_is_not_one_for_signing_is_refused(leaf: Certified) -> None:
    content = message(leaf)
    material = INSTANCE.material(leaf, content)

    for chain in (material.chain, (*material.chain, BELOW.der)):
        assert reason_of(replace(material, chain=chain), content) is Reason.CERTIFICATE


@pytest.mark.parametrize(
    ("extensions", "reason"),
    [
        (authority_extensions(), None),
        ([*authority_extensions(), (x509.ExtendedKeyUsage([CODE_SIGNING]), False)], None),
        ([*authority_extensions(), (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), True)], None),
        ([(CERTIFIES, True)], Reason.CERTIFICATE),
        ([(x509.BasicConstraints(ca=False, path_length=None), True), (CERTIFIES, True)], Reason.CERTIFICATE),
        ([CONSTRAINED, (SIGNS, True)], Reason.CERTIFICATE),
        ([CONSTRAINED, (CERTIFIES, True), (PURPOSES, False)], Reason.CERTIFICATE),
        ([CONSTRAINED, (CERTIFIES, True), (NAMES, True)], Reason.CERTIFICATE),
        ([CONSTRAINED, (CERTIFIES, True), (UNKNOWN, True)], Reason.CERTIFICATE),
    ],
)
def test_an_intermediate_certificate_may_come_along_if_it_may_issue_others(
    extensions: list[tuple[x509.ExtensionType, bool]], reason: Reason | None
) -> None:
    """The trusted root has the anchor only here, so that everything hangs on what the bundle brings."""
    only_anchor = root_of(lambda root: root.update(certificateAuthorities=[authority_to_json(INSTANCE.root)]))
    between = renewed(INSTANCE.authority, *extensions)
    material = replace(RIGHT, chain=(LEAF.der, between.der))

    assert reason_of(RIGHT, CONTENT, only_anchor) is Reason.CERTIFICATE
    if reason is None:
        assert vouched(material, CONTENT, only_anchor).identity.subject == IDENTITY
    else:
        assert reason_of(material, CONTENT, only_anchor) is reason


def test_two_intermediates_are_more_than_a_path_length_of_none_allows() -> None:
    only_anchor = root_of(lambda root: root.update(certificateAuthorities=[authority_to_json(INSTANCE.root)]))
    leaf = INSTANCE.leaf(issuer=BELOW)
    content = message(leaf)
    long = INSTANCE.material(leaf, content, chain=(leaf.der, BELOW.der, INSTANCE.authority.der))
    free = renewed(INSTANCE.authority, *authority_extensions(path_length=1))

    assert reason_of(long, content, only_anchor) is Reason.CERTIFICATE
    vouched(replace(long, chain=(leaf.der, BELOW.der, free.der)), content, only_anchor)


def test_a_hostile_chain_in_a_circle_costs_nothing() -> None:
    twins = [certify("authority", INSTANCE.root, authority_extensions()) for _number in range(3)]
    circle = [certify("authority", twin, authority_extensions(), key=twins[-1].key).der for twin in twins]
    leaf = INSTANCE.leaf(issuer=twins[-1])
    content = message(leaf)

    material = INSTANCE.material(leaf, content, chain=(leaf.der, *circle, *circle))
    assert reason_of(material, content) is Reason.CERTIFICATE


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda root: root["certificateAuthorities"][0]["validFor"].update(end=iso(NOON)), None),
        (lambda root: root["certificateAuthorities"][0]["validFor"].update(end=iso(NOON - MINUTE)), Reason.EXPIRED),
        (lambda root: root["certificateAuthorities"][0]["validFor"].update(start=iso(NOON + MINUTE)), Reason.EXPIRED),
        (lambda root: root["tlogs"][0]["publicKey"]["validFor"].update(end=iso(NOON)), None),
        (lambda root: root["tlogs"][0]["publicKey"]["validFor"].update(end=iso(NOON - MINUTE)), Reason.LOG),
        (lambda root: root["timestampAuthorities"][0]["validFor"].update(end=iso(NOON - MINUTE)), Reason.TIMESTAMP),
        (lambda root: root["ctlogs"][0]["publicKey"]["validFor"].update(end=iso(NOON)), None),
        (
            lambda root: root["ctlogs"][0]["publicKey"]["validFor"].update(end=iso(NOON - 2 * MINUTE)),
            Reason.CERTIFICATE,
        ),
        (lambda root: root["ctlogs"][0]["publicKey"].update(rawBytes="AA=="), Reason.CERTIFICATE),
        (lambda root: root["tlogs"][0]["publicKey"].update(rawBytes="AA=="), Reason.LOG),
        (lambda root: root.update(certificateAuthorities=[]), Reason.CERTIFICATE),
        (lambda root: root.update(timestampAuthorities=root["timestampAuthorities"] * 2), None),
    ],
)
def test_nothing_is_believed_outside_the_time_in_which_it_was_in_use(
    change: Callable[[Any], object], reason: Reason | None
) -> None:
    if reason is None:
        vouched(RIGHT, CONTENT, root_of(change))
    else:
        assert reason_of(RIGHT, CONTENT, root_of(change)) is reason


def iso(time: datetime) -> str:
    return time.isoformat()


def test_a_log_without_time_was_in_use_when_another_witness_saw_the_signature() -> None:
    material = replace(RIGHT, entries=(INSTANCE.log.entry(BODY, time=None),))
    late = root_of(lambda root: root["tlogs"][0]["publicKey"]["validFor"].update(end=iso(NOON - MINUTE)))

    vouched(material, CONTENT, ROOT)
    assert reason_of(material, CONTENT, late) is Reason.LOG


def test_the_certificate_timestamp_is_one_for_this_certificate_and_issuer() -> None:
    stolen = next(e for e in INSTANCE.leaf().certificate.extensions if e.oid.dotted_string.endswith("11129.2.4.2"))
    leaf = INSTANCE.leaf((stolen.value, False), logs=())
    content = message(leaf)
    assert reason_of(INSTANCE.material(leaf, content), content) is Reason.CERTIFICATE

    both = INSTANCE.leaf(logs=(Log("elsewhere"), INSTANCE.certificate_log))
    content = message(both)
    vouched(INSTANCE.material(both, content), content, ROOT)


def test_a_timestamp_is_by_an_authority_that_may_make_some() -> None:
    def stamped(signer: Certified, *embedded: Certified) -> Material:
        return replace(RIGHT, timestamps=(timestamp(signer, CONTENT.signature, NOON, embedded=embedded),))

    stamping = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True)
    sibling = certify("sibling", INSTANCE.tsa_root, [(SIGNS, True), stamping])
    server = certify("server", INSTANCE.tsa_root, [(SIGNS, True), (PURPOSES, True)])
    impostor = certify(
        "tsa", Instance().tsa_root, [(SIGNS, True), stamping], serial=INSTANCE.tsa.certificate.serial_number
    )
    only_anchor = root_of(lambda root: root.update(timestampAuthorities=[authority_to_json(INSTANCE.tsa_root)]))

    vouched(stamped(INSTANCE.tsa, INSTANCE.tsa), CONTENT, ROOT)
    assert reason_of(stamped(impostor, impostor), CONTENT) is Reason.TIMESTAMP
    assert reason_of(stamped(impostor), CONTENT) is Reason.TIMESTAMP
    # Where the trusted root names only the anchor, the signer's certificate comes along; it is none of the others.
    vouched(stamped(sibling, sibling), CONTENT, only_anchor)
    assert reason_of(stamped(server, server), CONTENT, only_anchor) is Reason.TIMESTAMP
    assert vouched(replace(RIGHT, timestamps=stamped(sibling).timestamps), CONTENT, only_anchor).times == (NOON,)


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        (x509.RFC822Name("a@b.c"), "a@b.c"),
        (
            x509.UniformResourceIdentifier("https://example.org/x@refs/heads/main"),
            "https://example.org/x@refs/heads/main",
        ),
        (x509.OtherName(ObjectIdentifier("1.3.6.1.4.1.57264.1.7"), b"\x0c\x04user"), "user"),
    ],
)
def test_every_kind_of_identity_is_read(name: x509.GeneralName, subject: str) -> None:
    leaf = INSTANCE.leaf(name=name)
    content = message(leaf)

    assert vouched(INSTANCE.material(leaf, content), content, ROOT).identity == Identity(subject, ISSUER)


def test_what_fulcio_says_of_a_build_is_read_by_name() -> None:
    long = "https://ci.example.org/" + "x" * 300
    leaf = INSTANCE.leaf(fulcio_extension(5, "acme/app"), fulcio_extension(9, long), fulcio_extension(11, "hosted"))
    content = message(leaf)

    assert vouched(INSTANCE.material(leaf, content), content, ROOT).claims == {
        "issuer": ISSUER,
        "github_workflow_repository": "acme/app",
        "build_signer_uri": long,
        "runner_environment": "hosted",
    }


def test_the_signature_of_a_key_is_witnessed_and_what_witnesses_another_is_refused() -> None:
    key = PublicKey.of(LEAF.key.public_key())
    own = INSTANCE.log.entry(body_of("hashedrekord", "0.0.2", CONTENT, LEAF.key))
    material = Material("hint", (), (own,), (INSTANCE.timestamp(CONTENT.signature, NOON - MINUTE),))

    assert witnessed(material, CONTENT, ROOT, key) == (NOON - MINUTE, NOON)
    assert witnessed(Material("hint"), CONTENT, ROOT, key) == ()
    assert witnessed(replace(material, entries=(STRANGE_LOG.entry(own.body),)), CONTENT, ROOT, key) == (NOON - MINUTE,)
    for wrong, reason in (
        (replace(material, entries=(ENTRY,)), Reason.LOG),
        (replace(material, entries=(replace(own, promise=b"x"),)), Reason.LOG),
        (replace(material, timestamps=(INSTANCE.timestamp(b"x"),)), Reason.TIMESTAMP),
    ):
        with pytest.raises(SignatureRefusedError) as refused:
            witnessed(wrong, CONTENT, ROOT, key)
        assert refused.value.reason is reason
