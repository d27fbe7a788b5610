"""How many questions a registry is asked: what a run over many images costs, and what its rate limits count."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.registry import FakeRegistry

from undercurrent.oci.stores import Stores
from undercurrent.progress import silent
from undercurrent.settings import Settings
from undercurrent.signing.checks import Trust
from undercurrent.signing.keys import PrivateKey
from undercurrent.signing.signatory import KeySignatory
from undercurrent.workflows.estate import Lost, Places, Target, locate_all
from undercurrent.workflows.signing import SignOptions, sign_images
from undercurrent.workflows.verifying import verify_images

KEY = PrivateKey.generate()
GREETING = 2
"""GET /v2/, of those that look for images and of those that work on them."""


@pytest.fixture(params=[True, False], ids=["referrers", "fallback"])
async def registry(home: Path, request: pytest.FixtureRequest) -> AsyncIterator[FakeRegistry]:
    async with FakeRegistry(referrers=request.param) as running:
        running.put_image("app", "1.0")
        yield running


async def signed(registry: FakeRegistry, settings: Settings) -> None:
    async with Stores(settings) as stores:
        found = locate_all([f"{registry.host}/app:1.0"], Places(), stores, settings, read=True)
        await sign_images(found, KeySignatory(KEY), SignOptions(), settings, asked={}, observer=silent)


async def test_signing_in_both_formats_asks_no_more_than_it_has_to(registry: FakeRegistry, settings: Settings) -> None:
    await signed(registry, settings)

    blobs = 4  # the empty configuration, the bundle, the payload and its configuration: POST and PUT
    assert len(registry.requests("POST", "/blobs/")) == blobs
    assert not registry.requests("HEAD", "/blobs/")
    image = len(registry.requests("GET", "/manifests/1.0"))
    assert image == 1
    # What hangs on it, by the API (asked twice before it is believed that there is none) or the fallback tag, and by
    # the legacy tag; the bundle's manifest.
    asked = {True: 1, False: 3}[registry.referrers] + 1 + 1
    # Whether the API lists it; or what is under the fallback tag, a new list, and whether that stays.
    listed = {True: 1, False: 3}[registry.referrers]
    legacy = 4  # read, read again right before it is written, written, looked whether it stays
    moved = 1
    assert len(registry.seen) == GREETING + image + asked + 2 * blobs + listed + legacy + moved


async def test_verifying_reads_each_thing_once(registry: FakeRegistry, settings: Settings) -> None:
    await signed(registry, settings)
    registry.seen.clear()

    async with Stores(settings) as stores:
        found = locate_all([f"{registry.host}/app:1.0"], Places(), stores, settings, read=True)
        await verify_images(found, Trust((KEY.public,)), settings, observer=silent)

    paths = [seen.path for seen in registry.seen if seen.path != "/v2/"]
    # A registry says twice that it has no referrers API before that is believed.
    assert len(paths) - len(set(paths)) == {True: 0, False: 1}[registry.referrers]
    # The image; its referrers; the bundle's manifest, which carries the bundle; the legacy tag and its payload.
    assert len(set(paths)) == {True: 5, False: 6}[registry.referrers]
    assert all(seen.method == "GET" for seen in registry.seen)


async def test_names_are_looked_up_at_once_and_keep_their_order(registry: FakeRegistry, settings: Settings) -> None:
    names = [f"{registry.host}/{name}:1.0" for number in range(20) for name in ("app", f"none{number}")]

    async with Stores(settings) as stores:
        found = [item async for item in locate_all(names, Places(), stores, settings)]

    assert [item.place for item in found] == names
    assert [type(item) for item in found] == [Target, Lost] * 20
