"""Blobs and manifests on their way into a repository."""

import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.registry import FakeRegistry, Fault
from tests.support.tls import Authority
from tests.unit.oci.registry.conftest import MIB, blob_of, noise, open_repository, push_image, read

from undercurrent.errors import (
    DigestMismatch,
    NotFound,
    Refused,
    TooLarge,
    Unauthorized,
    UndercurrentError,
    UnexpectedAnswer,
    Unsupported,
)
from undercurrent.net import Client
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.manifest import EMPTY, build_index, build_manifest
from undercurrent.oci.registry import Credential, Repository
from undercurrent.oci.store import content_of
from undercurrent.settings import NetSettings


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

    async def test_an_upload_in_chunks_that_is_gone_begins_anew(
        self, registry: FakeRegistry, repository: Repository
    ) -> None:
        repository.upload_by = "chunks"
        registry.fail(Fault("PATCH", reset=True), Fault("GET", "/uploads/", status=404))
        assert await repository.push_blob(blob_of(b"data"), content_of(b"data"))
        assert registry.count("POST") == 2

    async def test_an_upload_in_chunks_that_says_nonsense_begins_anew(
        self, registry: FakeRegistry, repository: Repository
    ) -> None:
        repository.upload_by = "chunks"
        registry.fail(Fault("PATCH", reset=True), Fault("GET", "/uploads/", headers={"Range": "0-12345678"}))
        assert await repository.push_blob(blob_of(b"data"), content_of(b"data"))
        assert registry.count("POST") == 2

    async def test_chunks_of_other_content_are_refused(self, repository: Repository) -> None:
        repository.upload_by = "chunks"
        with pytest.raises(DigestMismatch):
            await repository.push_blob(blob_of(b"data"), content_of(b"DATA"))

    async def test_a_chunk_that_the_registry_does_not_take(
        self, registry: FakeRegistry, repository: Repository
    ) -> None:
        repository.upload_by = "chunks"
        registry.fail(Fault("PATCH", status=400))
        with pytest.raises(Refused, match="400"):
            await repository.push_blob(blob_of(b"data"), content_of(b"data"))

    @pytest.mark.parametrize("way", ["one-piece", "single-post", "chunks"])
    async def test_what_the_content_raises_ends_the_upload(
        self, registry: FakeRegistry, repository: Repository, way: str
    ) -> None:
        async def gone() -> AsyncIterator[bytes]:
            yield b"da"
            raise NotFound("the source is gone")

        repository.upload_by = way  # type: ignore[assignment]
        with pytest.raises(NotFound, match="the source is gone"):
            await repository.push_blob(blob_of(b"data"), gone)
        assert registry.repositories["acme/app"].blobs == {}

    async def test_a_single_post_that_is_refused_goes_on_with_two(
        self, registry: FakeRegistry, repository: Repository
    ) -> None:
        repository.upload_by = "single-post"
        registry.fail(Fault("POST", "digest=", status=405))
        assert await repository.push_blob(blob_of(b"data"), content_of(b"data"))

    async def test_an_upload_that_may_not_begin(self, registry: FakeRegistry, repository: Repository) -> None:
        registry.fail(Fault("POST", status=403, times=None))
        with pytest.raises(Unauthorized, match="acme/app"):
            await repository.push_blob(blob_of(b"data"), content_of(b"data"))

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

    @pytest.mark.parametrize(
        "location", ["http://[", "file:///etc/passwd", "https://h:port/", "mailto:a@b", "https://"]
    )
    async def test_an_upload_goes_nowhere_else(
        self, registry: FakeRegistry, repository: Repository, location: str
    ) -> None:
        registry.fail(Fault("POST", headers={"Location": location}))
        with pytest.raises(UnexpectedAnswer, match="not valid"):
            await repository.push_blob(blob_of(b"data"), content_of(b"data"))

    @pytest.mark.parametrize("number", ["\N{SUPERSCRIPT TWO}", "9" * 5000, "-1", "1_0", ""])
    async def test_numbers_that_are_none(self, registry: FakeRegistry, repository: Repository, number: str) -> None:
        registry.fail(Fault("POST", headers={"OCI-Chunk-Min-Length": number}))
        repository.upload_by = "chunks"
        assert await repository.push_blob(blob_of(b"data"), content_of(b"data"))

    async def test_an_upload_does_not_leave_tls(self, tmp_path: Path) -> None:
        """Not for this machine either, which is where plain HTTP is allowed."""
        authority = Authority(tmp_path)
        async with (
            FakeRegistry(tls=authority.server("127.0.0.1")) as registry,
            FakeRegistry() as inside,
            Client(NetSettings(ca_bundle=authority.bundle)) as client,
        ):
            registry.fail(Fault("POST", headers={"Location": inside.url.replace("127.0.0.1", "localhost") + "/v1/x"}))
            with pytest.raises(UnexpectedAnswer, match="redirects to localhost without TLS"):
                await open_repository(registry, client).push_blob(blob_of(b"data"), content_of(b"data"))
            assert not inside.seen

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

    @pytest.mark.parametrize(
        ("mounts", "asked"), [(True, ["POST", "PUT", "POST", "POST"]), (False, ["POST", "PUT"] * 3)]
    )
    async def test_what_was_sent_to_one_repository_is_mounted_in_the_next_one_if_the_registry_does_that(
        self, client: Client, mounts: bool, asked: list[str]
    ) -> None:
        async with FakeRegistry(mounts=mounts) as registry:
            opened = open_repository(registry, client).registry
            for repository in map(opened.repository, ("acme/a", "acme/b", "acme/c")):
                await repository.push_blob(blob_of(b"data"), content_of(b"data"), fresh=True)
                assert await read(repository, blob_of(b"data")) == b"data"
            sent = [seen.method for seen in registry.requests(path="/blobs/") if seen.method != "GET"]
            assert sent == asked
            # Whoever does not mount is not asked to a second time.
            assert len([seen for seen in registry.seen if "mount=" in seen.path]) == (2 if mounts else 1)

    async def test_nothing_is_mounted_where_that_takes_a_token_for_two_repositories(self, client: Client) -> None:
        async with FakeRegistry(bearer=("ann", "pw")) as registry:
            first = open_repository(registry, client, credential=Credential("ann", "pw"))
            for repository in (first, first.registry.repository("acme/b")):
                await repository.push_blob(blob_of(b"data"), content_of(b"data"), fresh=True)
            assert not [seen for seen in registry.seen if "mount=" in seen.path]

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

    @pytest.mark.parametrize("status", [400, 405])
    async def test_where_tags_cannot_be_taken_away(
        self, registry: FakeRegistry, repository: Repository, status: int
    ) -> None:
        await push_image(repository)
        registry.fail(Fault("DELETE", status=status))
        with pytest.raises(Unsupported):
            await repository.delete_name("1.0")


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
