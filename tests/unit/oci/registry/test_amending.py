"""A tag that many add to: no addition is lost, to writers of any speed, to faults, or to registries that forget."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from tests.support.registry import FakeRegistry, Fault
from tests.unit.oci.registry.conftest import open_repository

from undercurrent.errors import CouldNotCheck, UndercurrentError
from undercurrent.net import Client
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.legacy import legacy_config, with_layers
from undercurrent.oci.manifest import AnyManifest, Manifest, build_manifest, parse
from undercurrent.oci.registry import Repository
from undercurrent.oci.store import Amended, Change, content_of
from undercurrent.settings import NetSettings

TAG = f"sha256-{'0' * 64}.att"
Sleep = Callable[[float], Awaitable[object]]


@pytest.fixture
async def registry() -> AsyncIterator[FakeRegistry]:
    async with FakeRegistry(referrers=False) as running:
        yield running


def layer(number: int) -> Descriptor:
    return Descriptor.of(str(number).encode(), mediatypes.DSSE_ENVELOPE)


def adding(number: int) -> Change:
    def change(manifest: AnyManifest | None) -> Amended | None:
        assert manifest is None or isinstance(manifest, Manifest)
        return with_layers(manifest, [layer(number)])

    return change


async def add(repository: Repository, number: int) -> None:
    await repository.push_blob(layer(number), content_of(str(number).encode()))
    await repository.amend(TAG, adding(number))


def held(registry: FakeRegistry) -> set[int]:
    content = registry.repositories["acme/app"]
    manifest = parse(content.manifests[content.tags[TAG]][1])
    assert isinstance(manifest, Manifest)
    return {int(content.blobs[item.digest]) for item in manifest.layers}  # type: ignore[arg-type]  # small, so bytes


def somebody_writes(registry: FakeRegistry, *numbers: int) -> None:
    """Without a look at what is there."""
    layers = [layer(number) for number in numbers]
    for number in numbers:
        registry.put_blob("acme/app", str(number).encode())
    config = legacy_config(layers)
    registry.put_blob("acme/app", config)
    registry.put_manifest("acme/app", build_manifest(Descriptor.of(config, mediatypes.OCI_CONFIG), layers).raw, TAG)


async def amended(registry: FakeRegistry, sleep: Sleep, *, retries: int = 5) -> None:
    async with Client(NetSettings(retries=retries), sleep=sleep) as client:
        await add(open_repository(registry, client), 0)


async def test_nobody_waits_long_who_is_alone(registry: FakeRegistry) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    await amended(registry, sleep)
    await amended(registry, sleep)

    assert held(registry) == {0}
    assert len(waited) == 1
    assert waited[0] < 0.5
    assert registry.count("PUT", TAG) == 1


async def test_who_had_read_before_and_writes_afterwards_takes_nothing_away(registry: FakeRegistry) -> None:
    somebody_writes(registry, 7)
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) <= 3:
            somebody_writes(registry, 7, 10 * len(waited))

    await amended(registry, sleep)

    assert held(registry) == {0, 7, 30}
    assert sum(waited) > 1.0, "whoever saw others waits longer"


async def test_what_comes_between_reading_and_writing_stays(registry: FakeRegistry) -> None:
    came = False

    def change(manifest: AnyManifest | None) -> Amended | None:
        nonlocal came
        wanted = adding(0)(manifest)
        if not came:
            came = True
            somebody_writes(registry, 7)
        return wanted

    registry.put_blob("acme/app", b"0")
    async with Client(NetSettings(), sleep=asyncio.sleep) as client:
        await open_repository(registry, client).amend(TAG, change)

    assert held(registry) == {0, 7}


async def test_a_registry_that_heeds_if_match_decides(client: Client) -> None:
    async with FakeRegistry(referrers=False, etags=True) as registry:
        somebody_writes(registry, 7)
        registry.fail(Fault("PUT", TAG, delay_s=0.1))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(add(open_repository(registry, client), 0))
            await asyncio.sleep(0.05)
            somebody_writes(registry, 7, 8)

        assert held(registry) == {0, 7, 8}
        assert all("If-Match" in seen.headers for seen in registry.requests("PUT", TAG))


@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("fault", [{"status": 503}, {"reset": True}], ids=["503", "reset"])
async def test_a_write_that_failed_is_not_repeated_over_what_came_meanwhile(
    registry: FakeRegistry, fault: dict[str, int], applied: bool
) -> None:
    registry.fail(Fault("PUT", TAG, applied=applied, **fault))  # type: ignore[arg-type]  # as given above
    came = False

    async def sleep(_seconds: float) -> None:
        nonlocal came
        if not came:
            came = True
            somebody_writes(registry, 7)

    await amended(registry, sleep)

    assert held(registry) == {0, 7}


async def test_a_registry_that_forgets_what_it_took_gets_it_again(registry: FakeRegistry) -> None:
    async def sleep(_seconds: float) -> None:
        if registry.count("PUT", TAG) == 1:
            registry.repositories["acme/app"].tags.pop(TAG, None)

    await amended(registry, sleep)

    assert held(registry) == {0}


async def test_a_registry_that_always_fails_is_asked_a_few_times(registry: FakeRegistry, client: Client) -> None:
    registry.fail(Fault("PUT", TAG, status=503, times=None))

    with pytest.raises(UndercurrentError) as refused:
        await add(open_repository(registry, client), 0)

    assert refused.value.code == "remote-fault"
    assert registry.count("PUT", TAG) == NetSettings().retries + 1


async def test_being_overwritten_for_ever_is_an_error(registry: FakeRegistry) -> None:
    async def sleep(_seconds: float) -> None:
        somebody_writes(registry, 7)

    with pytest.raises(CouldNotCheck, match="again and again"):
        await amended(registry, sleep)


@pytest.mark.parametrize("etags", [True, False])
async def test_many_at_once_lose_nothing(etags: bool) -> None:
    async with FakeRegistry(referrers=False, etags=etags) as registry, Client(NetSettings()) as client:
        registry.fail(Fault("GET|HEAD|PUT", TAG, delay_s=0.01, times=None))
        async with asyncio.TaskGroup() as tasks:
            for number in range(12):
                tasks.create_task(add(open_repository(registry, client), number))

        assert held(registry) == set(range(12))
