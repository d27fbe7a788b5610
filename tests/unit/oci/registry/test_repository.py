"""A repository as a store, on a registry that behaves and on one that does not."""

import hashlib
import json
from dataclasses import replace

import pytest
from tests.support.registry import FakeRegistry, Fault
from tests.unit.oci.registry.conftest import MIB, blob_of, noise, open_repository, push_image, read

from undercurrent.errors import (
    BadContent,
    DigestMismatch,
    InvalidReference,
    NotFound,
    RemoteFault,
    TimedOut,
    TooLarge,
    Unauthorized,
    UndercurrentError,
    UnexpectedAnswer,
    Unreachable,
)
from undercurrent.net import Client
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.manifest import EMPTY, Manifest, build_manifest
from undercurrent.oci.registry import Repository
from undercurrent.oci.store import WritableStore, read_blob
from undercurrent.settings import NetSettings

NO_DIGEST = {"Docker-Content-Digest": None}


async def test_it_is_a_store(repository: Repository, registry: FakeRegistry) -> None:
    assert isinstance(repository, WritableStore)
    assert repository.label == f"{registry.host}/acme/app"


async def test_what_was_pushed_is_read(registry: FakeRegistry, client: Client, repository: Repository) -> None:
    manifest = await push_image(repository)
    other = open_repository(registry, client)
    found = await other.resolve("1.0")
    assert found == manifest.descriptor
    assert await other.resolve(manifest.digest) == found
    assert (await other.manifest(found)).raw == manifest.raw
    assert await read_blob(other, manifest.layers[0], 100) == b"layer"
    assert await other.has(found)
    assert await other.has(manifest.layers[0])
    assert not await other.has(blob_of(b"something else"))
    assert not await other.has(build_manifest(EMPTY, []).descriptor)
    assert [name async for name in other.names()] == ["1.0"]


class TestResolve:
    @pytest.mark.parametrize(
        "headers",
        [
            NO_DIGEST,
            {"Docker-Content-Digest": "nonsense"},
            {"Docker-Content-Digest": [f"sha256:{'0' * 64}", f"sha256:{'1' * 64}"]},
            {"Content-Type": None},
            {"Content-Type": "text/html"},
        ],
    )
    async def test_an_incomplete_answer_to_head_is_made_up_for_by_get(
        self, registry: FakeRegistry, repository: Repository, headers: dict[str, str | list[str] | None]
    ) -> None:
        manifest = await push_image(repository)
        registry.fail(Fault("HEAD", "/manifests/", headers=headers))
        assert await repository.resolve("1.0") == manifest.descriptor
        assert registry.count("GET", "/manifests/1.0") == 1

    async def test_a_registry_that_never_says_a_digest(self, client: Client) -> None:
        async with FakeRegistry(digest_header=False) as registry:
            repository = open_repository(registry, client)
            manifest = await push_image(repository)
            assert await repository.resolve("1.0") == await repository.resolve(manifest.digest) == manifest.descriptor

    async def test_a_registry_without_head(self, registry: FakeRegistry, repository: Repository) -> None:
        manifest = await push_image(repository)
        registry.fail(Fault("HEAD", "/manifests/", status=405, times=None))
        assert await repository.resolve("1.0") == manifest.descriptor

    async def test_content_that_is_not_what_the_header_says(
        self, registry: FakeRegistry, repository: Repository
    ) -> None:
        await push_image(repository)
        registry.fail(
            Fault("HEAD", "/manifests/", headers=NO_DIGEST),
            Fault("GET", "/manifests/", headers={"Docker-Content-Digest": f"sha256:{'0' * 64}"}, times=2),
        )
        with pytest.raises(DigestMismatch, match="than it says"):
            await repository.resolve("1.0")

    async def test_a_digest_of_another_algorithm(self, registry: FakeRegistry, repository: Repository) -> None:
        manifest = await push_image(repository)
        wanted = Digest("sha512:" + hashlib.sha512(manifest.raw).hexdigest())
        held = registry.repositories["acme/app"]
        held.manifests[wanted] = held.manifests[manifest.digest]
        registry.fail(Fault("HEAD|GET", "/manifests/sha512", headers=NO_DIGEST, times=None))
        registry.fail(Fault("HEAD", "/manifests/sha512", status=405))
        for _time in range(2):
            found = await repository.resolve(wanted)
            assert found.digest == wanted
            assert (await repository.manifest(found)).digest == wanted

    async def test_another_digest_than_was_asked_for(self, registry: FakeRegistry, repository: Repository) -> None:
        manifest = await push_image(repository)
        wrong = {"Docker-Content-Digest": f"sha256:{'0' * 64}"}
        registry.fail(Fault("HEAD|GET", "/manifests/", headers=wrong, times=None))
        with pytest.raises(DigestMismatch):
            await repository.resolve(manifest.digest)

    @pytest.mark.parametrize("name", ["", "a/b", "../../x", "a b", "-x", "x" * 129, "sha256:abc", "a?b=c", "a#b"])
    async def test_names_that_are_none_are_not_asked_for(
        self, registry: FakeRegistry, repository: Repository, name: str
    ) -> None:
        for method in (repository.resolve, repository.delete_name):
            with pytest.raises(InvalidReference):
                await method(name)
        assert registry.seen == []

    async def test_what_is_not_there_is_named(self, registry: FakeRegistry, repository: Repository) -> None:
        with pytest.raises(NotFound, match=f"{registry.host}/acme/app:2.0"):
            await repository.resolve("2.0")


class TestManifest:
    async def test_it_is_asked_for_once(self, registry: FakeRegistry, client: Client) -> None:
        digest = registry.put_image("acme/app", "1.0")
        repository = open_repository(registry, client)
        found = await repository.resolve("1.0")
        assert await repository.manifest(found) is not None
        assert (await repository.manifest(found)).digest == digest
        assert registry.count("GET", "/manifests/") == 1

    async def test_damage_is_refused(self, registry: FakeRegistry, client: Client) -> None:
        registry.put_image("acme/app", "1.0")
        repository = open_repository(registry, client)
        found = await repository.resolve("1.0")
        registry.fail(Fault("GET", "/manifests/", corrupt=True, times=2))
        with pytest.raises(DigestMismatch, match="another manifest"):
            await repository.manifest(found)

    @pytest.mark.parametrize("damage", [Fault(corrupt=True), Fault(end_at=100)])
    async def test_damage_on_the_way_is_made_good(self, registry: FakeRegistry, client: Client, damage: Fault) -> None:
        digest = registry.put_image("acme/app", "1.0")
        repository = open_repository(registry, client)
        found = await repository.resolve("1.0")
        registry.fail(replace(damage))
        manifest = await repository.manifest(found)
        assert manifest.digest == digest
        assert isinstance(manifest, Manifest)
        registry.fail(replace(damage))
        assert Digest.of(await read_blob(repository, manifest.config, MIB)) == manifest.config.digest

    async def test_one_that_is_cut_off_is_asked_for_again(self, registry: FakeRegistry, client: Client) -> None:
        registry.put_image("acme/app", "1.0")
        repository = open_repository(registry, client)
        found = await repository.resolve("1.0")
        registry.fail(Fault("GET", "/manifests/", cut_at=50, times=2))
        assert (await repository.manifest(found)).descriptor == found

    async def test_more_than_4_mib_are_not_read(self, registry: FakeRegistry, repository: Repository) -> None:
        huge = json.dumps({"schemaVersion": 2, "mediaType": mediatypes.OCI_INDEX, "x": "x" * (5 * MIB)}).encode()
        digest = Digest(registry.put_manifest("acme/app", huge, "huge"))
        with pytest.raises(TooLarge):
            await repository.manifest(Descriptor(mediatypes.OCI_INDEX, digest, len(huge)))
        with pytest.raises(TooLarge):
            await repository.manifest(Descriptor(mediatypes.OCI_INDEX, digest, 100))

    async def test_one_of_another_kind_is_refused(self, repository: Repository) -> None:
        manifest = await push_image(repository)
        with pytest.raises(BadContent):
            await repository.manifest(Descriptor(mediatypes.OCI_INDEX, manifest.digest, len(manifest.raw)))

    async def test_what_is_kept_is_bounded(self, registry: FakeRegistry, client: Client) -> None:
        repository = open_repository(registry, client)
        for number in range(100):
            registry.put_image("acme/app", f"t{number}", layers=(str(number).encode(),))
            await repository.manifest(await repository.resolve(f"t{number}"))
        assert len(repository._kept) == 64


class TestBlob:
    async def test_a_broken_answer_is_continued(self, registry: FakeRegistry, repository: Repository) -> None:
        data = noise(3 * MIB)
        registry.put_blob("acme/app", data)
        registry.fail(Fault("GET", "/blobs/", cut_at=MIB), Fault("GET", "/blobs/", cut_at=MIB))
        assert await read(repository, blob_of(data)) == data
        first, second, third = registry.requests("GET", "/blobs/")
        assert "Range" not in first.headers
        assert second.headers["Range"] == f"bytes={MIB}-"
        assert third.headers["Range"] == f"bytes={2 * MIB}-"

    async def test_without_ranges_it_begins_again_and_hands_on_only_what_is_new(self, client: Client) -> None:
        data = noise(3 * MIB)
        async with FakeRegistry(ranges=False) as registry:
            registry.put_blob("acme/app", data)
            registry.fail(Fault("GET", "/blobs/", cut_at=MIB + 1))
            assert await read(open_repository(registry, client), blob_of(data)) == data

    async def test_another_range_than_asked_for_is_not_taken(
        self, registry: FakeRegistry, repository: Repository
    ) -> None:
        registry.put_blob("acme/app", bytes(1000))
        registry.fail(
            Fault("GET", "/blobs/", cut_at=500), Fault("GET", "/blobs/", headers={"Content-Range": "bytes 0-999/1000"})
        )
        with pytest.raises(UnexpectedAnswer):
            await read(repository, blob_of(bytes(1000)))

    async def test_breaking_without_end_is_an_error(self, registry: FakeRegistry, repository: Repository) -> None:
        registry.put_blob("acme/app", bytes(1000))
        registry.fail(Fault("GET", "/blobs/", cut_at=10, times=None))
        with pytest.raises(Unreachable):
            await read(repository, blob_of(bytes(1000)))
        assert registry.count("GET", "/blobs/") < 10

    @pytest.mark.parametrize("size", [100, 999, 1001, 2000])
    async def test_another_size_is_refused(self, registry: FakeRegistry, repository: Repository, size: int) -> None:
        digest = Digest(registry.put_blob("acme/app", bytes(1000)))
        with pytest.raises(DigestMismatch):
            await read(repository, Descriptor("a/b", digest, size))

    async def test_damage_is_refused(self, registry: FakeRegistry, repository: Repository) -> None:
        registry.put_blob("acme/app", b"data")
        registry.fail(Fault("GET", "/blobs/", corrupt=True))
        with pytest.raises(DigestMismatch):
            await read(repository, blob_of(b"data"))

    async def test_a_redirect_to_a_store_elsewhere_is_followed_without_credentials(
        self, registry: FakeRegistry, client: Client
    ) -> None:
        async with FakeRegistry() as elsewhere:
            elsewhere.put_blob("acme/app", b"data")
            registry.fail(Fault("GET", "/blobs/", redirect=elsewhere.url + "{path}?X-Amz-Signature=abc"))
            assert await read(open_repository(registry, client), blob_of(b"data")) == b"data"
            assert "Authorization" not in elsewhere.seen[0].headers

    async def test_one_that_is_not_there(self, repository: Repository) -> None:
        with pytest.raises(NotFound, match="acme/app@sha256"):
            await read(repository, blob_of(b"none"))


class TestNames:
    @pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
    async def test_pages_are_followed(self, client: Client, size: int) -> None:
        async with FakeRegistry(page_size=size) as registry:
            for number in range(7):
                registry.put_image("acme/app", f"t{number}")
            names = [name async for name in open_repository(registry, client).names()]
        assert names == [f"t{number}" for number in range(7)]

    async def test_no_tags_are_no_error(self, registry: FakeRegistry, repository: Repository) -> None:
        registry.put_image("acme/app")
        registry.fail(Fault("GET", "/tags/", status=200, body=b'{"name":"acme/app","tags":null}'))
        assert [name async for name in repository.names()] == []

    @pytest.mark.parametrize(
        "link",
        [
            "</v2/acme/app/tags/list?n=1000>; rel=next",
            '<http://other.example/v2/acme/app/tags/list>; rel="next"',
            '<https://127.0.0.2/v2/>; rel="next"',
            '<ftp://127.0.0.1/v2/>; rel="next"',
        ],
    )
    async def test_pages_in_a_circle_or_elsewhere_end(
        self, registry: FakeRegistry, repository: Repository, link: str
    ) -> None:
        registry.put_image("acme/app", "a")
        registry.fail(Fault("GET", "/tags/", headers={"Link": link}, times=None))
        with pytest.raises(UnexpectedAnswer, match="continues a list"):
            assert [name async for name in repository.names()]
        assert registry.count("GET", "/tags/") == 1

    @pytest.mark.parametrize("body", [b"", b"[]", b'{"tags":{}}', b'{"tags":[1]}', b"<html>"])
    async def test_what_is_no_list(self, registry: FakeRegistry, repository: Repository, body: bytes) -> None:
        registry.put_image("acme/app")
        registry.fail(Fault("GET", "/tags/", status=200, body=body))
        with pytest.raises(UndercurrentError):
            assert [name async for name in repository.names()]

    async def test_no_such_repository(self, repository: Repository) -> None:
        with pytest.raises(NotFound, match="acme/app"):
            assert [name async for name in repository.names()]


NOT_NO = [
    (Fault(status=401), Unauthorized),
    (Fault(status=403), Unauthorized),
    (Fault(status=429), None),
    (Fault(status=500), RemoteFault),
    (Fault(status=503), RemoteFault),
    (Fault(status=418), UnexpectedAnswer),
    (Fault(reset=True), Unreachable),
    (Fault(delay_s=30), TimedOut),
]


@pytest.mark.parametrize(("fault", "error"), NOT_NO, ids=lambda value: getattr(value, "__name__", None))
async def test_nothing_but_404_is_read_as_no(
    registry: FakeRegistry, fault: Fault, error: type[UndercurrentError] | None
) -> None:
    registry.put_image("acme/app", "1.0")
    async with Client(NetSettings(retries=1, timeout_s=0.3), sleep=_no_sleep) as client:
        repository = open_repository(registry, client)
        await repository.registry.ping()
        fault.times = None
        fault.path = "/v2/acme"
        registry.fail(fault)
        subject = Digest.of(b"anything")

        async def names() -> None:
            assert [name async for name in repository.names()]

        for question in (
            repository.resolve("1.0"),
            repository.has(blob_of(b"layer")),
            repository.referrers(subject),
            names(),
            read(repository, blob_of(b"layer")),
            repository.manifest(Descriptor(mediatypes.OCI_MANIFEST, subject, 10)),
        ):
            with pytest.raises(error or UndercurrentError) as caught:
                await question
            assert caught.value.exit_code == 4


async def _no_sleep(_seconds: float) -> None:
    pass


async def test_a_refusal_names_the_image_and_says_how_to_sign_in(
    registry: FakeRegistry, repository: Repository
) -> None:
    body = b'{"errors":[{"code":"DENIED","message":"requested access is \\u001b[31mdenied"}]}'
    registry.fail(Fault("HEAD|GET", "acme", status=403, body=body, times=None))
    with pytest.raises(Unauthorized, match=f"{registry.host}/acme/app") as caught:
        await repository.manifest(Descriptor(mediatypes.OCI_MANIFEST, Digest.of(b""), 10))
    assert "uc login" in caught.value.hint
    assert registry.host in caught.value.hint
    assert "\x1b" not in caught.value.message
    assert "denied" in caught.value.message
