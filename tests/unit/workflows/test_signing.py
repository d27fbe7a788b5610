"""Signing many images: what is changed, what is left alone, what is only said."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from shutil import rmtree

import pytest
from tests.support.images import AMD64, ARM64, push_image, push_index, python_package
from tests.support.registry import FakeRegistry, Fault

from undercurrent.errors import UsageError
from undercurrent.evidence import Record, open_store
from undercurrent.fleet import Summary
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.stores import Stores
from undercurrent.progress import silent
from undercurrent.settings import SbomSettings, Settings, cache_folder, data_folder, state_folder
from undercurrent.signing.attached import attached
from undercurrent.signing.checks import Format
from undercurrent.signing.keys import PrivateKey
from undercurrent.signing.signatory import KeySignatory
from undercurrent.signing.verify import Verdict
from undercurrent.workflows.attesting import Predicate, attest_images
from undercurrent.workflows.estate import Found, Places, Target, find, locate_all
from undercurrent.workflows.signing import SignedImage, SignOptions, sign_images
from undercurrent.workflows.verifying import verify_images


async def found_in(layout: Layout, settings: Settings) -> list[Found]:
    async with Stores(settings) as stores:
        return [item async for item in find(Places(layouts=(layout.path,)), stores, settings.images)]


async def each(items: Sequence[Found]) -> AsyncIterator[Found]:
    for item in items:
        yield item


async def sign(
    items: Sequence[Found], signer: PrivateKey, settings: Settings, options: SignOptions | None = None
) -> Summary[SignedImage]:
    chosen = options or SignOptions()
    return await sign_images(each(items), KeySignatory(signer), chosen, settings, asked={"test": "x"}, observer=silent)


def results(summary: Summary[SignedImage]) -> list[SignedImage]:
    assert not summary.failures
    return [success.result for success in summary.results]


def records(kind: str) -> list[Record]:
    with open_store(f"sqlite:///{data_folder()}/evidence.db") as store:
        return list(store.query(kind=kind, newest=False))


def everything_in(*folders: Path) -> dict[str, bytes]:
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in files}


async def test_what_is_signed_is_left_alone_the_next_time(
    layout: Layout, settings: Settings, signer: PrivateKey
) -> None:
    items = await found_in(layout, settings)

    first = results(await sign(items, signer, settings))
    before = everything_in(layout.path)
    second = results(await sign(items, signer, settings))

    assert [image.added for image in first] == [("bundle", "legacy")] * 2
    assert [(image.added, image.present) for image in second] == [((), ("bundle", "legacy"))] * 2
    assert everything_in(layout.path) == before
    assert [record.outcome for record in records("image-signed")] == ["signed"] * 2 + ["already-signed"] * 2
    assert {record.proof["key"] for record in records("image-signed")} == {signer.public.fingerprint}


async def test_the_format_that_is_missing_is_added(layout: Layout, settings: Settings, signer: PrivateKey) -> None:
    items = await found_in(layout, settings)
    await sign(items, signer, settings, SignOptions((Format.LEGACY,)))

    added = results(await sign(items, signer, settings))

    assert [(image.added, image.present) for image in added] == [(("bundle",), ("legacy",))] * 2


@pytest.mark.parametrize("sbom", [True, False])
async def test_a_dry_run_says_what_a_real_one_would_do_and_writes_nothing(
    layout: Layout, settings: Settings, signer: PrivateKey, home: Path, sbom: bool
) -> None:
    items = await found_in(layout, settings)
    before = everything_in(layout.path, home)

    planned = results(await sign(items, signer, settings, SignOptions(dry_run=True, recursive=True, sbom=sbom)))

    assert everything_in(layout.path, home) == before
    assert planned == results(await sign(items, signer, settings, SignOptions(recursive=True, sbom=sbom)))
    again = results(await sign(items, signer, settings, SignOptions(dry_run=True, recursive=True, sbom=sbom)))
    assert [image.changed for image in again] == [False, False]


async def test_a_tag_that_moves_meanwhile(layout: Layout, settings: Settings, signer: PrivateKey) -> None:
    (target,) = [
        item for item in await found_in(layout, settings) if isinstance(item, Target) and item.name == "app:1.0"
    ]
    moved = await push_image(layout, {"motd": b"pushed by somebody else"}, "app:1.0")

    (signed,) = results(await sign([target], signer, settings))

    assert (signed.digest, signed.moved_to) == (target.digest, moved.digest)
    assert not await layout.referrers(moved.digest)


async def test_a_tag_that_is_deleted_meanwhile_is_signed_all_the_same(
    layout: Layout, settings: Settings, signer: PrivateKey
) -> None:
    (target,) = [
        item for item in await found_in(layout, settings) if isinstance(item, Target) and item.name == "app:1.0"
    ]
    await layout.delete_name("app:1.0")

    (signed,) = results(await sign([target], signer, settings))

    assert (signed.digest, signed.added, signed.gone) == (target.digest, ("bundle", "legacy"), True)


async def test_one_that_cannot_be_signed_does_not_stop_the_others(
    layout: Layout, settings: Settings, signer: PrivateKey
) -> None:
    items = await found_in(layout, settings)
    (bad,) = [item for item in items if isinstance(item, Target) and item.name == "app:1.0"]
    (layout.path / "blobs" / "sha256" / bad.digest.partition(":")[2]).unlink()

    summary = await sign(items, signer, settings)

    assert [success.result.name for success in summary.results] == ["acme/tool:2.0"]
    assert [(failed.key, failed.error.code) for failed in summary.failures] == [(bad.key, "not-found")]


async def test_runs_that_ask_for_other_things_keep_other_journals(
    layout: Layout, settings: Settings, signer: PrivateKey
) -> None:
    items = await found_in(layout, settings)
    other_store = replace(settings, images=replace(settings.images, default_registry="registry.example"))
    options = [SignOptions(), SignOptions(annotations={"a": "b"}), SignOptions((Format.BUNDLE,)), SignOptions()]

    for chosen, where in zip(options, [settings, settings, settings, other_store], strict=True):
        await sign(items, signer, where, chosen)

    assert len(list((state_folder() / "runs").iterdir())) == len(options)


async def test_signing_in_a_registry_that_pushes_back_is_a_failure_and_not_half_a_signature(
    settings: Settings, signer: PrivateKey
) -> None:
    async with FakeRegistry() as registry, Stores(settings) as stores:
        registry.put_image("acme/app", "1.0")
        registry.fail(Fault("PUT", "manifests/sha256", status=500, times=None))
        items = [item async for item in locate_all([f"{registry.host}/acme/app:1.0"], Places(), stores, settings)]

        summary = await sign(items, signer, settings)

        assert [failed.error.code for failed in summary.failures] == ["remote-fault"]
        assert list(registry.repositories["acme/app"].tags) == ["1.0"]
        registry.faults.clear()
        (signed,) = results(await sign(items, signer, settings))
        assert signed.added == ("bundle", "legacy")
        assert summary.results == ()


# SBOMs


async def index_of_two(path: Path) -> Layout:
    layout = Layout.open(path, create=True)
    files = {AMD64: python_package("click", "8.1.0"), ARM64: python_package("rich", "13.0.0")}
    images = {platform: await push_image(layout, files[platform], platform=platform) for platform in files}
    await push_index(layout, images, "acme/app:1.0")
    return layout


async def test_sboms_are_attached_once_also_where_another_cache_would_make_others(
    tmp_path: Path, settings: Settings, signer: PrivateKey
) -> None:
    layout = await index_of_two(tmp_path / "images")
    both = replace(settings, sbom=SbomSettings(formats=("spdx", "cyclonedx")))
    items = await found_in(layout, both)
    options = SignOptions((Format.BUNDLE,), sbom=True)

    (first,) = results(await sign(items, signer, both, options))
    before = everything_in(layout.path)
    rmtree(cache_folder())
    (second,) = results(await sign(items, signer, both, options))

    # Each platform's two documents on that platform, and all four on the index.
    assert (first.sboms, first.sboms_added) == (8, 8)
    assert (second.sboms, second.sboms_added, second.changed) == (8, 0, False)
    assert everything_in(layout.path) == before
    assert not cache_folder().exists()
    assert len(records("sbom-made")) == 4

    async with Stores(both) as stores:
        hanging = await attached(await stores.image(f"oci:{layout.path}:acme/app:1.0"))
    assert sum(item.is_sbom for item in hanging.attachments) == 4
    assert [sum(item.is_sbom for item in platform.attachments) for platform in hanging.platforms] == [2, 2]


async def test_a_format_that_is_asked_for_later_is_added(
    tmp_path: Path, settings: Settings, signer: PrivateKey
) -> None:
    layout = Layout.open(tmp_path / "images", create=True)
    await push_image(layout, python_package("click", "8.1.0"), "app:1.0")
    items = await found_in(layout, settings)
    options = SignOptions((Format.BUNDLE,), sbom=True)
    await sign(items, signer, settings, options)
    both = replace(settings, sbom=SbomSettings(formats=("spdx", "cyclonedx")))
    rmtree(cache_folder())

    (planned,) = results(await sign(items, signer, both, replace(options, dry_run=True)))
    (signed,) = results(await sign(items, signer, both, options))

    assert (planned.sboms, planned.sboms_added) == (2, 1)
    assert (signed.added, signed.sboms, signed.sboms_added) == ((), 2, 1)
    assert [record.proof["format"] for record in records("sbom-made")] == ["spdx", "cyclonedx"]
    async with Stores(both) as stores:
        hanging = await attached(await stores.image(f"oci:{layout.path}:app:1.0"))
    assert sum(item.is_sbom for item in hanging.attachments) == 2


# Attesting


async def test_a_statement_is_attested_once(layout: Layout, settings: Settings, signer: PrivateKey) -> None:
    items = await found_in(layout, settings)
    predicate = Predicate("https://example.com/reviewed/v1", b'{"by": "ann"}')
    formats = (Format.BUNDLE, Format.LEGACY)
    plan = await attest_images(
        each(items), predicate, KeySignatory(signer), formats, settings, dry_run=True, observer=silent
    )
    assert not (data_folder() / "evidence.db").exists()

    first = await attest_images(each(items), predicate, KeySignatory(signer), formats, settings, observer=silent)
    second = await attest_images(each(items), predicate, KeySignatory(signer), formats, settings, observer=silent)

    for summary in (plan, first):
        assert [success.result.added for success in summary.results] == [formats] * 2
    assert [success.result.added for success in second.results] == [()] * 2
    assert [record.outcome for record in records("image-attested")] == ["attested"] * 2 + ["already-attested"] * 2


@pytest.mark.parametrize(
    ("type_", "document"), [("nonsense", b"{}"), ("spdx", b"neither JSON nor SPDX"), ("vuln", b"[]"), ("vuln", b"")]
)
async def test_a_predicate_that_is_none_is_refused_before_anything_is_looked_at(
    layout: Layout, settings: Settings, signer: PrivateKey, type_: str, document: bytes
) -> None:
    items = await found_in(layout, settings)

    with pytest.raises(UsageError):
        await attest_images(
            each(items), Predicate(type_, document), KeySignatory(signer), (Format.BUNDLE,), settings, observer=silent
        )


# A verdict is not of an earlier run


async def test_verdicts_are_found_anew_and_recorded(layout: Layout, settings: Settings, signer: PrivateKey) -> None:
    from undercurrent.signing.checks import Trust  # noqa: PLC0415 - here alone

    items = [*await found_in(layout, settings)]
    trust = Trust((signer.public,))
    before = await verify_images(each(items), trust, settings, observer=silent)
    await sign(items, signer, settings)
    after = await verify_images(each(items), trust, settings, observer=silent)

    assert [success.result.verdict for success in before.results] == [Verdict.UNSIGNED] * 2
    assert [success.result.verdict for success in after.results] == [Verdict.VERIFIED] * 2
    outcomes = [(record.outcome, record.proof["keys"]) for record in records("image-verified")]
    assert outcomes == [("unsigned", [])] * 2 + [("verified", [signer.public.fingerprint])] * 2
