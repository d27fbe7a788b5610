"""Signatures of all images in one repository, as cosign's COSIGN_REPOSITORY has it."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.registry import FakeRegistry, Fault

from undercurrent.errors import ConfigError
from undercurrent.fleet import Summary
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.stores import Stores
from undercurrent.progress import silent
from undercurrent.settings import Settings, SigningSettings, load
from undercurrent.signing.attached import attached
from undercurrent.signing.checks import Trust
from undercurrent.signing.keys import PrivateKey
from undercurrent.signing.sign import BOTH
from undercurrent.signing.signatory import KeySignatory
from undercurrent.signing.verify import Verdict, Verification
from undercurrent.workflows.attesting import Predicate, attest_images
from undercurrent.workflows.copying import copy_image
from undercurrent.workflows.estate import Found, Places, locate_all
from undercurrent.workflows.hanging import look_at_images
from undercurrent.workflows.listing import Listed, list_images
from undercurrent.workflows.signing import SignOptions, sign_images
from undercurrent.workflows.verifying import verify_images


@pytest.fixture
async def images() -> AsyncIterator[FakeRegistry]:
    """A registry with two images."""
    async with FakeRegistry() as registry:
        registry.put_image("acme/app", "1.0")
        registry.put_image("acme/tool", "1.0", layers=(b"tool",))
        yield registry


@pytest.fixture(params=[True, False], ids=["referrers-api", "fallback-tag"])
async def signatures(request: pytest.FixtureRequest) -> AsyncIterator[FakeRegistry]:
    """Another registry, which wants other credentials; it starts empty."""
    async with FakeRegistry(referrers=request.param, basic=("ann", "pw")) as registry:
        yield registry


@pytest.fixture
def settings(settings: Settings, signatures: FakeRegistry, home: Path) -> Settings:
    """Signatures go to that registry."""
    (home / ".docker").mkdir()
    (home / ".docker" / "config.json").write_text(json.dumps({"auths": {signatures.host: {"auth": "YW5uOnB3"}}}))
    return replaced(settings, f"{signatures.host}/acme/signatures")


def replaced(settings: Settings, repository: str) -> Settings:
    return replace(settings, signing=SigningSettings(repository=repository))


async def found(settings: Settings, *names: str) -> AsyncIterator[Found]:
    async with Stores(settings) as stores:
        async for item in locate_all(names, Places(), stores, settings):
            yield item


def names_of(registry: FakeRegistry) -> list[str]:
    return [f"{registry.host}/acme/app:1.0", f"{registry.host}/acme/tool:1.0"]


async def sign(settings: Settings, signer: PrivateKey, *names: str) -> list[tuple[str, ...]]:
    asked = {"test": "x"}
    summary = await sign_images(
        found(settings, *names), KeySignatory(signer), SignOptions(), settings, asked=asked, observer=silent
    )
    assert not summary.failures
    return [success.result.added for success in summary.results]


async def verified(settings: Settings, signer: PrivateKey, *names: str) -> list[Verdict]:
    trust = Trust((signer.public,))
    summary: Summary[Verification] = await verify_images(
        found(settings, *names), trust, settings, recursive=True, observer=silent
    )
    assert not summary.failures
    return [success.result.verdict for success in summary.results]


async def listed(settings: Settings, *names: str) -> list[Listed]:
    summary = await list_images(found(settings, *names), settings, observer=silent)
    assert not summary.failures
    return [success.result for success in summary.results]


async def test_all_that_hangs_on_images_is_kept_and_found_in_that_repository(
    images: FakeRegistry, signatures: FakeRegistry, settings: Settings, signer: PrivateKey
) -> None:
    names = names_of(images)
    assert await verified(settings, signer, *names) == [Verdict.UNSIGNED] * 2
    assert [(one.signatures, one.sbom, one.problem) for one in await listed(settings, *names)] == [((), False, "")] * 2

    assert await sign(settings, signer, *names) == [BOTH, BOTH]
    assert await sign(settings, signer, *names) == [(), ()]
    predicate = Predicate("cyclonedx", b"{}")
    attested = await attest_images(
        found(settings, *names), predicate, KeySignatory(signer), BOTH, settings, observer=silent
    )

    assert [success.result.added for success in attested.results] == [BOTH, BOTH]
    assert await verified(settings, signer, *names) == [Verdict.VERIFIED] * 2
    assert {tag for held in images.repositories.values() for tag in held.tags} == {"1.0"}
    assert {tag[-4:] for tag in signatures.repositories["acme/signatures"].tags} >= {".sig", ".att"}
    assert [(one.signatures, one.sbom) for one in await listed(settings, *names)] == [(BOTH, True)] * 2
    trees = await look_at_images(found(settings, *names), Trust((signer.public,)), settings, observer=silent)
    for tree in trees.results:
        assert [attachment.check and attachment.check.accepted for attachment in tree.result.attachments] == [True] * 4

    assert await verified(replaced(settings, ""), signer, *names) == [Verdict.UNSIGNED] * 2


async def test_another_repository_is_another_run(
    images: FakeRegistry, settings: Settings, signer: PrivateKey, signatures: FakeRegistry
) -> None:
    name = names_of(images)[0]
    images.fail(Fault("GET", "/acme/tool/", status=403))
    await sign(settings, signer, name)
    other = replaced(settings, f"{signatures.host}/acme/others")
    assert await sign(other, signer, name) == [BOTH]


async def test_the_signature_of_one_image_is_none_of_another_in_the_same_repository(
    images: FakeRegistry, signatures: FakeRegistry, settings: Settings, signer: PrivateKey
) -> None:
    app, tool = names_of(images)
    await sign(settings, signer, app)
    held = signatures.repositories["acme/signatures"]
    async with Stores(settings) as stores:
        digests = [(await stores.image(name)).digest.encoded for name in (app, tool)]
    for tag in list(held.tags):
        held.tags[re.sub(digests[0], digests[1], tag)] = held.tags[tag]

    assert await verified(settings, signer, tool) == [Verdict.UNTRUSTED]


async def test_a_repository_that_does_not_answer_leaves_images_unknown_and_not_unsigned(
    images: FakeRegistry, signatures: FakeRegistry, settings: Settings, signer: PrivateKey
) -> None:
    signatures.fail(Fault(path="/acme/signatures/", status=503, times=None))

    assert await verified(settings, signer, *names_of(images)) == [Verdict.COULD_NOT_CHECK] * 2
    assert [(one.signatures, one.sbom) for one in await listed(settings, *names_of(images))] == [(None, None)] * 2


async def test_a_copy_has_all_of_it_beside_itself(
    images: FakeRegistry, settings: Settings, signer: PrivateKey, tmp_path: Path
) -> None:
    name = names_of(images)[0]
    await sign(replaced(settings, ""), signer, name)
    stranger = PrivateKey.generate()
    await sign(settings, stranger, name)

    for goal in (f"oci:{tmp_path}/copy:app:2.0", f"{images.host}/moved/app:2.0"):
        copied = await copy_image(name, goal, settings, referrers=True, observer=silent)
        beside = replaced(settings, "")
        for key in (signer, stranger):
            assert await verified(beside, key, copied.place) == [Verdict.VERIFIED]
        async with Stores(settings) as stores:
            assert len((await attached(await stores.image(copied.place))).attachments) == 4


async def test_images_in_layouts_keep_their_signatures_with_them(
    layout: Layout, signatures: FakeRegistry, settings: Settings, signer: PrivateKey
) -> None:
    place = f"oci:{layout.path}:app:1.0"
    assert await sign(settings, signer, place) == [BOTH]
    assert await verified(settings, signer, place) == [Verdict.VERIFIED]
    assert signatures.count() == 0


@pytest.mark.parametrize("name", ["acme/signatures:1.0", f"acme/x@sha256:{'0' * 64}", "Not A Name", "https://x/y"])
def test_what_is_no_repository_is_said_to_be_none(name: str, home: Path) -> None:
    settings = load(environ={"COSIGN_REPOSITORY": name}, directory=home).settings
    with pytest.raises(ConfigError, match=re.escape(name)) as refused:
        Stores(settings)
    assert "host/path" in refused.value.hint
