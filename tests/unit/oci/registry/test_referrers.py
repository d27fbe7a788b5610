"""What refers to an image: by the API, by the fallback tag, with many writers at once."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import pytest
from tests.support.registry import FakeRegistry, Fault
from tests.unit.oci.registry.conftest import open_repository

from undercurrent.errors import BadContent, TooLarge, UndercurrentError, UnexpectedAnswer
from undercurrent.net import Client
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.manifest import (
    EMPTY,
    EMPTY_BYTES,
    MAX_DESCRIPTORS,
    Index,
    Manifest,
    build_index,
    build_manifest,
    parse,
)
from undercurrent.oci.registry import Repository
from undercurrent.oci.registry.referrers import fallback_tag
from undercurrent.oci.store import content_of
from undercurrent.settings import NetSettings

BUNDLE = mediatypes.SIGSTORE_BUNDLE


@pytest.fixture
async def without_api() -> AsyncIterator[FakeRegistry]:
    async with FakeRegistry(referrers=False) as running:
        yield running


@pytest.fixture
async def awake() -> AsyncIterator[Client]:
    """Waits for real, as the races here need."""
    async with Client(NetSettings()) as running:
        yield running


async def push_subject(repository: Repository) -> Manifest:
    await repository.push_blob(EMPTY, content_of(EMPTY_BYTES))
    subject = build_manifest(EMPTY, [EMPTY], artifact_type="application/vnd.acme.image")
    await repository.push_manifest(subject, "1.0")
    return subject


def signature(subject: Manifest, number: int = 0, kind: str = BUNDLE) -> Manifest:
    return build_manifest(
        EMPTY,
        [EMPTY],
        artifact_type=kind,
        subject=subject.descriptor,
        annotations={"org.example/number": str(number), "predicate": "spdx"},
    )


def listed(registry: FakeRegistry, subject: Manifest) -> Index:
    held = registry.repositories["acme/app"]
    index = parse(held.manifests[held.tags[fallback_tag(subject.digest)]][1])
    assert isinstance(index, Index)
    return index


@pytest.mark.parametrize("api", [True, False])
async def test_what_refers_to_an_image_is_found(client: Client, api: bool) -> None:
    async with FakeRegistry(referrers=api, page_size=2) as registry:
        repository = open_repository(registry, client)
        subject = await push_subject(repository)
        assert await repository.referrers(subject.digest) == ()
        signatures = [signature(subject, number) for number in range(5)]
        for manifest in [*signatures, signature(subject, 9, "application/spdx+json")]:
            await repository.push_manifest(manifest)
        other = open_repository(registry, client)
        assert len(await other.referrers(subject.digest)) == 6
        found = await other.referrers(subject.digest, BUNDLE)
        assert {entry.digest for entry in found} == {manifest.digest for manifest in signatures}
        assert {entry.annotations["org.example/number"] for entry in found} == set("01234")
        assert {entry.artifact_type for entry in found} == {BUNDLE}
        assert (fallback_tag(subject.digest) in registry.repositories["acme/app"].tags) is not api


async def test_an_entry_has_all_annotations_and_the_artifact_type(without_api: FakeRegistry, client: Client) -> None:
    repository = open_repository(without_api, client)
    subject = await push_subject(repository)
    typed, untyped = signature(subject), signature(subject, 1, "")
    await repository.push_manifest(typed)
    await repository.push_manifest(untyped)
    first, second = listed(without_api, subject).manifests
    assert first == typed.referrer
    assert (second.artifact_type, second.annotations) == (mediatypes.OCI_EMPTY, untyped.annotations)
    assert listed(without_api, subject).media_type == mediatypes.OCI_INDEX


async def test_pushing_again_changes_nothing(without_api: FakeRegistry, client: Client) -> None:
    repository = open_repository(without_api, client)
    subject = await push_subject(repository)
    for _time in range(2):
        await repository.push_manifest(signature(subject))
    assert len(listed(without_api, subject).manifests) == 1
    assert without_api.count("PUT", fallback_tag(subject.digest)) == 1


async def test_what_others_wrote_stays_as_it_is(without_api: FakeRegistry, client: Client) -> None:
    repository = open_repository(without_api, client)
    subject = await push_subject(repository)
    other = signature(subject, 7)
    without_api.put_manifest("acme/app", other.raw)
    entry = {**other.referrer.to_dict(), "urls": ["https://example.com"], "x-unknown": {"a": [1]}}
    index = {"schemaVersion": 2, "mediaType": mediatypes.OCI_INDEX, "manifests": [entry], "annotations": {"a": "b"}}
    without_api.put_manifest("acme/app", json.dumps(index).encode(), fallback_tag(subject.digest))
    await repository.push_manifest(signature(subject))
    now = listed(without_api, subject)
    assert entry in [item.to_dict() for item in now.manifests]
    assert len(now.manifests) == 2
    assert now.annotations == {"a": "b"}


@pytest.mark.parametrize("kind", ["", mediatypes.OCI_EMPTY])
@pytest.mark.parametrize("api", [True, False])
async def test_a_hidden_artifact_type_is_looked_up(client: Client, kind: str, api: bool) -> None:
    """As older writers left signatures: https://github.com/kyverno/kyverno/issues/16664."""
    async with FakeRegistry(referrers=api) as registry:
        repository = open_repository(registry, client)
        subject = await push_subject(repository)
        bundle = Descriptor.of(b"{}", BUNDLE)
        hidden = build_manifest(EMPTY, [bundle], artifact_type=kind, subject=subject.descriptor, annotations={"a": "b"})
        registry.put_manifest("acme/app", hidden.raw)
        if not api:
            entry = {**hidden.descriptor.to_dict(), "artifactType": kind}
            index = {"schemaVersion": 2, "mediaType": mediatypes.OCI_INDEX, "manifests": [entry]}
            registry.put_manifest("acme/app", json.dumps(index).encode(), fallback_tag(subject.digest))
        (found,) = await repository.referrers(subject.digest, BUNDLE)
        assert (found.digest, found.annotations) == (hidden.digest, {"a": "b"})


async def test_an_entry_whose_manifest_is_gone_does_not_hide_the_others(
    without_api: FakeRegistry, client: Client
) -> None:
    repository = open_repository(without_api, client)
    subject = await push_subject(repository)
    await repository.push_manifest(signature(subject))
    gone = Descriptor.of(b"gone", mediatypes.OCI_MANIFEST)
    index = build_index([gone, *listed(without_api, subject).manifests])
    without_api.put_manifest("acme/app", index.raw, fallback_tag(subject.digest))
    assert [entry.digest for entry in await repository.referrers(subject.digest)] == [
        gone.digest,
        signature(subject).digest,
    ]


async def test_a_registry_with_the_api_that_does_not_say_so_gets_no_fallback_tag(
    registry: FakeRegistry, repository: Repository
) -> None:
    subject = await push_subject(repository)
    registry.fail(Fault("PUT", headers={"OCI-Subject": None}, times=None))
    await repository.push_manifest(signature(subject))
    assert list(registry.repositories["acme/app"].tags) == ["1.0"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("GET", "/referrers/", status=404, body=b"404 page not found\n"),
        Fault("GET", "/referrers/", status=405),
        Fault("GET", "/referrers/", status=200, body=b"<html>hello</html>", headers={"Content-Type": "text/html"}),
    ],
    ids=["404", "405", "page"],
)
async def test_a_missing_api_is_noticed_and_remembered(without_api: FakeRegistry, client: Client, fault: Fault) -> None:
    repository = open_repository(without_api, client)
    subject = await push_subject(repository)
    fault.times = None
    without_api.fail(fault)
    await repository.push_manifest(signature(subject))
    for _time in range(3):
        assert len(await repository.referrers(subject.digest)) == 1
    assert without_api.count("GET", "/referrers/") == 2


async def test_a_referrer_that_the_registry_took_and_does_not_list_is_pushed_again(
    registry: FakeRegistry, client: Client
) -> None:
    repository = open_repository(registry, client)
    subject = await push_subject(repository)
    lost = {"OCI-Subject": subject.digest}
    registry.fail(Fault("PUT", "/manifests/sha256:", status=201, headers=lost, times=3))
    await repository.push_manifest(signature(subject))
    assert len(await repository.referrers(subject.digest)) == 1
    registry.fail(Fault("PUT", "/manifests/sha256:", status=201, headers=lost, times=None))
    with pytest.raises(UnexpectedAnswer, match="does not list it"):
        await repository.push_manifest(signature(subject, 1))


async def test_an_api_that_stumbles_is_asked_again(registry: FakeRegistry, client: Client) -> None:
    gone = Fault("GET", "/referrers/", status=404, body=b"404 page not found\n")
    repository = open_repository(registry, client)
    subject = await push_subject(repository)
    await repository.push_manifest(signature(subject))
    registry.fail(replace(gone))
    assert len(await repository.referrers(subject.digest)) == 1
    registry.fail(replace(gone, times=2))
    assert await repository.referrers(subject.digest) == ()
    assert len(await repository.referrers(subject.digest)) == 1, "one that had it before has it still"


async def test_a_missing_repository_is_no_missing_api(registry: FakeRegistry, repository: Repository) -> None:
    assert await repository.referrers(Digest.of(b"x")) == ()
    subject = await push_subject(repository)
    await repository.push_manifest(signature(subject))
    assert len(await repository.referrers(subject.digest)) == 1


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{}]}'),
        ({}, b"not json"),
        ({}, b'{"schemaVersion":2,"config":{"mediaType":"a/b","digest":"sha256:x","size":1},"layers":[]}'),
        ({"Link": "<https://other.example/>; rel=next"}, b'{"schemaVersion":2,"manifests":[]}'),
    ],
)
async def test_a_list_that_cannot_be_read_is_no_empty_list(
    registry: FakeRegistry, repository: Repository, headers: Mapping[str, str], body: bytes
) -> None:
    await push_subject(repository)
    registry.fail(
        Fault("GET", "/referrers/", status=200, body=body, headers={"Content-Type": mediatypes.OCI_INDEX, **headers})
    )
    with pytest.raises((BadContent, UnexpectedAnswer)):
        await repository.referrers(Digest.of(b"x"))


async def test_an_image_under_the_fallback_tag_is_not_taken_for_a_list(
    without_api: FakeRegistry, client: Client
) -> None:
    repository = open_repository(without_api, client)
    subject = await push_subject(repository)
    without_api.put_manifest("acme/app", subject.raw, fallback_tag(subject.digest))
    with pytest.raises(BadContent, match="not a list of referrers"):
        await repository.referrers(subject.digest)
    with pytest.raises(BadContent):
        await repository.push_manifest(signature(subject))


async def test_a_full_list_takes_no_more(without_api: FakeRegistry, client: Client) -> None:
    repository = open_repository(without_api, client)
    subject = await push_subject(repository)
    entries = [Descriptor.of(str(number).encode(), mediatypes.OCI_MANIFEST) for number in range(MAX_DESCRIPTORS)]
    full = build_index(entries, artifact_type=BUNDLE)
    without_api.put_manifest("acme/app", full.raw, fallback_tag(subject.digest))
    with pytest.raises(TooLarge, match="no room"):
        await repository.push_manifest(signature(subject))


async def test_more_referrers_than_anybody_can_mean(registry: FakeRegistry, repository: Repository) -> None:
    subject = await push_subject(repository)
    entries = [Descriptor.of(str(number).encode(), mediatypes.OCI_MANIFEST) for number in range(6000)]
    pages = [build_index(entries, annotations={"page": str(number)}).raw for number in range(2)]
    kind = {"Content-Type": mediatypes.OCI_INDEX}
    registry.fail(
        Fault(
            "GET",
            "/referrers/",
            status=200,
            body=pages[0],
            headers={**kind, "Link": '</v2/acme/app/referrers/2>; rel="next"'},
        ),
        Fault("GET", "/referrers/", status=200, body=pages[1], headers=kind),
    )
    with pytest.raises(TooLarge, match="more than 10000"):
        await repository.referrers(subject.digest)


async def test_a_fault_is_no_missing_list(without_api: FakeRegistry, client: Client) -> None:
    repository = open_repository(without_api, client)
    subject = await push_subject(repository)
    await repository.referrers(subject.digest)
    without_api.fail(Fault("GET", fallback_tag(subject.digest), status=503, times=None))
    with pytest.raises(UndercurrentError):
        await repository.push_manifest(signature(subject))
    assert without_api.count("PUT", fallback_tag(subject.digest)) == 0


class TestRaces:
    async def test_tasks_of_one_process_write_together(self, without_api: FakeRegistry, client: Client) -> None:
        repository = open_repository(without_api, client)
        subject = await push_subject(repository)
        async with asyncio.TaskGroup() as group:
            for number in range(30):
                group.create_task(repository.push_manifest(signature(subject, number)))
        assert len(listed(without_api, subject).manifests) == 30
        assert without_api.count("PUT", fallback_tag(subject.digest)) < 15

    @pytest.mark.parametrize("etags", [True, False])
    async def test_processes_that_know_nothing_of_each_other_lose_nothing(self, awake: Client, etags: bool) -> None:
        async with FakeRegistry(referrers=False, etags=etags) as registry:
            registry.fail(Fault("GET|PUT", "sha256-", delay_s=0.01, times=None))
            subject = await push_subject(open_repository(registry, awake))

            async def writer(number: int) -> None:
                await asyncio.sleep(number * 0.003)
                await open_repository(registry, awake).push_manifest(signature(subject, number))

            async with asyncio.TaskGroup() as group:
                for number in range(12):
                    group.create_task(writer(number))
            assert len(listed(registry, subject).manifests) == 12

    async def test_being_overwritten_is_noticed(self, without_api: FakeRegistry) -> None:
        tag = ""
        rude: list[str] = []

        async def somebody_else_writes(_seconds: float) -> None:
            if len(rude) < 3:
                manifest = signature(subject, 90 + len(rude))
                rude.append(without_api.put_manifest("acme/app", manifest.raw))
                without_api.put_manifest("acme/app", build_index([manifest.referrer]).raw, tag)

        async with Client(NetSettings(), sleep=somebody_else_writes) as client:
            repository = open_repository(without_api, client)
            subject = await push_subject(repository)
            tag = fallback_tag(subject.digest)
            await repository.push_manifest(signature(subject))
        digests = {entry.digest for entry in listed(without_api, subject).manifests}
        assert digests == {signature(subject).digest, rude[-1]}

    async def test_a_list_that_the_registry_says_it_has_and_has_not_is_written_again(
        self, without_api: FakeRegistry, awake: Client
    ) -> None:
        repository = open_repository(without_api, awake)
        subject = await push_subject(repository)
        without_api.fail(Fault("PUT", fallback_tag(subject.digest), status=201, times=2))
        await repository.push_manifest(signature(subject))
        assert len(await repository.referrers(subject.digest)) == 1

    async def test_being_overwritten_for_ever_is_an_error(self, without_api: FakeRegistry, client: Client) -> None:
        repository = open_repository(without_api, client)
        subject = await push_subject(repository)
        registry = without_api
        tag = fallback_tag(subject.digest)
        registry.fail(Fault("PUT", tag, status=412, times=None))
        with pytest.raises(UnexpectedAnswer, match="again and again"):
            await repository.push_manifest(signature(subject))

    async def test_one_that_failed_can_be_tried_again(self, without_api: FakeRegistry, client: Client) -> None:
        repository = open_repository(without_api, client)
        subject = await push_subject(repository)
        without_api.fail(Fault("PUT", fallback_tag(subject.digest), status=403))
        with pytest.raises(UndercurrentError):
            await repository.push_manifest(signature(subject))
        await repository.push_manifest(signature(subject))
        assert len(listed(without_api, subject).manifests) == 1
