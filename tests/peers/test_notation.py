"""uc believes what notation signs, refuses what it refuses, and differs from it where that is on purpose."""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import cbor2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.images import push_image
from tests.support.notation import NOW, Certified, certify, cose, jws, policy, push_notation, revoke, target
from tests.support.notationcli import Notation
from tests.support.servers import RegistryServer
from tests.support.timestamps import Authority, timestamp_authority

from undercurrent.oci import mediatypes
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import Manifest
from undercurrent.oci.reference import Reference
from undercurrent.oci.store import read_blob
from undercurrent.oci.stores import Stores
from undercurrent.signing.checks import Format, Reason, Trust
from undercurrent.signing.identities import Identity
from undercurrent.signing.verify import Verdict, Verification, verify

ENVELOPES = ("jws", "cose")
MEDIA_TYPES = {"jws": "application/jose+json", "cose": "application/cose"}
YEAR = timedelta(days=365)
NAME = "C=US,ST=WA,O=acme,CN={}"


@pytest.fixture(scope="module")
def root() -> Certified:
    return certify(NAME.format("root"), authority=True)


@pytest.fixture(scope="module")
def release(root: Certified) -> Certified:
    return certify(NAME.format("release"), certify(NAME.format("middle"), root, authority=True))


@pytest.fixture(scope="module")
def stranger() -> Certified:
    return certify(NAME.format("release"), certify(NAME.format("root"), authority=True))


@pytest.fixture
def notation(tmp_path: Path, release: Certified, stranger: Certified) -> Notation:
    made = Notation(tmp_path)
    made.holds(release=release, stranger=stranger, alone=certify(NAME.format("release")))
    return made


@pytest.fixture
async def image(with_referrers: RegistryServer, repository_name: str, stores: Stores) -> Image:
    return await push(f"{with_referrers.host}/{repository_name}:1.0", stores)


async def push(name: str, stores: Stores) -> Image:
    repository = stores.repository(Reference.parse(name))
    await push_image(repository, {"motd": name.encode()}, name.rpartition(":")[2])
    return await stores.image(name)


def by_digest(image: Image) -> str:
    return f"{image.repository}@{image.digest}"


def reason_of(verification: Verification) -> str:
    """Why it is not verified; empty if it is."""
    if verification.verdict is Verdict.COULD_NOT_CHECK:
        return "could-not-check"
    assert (verification.verdict is Verdict.VERIFIED) is (verification.reason == "")
    return verification.reason


async def envelope_of(image: Image) -> bytes:
    """What notation attached to an image."""
    (referrer,) = await image.store.referrers(image.digest, mediatypes.NOTATION_SIGNATURE)
    manifest = await image.store.manifest(referrer)
    assert isinstance(manifest, Manifest)
    return await read_blob(image.store, manifest.layers[0], 1 << 20)


@pytest.mark.parametrize("envelope", ENVELOPES)
async def test_what_notation_signs_is_verified_on_each_registry(
    registry_server: RegistryServer,
    repository_name: str,
    stores: Stores,
    notation: Notation,
    root: Certified,
    envelope: str,
) -> None:
    image = await push(f"{registry_server.host}/{repository_name}:1.0", stores)
    trust = Trust((), {"build": "7"}, notation=notation.trusts({"ca:acme": [root]}, policy()))
    assert (await verify(image, trust)).verdict is Verdict.UNSIGNED

    notation.sign(by_digest(image), "release", envelope, "--user-metadata", "build=7", "--expiry", "24h")

    verification = await verify(image, trust)
    assert verification.verdict is Verdict.VERIFIED
    assert verification.formats == (Format.NOTATION,)
    assert verification.identities == (Identity("CN=release,O=acme,ST=WA,C=US", "notation:ca:acme"),)
    assert notation.accepts(by_digest(image), "--user-metadata", "build=7")
    assert reason_of(await verify(image, replace(trust, annotations={"build": "8"}))) == Reason.ANNOTATIONS_DIFFER
    assert not notation.accepts(by_digest(image), "--user-metadata", "build=8")


KEYS: Final[dict[str, Callable[[], Any]]] = {
    "rsa-2048": lambda: rsa.generate_private_key(65537, 2048),
    "rsa-3072": lambda: rsa.generate_private_key(65537, 3072),
    "rsa-4096": lambda: rsa.generate_private_key(65537, 4096),
    "p-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p-521": lambda: ec.generate_private_key(ec.SECP521R1()),
}


@pytest.mark.parametrize("kind", KEYS)
async def test_each_kind_of_key_and_a_certificate_that_signed_itself(
    image: Image, notation: Notation, kind: str
) -> None:
    alone = certify(NAME.format("alone"), key=KEYS[kind]())
    notation.holds(alone=alone)
    trust = Trust(notation=notation.trusts({"ca:acme": [alone]}, policy()))

    for envelope in ENVELOPES:
        notation.sign(by_digest(image), "alone", envelope)

    verification = await verify(image, trust)
    assert [check.accepted for check in verification.checks] == [True, True]
    assert notation.accepts(by_digest(image))


@pytest.mark.parametrize("envelope", ENVELOPES)
async def test_what_the_tests_sign_is_what_notation_signs(
    image: Image, notation: Notation, root: Certified, release: Certified, envelope: str
) -> None:
    trust = Trust(notation=notation.trusts({"ca:acme": [root]}, policy()))
    make = {"jws": jws, "cose": cose}[envelope]

    await push_notation(image, make(target(image), release, expires=NOW + YEAR), MEDIA_TYPES[envelope])

    assert notation.accepts(by_digest(image))
    assert reason_of(await verify(image, trust)) == ""


def damaged(raw: bytes, envelope: str) -> bytes:
    """A signature of which one bit is another."""
    if envelope == "cose":
        parts = list(cbor2.loads(raw).value)
        parts[3] = parts[3][:-1] + bytes([parts[3][-1] ^ 1])
        return cbor2.dumps(cbor2.CBORTag(18, parts))
    document = json.loads(raw)
    signature = bytearray(base64.urlsafe_b64decode(document["signature"] + "=="))
    signature[-1] ^= 1
    return json.dumps(document | {"signature": base64.urlsafe_b64encode(signature).decode().rstrip("=")}).encode()


@pytest.mark.parametrize("envelope", ENVELOPES)
async def test_a_signature_that_was_changed_or_moved_is_refused_by_both(
    image: Image, stores: Stores, notation: Notation, root: Certified, envelope: str
) -> None:
    trust = Trust(notation=notation.trusts({"ca:acme": [root]}, policy()))
    notation.sign(by_digest(image), "release", envelope)
    raw = await envelope_of(image)
    verdicts = {}
    for name, content in (("same", raw), ("changed", damaged(raw, envelope))):
        other = await push(f"{image.repository}-{name}:1.0", stores)
        await push_notation(other, content, MEDIA_TYPES[envelope])
        verdicts[name] = reason_of(await verify(other, trust)), notation.accepts(by_digest(other))

    assert verdicts == {"same": (Reason.OTHER_IMAGE, False), "changed": (Reason.BAD_SIGNATURE, False)}


@dataclass(frozen=True)
class Case:
    """A policy over an image that "release" signed in both envelopes, and what uc and notation say.

    Attributes:
        reason: of uc; empty where it is verified.
        accepted: by notation.
        store: what the trust store holds: "root" or "stranger".
        statements: of the trust policy; ``{repository}`` in a scope is the image's.
        key: who signs.
    """

    reason: str
    accepted: bool
    statements: Sequence[Mapping[str, Any]] = field(default_factory=lambda: [policy()])
    store: str = "root"
    key: str = "release"


OTHERS = policy(name="others", stores=["ca:others"])
HERE = ["{repository}"]
CASES: Final = {
    "trusted": Case("", True),
    "a stranger": Case(Reason.CERTIFICATE, False, key="stranger"),
    "whoever signed their own certificate": Case(Reason.CERTIFICATE, False, key="alone"),
    "another trust store": Case(Reason.CERTIFICATE, False, store="stranger"),
    "another identity": Case(
        Reason.IDENTITY, False, [policy(identities=["x509.subject: C=US, ST=WA, O=acme, CN=nightly"])]
    ),
    "one of two identities": Case(
        "", True, [policy(identities=[f"x509.subject: C=US, ST=WA, O=acme, CN={name}" for name in ("x", "release")])]
    ),
    "a policy for this repository": Case("", True, [OTHERS, policy(scopes=HERE)]),
    "a policy for all but this": Case(Reason.CERTIFICATE, False, [policy(), OTHERS | {"registryScopes": HERE}]),
    "a policy for others": Case(Reason.POLICY, False, [policy(scopes=["registry.example/acme/app"])]),
    "a stranger, only audited": Case(Reason.CERTIFICATE, True, [policy(level="audit")], key="stranger"),
    "skipped": Case(Reason.POLICY, True, [policy(scopes=HERE, level="skip")]),
    "a timestamp is wanted": Case(Reason.NO_TIME, False, [policy(stores=["ca:acme", "tsa:clock"])]),
    "a timestamp is wanted later": Case(
        "", True, [policy(stores=["ca:acme", "tsa:clock"], verifyTimestamp="afterCertExpiry")]
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_both_judge_by_the_same_policy(
    image: Image, notation: Notation, root: Certified, stranger: Certified, name: str
) -> None:
    case, anchor = CASES[name], stranger.chain[-1]
    foreign = Certified(stranger.key, anchor)
    stores = {"ca:acme": [root if case.store == "root" else foreign], "ca:others": [foreign], "tsa:clock": [root]}
    statements = [
        {**item, "registryScopes": [scope.format(repository=image.repository) for scope in item["registryScopes"]]}
        for item in case.statements
    ]
    trust = Trust(notation=notation.trusts(stores, *statements))
    for envelope in ENVELOPES:
        notation.sign(by_digest(image), case.key, envelope)

    verification = await verify(image, trust)

    assert {str(check.reason or "") for check in verification.checks} == {case.reason}
    assert (reason_of(verification), notation.accepts(by_digest(image))) == (case.reason, case.accepted)


@contextmanager
def served(content: Mapping[str, bytes]) -> Iterator[str]:
    """Serves files on a loopback port; yields the address of its root."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = content.get(self.path, b"")
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("file", "override", "reason", "accepted"),
    [
        ("good", {}, "", True),
        ("revoked", {}, Reason.REVOKED, False),
        ("revoked", {"revocation": "log"}, "", True),
        ("revoked", {"revocation": "skip"}, "", True),
        ("old", {}, "could-not-check", False),
        ("old", {"revocation": "log"}, "", True),
        ("forged", {}, "could-not-check", False),
        ("none", {}, "could-not-check", False),
    ],
)
async def test_notation_asks_the_network_for_what_is_revoked_and_uc_files(
    image: Image,
    notation: Notation,
    root: Certified,
    stranger: Certified,
    file: str,
    override: Mapping[str, str],
    reason: str,
    accepted: bool,
) -> None:
    lists: dict[str, bytes] = {}
    with served(lists) as url:
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(f"{url}/list")], None, None, None)
        signer = certify(NAME.format("listed"), root, more=[(x509.CRLDistributionPoints([point]), False)])
        number = [(x509.CRLNumber(1), False)]
        made = {
            "good": revoke(root, more=number),
            "revoked": revoke(root, signer, more=number),
            "old": revoke(root, valid=(NOW - YEAR, NOW - timedelta(days=1)), more=number),
            "forged": revoke(root, by=stranger, more=number),
        }
        files = []
        if file in made:
            path = notation.home / "list.crl"
            path.write_bytes(made[file])
            files.append(path)
            lists["/list"] = x509.load_pem_x509_crl(made[file]).public_bytes(Encoding.DER)
        notation.holds(listed=signer)
        trust = Trust(notation=notation.trusts({"ca:acme": [root]}, policy(override=override), revoked=files))
        notation.sign(by_digest(image), "listed", "jws")

        assert (reason_of(await verify(image, trust)), notation.accepts(by_digest(image))) == (reason, accepted)


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with timestamp_authority(tmp_path_factory.mktemp("clock"), digests="sha256, sha384, sha512") as running:
        yield running


@pytest.mark.parametrize("envelope", ENVELOPES)
async def test_a_timestamp_proves_that_a_certificate_was_valid(
    image: Image, stores: Stores, notation: Notation, root: Certified, clock: Authority, envelope: str
) -> None:
    other = await push(f"{image.repository}-bare:1.0", stores)
    ends = datetime.now(UTC) + timedelta(seconds=4)
    brief = certify(NAME.format("brief"), root, valid=(NOW - YEAR, ends))
    hour = Certified(brief.key, x509.load_pem_x509_certificate((clock.folder / "root.pem").read_bytes()))
    notation.holds(brief=brief)
    notation.sign(by_digest(other), "brief", envelope)
    stamped = ("--timestamp-url", clock.url, "--timestamp-root-cert", clock.folder / "root.pem")
    notation.sign(by_digest(image), "brief", envelope, *stamped)
    time.sleep(max(0.0, (ends - datetime.now(UTC)).total_seconds()) + 1)

    verdicts, times = {}, []
    for name, store in (("trusted", hour), ("not trusted", root), ("not asked", None)):
        home = replace(notation, home=notation.home / name)
        home.folder.mkdir(parents=True)
        names = ["ca:acme", *(["tsa:clock"] if store else [])]
        stored = {"ca:acme": [root], **({"tsa:clock": [store]} if store else {})}
        trust = Trust(notation=home.trusts(stored, policy(stores=names)))
        for kind, which in (("with", image), ("without", other)):
            verification = await verify(which, trust)
            times += [check.signed_at for check in verification.accepted]
            verdicts[name, kind] = reason_of(verification), home.accepts(by_digest(which))

    assert verdicts == {
        ("trusted", "with"): ("", True),
        ("trusted", "without"): (Reason.NO_TIME, False),
        ("not trusted", "with"): (Reason.TIMESTAMP, False),
        ("not trusted", "without"): (Reason.NO_TIME, False),
        ("not asked", "with"): (Reason.EXPIRED, False),
        ("not asked", "without"): (Reason.EXPIRED, False),
    }
    assert [NOW <= moment <= ends for moment in times if moment] == [True]


async def test_a_signature_ends_when_its_signer_wants(image: Image, notation: Notation, root: Certified) -> None:
    trust = Trust(notation=notation.trusts({"ca:acme": [root]}, policy()))
    notation.sign(by_digest(image), "release", "jws", "--expiry", "1s")
    notation.sign(by_digest(image), "release", "cose", "--expiry", "1s")
    time.sleep(2)

    assert (reason_of(await verify(image, trust)), notation.accepts(by_digest(image))) == (Reason.EXPIRED, False)
