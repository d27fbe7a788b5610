"""What an attacker may put beside an image to have it verified. In each case the trusted key did sign something.

Each trick is played in a layout and in real registries, and cosign is asked as well.
"""

import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from tests.support.images import AMD64, push_image, push_index
from tests.support.signatures import (
    legacy_layer,
    push_legacy,
    push_older_referrer,
    push_referrer,
    signed_bundle,
    store_of,
)

from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import build_index
from undercurrent.signing import dsse, simplesigning, statement
from undercurrent.signing.algorithms import PrivateKey
from undercurrent.signing.checks import Format, Reason
from undercurrent.signing.examine import LEGACY_PREDICATE_TYPE, MAX_SIGNATURE, SIGNATURE
from undercurrent.signing.places import PREDICATE_TYPE, SIGNATURES, legacy_manifest, legacy_name
from undercurrent.signing.predicates import COSIGN_SIGN, CYCLONEDX
from undercurrent.signing.sign import sign
from undercurrent.signing.signatory import KeySignatory

__all__ = ["SAYS_SIGN", "TRICKS", "Trick", "older_attestation", "older_signature"]

SAYS_SIGN: Final = {PREDICATE_TYPE: COSIGN_SIGN}
NESTED: Final = b'{"x":' * 1000 + b"{}" + b"}" * 1000

Play: TypeAlias = Callable[[Image, Image, PrivateKey], Awaitable[None]]
"""Puts it beside the first image; the second one is another image in the same store."""
Layer: TypeAlias = tuple[Descriptor, bytes]


@dataclass(frozen=True, slots=True)
class Trick:
    """One of them.

    Attributes:
        play: does it.
        reason: why the signature is refused.
        fools: formats in which cosign 3.1.3 takes the image for signed, when asked for that format first.
    """

    play: Play
    reason: Reason
    fools: frozenset[Format] = frozenset()

    def __str__(self) -> str:
        return self.play.__name__


async def legacy_of_another_image(image: Image, other: Image, signer: PrivateKey) -> None:
    await sign(other, KeySignatory(signer), formats=(Format.LEGACY,))
    theirs = await legacy_manifest(other.store, other.digest, SIGNATURES)
    assert theirs is not None
    await store_of(image).push_manifest(theirs, legacy_name(image.digest, SIGNATURES))


async def bundle_of_another_image(image: Image, other: Image, signer: PrivateKey) -> None:
    await push_referrer(image, await signed_bundle(statement.build_signature(other.digest, {}), signer), SAYS_SIGN)


async def referrer_of_another_image(image: Image, other: Image, signer: PrivateKey) -> None:
    """Listed under this image, by a registry that lies or a fallback tag that anybody may write."""
    manifest = await push_referrer(
        image, await signed_bundle(statement.build_signature(image.digest, {}), signer), SAYS_SIGN, subject=other
    )
    fallback = build_index([manifest.referrer])
    await store_of(image).push_manifest(fallback, f"sha256-{image.digest.encoded}")


async def attestation_that_calls_itself_a_signature(image: Image, _other: Image, signer: PrivateKey) -> None:
    payload = statement.build_attestation("x", image.digest, "https://slsa.dev/provenance/v1", b"{}")
    await push_referrer(image, await signed_bundle(payload, signer), SAYS_SIGN)


async def attestation_among_legacy_signatures(image: Image, _other: Image, signer: PrivateKey) -> None:
    payload = statement.build_attestation("x", image.digest, COSIGN_SIGN, b"{}")
    await push_legacy(image, SIGNATURES, (await legacy_layer(payload, signer, mediatypes.DSSE_ENVELOPE), payload))


async def statement_as_legacy_payload(image: Image, _other: Image, signer: PrivateKey) -> None:
    payload = statement.build_signature(image.digest, {})
    await push_legacy(image, SIGNATURES, (await legacy_layer(payload, signer), payload))


async def signature_of_another_system(image: Image, _other: Image, signer: PrivateKey) -> None:
    payload = simplesigning.build("x", image.digest, {}).replace(b"cosign", b"atomic")
    await push_legacy(image, SIGNATURES, (await legacy_layer(payload, signer), payload))


async def legacy_payload_in_an_envelope(image: Image, _other: Image, signer: PrivateKey) -> None:
    payload = simplesigning.build("x", image.digest, {})
    bundle = await signed_bundle(payload, signer, payload_type=mediatypes.SIMPLE_SIGNING)
    await push_referrer(image, bundle, SAYS_SIGN)


async def two_signatures_in_one_envelope(image: Image, _other: Image, signer: PrivateKey) -> None:
    document = json.loads(await signed_bundle(statement.build_signature(image.digest, {}), signer))
    document["dsseEnvelope"]["signatures"] *= 2
    await push_referrer(image, json.dumps(document).encode(), SAYS_SIGN)


async def key_twice_in_the_statement(image: Image, other: Image, signer: PrivateKey) -> None:
    payload = statement.build_signature(image.digest, {})
    twice = payload.replace(b'"subject"', b'"subject":[{"digest":{"sha256":"%b"}}],"subject"' % other.digest.encode())
    await push_referrer(image, await signed_bundle(twice, signer), SAYS_SIGN)


async def digest_twice_in_the_payload(image: Image, other: Image, signer: PrivateKey) -> None:
    ours, theirs = str(image.digest).encode(), str(other.digest).encode()
    payload = simplesigning.build("x", image.digest, {})
    twice = payload.replace(b'"image":{', b'"image":{"docker-manifest-digest":"%b",' % theirs)
    assert ours in twice
    await push_legacy(image, SIGNATURES, (await legacy_layer(twice, signer), twice))


async def no_subject(image: Image, _other: Image, signer: PrivateKey) -> None:
    payload = statement.build_signature(image.digest, {})
    document = {**json.loads(payload), "subject": []}
    await push_referrer(image, await signed_bundle(json.dumps(document).encode(), signer), SAYS_SIGN)


async def payload_changed_after_signing(image: Image, other: Image, signer: PrivateKey) -> None:
    layer = await legacy_layer(simplesigning.build("x", other.digest, {}), signer)
    payload = simplesigning.build("x", image.digest, {})
    changed = replace(Descriptor.of(payload, layer.media_type), annotations=layer.annotations)
    await push_legacy(image, SIGNATURES, (changed, payload))


async def statement_changed_after_signing(image: Image, other: Image, signer: PrivateKey) -> None:
    document = json.loads(await signed_bundle(statement.build_signature(other.digest, {}), signer))
    document["dsseEnvelope"]["payload"] = base64.b64encode(statement.build_signature(image.digest, {})).decode()
    await push_referrer(image, json.dumps(document).encode(), SAYS_SIGN)


async def signature_missing(image: Image, _other: Image, _signer: PrivateKey) -> None:
    payload = simplesigning.build("x", image.digest, {})
    await push_legacy(image, SIGNATURES, (Descriptor.of(payload, mediatypes.SIMPLE_SIGNING), payload))


async def signature_that_is_no_base64(image: Image, _other: Image, _signer: PrivateKey) -> None:
    payload = simplesigning.build("x", image.digest, {})
    layer = Descriptor.of(payload, mediatypes.SIMPLE_SIGNING, annotations={SIGNATURE: "?"})
    await push_legacy(image, SIGNATURES, (layer, payload))


async def oversized_payload(image: Image, _other: Image, signer: PrivateKey) -> None:
    payload = simplesigning.build("x" * MAX_SIGNATURE, image.digest, {})
    await push_legacy(image, SIGNATURES, (await legacy_layer(payload, signer), payload))


async def oversized_bundle(image: Image, _other: Image, signer: PrivateKey) -> None:
    payload = statement.build_signature(image.digest, {"x": "y" * MAX_SIGNATURE})
    await push_referrer(image, await signed_bundle(payload, signer), SAYS_SIGN)


async def bundle_with_a_plain_message(image: Image, _other: Image, signer: PrivateKey) -> None:
    document = json.loads(await signed_bundle(b"{}", signer))
    del document["dsseEnvelope"]
    document["messageSignature"] = {"signature": "AA=="}
    await push_referrer(image, json.dumps(document).encode(), SAYS_SIGN)


async def newer_bundle(image: Image, _other: Image, signer: PrivateKey) -> None:
    kind = "application/vnd.dev.sigstore.bundle+json;version=0.4"
    payload = statement.build_signature(image.digest, {})
    await push_referrer(image, await signed_bundle(payload, signer, mediaType=kind), SAYS_SIGN)


async def no_json(image: Image, _other: Image, _signer: PrivateKey) -> None:
    await push_referrer(image, b"\xff", SAYS_SIGN)


async def listed_as_a_bundle_and_none(image: Image, _other: Image, _signer: PrivateKey) -> None:
    await push_referrer(image, b"{}", SAYS_SIGN, layer_type="application/json")


async def index_as_legacy_manifest(image: Image, _other: Image, _signer: PrivateKey) -> None:
    children = {AMD64: await push_image(store_of(image), {})}
    await push_index(store_of(image), children, legacy_name(image.digest, SIGNATURES))


async def too_many_layers(image: Image, _other: Image, _signer: PrivateKey) -> None:
    layers = [
        (Descriptor.of(b"{}", mediatypes.SIMPLE_SIGNING, annotations={"n": str(number)}), b"{}")
        for number in range(1001)
    ]
    await push_legacy(image, SIGNATURES, *layers)


async def deeply_nested_statement(image: Image, _other: Image, signer: PrivateKey) -> None:
    payload = statement.build_signature(image.digest, {}).replace(b'"predicate":{}', b'"predicate":' + NESTED)
    await push_referrer(image, await signed_bundle(payload, signer), SAYS_SIGN)


async def deeply_nested_payload(image: Image, _other: Image, signer: PrivateKey) -> None:
    payload = simplesigning.build("x", image.digest, {}).replace(b'"optional":null', b'"optional":{"x":%b}' % NESTED)
    await push_legacy(image, SIGNATURES, (await legacy_layer(payload, signer), payload))


async def digest_of_another_algorithm(image: Image, _other: Image, signer: PrivateKey) -> None:
    payload = statement.build_signature(image.digest, {}).replace(b'"sha256"', b'"gitCommit"')
    await push_referrer(image, await signed_bundle(payload, signer), SAYS_SIGN)


async def older_signature(image: Image, signer: PrivateKey, **annotations: str) -> Layer:
    payload = simplesigning.build(image.repository, image.digest, annotations)
    return await legacy_layer(payload, signer), payload


async def older_attestation(
    image: Image, signer: PrivateKey, *, said: str = CYCLONEDX, predicate_type: str = CYCLONEDX
) -> Layer:
    payload = statement.build_attestation("x", image.digest, predicate_type, b"{}")
    envelope = await dsse.seal(payload, dsse.IN_TOTO, signer)
    content = json.dumps(envelope.to_json()).encode()
    annotations = {LEGACY_PREDICATE_TYPE: said}
    return Descriptor.of(content, mediatypes.DSSE_ENVELOPE, annotations=annotations), content


async def older_signature_of_another_image(image: Image, other: Image, signer: PrivateKey) -> None:
    await push_older_referrer(image, await older_signature(other, signer))


async def older_referrer_of_another_image(image: Image, other: Image, signer: PrivateKey) -> None:
    """Listed under this image, by a registry that lies or a fallback tag that anybody may write."""
    manifest = await push_older_referrer(image, await older_signature(image, signer), subject=other)
    await store_of(image).push_manifest(build_index([manifest.referrer]), f"sha256-{image.digest.encoded}")


async def older_statement_as_payload(image: Image, _other: Image, signer: PrivateKey) -> None:
    payload = statement.build_signature(image.digest, {})
    await push_older_referrer(image, (await legacy_layer(payload, signer), payload))


async def older_attestation_among_signatures(image: Image, _other: Image, signer: PrivateKey) -> None:
    await push_older_referrer(image, await older_attestation(image, signer))


async def older_signature_of_another_system(image: Image, _other: Image, signer: PrivateKey) -> None:
    payload = simplesigning.build("x", image.digest, {}).replace(b"cosign", b"atomic")
    await push_older_referrer(image, (await legacy_layer(payload, signer), payload))


async def older_signature_that_was_changed(image: Image, _other: Image, signer: PrivateKey) -> None:
    descriptor, payload = await older_signature(image, signer)
    raw = bytearray(base64.b64decode(descriptor.annotations["dev.cosignproject.cosign/signature"]))
    raw[-1] ^= 1
    annotations = {"dev.cosignproject.cosign/signature": base64.b64encode(raw).decode()}
    await push_older_referrer(image, (replace(descriptor, annotations=annotations), payload))


async def older_oversized_payload(image: Image, _other: Image, signer: PrivateKey) -> None:
    payload = simplesigning.build("x" * MAX_SIGNATURE, image.digest, {})
    await push_older_referrer(image, (await legacy_layer(payload, signer), payload))


async def older_too_many_layers(image: Image, _other: Image, signer: PrivateKey) -> None:
    await push_older_referrer(image, *[await older_signature(image, signer)] * 1001)


async def older_no_layer(image: Image, _other: Image, _signer: PrivateKey) -> None:
    await push_older_referrer(image)


NEW: Final = frozenset({Format.BUNDLE})
EITHER: Final = frozenset({Format.BUNDLE, Format.LEGACY})
"""Without a bundle, cosign looks in the older format."""

TRICKS: Final = (
    Trick(legacy_of_another_image, Reason.OTHER_IMAGE),
    Trick(bundle_of_another_image, Reason.OTHER_IMAGE),
    Trick(referrer_of_another_image, Reason.OTHER_SUBJECT, NEW),
    Trick(attestation_that_calls_itself_a_signature, Reason.NOT_WHAT_IT_SAYS, NEW),
    Trick(attestation_among_legacy_signatures, Reason.NOT_WHAT_IT_SAYS),
    Trick(statement_as_legacy_payload, Reason.MALFORMED),
    Trick(signature_of_another_system, Reason.NOT_WHAT_IT_SAYS, EITHER),
    Trick(legacy_payload_in_an_envelope, Reason.NOT_WHAT_IT_SAYS),
    Trick(two_signatures_in_one_envelope, Reason.MALFORMED),
    Trick(key_twice_in_the_statement, Reason.MALFORMED),
    Trick(digest_twice_in_the_payload, Reason.MALFORMED, EITHER),
    Trick(no_subject, Reason.OTHER_IMAGE),
    Trick(payload_changed_after_signing, Reason.UNTRUSTED_KEY),
    Trick(statement_changed_after_signing, Reason.BAD_SIGNATURE),
    Trick(signature_missing, Reason.MALFORMED),
    Trick(signature_that_is_no_base64, Reason.MALFORMED),
    Trick(oversized_payload, Reason.TOO_LARGE, EITHER),
    Trick(oversized_bundle, Reason.TOO_LARGE, NEW),
    Trick(bundle_with_a_plain_message, Reason.UNSUPPORTED),
    Trick(newer_bundle, Reason.UNSUPPORTED),
    Trick(no_json, Reason.MALFORMED),
    Trick(listed_as_a_bundle_and_none, Reason.MALFORMED),
    Trick(index_as_legacy_manifest, Reason.MALFORMED),
    Trick(too_many_layers, Reason.TOO_LARGE),
    Trick(deeply_nested_statement, Reason.MALFORMED, NEW),
    Trick(deeply_nested_payload, Reason.MALFORMED, EITHER),
    Trick(digest_of_another_algorithm, Reason.OTHER_IMAGE),
    Trick(older_signature_of_another_image, Reason.OTHER_IMAGE),
    Trick(older_referrer_of_another_image, Reason.OTHER_SUBJECT),
    Trick(older_statement_as_payload, Reason.MALFORMED),
    Trick(older_attestation_among_signatures, Reason.NOT_WHAT_IT_SAYS),
    Trick(older_signature_of_another_system, Reason.NOT_WHAT_IT_SAYS),
    Trick(older_signature_that_was_changed, Reason.UNTRUSTED_KEY),
    Trick(older_oversized_payload, Reason.TOO_LARGE),
    Trick(older_too_many_layers, Reason.TOO_LARGE),
    Trick(older_no_layer, Reason.MALFORMED),
)
