import base64
import json
import os
from collections.abc import Callable
from contextlib import suppress
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
    assert parsed.hint == signer.public.hint


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


@pytest.mark.parametrize("version", ["0.1", "0.2", "99.9"])
def test_other_versions_are_named(version: str) -> None:
    raw = json.dumps(document(mediaType=f"application/vnd.dev.sigstore.bundle+json;version={version}")).encode()

    with pytest.raises(Unsupported, match=version):
        bundle.parse(raw, "it")


@needs_vectors
def test_every_published_bundle_of_version_0_3_is_read() -> None:
    read = set()
    for path in VECTORS.glob("*/bundle.sigstore.json"):
        raw = path.read_bytes()
        try:
            bundle.parse(raw, path.parent.name)
        except Refused:
            assert b"version=0.3" not in raw
            assert b"bundle.v0.3" not in raw
        else:
            read.add(path.parent.name)
    assert {"managed-key-happy-path", "rekor2-dsse-happy-path", "happy-path-intoto-in-dsse-v3"} <= read
    assert len(read) == 45


@needs_vectors
def test_a_published_signature_of_a_key() -> None:
    case = VECTORS / "managed-key-happy-path"
    raw = (case / "bundle.sigstore.json").read_bytes()
    parsed, key = bundle.parse(raw, "it"), load_public(case / "key.pub")
    signature = base64.b64decode(json.loads(raw)["messageSignature"]["signature"])
    artifact = (VECTORS / "a.txt").read_bytes()

    assert parsed.envelope is None
    assert parsed.hint == key.hint
    assert key.verify(signature, artifact)
    assert not key.verify(signature, artifact + b"!")
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
