import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.signatures import FailingLayout, push_legacy

from undercurrent.errors import CouldNotCheck, DigestMismatch, NotFound, RateLimited, UndercurrentError, Unsupported
from undercurrent.oci import mediatypes, strictjson
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import EMPTY, Manifest
from undercurrent.oci.store import read_blob
from undercurrent.signing.checks import Format, Trust
from undercurrent.signing.keys import PrivateKey, load_signer
from undercurrent.signing.places import MAX_LAYERS, SIGNATURES, legacy_manifest, legacy_name
from undercurrent.signing.sign import sign
from undercurrent.signing.signatory import KeySignatory, Sealed
from undercurrent.signing.verify import Verdict, verify

BOTH = (Format.BUNDLE, Format.LEGACY)


async def legacy(image: Image) -> Manifest:
    manifest = await legacy_manifest(image.store, image.digest, SIGNATURES)
    assert manifest is not None
    return manifest


async def test_both_formats_are_written_as_cosign_writes_them(image: Image, signer: PrivateKey) -> None:
    signed = await sign(image, KeySignatory(signer))

    assert (signed.added, signed.present, signed.changed) == (BOTH, (), True)
    assert (signed.name, signed.digest, signed.maker) == (image.name, image.digest, signer.public)

    tagged = await legacy(image)
    assert tagged.config.media_type == mediatypes.OCI_CONFIG
    assert strictjson.loads(await read_blob(image.store, tagged.config, 1000), "it") == {
        "architecture": "",
        "created": "0001-01-01T00:00:00Z",
        "history": [{"created": "0001-01-01T00:00:00Z"}],
        "os": "",
        "rootfs": {"type": "layers", "diff_ids": [tagged.layers[0].digest]},
        "config": {},
    }
    assert [layer.media_type for layer in tagged.layers] == [mediatypes.SIMPLE_SIGNING]
    assert set(tagged.layers[0].annotations) == {"dev.cosignproject.cosign/signature"}

    [referrer] = await image.store.referrers(image.digest)
    manifest = await image.store.manifest(referrer)
    assert isinstance(manifest, Manifest)
    assert manifest.artifact_type == manifest.config.artifact_type == mediatypes.SIGSTORE_BUNDLE
    assert manifest.config.digest == EMPTY.digest
    assert manifest.subject == Descriptor(image.descriptor.media_type, image.digest, image.descriptor.size)
    assert [layer.media_type for layer in manifest.layers] == [mediatypes.SIGSTORE_BUNDLE]
    assert manifest.annotations["dev.sigstore.bundle.content"] == "dsse-envelope"
    assert manifest.annotations["dev.sigstore.bundle.predicateType"] == "https://sigstore.dev/cosign/sign/v1"
    assert manifest.annotations["org.opencontainers.image.created"].endswith("Z")


async def test_what_this_key_signed_is_left_alone(image: Image, signer: PrivateKey) -> None:
    await sign(image, KeySignatory(signer), annotations={"team": "web"})
    before = await legacy(image), await image.store.referrers(image.digest)

    again = await sign(image, KeySignatory(signer), annotations={"team": "web"})

    assert (again.added, again.present, again.changed) == ((), BOTH, False)
    assert (await legacy(image), await image.store.referrers(image.digest)) == before


async def test_another_key_and_other_annotations_are_added_and_nothing_is_lost(
    image: Image, signer: PrivateKey, stranger: PrivateKey
) -> None:
    await sign(image, KeySignatory(signer))
    assert (await sign(image, KeySignatory(stranger))).added == BOTH
    assert (await sign(image, KeySignatory(signer), annotations={"stage": "live"})).added == BOTH

    tagged = await legacy(image)
    assert len(tagged.layers) == len(await image.store.referrers(image.digest)) == 3
    config = strictjson.loads(await read_blob(image.store, tagged.config, 1000), "it")
    assert config["rootfs"]["diff_ids"] == [layer.digest for layer in tagged.layers]
    for key in (signer, stranger):
        assert (await verify(image, Trust((key.public,)))).formats == BOTH


@pytest.mark.parametrize("first", [(Format.BUNDLE,), (Format.LEGACY,)], ids=str)
async def test_only_the_missing_format_is_added(image: Image, signer: PrivateKey, first: tuple[Format, ...]) -> None:
    await sign(image, KeySignatory(signer), formats=first)

    signed = await sign(image, KeySignatory(signer))

    assert signed.present == first
    assert {*signed.added, *first} == set(BOTH)
    assert len((await legacy(image)).layers) == len(await image.store.referrers(image.digest)) == 1


async def test_a_dry_run_says_the_same_and_writes_nothing(index: Image, signer: PrivateKey, layout: Layout) -> None:
    before = (layout.path / "index.json").read_bytes()

    planned = await sign(index, KeySignatory(signer), recursive=True, dry_run=True)

    assert (layout.path / "index.json").read_bytes() == before
    assert planned == await sign(index, KeySignatory(signer), recursive=True)


async def test_the_platforms_of_an_index_are_signed_only_when_asked_for(index: Image, signer: PrivateKey) -> None:
    trust = Trust((signer.public,))
    assert (await sign(index, KeySignatory(signer))).platforms == ()
    assert (await verify(index, trust, recursive=True)).verdict is Verdict.UNSIGNED

    signed = await sign(index, KeySignatory(signer), recursive=True)

    assert signed.added == ()
    assert [platform.added for platform in signed.platforms] == [BOTH, BOTH]
    assert signed.changed
    assert (await verify(index, trust, recursive=True)).verdict is Verdict.VERIFIED


async def test_the_platforms_of_an_index_do_not_wait_for_one_another(index: Image, signer: PrivateKey) -> None:
    """Each signature may take a second."""
    everybody = asyncio.Barrier(len(await index.platforms()))

    class Slow(KeySignatory):
        async def seal(self, payload: bytes, payload_type: str) -> Sealed:
            if index.digest.encoded.encode() not in payload:
                async with asyncio.timeout(10), everybody:
                    pass
            return await super().seal(payload, payload_type)

    signed = await sign(index, Slow(signer), formats=(Format.BUNDLE,), recursive=True)
    assert [one.digest for one in signed.platforms] == [one.digest for one in await index.platforms()]


async def test_one_platform_that_fails_ends_them_all(index: Image, signer: PrivateKey) -> None:
    class Failing(KeySignatory):
        async def seal(self, payload: bytes, payload_type: str) -> Sealed:  # noqa: ARG002 - as it is called
            raise RateLimited("the log wants fewer requests")

    with pytest.raises(RateLimited):
        await sign(index, Failing(signer), formats=(Format.BUNDLE,), recursive=True)
    assert await index.store.referrers(index.digest) == ()


async def test_cosigns_own_signatures_count(recorded: Image, recorded_keys: Path) -> None:
    for name in ("cosign", "p384", "ed25519"):
        key = load_signer(recorded_keys / f"{name}.key", b"")

        assert (await sign(recorded, KeySignatory(key), annotations={"team": "web"})).present == BOTH
        assert (await sign(recorded, KeySignatory(key), dry_run=True)).added == BOTH
    assert len((await legacy(recorded)).layers) == 3


async def test_a_copy_elsewhere_gets_a_legacy_signature_of_its_own(image: Image, signer: PrivateKey) -> None:
    await sign(image, KeySignatory(signer))

    signed = await sign(replace(image, name="mirror.example/acme/app:1.0"), KeySignatory(signer))

    assert (signed.added, signed.present) == ((Format.LEGACY,), (Format.BUNDLE,))


async def test_many_at_once_sign_once(image: Image, signer: PrivateKey) -> None:
    signed = await asyncio.gather(*(sign(image, KeySignatory(signer)) for _ in range(20)))

    assert sum(one.changed for one in signed) == 1
    assert len((await legacy(image)).layers) == len(await image.store.referrers(image.digest)) == 1


async def test_many_keys_at_once_lose_nothing_across_stores_that_know_nothing_of_each_other(image: Image) -> None:
    """As several processes would: no lock is shared."""
    assert isinstance(image.store, Layout)
    keys = [PrivateKey.generate() for _ in range(6)]

    class Apart(FailingLayout):
        @property
        def label(self) -> str:
            return f"{id(self)}"

    apart = [replace(image, store=Apart(image.store, lambda _method, _about: None)) for _ in keys]
    await asyncio.gather(*(sign(one, KeySignatory(key)) for one, key in zip(apart, keys, strict=True)))

    assert len((await legacy(image)).layers) == 6
    for key in keys:
        assert (await verify(image, Trust((key.public,)))).formats == BOTH


@pytest.mark.parametrize("moment", range(1, 4))
async def test_a_run_that_was_cut_off_is_completed(image: Image, signer: PrivateKey, moment: int) -> None:
    """Cut off after each write of a manifest, of which there are two."""
    assert isinstance(image.store, Layout)
    writes = 0

    def cut(method: str, _about: str) -> UndercurrentError | None:
        nonlocal writes
        writes += method == "push_manifest"
        return CouldNotCheck("cut off") if writes == moment and method == "push_manifest" else None

    failing = replace(image, store=FailingLayout(image.store, cut))
    if moment < 3:
        with pytest.raises(CouldNotCheck):
            await sign(failing, KeySignatory(signer))
    await sign(failing, KeySignatory(signer))

    assert len((await legacy(image)).layers) == len(await image.store.referrers(image.digest)) == 1


@pytest.mark.parametrize("method", ["resolve", "referrers", "manifest"])
async def test_nothing_is_signed_while_nobody_can_say_what_is_signed(
    image: Image, signer: PrivateKey, layout: Layout, method: str
) -> None:
    failing = FailingLayout(layout, lambda called, _about: RateLimited("slow down") if called == method else None)

    with pytest.raises(RateLimited):
        await sign(replace(image, store=failing), KeySignatory(signer))
    assert not [call for call in failing.calls if call[0].startswith("push")]


async def test_an_image_that_changed_or_went_is_not_signed(image: Image, signer: PrivateKey, layout: Layout) -> None:
    path = layout.path / "blobs" / "sha256" / image.digest.encoded
    content = path.read_bytes()
    path.write_bytes(content.replace(b"application", b"spplication"))
    with pytest.raises(DigestMismatch):
        await sign(image, KeySignatory(signer))

    path.unlink()
    with pytest.raises(NotFound):
        await sign(image, KeySignatory(signer))


async def test_a_store_that_can_only_be_read_is_named(image: Image, signer: PrivateKey, layout: Layout) -> None:
    class ReadOnly:
        label = "oci-archive:x.tar"

        def __getattr__(self, name: str) -> object:
            if name in {"push_blob", "push_manifest", "has", "delete_name"}:
                raise AttributeError(name)
            return getattr(layout, name)

    with pytest.raises(Unsupported, match=r"oci-archive:x\.tar"):
        await sign(replace(image, store=ReadOnly()), KeySignatory(signer))  # type: ignore[arg-type]


async def test_a_full_manifest_takes_no_more(image: Image, signer: PrivateKey) -> None:
    payload = b"{}"
    layers = [
        (Descriptor.of(payload, mediatypes.SIMPLE_SIGNING, annotations={"n": str(number)}), payload)
        for number in range(MAX_LAYERS)
    ]
    await push_legacy(image, SIGNATURES, *layers)

    with pytest.raises(UndercurrentError, match=f"{MAX_LAYERS} layers already"):
        await sign(image, KeySignatory(signer), formats=(Format.LEGACY,))


async def test_damaged_signatures_of_others_are_kept_and_do_not_matter(image: Image, signer: PrivateKey) -> None:
    await sign(image, KeySignatory(signer), formats=(Format.LEGACY,))
    good = (await legacy(image)).layers[0]
    payload = await read_blob(image.store, good, 1000)
    damaged = replace(good, annotations={"dev.cosignproject.cosign/signature": "%"})
    await push_legacy(image, SIGNATURES, (damaged, payload))

    assert (await sign(image, KeySignatory(signer))).added == BOTH
    assert len((await legacy(image)).layers) == 2


async def test_the_signatures_may_live_elsewhere(image: Image, signer: PrivateKey, tmp_path: Path) -> None:
    elsewhere = Layout.open(tmp_path / "signatures", create=True)

    await sign(image, KeySignatory(signer), where=lambda _image: elsewhere)

    trust = Trust((signer.public,))
    assert (await verify(image, trust)).verdict is Verdict.UNSIGNED
    assert (await verify(image, trust, where=lambda _image: elsewhere)).formats == BOTH
    assert legacy_name(image.digest, SIGNATURES) in [name async for name in elsewhere.names()]
