"""Targets that decide whom to believe: certificates, logs, timestamps, notation's envelopes, policies, answers.

Everything is right to begin with, by a sigstore instance and a notation authority that are made up here.
"""

import asyncio
import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final, cast

from multidict import CIMultiDict, CIMultiDictProxy
from tests.fuzz import seeds
from tests.fuzz.files import scratch
from tests.support import notation
from tests.support.sigstoreinstance import NOON, Certified, Instance, pem_of, sign
from tests.support.sigstorepublic import public_trusted_root

from undercurrent.errors import UndercurrentError
from undercurrent.net import Answer, Client
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.signing import bundle, dsse
from undercurrent.signing.algorithms import PublicKey
from undercurrent.signing.checks import SignatureRefusedError
from undercurrent.signing.dsse import Envelope
from undercurrent.signing.keyless.fulcio import certificate_for
from undercurrent.signing.keyless.identitytoken import IdentityToken, parse_token
from undercurrent.signing.keyless.instance import Service, parse_trust_config
from undercurrent.signing.keyless.rekor import enter
from undercurrent.signing.material import LogEntry, Material, to_json
from undercurrent.signing.notation import certificates as notation_certificates
from undercurrent.signing.notation import cose, jws, names, trustpolicy
from undercurrent.signing.notation import timestamps as notation_timestamps
from undercurrent.signing.notation.certificates import Purpose
from undercurrent.signing.pkcs11uri import Pkcs11Uri
from undercurrent.signing.policy.loading import read_policy
from undercurrent.signing.proofs import certificates, checkpoints, fulcio, transparency, trustedroot
from undercurrent.signing.proofs.content import SignedContent
from undercurrent.signing.proofs.entries import require_about
from undercurrent.signing.proofs.timestamps import is_timestamped
from undercurrent.signing.proofs.trustedroot import TrustedRoot
from undercurrent.signing.proofs.vouching import vouched, witnessed

__all__ = [
    "answer_of_fulcio",
    "answer_of_rekor",
    "answers_of_fulcio",
    "answers_of_rekor",
    "bundles",
    "certificate",
    "certificates_made",
    "checkpoint",
    "checkpoints_made",
    "entries_made",
    "key_uri",
    "log_entry",
    "notation_envelope",
    "notation_envelopes",
    "policies",
    "policy",
    "proved",
    "roots",
    "subject",
    "timestamp",
    "timestamps_made",
    "token",
    "tokens",
    "trust_config",
    "trust_configs",
    "trust_policy",
    "trusted_root",
]

_PAYLOAD: Final = b'{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"a:b","predicate":{}}'


@contextmanager
def _may_refuse() -> Iterator[None]:
    """What says no to a signature does so with an error of its own, which ends in a verdict."""
    with suppress(SignatureRefusedError):
        yield


@cache
def _instance() -> Instance:
    return Instance()


@cache
def _root() -> TrustedRoot:
    return trustedroot.parse(json.dumps(_instance().to_json()).encode(), "it")


@cache
def _leaf() -> Certified:
    return _instance().leaf()


@cache
def _signed() -> tuple[SignedContent, Material]:
    leaf = _leaf()
    signature = sign(leaf.key, dsse.pae(dsse.IN_TOTO, _PAYLOAD))
    content = SignedContent.of(Envelope(_PAYLOAD, dsse.IN_TOTO, signature))
    return content, _instance().material(leaf, content)


# Sigstore


def roots() -> tuple[bytes, ...]:
    return (
        json.dumps(_instance().to_json()).encode(),
        public_trusted_root(),
        *seeds.conformance("trusted_root.json")[:4],
    )


def trusted_root(data: bytes) -> None:
    trustedroot.parse(data, "it")


def bundles() -> tuple[bytes, ...]:
    content, material = _signed()
    assert content.envelope is not None
    return (bundle.dump(content.envelope, material), *seeds.conformance("bundle.sigstore.json"))


def proved(data: bytes) -> None:
    """All of a bundle, by the root of trust that it was made for and by the public one."""
    found = bundle.parse(data, "it")
    content = SignedContent.of(found.envelope) if found.envelope else _signed()[0]
    for root in (_root(), _public_root()):
        with _may_refuse():
            made = vouched(found.material, content, root)
            assert made.times
            assert made.identity.subject
        with _may_refuse():
            witnessed(found.material, content, root, PublicKey.of(_instance().log.key.public_key()))


@cache
def _public_root() -> TrustedRoot:
    return trustedroot.parse(public_trusted_root(), "it")


def certificates_made() -> tuple[bytes, ...]:
    own = (_instance().leaf(), _instance().authority, _instance().root, _instance().tsa)
    return tuple(item.der for item in own)


def certificate(data: bytes) -> None:
    for read in (_as_fulcio, _as_notation):
        with _may_refuse():
            read(data)


def _as_fulcio(data: bytes) -> None:
    leaf = certificates.load(data)
    fulcio.claims(leaf)
    with _may_refuse():
        fulcio.identity(leaf)
    with _may_refuse():
        transparency.require_logged(leaf, _instance().authority.certificate, _root())
    ways = certificates.paths((data, _instance().authority.der), _root())
    certificates.require_valid(ways, NOON)


def _as_notation(data: bytes) -> None:
    chain = notation_certificates.load([data, _instance().root.der])
    for purpose in Purpose:
        with _may_refuse():
            notation_certificates.require_fit(chain, purpose)
    notation_certificates.require_valid(chain, NOON, NOON)


def timestamps_made() -> tuple[bytes, ...]:
    found = (bundle.parse(raw, "it") for raw in bundles() if b"rfc3161" in raw and b"_fail" not in raw)
    made = [_signed()[1].timestamps[0]]
    for _number in range(3):
        with suppress(Exception):
            made += next(found).material.timestamps
    return tuple(made)


def timestamp(data: bytes) -> None:
    with _may_refuse():
        is_timestamped(data, _signed()[0].signature, _root())
    with _may_refuse():
        # A response has its token behind a status of a few bytes.
        notation_timestamps.witnessed(data[9:], b"signature", [_instance().tsa_root.certificate])


def entries_made() -> tuple[bytes, ...]:
    found = [_signed()[1].entries[0].body]
    for raw in bundles()[1:12]:
        with suppress(Exception):
            found += [entry.body for entry in bundle.parse(raw, "it").material.entries]
    return tuple(dict.fromkeys(found))


def log_entry(data: bytes) -> None:
    content, material = _signed()
    entry = LogEntry(7, b"id", "dsse", "0.0.1", NOON, b"", None, data)
    for verifier in (material.certificate, PublicKey.of(_instance().log.key.public_key())):
        with _may_refuse():
            require_about(entry, content, verifier)


def checkpoints_made() -> tuple[bytes, ...]:
    return tuple(
        text.encode()
        for text in (
            _instance().log.checkpoint(7, bytes(32)),
            "rekor.sigstore.dev - 1193050959916656506\n42\n"
            + "A" * 43
            + "=\nTimestamp: 1\n\n— rekor.sigstore.dev wNI9ajBFAiEA\n",
        )
    )


def checkpoint(data: bytes) -> None:
    with _may_refuse():
        found = checkpoints.parse(data.decode("utf-8", "replace"))
        for log in (*_root().logs, *_public_root().logs):
            assert checkpoints.signed_by(found, log) in {True, False}


# Notation


@cache
def _notary() -> notation.Certified:
    return notation.certify("C=US,O=acme,CN=release", notation.certify("C=US,O=acme,CN=root", authority=True))


def notation_envelopes() -> tuple[bytes, ...]:
    described = Descriptor.of(b"an image", mediatypes.OCI_MANIFEST)
    payload = json.dumps({"targetArtifact": described.to_dict()}).encode()
    token = timestamps_made()[0]
    made: list[bytes] = []
    for make in (notation.jws, notation.cose):
        make_one = cast("Callable[..., bytes]", make)
        made += [
            make_one(payload, _notary()),
            make_one(payload, _notary(), expires=notation.NOW + timedelta(days=1), authority=True),
            make_one(payload, _notary(), timestamp=lambda _signature: token),
        ]
    return tuple(made)


def notation_envelope(data: bytes) -> None:
    read = jws.parse if data.lstrip()[:1] == b"{" else cose.parse
    found = read(data, "it")
    with _may_refuse():
        chain = notation_certificates.load(found.chain)
        notation_certificates.require_fit(chain, Purpose.SIGNING)
        names.matches(names.parse("C=US, ST=WA, O=acme"), chain[0].subject)
    if found.timestamp:
        with _may_refuse():
            notation_timestamps.witnessed(found.timestamp, found.signature, [_instance().tsa_root.certificate])


def trust_policy(data: bytes) -> None:
    trustpolicy.parse(data, "it")


def subject(data: bytes) -> None:
    found = names.parse(data.decode("utf-8", "replace"))
    names.matches(found, _notary().certificate.subject)
    assert names.includes(found, found)


# Policies, keys, tokens, services


def policies() -> tuple[bytes, ...]:
    key = seeds.RECORDED / "keys" / "cosign.pub"
    return seeds.texts(
        f"""version = 1
[[authority]]
name = "release"
keys = ["{key}"]
[[rule]]
name = "production"
images = ["ghcr.io/acme/**", "registry.example.com/prod/*:1.*"]
except = ["ghcr.io/acme/scratch"]
signed_by = ["release"]
annotations = {{ team = "web" }}
[[rule.attestation]]
type = "vuln"
by = ["release"]
newest = "metadata.scanFinishedOn"
[[rule.attestation.where]]
field = "metadata.scanFinishedOn"
max_age_days = 7
[[rule.attestation.where]]
field = "results[*].level"
in = ["CRITICAL", 1, 2.5, true]
which = "none"
"""
    )


def policy(data: bytes) -> None:
    with scratch(data, "policy.toml") as path:
        read_policy(path).policy(None)


def key_uri(data: bytes) -> None:
    found = Pkcs11Uri.parse(data.decode("utf-8", "surrogateescape"))
    again = Pkcs11Uri.parse(str(found))
    assert (again.token, again.object, again.id, again.slot) == (found.token, found.object, found.id, found.slot)


def tokens() -> tuple[bytes, ...]:
    claims = json.dumps({"iss": "https://issuer.example", "exp": 4e9, "aud": "sigstore", "sub": "x"}).encode()
    return (
        b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (b'{"alg":"none"}', claims, b"signature")),
    )


def token(data: bytes) -> None:
    found = parse_token(data.decode("utf-8", "surrogateescape"), now=NOON)
    assert found.raw not in repr(found)


def trust_configs() -> tuple[bytes, ...]:
    period = {"start": "2020-01-01T00:00:00Z"}
    one = [{"url": "https://x.example", "majorApiVersion": 1, "validFor": period, "operator": "x"}]
    config = {
        "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
        "caUrls": one,
        "oidcUrls": one,
        "rekorTlogUrls": one,
        "rekorTlogConfig": {"selector": "ANY"},
        "tsaUrls": one,
        "tsaConfig": {"selector": "ANY"},
    }
    kind = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"
    whole = {"mediaType": kind, "trustedRoot": _instance().to_json(), "signingConfig": config}
    return (json.dumps(whole).encode(),)


def trust_config(data: bytes) -> None:
    parse_trust_config(data, "it", now=NOON)


class _Service:
    """A client to which every service gives the same answer."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def fetch(self, request: object, *, limit: int = 0) -> Answer:  # noqa: ARG002 - the client's
        headers = CIMultiDictProxy(CIMultiDict({"Content-Type": "application/json"}))
        return Answer(201, headers, "https://service.example/", self._body)


def answers_of_fulcio() -> tuple[bytes, ...]:
    chain = [pem_of(item.certificate).decode() for item in (_leaf(), _instance().authority)]
    return (json.dumps({"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}}).encode(),)


def answer_of_fulcio(data: bytes) -> None:
    given = IdentityToken("token", "https://issuer.example", datetime(2100, 1, 1, tzinfo=UTC))
    asyncio.run(
        certificate_for(cast("Client", _Service(data)), Service("https://fulcio.example", 2), given, _leaf().key)
    )


def answers_of_rekor() -> tuple[bytes, ...]:
    (entry,) = to_json(_signed()[1])["tlogEntries"]
    proof = entry["inclusionProof"]
    older = {
        "body": entry["canonicalizedBody"],
        "integratedTime": int(entry.get("integratedTime", 0)),
        "logID": _hex(entry["logId"]["keyId"]),
        "logIndex": int(entry["logIndex"]),
        "verification": {
            "inclusionProof": {
                "checkpoint": proof["checkpoint"]["envelope"],
                "hashes": [_hex(item) for item in proof.get("hashes", ())],
                "logIndex": int(proof.get("logIndex", 0)),
                "rootHash": _hex(proof["rootHash"]),
                "treeSize": int(proof["treeSize"]),
            },
            "signedEntryTimestamp": entry["inclusionPromise"]["signedEntryTimestamp"],
        },
    }
    return json.dumps(entry).encode(), json.dumps({"0" * 64: older}).encode()


def _hex(text: str) -> str:
    return base64.b64decode(text).hex()


def answer_of_rekor(data: bytes) -> None:
    content, material = _signed()
    refused: list[UndercurrentError] = []
    for version in (1, 2):
        log, client = Service("https://rekor.example", version), cast("Client", _Service(data))
        try:
            asyncio.run(enter(client, log, content, certificates.load(material.certificate)))
        except UndercurrentError as error:
            refused.append(error)
    if len(refused) > 1:
        raise refused[0]
