"""Annotations of legacy layers: what a promise is enough for, and that nothing in them is worse than an error."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.sigstoreinstance import IDENTITY, ISSUER, NOON, Instance, encoded, pem_of, sign

from undercurrent.errors import BadContent, TooLarge
from undercurrent.signing import legacy
from undercurrent.signing.checks import Trust
from undercurrent.signing.identities import Identity, IdentityPattern
from undercurrent.signing.judging import judge
from undercurrent.signing.legacy import BUNDLE, CERTIFICATE, CHAIN, TIMESTAMP, from_annotations
from undercurrent.signing.material import Material
from undercurrent.signing.proofs import trustedroot
from undercurrent.signing.proofs.content import SignedContent

INSTANCE = Instance()
LEAF = INSTANCE.leaf()
CONTENT = SignedContent(sign(LEAF.key, b"payload"), b"payload")
MATERIAL = INSTANCE.material(LEAF, CONTENT)
(ENTRY,) = MATERIAL.entries
LOGGED = {"body": encoded(ENTRY.body), "integratedTime": 1767268800, "logIndex": 7, "logID": ENTRY.log_id.hex()}
ANNOTATIONS: Mapping[str, str] = {
    CERTIFICATE: pem_of(LEAF.certificate).decode(),
    CHAIN: (pem_of(INSTANCE.authority.certificate) + pem_of(INSTANCE.root.certificate)).decode(),
    BUNDLE: json.dumps({"SignedEntryTimestamp": encoded(ENTRY.promise), "Payload": LOGGED}),
    TIMESTAMP: json.dumps({"SignedRFC3161Timestamp": encoded(MATERIAL.timestamps[0])}),
}


def test_all_that_a_bundle_would_have_but_the_inclusion_proof() -> None:
    chain = (LEAF.der, INSTANCE.authority.der, INSTANCE.root.der)

    assert from_annotations(ANNOTATIONS) == replace(MATERIAL, chain=chain, entries=(replace(ENTRY, proof=None),))
    assert from_annotations({}, "hint") == Material("hint")
    assert from_annotations({CHAIN: ANNOTATIONS[CHAIN]}) == Material()


def test_a_promise_or_a_timestamp_is_enough_and_the_root_in_the_chain_is_not_believed() -> None:
    trust = Trust(
        identities=(IdentityPattern(IDENTITY, ISSUER),),
        root=trustedroot.parse(json.dumps(INSTANCE.to_json()).encode(), "it"),
    )
    for left_out in (TIMESTAMP, CHAIN):
        found = judge(from_annotations({**ANNOTATIONS, left_out: ""}), CONTENT, trust)
        assert (found.maker, found.signed_at) == (Identity(IDENTITY, ISSUER), NOON)
        assert found.claims == {"issuer": ISSUER}


@pytest.mark.parametrize(
    "changes",
    [
        {CERTIFICATE: "none"},
        {CERTIFICATE: ANNOTATIONS[CERTIFICATE] * 2},
        {CERTIFICATE: "-----BEGIN CERTIFICATE-----\n=\n-----END CERTIFICATE-----"},
        {CHAIN: "none"},
        {BUNDLE: "{}"},
        {BUNDLE: "[]"},
        {BUNDLE: ANNOTATIONS[BUNDLE].replace('"logIndex": 7', '"logIndex": 7, "logIndex": 7')},
        {BUNDLE: ANNOTATIONS[BUNDLE].replace("SignedEntryTimestamp", "other")},
        {BUNDLE: ANNOTATIONS[BUNDLE].replace('"logID": "', '"logID": " ')},
        {BUNDLE: ANNOTATIONS[BUNDLE].replace(encoded(ENTRY.body), encoded(b"none"))},
        {TIMESTAMP: "{}"},
        {TIMESTAMP: '{"SignedRFC3161Timestamp": "!"}'},
    ],
)
def test_an_annotation_that_is_not_what_it_should_be_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(BadContent):
        from_annotations({**ANNOTATIONS, **changes})


def test_there_is_not_more_of_anything_than_annotations_have() -> None:
    with pytest.raises(TooLarge):
        from_annotations({TIMESTAMP: " " * (legacy._MOST_BYTES + 1)})
    with pytest.raises(TooLarge):
        from_annotations({**ANNOTATIONS, CHAIN: ANNOTATIONS[CERTIFICATE] * 9})


@given(st.dictionaries(st.sampled_from(sorted(ANNOTATIONS)), st.text(max_size=40)))
def test_nothing_in_annotations_is_worse_than_an_error(changes: dict[str, str]) -> None:
    with suppress(BadContent):
        from_annotations({**ANNOTATIONS, **changes})
