import json
from pathlib import Path

import pytest

from undercurrent.errors import UsageError
from undercurrent.oci import mediatypes
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import Manifest
from undercurrent.oci.store import read_blob
from undercurrent.signing.attest import attest
from undercurrent.signing.checks import Format, Trust
from undercurrent.signing.keys import PrivateKey, load_signer
from undercurrent.signing.places import ATTESTATIONS, legacy_manifest
from undercurrent.signing.sign import sign
from undercurrent.signing.signatory import KeySignatory
from undercurrent.signing.verify import Verdict, verify, verify_attestation

BOTH = (Format.BUNDLE, Format.LEGACY)
SBOM = b'{ "bomFormat": "CycloneDX",\n  "components": [ {"version": 1.0} ] }\n'


async def legacy(image: Image) -> Manifest:
    manifest = await legacy_manifest(image.store, image.digest, ATTESTATIONS)
    assert manifest is not None
    return manifest


async def test_both_formats_are_written_as_cosign_writes_them(image: Image, signer: PrivateKey) -> None:
    attested = await attest(image, SBOM, "cyclonedx", KeySignatory(signer))

    assert (attested.added, attested.present, attested.changed) == (BOTH, (), True)
    assert attested.predicate_type == "https://cyclonedx.org/bom"

    [layer] = (await legacy(image)).layers
    assert layer.media_type == mediatypes.DSSE_ENVELOPE
    assert layer.annotations == {
        "dev.cosignproject.cosign/signature": "",
        "predicateType": "https://cyclonedx.org/bom",
    }
    envelope = json.loads(await read_blob(image.store, layer, 10_000))
    assert list(envelope) == ["payload", "payloadType", "signatures"]

    [referrer] = await image.store.referrers(image.digest)
    assert referrer.annotations["dev.sigstore.bundle.predicateType"] == "https://cyclonedx.org/bom"

    verified = await verify_attestation(image, "cyclonedx", Trust((signer.public,)))
    assert verified.formats == BOTH
    [statement] = verified.statements
    assert statement.predicate_bytes == SBOM.strip()
    assert statement.subjects[0].name == "registry.example/acme/app"
    assert json.loads(statement.raw)["_type"] == "https://in-toto.io/Statement/v0.1"


async def test_the_same_again_is_left_alone_and_anything_else_is_added(
    image: Image, signer: PrivateKey, stranger: PrivateKey
) -> None:
    await attest(image, SBOM, "cyclonedx", KeySignatory(signer))

    again = await attest(image, SBOM, "https://cyclonedx.org/bom", KeySignatory(signer))
    assert (again.added, again.present, again.changed) == ((), BOTH, False)
    for predicate, kind, key in (
        (SBOM.replace(b"1.0", b"2.0"), "cyclonedx", signer),
        (SBOM, "https://cyclonedx.org/bom/v1.6", signer),
        (SBOM, "cyclonedx", stranger),
    ):
        assert (await attest(image, predicate, kind, KeySignatory(key))).added == BOTH
    assert len((await legacy(image)).layers) == len(await image.store.referrers(image.digest)) == 4


async def test_only_the_missing_format_is_added(image: Image, signer: PrivateKey) -> None:
    await attest(image, SBOM, "cyclonedx", KeySignatory(signer), formats=(Format.LEGACY,))
    planned = await attest(image, SBOM, "cyclonedx", KeySignatory(signer), dry_run=True)
    assert await image.store.referrers(image.digest) == ()

    attested = await attest(image, SBOM, "cyclonedx", KeySignatory(signer))

    assert attested == planned
    assert (attested.added, attested.present) == ((Format.BUNDLE,), (Format.LEGACY,))
    assert len((await legacy(image)).layers) == 1


async def test_what_cosign_attested_in_other_bytes_counts(recorded: Image, recorded_keys: Path) -> None:
    signer = load_signer(recorded_keys / "cosign.key", b"")
    as_recorded = b'{"bomFormat":"CycloneDX","specVersion":"1.6","x":"<\xc3\xa9&>","n":1.0,"components":[]}'

    assert (await attest(recorded, as_recorded, "cyclonedx", KeySignatory(signer), dry_run=True)).present == BOTH
    assert (await attest(recorded, b"{}", "cyclonedx", KeySignatory(signer), dry_run=True)).added == BOTH


async def test_a_predicate_of_20_megabytes_goes_through(image: Image, signer: PrivateKey) -> None:
    large = json.dumps({"packages": ["x" * 1000] * 20_000}).encode()

    await attest(image, large, "spdxjson", KeySignatory(signer))

    [statement] = (await verify_attestation(image, "spdx", Trust((signer.public,)))).statements
    assert statement.predicate_bytes == large
    assert (await attest(image, large, "spdxjson", KeySignatory(signer))).present == BOTH


async def test_an_attestation_is_no_signature(image: Image, signer: PrivateKey) -> None:
    """cosign 3.1.3 verify, Kyverno and others take it for one; see policy tables of either."""
    await attest(image, b"{}", "slsaprovenance1", KeySignatory(signer))

    assert (await verify(image, Trust((signer.public,)))).verdict is Verdict.UNSIGNED


async def test_a_signature_is_no_attestation(image: Image, signer: PrivateKey) -> None:
    await sign(image, KeySignatory(signer))

    assert (await verify_attestation(image, "spdx", Trust((signer.public,)))).verdict is Verdict.UNSIGNED


@pytest.mark.parametrize(("predicate", "kind"), [(b"[]", "spdx"), (b"{}", "spdy")])
async def test_what_cannot_be_attested_is_refused_at_once(
    image: Image, signer: PrivateKey, predicate: bytes, kind: str
) -> None:
    with pytest.raises(UsageError):
        await attest(image, predicate, kind, KeySignatory(signer))
    assert await image.store.referrers(image.digest) == ()
