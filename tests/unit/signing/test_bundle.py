import base64
import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from undercurrent.errors import BadContent, InvalidKey, Refused, Unsupported
from undercurrent.signing import bundle, dsse
from undercurrent.signing.keys import PrivateKey, load_public
from undercurrent.signing.material import Material

VECTORS = Path(os.environ.get("UNDERCURRENT_DATA", "../shared/data")) / "sigstore-conformance" / "bundle-verify"
needs_vectors = pytest.mark.skipif(not VECTORS.is_dir(), reason="vectors are not here; set UNDERCURRENT_DATA")


def document(**changes: object) -> dict[str, Any]:
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": {"hint": "abc"}},
        "dsseEnvelope": {"payload": "e30=", "payloadType": dsse.IN_TOTO, "signatures": [{"sig": "AA=="}]},
        **changes,
    }


async def test_a_bundle_has_the_form_that_cosign_writes(signer: PrivateKey) -> None:
    envelope = await dsse.seal(b"{}", dsse.IN_TOTO, signer)

    raw = bundle.dump(envelope, Material(hint=signer.public.hint))

    assert json.loads(raw) == document(
        verificationMaterial={"publicKey": {"hint": signer.public.hint}},
        dsseEnvelope={
            "payload": "e30=",
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{"sig": base64.b64encode(envelope.signature).decode()}],
        },
    )
    parsed = bundle.parse(raw, "it")
    assert parsed.envelope == envelope
    assert parsed.material == Material(hint=signer.public.hint)
    assert parsed.message is None
    assert parsed.version == "0.3"


@pytest.mark.parametrize(
    "changes",
    [
        {"mediaType": "application/json"},
        {"mediaType": None},
        {"verificationMaterial": None},
        {"verificationMaterial": {}},
        {"verificationMaterial": {"publicKey": "abc"}},
        {"verificationMaterial": {"publicKey": {"hint": 1}}},
        {"verificationMaterial": {"publicKey": {}, "certificate": {"rawBytes": "AA=="}}},
        {"verificationMaterial": {"certificate": {"rawBytes": "%"}}},
        {"verificationMaterial": {"certificate": []}},
        {"verificationMaterial": {"x509CertificateChain": {"certificates": []}}},
        {"verificationMaterial": {"publicKey": {}, "unheardOf": 1}},
        {"dsseEnvelope": None},
        {"messageSignature": {}},
        {"dsse_envelope": {}},
        {"unheardOf": 1},
    ],
)
def test_what_is_no_bundle_is_refused(changes: dict[str, object]) -> None:
    bundle.parse(json.dumps(document()).encode(), "it")
    with pytest.raises(BadContent):
        bundle.parse(json.dumps(document(**changes)).encode(), "it")


def test_a_bundle_without_content_or_with_a_key_twice_is_refused() -> None:
    empty = document()
    del empty["dsseEnvelope"]
    for incomplete in (empty, {**empty, "messageSignature": []}):
        with pytest.raises(BadContent):
            bundle.parse(json.dumps(incomplete).encode(), "it")
    twice = json.dumps(document()).replace('"publicKey"', '"publicKey": {"hint": "other"}, "publicKey"')
    with pytest.raises(BadContent, match="twice"):
        bundle.parse(twice.encode(), "it")


@pytest.mark.parametrize("version", ["0.4", "99.9", "0.3.1"])
def test_other_versions_are_named(version: str) -> None:
    raw = json.dumps(document(mediaType=f"application/vnd.dev.sigstore.bundle+json;version={version}")).encode()

    with pytest.raises(Unsupported, match=version):
        bundle.parse(raw, "it")


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3"])
def test_both_spellings_of_every_version_are_read(version: str) -> None:
    for media_type in (f"{bundle.PREFIX}+json;version={version}", f"{bundle.PREFIX}.v{version}+json"):
        parsed = bundle.parse(json.dumps(document(mediaType=media_type)).encode(), "it")

        assert parsed.version == version


@needs_vectors
def test_every_published_bundle_is_read_or_refused_for_what_is_wrong_with_it() -> None:
    refused = {}
    for path in VECTORS.glob("*/bundle.sigstore.json"):
        try:
            parsed = bundle.parse(path.read_bytes(), "it")
        except Refused as error:
            refused[path.parent.name] = error.message
        else:
            content = parsed.envelope or parsed.message
            assert content is not None
            if len(parsed.material.chain) < 2:  # version 0.3 has one certificate
                assert bundle.parse(bundle.dump(content, parsed.material), "it") == replace(parsed, version="0.3")
    assert refused == {
        "bundle-empty-certificate-chain_fail": "it holds an empty chain of certificates",
        "bundle-invalid-base64-signature_fail": "the signature of it is not base64",
        "bundle-malformed-json_fail": refused["bundle-malformed-json_fail"],
        "bundle-negative-log-index_fail": "it has an invalid logIndex",
        "bundle-unknown-version_fail": refused["bundle-unknown-version_fail"],
        "bundle-with-root-cert_fail": "it holds a root certificate, which bundles must not",
        "intoto-missing-inclusion-proof_fail": "it has a log entry without the inclusionProof that version 0.2 demands",
        "invalid-inclusion-proof_fail": "it has a log entry without the checkpoint that version 0.2 demands",
        "rekor2-no-inclusion-proof_fail": "it has a log entry without the inclusionProof that version 0.3 demands",
    }


@needs_vectors
def test_a_published_signature_of_a_key() -> None:
    case = VECTORS / "managed-key-happy-path"
    parsed, key = bundle.parse((case / "bundle.sigstore.json").read_bytes(), "it"), load_public(case / "key.pub")
    artifact = (VECTORS / "a.txt").read_bytes()

    assert parsed.envelope is None
    assert parsed.message is not None
    assert parsed.message.digest == hashlib.sha256(artifact).digest()
    assert parsed.material.hint == key.hint
    assert key.verify(parsed.message.signature, artifact)
    assert not key.verify(parsed.message.signature, artifact + b"!")
    with pytest.raises(InvalidKey, match=r"key\.pub"):
        load_public(VECTORS / "managed-key-wrong-key_fail" / "key.pub")


def mutated(base: Any, draw: Callable[[st.SearchStrategy[Any]], Any]) -> Any:
    """``base`` with one value somewhere in it replaced."""
    if isinstance(base, dict) and base and draw(st.booleans()):
        key = draw(st.sampled_from(sorted(base)))
        return {**base, key: mutated(base[key], draw)}
    return draw(st.none() | st.integers() | st.text(max_size=4) | st.lists(st.none(), max_size=1) | st.just({}))


@given(st.data())
def test_nothing_in_a_bundle_is_worse_than_an_error(data: st.DataObject) -> None:
    raw = json.dumps(mutated(document(), data.draw)).encode()
    with suppress(Refused):
        bundle.parse(raw, "it")
