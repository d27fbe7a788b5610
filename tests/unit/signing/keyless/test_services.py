"""What Fulcio and Rekor would never answer, and what a Rekor of version 1 does."""

import base64
import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.support.answering import Said, answering

from undercurrent.errors import TimedOut, Unauthorized, UndercurrentError, UnexpectedAnswer
from undercurrent.net import Client
from undercurrent.settings import NetSettings
from undercurrent.signing import bundle
from undercurrent.signing.keyless.asking import asking
from undercurrent.signing.keyless.fulcio import certificate_for
from undercurrent.signing.keyless.identitytoken import IdentityToken
from undercurrent.signing.keyless.instance import Service
from undercurrent.signing.keyless.rekor import enter
from undercurrent.signing.proofs.content import SignedContent

VECTORS: Final = Path(os.environ.get("UNDERCURRENT_DATA", "../shared/data")) / "sigstore-conformance" / "bundle-verify"
TOKEN: Final = IdentityToken("secret.identity.token", "https://issuer.example.com", datetime.max.replace(tzinfo=UTC))
KEY: Final = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client(NetSettings(retries=0)) as running:
        yield running


def certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    now, name = datetime.now(UTC), x509.Name([])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(minutes=10))
    return builder.sign(key, hashes.SHA256())


def chain_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    pem = certificate(key).public_bytes(serialization.Encoding.PEM).decode()
    return json.dumps({"signedCertificateEmbeddedSct": {"chain": {"certificates": [pem]}}}).encode()


async def test_a_certificate_is_asked_for_with_a_token_and_a_proof_of_the_key(client: Client) -> None:
    with answering(lambda _asked: Said(chain_of(KEY))) as fulcio:
        found = await certificate_for(client, Service(fulcio.url, 1), TOKEN, KEY)
    assert found.public_key() == KEY.public_key()
    (asked,) = fulcio.asked
    assert (asked.method, asked.path) == ("POST", "/api/v2/signingCert")
    assert asked.headers["Authorization"] == "Bearer secret.identity.token"
    request = x509.load_pem_x509_csr(base64.b64decode(json.loads(asked.body)["certificateSigningRequest"]))
    assert request.is_signature_valid
    assert request.public_key() == KEY.public_key()


@pytest.mark.parametrize(
    ("said", "kind", "message"),
    [
        (Said(chain_of(ec.generate_private_key(ec.SECP256R1()))), UnexpectedAnswer, "for another key"),
        (Said(b'{"message": "who are you?"}', 401), Unauthorized, r"is not accepted: who are you\?"),
        (Said(b"<html>", 403), Unauthorized, "is not accepted$"),
        (Said(b"<html>"), UnexpectedAnswer, "not valid JSON"),
        (Said(b"{}"), UnexpectedAnswer, "no certificate"),
        (Said(b'{"signedCertificateEmbeddedSct": {"chain": []}}'), UnexpectedAnswer, "no certificate"),
        (Said(b'{"signedCertificateEmbeddedSct": {"chain": {"certificates": ["x"]}}}'), UnexpectedAnswer, "no cert"),
        (Said(b" " * (1024 * 1024 + 1)), UnexpectedAnswer, "has more than"),
        (Said(b"{}", 404), UnexpectedAnswer, "status 404"),
    ],
)
async def test_what_fulcio_should_not_answer_is_no_certificate(
    said: Said, kind: type[UndercurrentError], message: str, client: Client
) -> None:
    with answering(lambda _asked: said) as fulcio, pytest.raises(kind, match=message) as error:
        await certificate_for(client, Service(fulcio.url, 1), TOKEN, KEY)
    assert TOKEN.raw not in str(error.value)
    assert error.value.exit_code == 4


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    "said",
    [
        Said(b"{}", 201),
        Said(b"[]", 201),
        Said(b"null", 200),
        Said(b'{"a": {}, "b": {}}', 201),
        Said(b'{"a": {"body": "e30=", "logID": "zz"}}', 201),
        Said(b'{"logIndex": "-1"}', 200),
        Said(b'{"message": "no"}', 400),
        Said(b"{}", 409),
        Said(b" " * (1024 * 1024 + 1), 201),
    ],
)
async def test_what_rekor_should_not_answer_is_no_entry(version: int, said: Said, client: Client) -> None:
    with answering(lambda _asked: said) as rekor, pytest.raises(UnexpectedAnswer):
        await enter(client, Service(rekor.url, version), SignedContent(b"signature", b"data"), certificate(KEY))


async def test_a_service_gets_so_much_time_and_no_more(client: Client) -> None:
    with pytest.raises(TimedOut, match="the log did not answer within 0 seconds"):
        async with asking("the log", 0.01):
            await client.sleep(5)


# Rekor, version 1: recorded entries of the public log, as its API would have answered them.


def case(name: str) -> tuple[dict[str, Any], bytes]:
    raw = (VECTORS / name / "bundle.sigstore.json").read_bytes()
    return json.loads(raw), raw


def answer_of(entry: dict[str, Any]) -> dict[str, Any]:
    """What a log of version 1 answers, of the entry as a bundle has it."""
    proof = entry["inclusionProof"]
    return {
        "24296fb24b8ad77a": {
            "body": entry["canonicalizedBody"],
            "integratedTime": int(entry["integratedTime"]),
            "logID": base64.b64decode(entry["logId"]["keyId"]).hex(),
            "logIndex": int(entry["logIndex"]),
            "verification": {
                "inclusionProof": {
                    "checkpoint": proof["checkpoint"]["envelope"],
                    "hashes": [base64.b64decode(one).hex() for one in proof["hashes"]],
                    "logIndex": int(proof["logIndex"]),
                    "rootHash": base64.b64decode(proof["rootHash"]).hex(),
                    "treeSize": int(proof["treeSize"]),
                },
                "signedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"],
            },
        }
    }


@pytest.mark.skipif(not VECTORS.is_dir(), reason="vectors are not here; set UNDERCURRENT_DATA")
@pytest.mark.parametrize("again", [False, True], ids=["new", "known"])
@pytest.mark.parametrize("name", ["happy-path-v0.3", "happy-path-intoto-in-dsse-v3"])
async def test_entries_of_version_1_are_asked_for_and_read(name: str, again: bool, client: Client) -> None:
    document, raw = case(name)
    parsed = bundle.parse(raw, name)
    message = (VECTORS / "a.txt").read_bytes()
    if parsed.envelope:
        content = SignedContent.of(parsed.envelope)
    else:
        assert parsed.message is not None
        content = SignedContent(parsed.message.signature, message)
    (entry,) = document["verificationMaterial"]["tlogEntries"]
    answer = json.dumps(answer_of(entry)).encode()
    place = "/api/v1/log/entries/24296fb24b8ad77a"

    with answering(
        lambda asked: Said(b"{}", 409, {"Location": place}) if again and asked.method == "POST" else Said(answer, 201)
    ) as rekor:
        signer = x509.load_der_x509_certificate(parsed.material.certificate)
        assert await enter(client, Service(rekor.url, 1), content, signer) == parsed.material.entries[0]

    assert [asked.path for asked in rekor.asked] == ["/api/v1/log/entries", *([place] if again else [])]
    proposed, logged = json.loads(rekor.asked[0].body), json.loads(base64.b64decode(entry["canonicalizedBody"]))
    assert (proposed["kind"], proposed["apiVersion"]) == (logged["kind"], logged["apiVersion"])
    if parsed.envelope:
        sent = json.loads(proposed["spec"]["proposedContent"]["envelope"])
        assert sent == document["dsseEnvelope"] | {"signatures": sent["signatures"]}
        assert proposed["spec"]["proposedContent"]["verifiers"] == [logged["spec"]["signatures"][0]["verifier"]]
    else:
        assert proposed["spec"] == logged["spec"]
