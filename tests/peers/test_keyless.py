"""uc and cosign sign with identities, on one sigstore, and believe each other; what fails leaves nothing behind."""

import asyncio
import base64
import hashlib
import json
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier, policy
from tests.support.answering import Asked, Said, answering, forwarded
from tests.support.cosign import Cosign, CosignRefusedError
from tests.support.images import AMD64, ARM64, push_image, push_index
from tests.support.oidc import GITHUB
from tests.support.servers import RegistryServer, free_port
from tests.support.sigstore_stack import Sigstore

from undercurrent.errors import BadContent, TimedOut, Unauthorized, UndercurrentError, Unreachable, UsageError
from undercurrent.net import Client
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import Manifest
from undercurrent.oci.reference import Reference
from undercurrent.oci.store import read_blob
from undercurrent.oci.stores import Stores
from undercurrent.settings import NetSettings
from undercurrent.signing import bundle
from undercurrent.signing.attest import attest
from undercurrent.signing.bundle import MessageSignature
from undercurrent.signing.checks import Format, Reason, Trust
from undercurrent.signing.identities import Identity, IdentityPattern
from undercurrent.signing.keyless.instance import Instance, parse_trust_config
from undercurrent.signing.keyless.signatory import KeylessSignatory
from undercurrent.signing.keyless.sources import given
from undercurrent.signing.sign import sign
from undercurrent.signing.verify import Verdict, verify, verify_attestation

BUNDLES: Final = (Format.BUNDLE,)
SBOM: Final = {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "café", "packages": []}
WORKFLOW: Final = f"https://github.com/{GITHUB['job_workflow_ref']}"
SIZE_LIMIT: Final = 1024 * 1024


@pytest.fixture(scope="module")
def cosign(tmp_path_factory: pytest.TempPathFactory) -> Cosign:
    """cosign, which has no key."""
    return Cosign(tmp_path_factory.mktemp("cosign"))


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client(NetSettings(retries=0)) as running:
        yield running


@pytest.fixture
async def image(registry_server: RegistryServer, repository_name: str, stores: Stores) -> Image:
    """An index of two platforms in a repository of its own."""
    return await push(f"{registry_server.host}/{repository_name}:1.0", stores)


@pytest.fixture
async def somewhere(with_referrers: RegistryServer, repository_name: str, stores: Stores) -> Image:
    """The same, in one registry only."""
    return await push(f"{with_referrers.host}/{repository_name}:1.0", stores)


async def push(name: str, stores: Stores) -> Image:
    repository = stores.repository(Reference.parse(name))
    one = {
        platform: await push_image(repository, {"motd": f"{name} {platform}".encode()}, platform=platform)
        for platform in (AMD64, ARM64)
    }
    await push_index(repository, one, name.rpartition(":")[2])
    return await stores.image(name)


def person(sigstore: Sigstore) -> tuple[str, Identity]:
    return sigstore.issuer.of_person(), Identity("ada@example.com", sigstore.issuer.people)


def job(sigstore: Sigstore) -> tuple[str, Identity]:
    return sigstore.issuer.of_job(), Identity(WORKFLOW, sigstore.issuer.jobs)


def instance_of(sigstore: Sigstore) -> Instance:
    return parse_trust_config(sigstore.trust_config.read_bytes(), "the configuration")


async def sign_with(instance: Instance, token: str, image: Image, client: Client) -> None:
    signatory = await KeylessSignatory(instance, given(token)(""), client).opened()
    await sign(image, signatory, formats=BUNDLES)


async def signing_as(token: str, sigstore: Sigstore, client: Client, **more: Any) -> KeylessSignatory:
    return await KeylessSignatory(instance_of(sigstore), given(token)(""), client, **more).opened()


def trusting(identity: Identity, sigstore: Sigstore) -> Trust:
    pattern = IdentityPattern(identity.subject, identity.issuer)
    return Trust(identities=(pattern,), root=instance_of(sigstore).root)


def others(identity: Identity) -> tuple[Identity, ...]:
    return replace(identity, subject="mallory@example.com"), replace(identity, issuer="https://accounts.example.com")


def by_digest(image: Image) -> str:
    return f"{image.repository}@{image.digest}"


async def bundles_on(image: Image) -> list[bytes]:
    found = []
    for referrer in await image.store.referrers(image.digest):
        manifest = await image.store.manifest(referrer)
        assert isinstance(manifest, Manifest)
        found.append(await read_blob(image.store, manifest.layers[0], SIZE_LIMIT))
    return found


def certificate_in(raw: bytes) -> str:
    certificate: str = json.loads(raw)["verificationMaterial"]["certificate"]["rawBytes"]
    return certificate


# What uc makes


@pytest.mark.parametrize("whom", [person, job])
async def test_cosign_accepts_what_uc_makes(
    whom: Any, image: Image, sigstore: Sigstore, client: Client, cosign: Cosign
) -> None:
    token, identity = whom(sigstore)
    signatory = await signing_as(token, sigstore, client)
    assert signatory.maker == identity
    await sign(image, signatory, formats=BUNDLES, annotations={"colour": "green"}, recursive=True)
    for one in (image, *await image.platforms()):
        (claim,) = cosign.verify_as(by_digest(one), identity, sigstore)
        assert claim["critical"]["image"]["docker-manifest-digest"] == one.digest
        assert claim["optional"]["colour"] == "green"
        for other in others(identity):
            with pytest.raises(CosignRefusedError, match="no matching CertificateIdentity found"):
                cosign.verify_as(by_digest(one), other, sigstore)

    # Only now: cosign takes attestations for signatures.
    await attest(image, json.dumps(SBOM).encode(), "spdxjson", signatory, formats=BUNDLES)
    (envelope,) = cosign.verify_attestation_as(by_digest(image), "spdxjson", identity, sigstore)
    assert json.loads(base64.b64decode(envelope["payload"]))["predicate"] == SBOM
    with pytest.raises(CosignRefusedError):
        cosign.verify_attestation_as(by_digest(image), "spdxjson", others(identity)[0], sigstore)


@pytest.mark.parametrize("whom", [person, job])
async def test_sigstore_python_accepts_what_uc_makes(
    whom: Any, somewhere: Image, sigstore: Sigstore, client: Client
) -> None:
    token, identity = whom(sigstore)
    await sign(somewhere, await signing_as(token, sigstore, client), formats=BUNDLES)
    (raw,) = await bundles_on(somewhere)
    verifier = Verifier(trusted_root=TrustedRoot.from_file(str(sigstore.trusted_root)))
    expected = policy.Identity(identity=identity.subject, issuer=identity.issuer)
    _type, payload = verifier.verify_dsse(Bundle.from_json(raw), expected)
    assert json.loads(payload)["subject"][0]["digest"] == {"sha256": somewhere.digest.encoded}


async def test_files_are_signed_so_that_others_accept_it(
    sigstore: Sigstore, client: Client, cosign: Cosign, tmp_path: Path
) -> None:
    message, (token, identity) = tmp_path / "message", person(sigstore)
    message.write_bytes(b"a release")
    signed = await (await signing_as(token, sigstore, client)).sign(b"a release")
    digest = MessageSignature("SHA2_256", hashlib.sha256(b"a release").digest(), signed.signature)
    (tmp_path / "bundle.json").write_bytes(bundle.dump(digest, signed.material))

    verifier = Verifier(trusted_root=TrustedRoot.from_file(str(sigstore.trusted_root)))
    expected = policy.Identity(identity=identity.subject, issuer=identity.issuer)
    verifier.verify_artifact(b"a release", Bundle.from_json((tmp_path / "bundle.json").read_text()), expected)
    whom = ("--certificate-identity", identity.subject, "--certificate-oidc-issuer", identity.issuer)
    root = ("--trusted-root", sigstore.trusted_root)
    cosign.run("verify-blob", "--bundle", tmp_path / "bundle.json", *whom, *root, message)
    message.write_bytes(b"another release")
    with pytest.raises(CosignRefusedError):
        cosign.run("verify-blob", "--bundle", tmp_path / "bundle.json", *whom, *root, message)


async def test_signing_again_as_the_same_identity_adds_nothing(
    image: Image, sigstore: Sigstore, client: Client
) -> None:
    for token, added in ((person(sigstore)[0], True), (person(sigstore)[0], False), (job(sigstore)[0], True)):
        signatory = await signing_as(token, sigstore, client)
        signed = await sign(image, signatory, formats=BUNDLES, recursive=True)
        attested = await attest(image, json.dumps(SBOM).encode(), "spdxjson", signatory, formats=BUNDLES)
        assert (signed.changed, attested.changed) == (added, added)


# What cosign makes


@pytest.mark.parametrize("whom", [person, job])
async def test_uc_accepts_what_cosign_makes(
    whom: Any, image: Image, sigstore: Sigstore, cosign: Cosign, tmp_path: Path
) -> None:
    token, identity = whom(sigstore)
    predicate = tmp_path / "sbom.json"
    predicate.write_text(json.dumps(SBOM))
    cosign.sign_as(by_digest(image), token, sigstore)
    cosign.attest_as(by_digest(image), predicate, "spdxjson", token, sigstore)

    verified = await verify(image, trusting(identity, sigstore))
    assert verified.verdict is Verdict.VERIFIED
    assert [check.maker for check in verified.checks if check.accepted] == [identity]
    attested = await verify_attestation(image, "spdxjson", trusting(identity, sigstore))
    assert attested.verdict is Verdict.VERIFIED
    for other in others(identity):
        refused = await verify(image, trusting(other, sigstore))
        assert refused.verdict is Verdict.UNTRUSTED
        assert {check.reason for check in refused.checks} == {Reason.IDENTITY}


# Many images, one certificate


async def test_a_batch_shares_a_certificate_and_waits_for_the_log_together(
    with_referrers: RegistryServer, sigstore: Sigstore, client: Client, stores: Stores
) -> None:
    names = [f"{with_referrers.host}/tests/batch/{number}:1.0" for number in range(50)]
    for name in names:
        await push_image(stores.repository(Reference.parse(name)), {"motd": name.encode()}, "1.0")
    images = [await stores.image(name) for name in names]
    signatory = await signing_as(person(sigstore)[0], sigstore, client)

    began = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for image in images:
            tasks.create_task(sign(image, signatory, formats=BUNDLES))
    print(f"50 images signed without a key in {time.monotonic() - began:.1f} s")  # noqa: T201 - a figure, no verdict

    bundles = [bundle for image in images for bundle in await bundles_on(image)]
    assert len(bundles) == len(images)
    assert len({certificate_in(bundle) for bundle in bundles}) == 1


async def test_a_certificate_is_renewed_once_for_all_before_it_ends(
    somewhere: Image, sigstore: Sigstore, client: Client
) -> None:
    """Fulcio's certificates live for ten minutes; this signatory counts on half a second of them."""
    margin = timedelta(minutes=10, seconds=-0.5)
    signatory = await signing_as(person(sigstore)[0], sigstore, client, margin=margin)
    first = (await signatory.sign(b"first")).material.certificate
    await asyncio.sleep(0.5)
    renewed = await asyncio.gather(*(signatory.sign(b"%d" % number) for number in range(5)))
    assert {one.material.certificate for one in renewed} - {first}
    assert len({one.material.certificate for one in renewed}) == 1
    assert signatory.maker == person(sigstore)[1]
    await sign(somewhere, signatory, formats=BUNDLES)


async def test_a_certificate_is_not_renewed_as_somebody_else(sigstore: Sigstore, client: Client) -> None:
    tokens = iter([sigstore.issuer.of_person(), sigstore.issuer.of_person("eve@example.com")])

    async def changing() -> Any:
        return await given(next(tokens))("")()

    signatory = await KeylessSignatory(instance_of(sigstore), changing, client, margin=timedelta(minutes=10)).opened()
    with pytest.raises(UndercurrentError, match=r"renewed for eve@example\.com instead of ada@example\.com"):
        await signatory.sign(b"message")


# What fails


@pytest.mark.parametrize(
    ("broken", "service"),
    [
        ("authority", "certificate authority"),
        ("logs", "transparency log"),
        ("timestamp_authorities", "timestamp authority"),
    ],
)
async def test_where_a_service_is_down_nothing_is_attached(
    broken: str, service: str, somewhere: Image, sigstore: Sigstore, client: Client
) -> None:
    instance = instance_of(sigstore)
    found = getattr(instance, broken)
    one = found[0] if isinstance(found, tuple) else found
    gone = replace(one, url=f"http://127.0.0.1:{free_port()}")
    changed: Any = {broken: (gone,) if isinstance(found, tuple) else gone}
    with pytest.raises(Unreachable, match=rf"the {service}: .* refuses connections"):
        await sign_with(replace(instance, **changed), person(sigstore)[0], somewhere, client)
    assert await bundles_on(somewhere) == []


def through(url: str, sigstore: Sigstore) -> Instance:
    """The instance, whose log is asked through ``url``."""
    instance = instance_of(sigstore)
    return replace(instance, logs=(replace(instance.logs[0], url=url),))


async def test_a_log_that_is_overloaded_is_asked_again(somewhere: Image, sigstore: Sigstore) -> None:
    busy = [Said(b"", 503), Said(b"", 429, {"Retry-After": "0"})]
    with answering(lambda asked: busy.pop() if busy else forwarded(sigstore.urls.rekor, asked)) as log:
        async with Client(NetSettings()) as patient:
            await sign_with(through(log.url, sigstore), person(sigstore)[0], somewhere, patient)
    assert len(log.asked) == 3
    assert len(await bundles_on(somewhere)) == 1


async def test_what_a_log_says_about_another_signature_is_not_attached(
    somewhere: Image, sigstore: Sigstore, client: Client
) -> None:
    entered: list[Said] = []

    def stubborn(asked: Asked) -> Said:
        """Enters the first signature, and answers with that entry ever after."""
        entered.append(entered[0] if entered else forwarded(sigstore.urls.rekor, asked))
        return entered[-1]

    with answering(stubborn) as log:
        signatory = KeylessSignatory(through(log.url, sigstore), given(person(sigstore)[0])(""), client)
        await (await signatory.opened()).sign(b"first")
        with pytest.raises(BadContent, match="what the services answered does not verify: its log entry"):
            await sign(somewhere, signatory, formats=BUNDLES)
    assert await bundles_on(somewhere) == []


async def test_an_authority_whose_log_hangs_is_not_waited_for_for_ever(
    sigstore: Sigstore, client: Client, tmp_path: Path
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with sigstore.another_fulcio(tmp_path, f"http://127.0.0.1:{silent.getsockname()[1]}/log") as url:
            hanging = replace(instance_of(sigstore), authority=replace(instance_of(sigstore).authority, url=url))
            signatory = KeylessSignatory(hanging, given(person(sigstore)[0])(""), client, patience_s=1.0)
            with pytest.raises(TimedOut, match="the certificate authority did not answer within 1 seconds"):
                await signatory.opened()


async def test_a_token_that_has_ended_is_not_even_sent(sigstore: Sigstore, client: Client) -> None:
    with pytest.raises(UsageError, match="the identity token ended at"):
        await signing_as(sigstore.issuer.of_person(exp=int(time.time()) - 120), sigstore, client)


@pytest.mark.parametrize(
    "claims",
    [{"aud": "somebody else"}, {"iss": "http://127.0.0.1:1"}, {"email_verified": False}],
    ids=["audience", "issuer", "unverified e-mail"],
)
async def test_a_token_that_fulcio_does_not_accept_says_what_it_has_to_be(
    claims: dict[str, Any], sigstore: Sigstore, client: Client
) -> None:
    with pytest.raises(
        Unauthorized, match="is not accepted: There was an error processing the identity token"
    ) as error:
        await signing_as(sigstore.issuer.of_person(**claims), sigstore, client)
    assert "audience sigstore" in error.value.hint


async def test_what_another_instance_answers_is_not_believed(
    somewhere: Image, sigstore: Sigstore, client: Client
) -> None:
    instance = instance_of(sigstore)
    known = instance.root
    for others_root in (
        replace(known, authorities=()),
        replace(known, certificate_logs=known.logs),
        replace(known, logs=known.certificate_logs),
    ):
        with pytest.raises(BadContent, match="does not verify") as error:
            await sign_with(replace(instance, root=others_root), person(sigstore)[0], somewhere, client)
        assert "uc trust show" in error.value.hint
    assert await bundles_on(somewhere) == []
