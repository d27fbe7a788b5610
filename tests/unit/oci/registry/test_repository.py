"""A repository as a store, on a registry that behaves and on one that does not."""

import json
import tracemalloc
from collections.abc import AsyncIterator

import pytest
from tests.support.registry import FakeRegistry, Fault
from tests.unit.oci.registry.conftest import noise, open_repository

from undercurrent.errors import (
    BadContent,
    DigestMismatch,
    InvalidReference,
    NotFound,
    Refused,
    RemoteFault,
    TimedOut,
    TooLarge,
    Unauthorized,
    UndercurrentError,
    UnexpectedAnswer,
    Unreachable,
    Unsupported,
)
from undercurrent.net import Client
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.manifest import EMPTY, EMPTY_BYTES, Manifest, build_index, build_manifest
from undercurrent.oci.registry import Credential, Registry, Repository
from undercurrent.oci.registry.credentials import Fixed
from undercurrent.oci.store import WritableStore, content_of, read_blob
from undercurrent.settings import NetSettings

MIB = 1024 * 1024
NO_DIGEST = {"Docker-Content-Digest": None}


def blob_of(data: bytes) -> Descriptor:
    return Descriptor.of(data, mediatypes.OCI_LAYER)


async def push_image(repository: Repository, tag: str = "1.0", data: bytes = b"layer") -> Manifest:
    layer = blob_of(data)
    await repository.push_blob(layer, content_of(data))
    await repository.push_blob(EMPTY, content_of(EMPTY_BYTES))
    manifest = build_manifest(EMPTY, [layer], artifact_type="application/vnd.acme.thing")
    await repository.push_manifest(manifest, tag)
    return manifest


async def read(repository: Repository, descriptor: Descriptor) -> bytes:
    return b"".join([piece async for piece in repository.blob(descriptor)])


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
            Fault("GET", "/manifests/", headers={"Docker-Content-Digest": f"sha256:{'0' * 64}"}),
        )
        with pytest.raises(DigestMismatch, match="than it says"):
            await repository.resolve("1.0")

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
        registry.fail(Fault("GET", "/manifests/", corrupt=True))
        with pytest.raises(DigestMismatch, match="another manifest"):
            await repository.manifest(found)

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


class TestPush:
    @pytest.mark.parametrize("way", ["auto", "one-piece", "single-post", "chunks"])
    @pytest.mark.parametrize("size", [0, 1, 100, 20 * MIB])
    async def test_every_way_of_sending_works(
        self, registry: FakeRegistry, repository: Repository, way: str, size: int
    ) -> None:
        repository.upload_by = way  # type: ignore[assignment]
        data = noise(size)
        assert await repository.push_blob(blob_of(data), content_of(data))
        assert registry.repositories["acme/app"].blobs[blob_of(data).digest] == data
        assert not await repository.push_blob(blob_of(data), content_of(data))

    async def test_what_is_here_is_not_sent(self, registry: FakeRegistry, repository: Repository) -> None:
        registry.put_blob("acme/app", b"data")
        assert not await repository.push_blob(blob_of(b"data"), content_of(b"data"))
        assert registry.count("POST|PUT|PATCH") == 0

    async def test_two_requests_a_blob(self, registry: FakeRegistry, repository: Repository) -> None:
        await repository.push_blob(blob_of(b"data"), content_of(b"data"))
        assert [seen.method for seen in registry.requests(path="/blobs/")] == ["HEAD", "POST", "PUT"]

    async def test_a_single_post_that_is_not_understood_goes_on_with_put(self, client: Client) -> None:
        async with FakeRegistry(single_post=False) as registry:
            repository = open_repository(registry, client)
            repository.upload_by = "single-post"
            assert await repository.push_blob(blob_of(b"data"), content_of(b"data"))
            assert await read(repository, blob_of(b"data")) == b"data"

    async def test_where_one_piece_is_too_large_chunks_are_sent_from_then_on(self, client: Client) -> None:
        async with FakeRegistry(monolithic=False) as registry:
            repository = open_repository(registry, client)
            for data in (b"one", b"two"):
                assert await repository.push_blob(blob_of(data), content_of(data))
            assert registry.count("PATCH") == 2
            repository.upload_by = "one-piece"
            repository.registry.takes_large_bodies = True
            with pytest.raises(TooLarge, match="acme/app@sha256"):
                await repository.push_blob(blob_of(b"three"), content_of(b"three"))

    async def test_a_chunk_that_may_have_arrived_is_not_sent_twice(
        self, registry: FakeRegistry, repository: Repository
    ) -> None:
        data = noise(20 * MIB)
        repository.upload_by = "chunks"
        registry.fail(Fault("PATCH", reset=True), Fault("PATCH", reset=True, applied=True), Fault("PATCH", status=503))
        assert await repository.push_blob(blob_of(data), content_of(data))
        assert registry.count("POST") == 1

    @pytest.mark.parametrize("take", [1, 2, 1000, 8 * MIB])
    async def test_a_chunk_of_which_a_part_arrived_is_continued(
        self, registry: FakeRegistry, repository: Repository, take: int
    ) -> None:
        data = noise(20 * MIB)
        repository.upload_by = "chunks"
        registry.fail(Fault("PATCH", times=0), Fault("PATCH", take=take))
        assert await repository.push_blob(blob_of(data), content_of(data))
        assert registry.count("POST") == (2 if take == 1 else 1)  # "0-0" may mean one byte or none

    async def test_a_registry_may_want_larger_chunks(self, registry: FakeRegistry, repository: Repository) -> None:
        data = bytes(20 * MIB)
        repository.upload_by = "chunks"
        registry.fail(Fault("POST", headers={"OCI-Chunk-Min-Length": str(16 * MIB)}))
        assert await repository.push_blob(blob_of(data), content_of(data))
        assert [seen.headers["Content-Range"] for seen in registry.requests("PATCH")] == [
            f"0-{16 * MIB - 1}",
            f"{16 * MIB}-{20 * MIB - 1}",
        ]

    @pytest.mark.parametrize(
        "fault",
        [
            Fault("PUT", "/blobs/", reset=True),
            Fault("PUT", "/blobs/", status=500),
            Fault("PUT", "/blobs/", status=503, headers={"Retry-After": "0"}),
            Fault("PUT", "/blobs/", status=429),
            Fault("POST", "/blobs/", reset=True),
            Fault("POST", "/blobs/", status=502),
            Fault("HEAD", "/blobs/", reset=True),
        ],
        ids=str,
    )
    async def test_a_broken_upload_begins_anew(
        self, registry: FakeRegistry, repository: Repository, fault: Fault
    ) -> None:
        fault.times = 2
        registry.fail(fault)
        assert await repository.push_blob(blob_of(b"data"), content_of(b"data"))
        assert await read(repository, blob_of(b"data")) == b"data"

    async def test_an_upload_whose_answer_was_lost_is_found(
        self, registry: FakeRegistry, repository: Repository
    ) -> None:
        registry.fail(Fault("PUT", "/blobs/", reset=True, applied=True))
        assert await repository.push_blob(blob_of(b"data"), content_of(b"data"))
        assert registry.count("PUT") == 1

    async def test_other_content_than_promised_is_refused(self, registry: FakeRegistry, repository: Repository) -> None:
        with pytest.raises(DigestMismatch, match="acme/app@sha256"):
            await repository.push_blob(blob_of(b"data"), content_of(b"DATA"))
        assert registry.repositories["acme/app"].blobs == {}

    async def test_an_upload_goes_where_the_registry_says(self, registry: FakeRegistry, repository: Repository) -> None:
        registry.fail(Fault("POST", headers={"Location": None}))
        with pytest.raises(UnexpectedAnswer, match="where the upload goes"):
            await repository.push_blob(blob_of(b"data"), content_of(b"data"))

    async def test_our_credentials_do_not_go_to_an_upload_elsewhere(self, client: Client) -> None:
        async with FakeRegistry(basic=("ann", "pw")) as registry, FakeRegistry() as elsewhere:
            repository = open_repository(registry, client, credential=Credential("ann", "pw"))
            registry.fail(Fault("POST", headers={"Location": f"{elsewhere.url}/v2/acme/app/blobs/uploads/1?_state=x"}))
            with pytest.raises(UndercurrentError):
                await repository.push_blob(blob_of(b"data"), content_of(b"data"))
            assert elsewhere.count() == 1
            assert "Authorization" not in elsewhere.seen[0].headers

    async def test_a_blob_is_mounted(self, registry: FakeRegistry, repository: Repository) -> None:
        registry.put_blob("acme/base", b"data")
        assert not await repository.push_blob(blob_of(b"data"), content_of(b"?"), mount_from="acme/base")
        assert registry.count("PUT|PATCH") == 0
        assert await read(repository, blob_of(b"data")) == b"data"

    @pytest.mark.parametrize("status", [0, 403, 404])
    async def test_a_mount_that_is_not_done_becomes_an_upload(
        self, registry: FakeRegistry, repository: Repository, status: int
    ) -> None:
        registry.fail(Fault("POST", "mount=", status=status))
        assert await repository.push_blob(blob_of(b"data"), content_of(b"data"), mount_from="acme/base")
        assert await read(repository, blob_of(b"data")) == b"data"

    async def test_a_manifest_whose_parts_are_missing_is_refused(self, repository: Repository) -> None:
        with pytest.raises(UndercurrentError, match=r"acme/app:1\.0.*manifest blob unknown"):
            await repository.push_manifest(build_manifest(EMPTY, []), "1.0")

    async def test_a_manifest_that_the_registry_takes_for_another_is_reported(
        self, registry: FakeRegistry, repository: Repository
    ) -> None:
        await push_image(repository)
        registry.fail(Fault("PUT", headers={"Docker-Content-Digest": f"sha256:{'0' * 64}"}))
        with pytest.raises(DigestMismatch, match="which it is not"):
            await repository.push_manifest(build_index([]), "x")

    async def test_what_the_registry_does_not_like_is_its_decision(
        self, registry: FakeRegistry, repository: Repository
    ) -> None:
        registry.fail(Fault("PUT", status=400, body=b'{"errors":[{"code":"MANIFEST_INVALID","message":"no good"}]}'))
        with pytest.raises(Refused, match="no good"):
            await repository.push_manifest(build_index([]), "x")


class TestDelete:
    async def test_a_tag_is_taken_away_and_its_image_stays(self, repository: Repository) -> None:
        manifest = await push_image(repository)
        await repository.delete_name("1.0")
        with pytest.raises(NotFound):
            await repository.resolve("1.0")
        assert await repository.has(manifest.descriptor)
        with pytest.raises(NotFound):
            await repository.delete_name("1.0")

    async def test_where_that_cannot_be_done(self, client: Client) -> None:
        async with FakeRegistry(deletes=False) as registry:
            registry.put_image("acme/app", "1.0")
            with pytest.raises(Unsupported):
                await open_repository(registry, client).delete_name("1.0")


async def test_large_blobs_pass_through_little_memory(client: Client) -> None:
    size = 256 * MIB
    piece = noise(MIB)

    async def content() -> AsyncIterator[bytes]:
        for _piece in range(size // MIB):
            yield bytes(piece)

    hasher = Digest(f"sha256:{'0' * 64}").hasher()
    for _piece in range(size // MIB):
        hasher.update(piece)
    blob = Descriptor("a/b", Digest(f"sha256:{hasher.hexdigest()}"), size)
    async with FakeRegistry(keep_up_to=0) as source, FakeRegistry(keep_up_to=0) as target:
        source.put_generated("acme/app", blob.digest, size, content)
        reader, writer = open_repository(source, client), open_repository(target, client)
        tracemalloc.start()
        await writer.push_blob(blob, lambda: reader.blob(blob))
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert blob.digest in target.repositories["acme/app"].blobs
    assert peak < 40 * MIB


class TestCatalog:
    async def test_it_lists_repositories_page_by_page(self, client: Client) -> None:
        async with FakeRegistry(page_size=2) as registry:
            for name in ("a", "b/c", "d", "e", "f"):
                registry.put_image(name)
            found = [name async for name in Registry(registry.host, client, Fixed()).catalog()]
        assert found == ["a", "b/c", "d", "e", "f"]

    @pytest.mark.parametrize("status", [401, 403, 404, 405])
    async def test_where_there_is_none_it_says_to_name_repositories(
        self, registry: FakeRegistry, client: Client, status: int
    ) -> None:
        registry.fail(Fault("GET", "_catalog", status=status, times=None))
        with pytest.raises((Unauthorized, Unsupported), match=registry.host) as caught:
            assert [name async for name in Registry(registry.host, client, Fixed()).catalog()]
        assert f"{registry.host}/NAME" in caught.value.hint

    async def test_a_fault_is_no_missing_catalog(self, registry: FakeRegistry, client: Client) -> None:
        registry.fail(Fault("GET", "_catalog", status=503, times=None))
        with pytest.raises(RemoteFault):
            assert [name async for name in Registry(registry.host, client, Fixed()).catalog()]
