"""The format between tags and bundles: a referrer with a layer for each signature. It is read, and fails closed."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.support.signatures import (
    FailingLayout,
    push_older_referrer,
    push_referrer,
)
from tests.support.tricks import older_attestation, older_signature

from undercurrent.errors import RateLimited
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.oci.store import Store
from undercurrent.signing import dsse, statement
from undercurrent.signing import verify as verifying
from undercurrent.signing.attached import Kind, attached, glance
from undercurrent.signing.checks import Format, Reason, Trust
from undercurrent.signing.keys import PrivateKey
from undercurrent.signing.predicates import COSIGN_SIGN, CYCLONEDX
from undercurrent.signing.sign import BOTH, sign
from undercurrent.signing.signatory import KeySignatory
from undercurrent.signing.verify import Verdict, verify, verify_attestation


class Misnaming(Layout):
    """A layout whose list of referrers calls them something else than their manifests do, as registries may."""

    def __init__(self, store: Store, kind: Callable[[str], str]) -> None:
        assert isinstance(store, Layout)
        super().__init__(store.path)
        self._kind = kind

    async def referrers(self, subject: Digest, artifact_type: str = "") -> tuple[Descriptor, ...]:
        found = await super().referrers(subject, artifact_type)
        return tuple(replace(entry, artifact_type=self._kind(entry.artifact_type)) for entry in found)


@pytest.mark.parametrize(
    ("artifact_type", "config_type"),
    [
        (mediatypes.COSIGN_SIGNATURE, mediatypes.COSIGN_SIGNATURE),
        (mediatypes.COSIGN_SIGNATURE, mediatypes.OCI_EMPTY),
        ("", mediatypes.COSIGN_SIGNATURE),
    ],
)
@pytest.mark.parametrize("listing", [lambda kind: kind, lambda _kind: "", lambda _kind: mediatypes.OCI_EMPTY])
async def test_signatures_in_a_referrer_count_however_it_is_listed(
    image: Image,
    signer: PrivateKey,
    trust: Trust,
    stranger: PrivateKey,
    artifact_type: str,
    config_type: str,
    listing: Callable[[str], str],
) -> None:
    layers = [await older_signature(image, key) for key in (stranger, signer)]
    manifest = await push_older_referrer(image, *layers, artifact_type=artifact_type, config_type=config_type)
    image = replace(image, store=Misnaming(image.store, listing))

    verification = await verify(image, trust)

    assert (verification.verdict, verification.formats) == (Verdict.VERIFIED, (Format.REFERRER,))
    assert [(check.where, check.reason) for check in verification.checks] == [
        (f"{manifest.digest}#0", Reason.UNTRUSTED_KEY),
        (f"{manifest.digest}#1", None),
    ]
    assert verification.accepted[0].reference == image.repository
    assert (await verify_attestation(image, "cyclonedx", trust)).verdict is Verdict.UNSIGNED
    assert (await glance(image)).signatures == (Format.REFERRER,)
    tree = await attached(image, trust=trust)
    assert [(item.kind, item.format, item.check and item.check.accepted) for item in tree.attachments] == [
        (Kind.SIGNATURE, Format.REFERRER, False),
        (Kind.SIGNATURE, Format.REFERRER, True),
    ]
    assert (await sign(image, KeySignatory(signer))).added == BOTH


async def test_attestations_in_a_referrer_count_and_what_nobody_signed_does_not(
    image: Image, signer: PrivateKey, trust: Trust
) -> None:
    layer = await older_attestation(image, signer)
    await push_older_referrer(image, layer, artifact_type=dsse.IN_TOTO, config_type=mediatypes.OCI_EMPTY)
    payload = statement.build_attestation("x", image.digest, "https://slsa.dev/provenance/v1", b"{}")
    await push_referrer(image, payload, artifact_type=dsse.IN_TOTO, layer_type=dsse.IN_TOTO)

    found = await verify_attestation(image, "cyclonedx", trust)
    assert (found.verdict, found.formats) == (Verdict.VERIFIED, (Format.REFERRER,))
    assert (await verify_attestation(image, "slsaprovenance1", trust)).verdict is Verdict.UNSIGNED
    assert (await verify(image, trust)).verdict is Verdict.UNSIGNED
    seen = await glance(image)
    assert (seen.signatures, seen.predicate_types, seen.sbom) == ((), (CYCLONEDX,), True)
    tree = await attached(image, trust=trust)
    assert {(item.kind, item.type) for item in tree.attachments} == {
        (Kind.ATTESTATION, CYCLONEDX),
        (Kind.OTHER, dsse.IN_TOTO),
    }


async def test_annotations_that_are_asked_for_must_be_signed(image: Image, signer: PrivateKey) -> None:
    await push_older_referrer(image, await older_signature(image, signer, team="web"))

    for value, verdict in (("web", Verdict.VERIFIED), ("ops", Verdict.UNTRUSTED)):
        assert (await verify(image, Trust((signer.public,), {"team": value}))).verdict is verdict


@pytest.mark.parametrize("actual", ["application/vnd.acme", mediatypes.SIGSTORE_BUNDLE, dsse.IN_TOTO])
async def test_what_is_listed_as_a_signature_and_is_none_is_refused(
    image: Image, signer: PrivateKey, trust: Trust, actual: str
) -> None:
    await push_older_referrer(image, await older_signature(image, signer), artifact_type=actual)
    listed = replace(image, store=Misnaming(image.store, lambda _kind: mediatypes.COSIGN_SIGNATURE))

    verification = await verify(listed, trust)

    assert verification.verdict is Verdict.UNTRUSTED
    assert [check.reason for check in verification.checks] == [Reason.NOT_WHAT_IT_SAYS]


async def test_an_attestation_that_calls_itself_a_signature_is_none(
    image: Image, signer: PrivateKey, trust: Trust
) -> None:
    layer = await older_attestation(image, signer, said=COSIGN_SIGN, predicate_type=COSIGN_SIGN)
    await push_older_referrer(image, layer, artifact_type=dsse.IN_TOTO)

    assert (await verify(image, trust)).verdict is Verdict.UNSIGNED


async def test_what_calls_itself_another_attestation_than_it_is_is_refused(
    image: Image, signer: PrivateKey, trust: Trust
) -> None:
    await push_older_referrer(
        image, await older_attestation(image, signer, said="https://slsa.dev/x"), artifact_type=dsse.IN_TOTO
    )

    found = await verify_attestation(image, "https://slsa.dev/x", trust)

    assert [check.reason for check in found.checks] == [Reason.NOT_WHAT_IT_SAYS]
    assert (await verify_attestation(image, "cyclonedx", trust)).verdict is Verdict.UNSIGNED


async def test_a_store_that_does_not_answer_leaves_the_image_unknown(
    image: Image, signer: PrivateKey, trust: Trust
) -> None:
    manifest = await push_older_referrer(image, await older_signature(image, signer), artifact_type="")
    assert isinstance(image.store, Layout)
    store = FailingLayout(
        image.store,
        lambda method, about: RateLimited("later") if (method, about) == ("manifest", manifest.digest) else None,
    )

    assert (await verify(replace(image, store=store), trust)).verdict is Verdict.COULD_NOT_CHECK


async def test_there_is_an_end_to_how_many_are_read(
    image: Image, signer: PrivateKey, trust: Trust, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "MAX_REFERRERS", 3)
    stranger = PrivateKey.generate()
    for name in "ab":
        await push_older_referrer(image, *[await older_signature(image, stranger, n=name)] * 2)

    verification = await verify(image, trust)

    assert [check.reason for check in verification.checks] == [Reason.UNTRUSTED_KEY] * 4 + [Reason.TOO_LARGE]
