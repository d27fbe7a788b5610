"""What the client does with answers: returns, retries, follows, refuses."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from tests.support.registry import FakeRegistry, Fault
from tests.unit.net.conftest import Patience

from undercurrent.errors import (
    NotFound,
    RateLimited,
    RemoteFault,
    TimedOut,
    TooLarge,
    UnexpectedAnswer,
    Unreachable,
)
from undercurrent.net import Client, Request
from undercurrent.net.retry import LONGEST_WAIT_S

MIB = 1024 * 1024


def blob(registry: FakeRegistry, data: bytes) -> str:
    return f"{registry.url}/v2/acme/app/blobs/{registry.put_blob('acme/app', data)}"


async def test_an_answer_has_status_headers_of_any_case_and_body(registry: FakeRegistry, client: Client) -> None:
    answer = await client.fetch(Request("GET", blob(registry, b"data")))
    assert (answer.status, answer.body, answer.headers["content-TYPE"]) == (200, b"data", "application/octet-stream")
    assert registry.seen[0].headers["User-Agent"].startswith("undercurrent/")
    assert registry.seen[0].headers["Accept-Encoding"] == "identity"


async def test_4xx_is_an_answer(registry: FakeRegistry, client: Client) -> None:
    answer = await client.fetch(Request("GET", f"{registry.url}/v2/none/manifests/latest"))
    assert answer.status == 404
    assert registry.count() == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_push_back_and_faults_are_tried_again(
    registry: FakeRegistry, client: Client, patience: Patience, status: int
) -> None:
    registry.fail(Fault(status=status, times=3))
    answer = await client.fetch(Request("GET", blob(registry, b"data")))
    assert answer.body == b"data"
    assert len(patience.slept) == 3
    assert len(patience.events) == 3


@pytest.mark.parametrize(("status", "error"), [(429, RateLimited), (503, RemoteFault), (408, TimedOut)])
async def test_patience_ends(registry: FakeRegistry, patience: Patience, status: int, error: type[Exception]) -> None:
    registry.fail(Fault(status=status, times=None, body=b'{"errors":[{"code":"X","message":"too \x1b[31mbusy"}]}'))
    async with patience.client(retries=2) as client:
        with pytest.raises(error, match=registry.host) as caught:
            await client.fetch(Request("GET", registry.url))
    assert registry.count() == 3
    assert "\x1b" not in str(caught.value)


async def test_back_off_doubles_with_jitter_and_stays_bounded(registry: FakeRegistry, patience: Patience) -> None:
    registry.fail(Fault(status=500, times=None))
    async with patience.client(retries=12) as client:
        with pytest.raises(RemoteFault):
            await client.fetch(Request("GET", registry.url))
    for retry, slept in enumerate(patience.slept):
        longest = min(20.0, 0.25 * 2**retry)
        assert longest / 2 <= slept <= longest
    assert len(set(patience.slept)) == 12


async def test_retry_after_seconds_are_waited_at_least(
    registry: FakeRegistry, client: Client, patience: Patience
) -> None:
    registry.fail(Fault(status=429, headers={"Retry-After": "7"}))
    await client.fetch(Request("GET", registry.url))
    assert 7 <= patience.slept[0] < 8
    assert 6 < patience.slept[1] <= 7, "nor may any other request to that host begin before"


async def test_retry_after_may_be_a_date(registry: FakeRegistry, client: Client, patience: Patience) -> None:
    when = datetime.now(UTC) + timedelta(seconds=2)
    registry.fail(Fault(status=500, headers={"Retry-After": format_datetime(when, usegmt=True)}))
    await client.fetch(Request("GET", registry.url))
    assert 0.5 < patience.slept[0] < 3


async def test_a_wait_that_is_too_long_is_reported_at_once(
    registry: FakeRegistry, client: Client, patience: Patience
) -> None:
    registry.fail(Fault(status=429, headers={"Retry-After": "21600"}))
    with pytest.raises(RateLimited) as caught:
        await client.fetch(Request("GET", registry.url))
    assert caught.value.retry_after == 21600 > LONGEST_WAIT_S
    assert "360 minutes" in caught.value.hint
    assert registry.count() == 1
    await client.fetch(Request("GET", registry.url))
    assert patience.slept == [], "nor does another request wait for that"


async def test_a_wait_beyond_all_measure_is_reported_too(registry: FakeRegistry, client: Client) -> None:
    registry.fail(Fault(status=429, headers={"Retry-After": "9" * 400}))
    with pytest.raises(RateLimited):
        await client.fetch(Request("GET", registry.url))


async def test_not_implemented_is_not_tried_again(registry: FakeRegistry, client: Client) -> None:
    registry.fail(Fault(status=501, times=None))
    with pytest.raises(RemoteFault):
        await client.fetch(Request("GET", registry.url))
    assert registry.count() == 1


async def test_a_reset_is_tried_again(registry: FakeRegistry, client: Client) -> None:
    registry.fail(Fault(reset=True, times=2))
    assert (await client.fetch(Request("GET", blob(registry, b"data")))).body == b"data"


async def test_resets_without_end_are_unreachable(registry: FakeRegistry, patience: Patience) -> None:
    registry.fail(Fault(reset=True, times=None))
    async with patience.client(retries=1) as client:
        with pytest.raises(Unreachable, match=registry.host):
            await client.fetch(Request("GET", registry.url))


async def test_what_is_not_idempotent_is_sent_again_only_if_it_was_surely_not_acted_upon(
    registry: FakeRegistry, client: Client
) -> None:
    request = Request("POST", f"{registry.url}/v2/a/blobs/uploads/", idempotent=False)
    registry.fail(Fault(status=429))
    assert (await client.fetch(request)).status == 202
    registry.fail(Fault(reset=True))
    with pytest.raises(Unreachable):
        await client.fetch(request)
    registry.fail(Fault(status=502))
    with pytest.raises(RemoteFault):
        await client.fetch(request)
    assert registry.count("POST") == 4


async def test_a_fetched_body_that_is_cut_off_is_asked_for_again(registry: FakeRegistry, client: Client) -> None:
    url = blob(registry, bytes(1000))
    registry.fail(Fault(cut_at=500, times=2))
    assert (await client.fetch(Request("GET", url))).body == bytes(1000)
    assert registry.count() == 3


async def test_a_stream_that_breaks_before_a_byte_was_handed_on_is_asked_for_again(
    registry: FakeRegistry, client: Client
) -> None:
    url = blob(registry, bytes(1000))
    registry.fail(Fault(cut_at=0, times=2))
    async with client.send(Request("GET", url)) as response:
        assert await response.read(1000) == bytes(1000)
    assert registry.count() == 3


async def test_a_stream_that_breaks_later_raises(registry: FakeRegistry, client: Client) -> None:
    url = blob(registry, bytes(1000))
    registry.fail(Fault(cut_at=500))
    got = b""
    with pytest.raises(Unreachable, match="cut its answer off"):  # noqa: PT012
        async with client.send(Request("GET", url)) as response:
            async for piece in response.stream():
                got += piece
    assert got == bytes(500)
    assert registry.count() == 1


async def test_a_body_over_the_limit_is_not_read_to_its_end(registry: FakeRegistry, client: Client) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(64 * 1024)
            await asyncio.sleep(0)

    registry.put_generated("a", "sha256:0", 1 << 40, endless)
    with pytest.raises(TooLarge, match="1048576"):
        await client.fetch(Request("GET", f"{registry.url}/v2/a/blobs/sha256:0"), limit=MIB)
    assert registry.count() == 1


async def test_an_answer_that_does_not_come_is_timed_out_and_tried_again(
    registry: FakeRegistry, patience: Patience
) -> None:
    registry.fail(Fault(delay_s=30, times=2))
    async with patience.client(timeout_s=0.2) as client:
        assert (await client.fetch(Request("GET", registry.url + "/v2/"))).status == 200
    assert registry.count() == 3


async def test_a_body_that_stalls_is_timed_out(registry: FakeRegistry, patience: Patience) -> None:
    url = blob(registry, bytes(1000))
    registry.fail(Fault(piece=100, piece_s=30, times=None))
    async with patience.client(timeout_s=0.2, retries=1) as client:
        with pytest.raises(TimedOut):
            await client.fetch(Request("GET", url))


async def test_a_slow_body_that_moves_is_read(registry: FakeRegistry, patience: Patience) -> None:
    url = blob(registry, bytes(1000))
    registry.fail(Fault(piece=100, piece_s=0.1))
    async with patience.client(timeout_s=0.5, retries=0) as client:
        assert len((await client.fetch(Request("GET", url))).body) == 1000


async def upload_to(registry: FakeRegistry, client: Client) -> str:
    answer = await client.fetch(Request("POST", f"{registry.url}/v2/a/blobs/uploads/"))
    return registry.url + answer.headers["Location"]


async def test_a_body_is_opened_again_for_every_try(registry: FakeRegistry, client: Client) -> None:
    opened = 0

    async def content() -> AsyncIterator[bytes]:
        nonlocal opened
        opened += 1
        for _piece in range(10):
            yield bytes(100_000)

    url = await upload_to(registry, client)
    registry.fail(Fault("PATCH", status=503), Fault("PATCH", reset=True))
    answer = await client.fetch(Request("PATCH", url, content=content, length=MIB - 48_576))
    assert (answer.status, answer.headers["Range"]) == (202, "0-999999")
    assert opened == 3


async def test_an_upload_that_the_other_side_does_not_take_is_timed_out(
    registry: FakeRegistry, patience: Patience
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(MIB)

    async with patience.client(timeout_s=0.3, retries=0) as client:
        registry.fail(Fault("PUT", delay_s=30))
        with pytest.raises(TimedOut):
            await client.fetch(Request("PUT", f"{registry.url}/v2/a/blobs/uploads/1", content=endless, length=1 << 40))


async def test_the_time_that_the_content_takes_is_not_the_other_sides(
    registry: FakeRegistry, patience: Patience
) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"a"
        await asyncio.sleep(0.5)
        yield b"b"

    async with patience.client(timeout_s=0.2, retries=0) as client:
        url = await upload_to(registry, client)
        assert (await client.fetch(Request("PATCH", url, content=slow, length=2))).status == 202


async def test_an_answer_that_comes_before_the_body_was_taken_is_not_waited_out(
    registry: FakeRegistry, patience: Patience
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(MIB)

    registry.fail(Fault("PUT", status=413))
    async with asyncio.timeout(10), patience.client(retries=0) as client:
        answer = await client.fetch(
            Request("PUT", f"{registry.url}/v2/a/blobs/uploads/1", content=endless, length=1 << 40)
        )
        assert answer.status == 413


async def test_what_the_content_raises_comes_out_as_it_is(registry: FakeRegistry, client: Client) -> None:
    opened = 0

    async def failing() -> AsyncIterator[bytes]:
        nonlocal opened
        opened += 1
        yield b"a"
        raise NotFound("the source is gone")

    url = await upload_to(registry, client)
    with pytest.raises(NotFound, match="the source is gone"):
        await client.fetch(Request("PATCH", url, content=failing, length=100))
    assert opened == 1


async def test_content_of_another_length_than_promised_is_refused(registry: FakeRegistry, client: Client) -> None:
    async def short() -> AsyncIterator[bytes]:
        yield b"abc"

    with pytest.raises(Exception, match="has 3 bytes, not the 100"):
        await client.fetch(Request("PATCH", await upload_to(registry, client), content=short, length=100))


async def test_bytes_of_any_size_can_be_sent(registry: FakeRegistry, client: Client) -> None:
    answer = await client.fetch(Request("PATCH", await upload_to(registry, client), content=bytes(3 * MIB)))
    assert answer.headers["Range"] == f"0-{3 * MIB - 1}"


async def test_streams_use_little_memory(registry: FakeRegistry, client: Client) -> None:
    size = 128 * MIB

    async def content() -> AsyncIterator[bytes]:
        for _piece in range(size // MIB):
            yield bytes(MIB)

    registry.keep_up_to = 0
    registry.put_generated("a", "sha256:0", size, content)
    url = await upload_to(registry, client)
    tracemalloc.start()
    received = 0
    async with client.send(Request("GET", f"{registry.url}/v2/a/blobs/sha256:0")) as response:
        async for piece in response.stream():
            received += len(piece)
    await client.fetch(Request("PATCH", url, content=content, length=size))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert received == size
    assert peak < 24 * MIB


async def test_requests_beyond_the_limit_of_a_host_wait(registry: FakeRegistry, patience: Patience) -> None:
    registry.fail(Fault(delay_s=0.02, times=None))
    async with patience.client(max_per_host=3) as client, asyncio.TaskGroup() as group:
        for _request in range(20):
            group.create_task(client.fetch(Request("GET", registry.url)))
    assert registry.most_at_once == 3


async def test_concurrency_grows_while_the_host_copes_and_falls_when_it_does_not(
    registry: FakeRegistry, client: Client
) -> None:
    registry.fail(Fault(delay_s=0.01, times=None))
    async with asyncio.TaskGroup() as group:
        for _request in range(200):
            group.create_task(client.fetch(Request("GET", registry.url)))
    assert 8 < registry.most_at_once <= 32
    registry.faults = [Fault(status=429, times=40), Fault(delay_s=0.01, times=None)]
    async with asyncio.TaskGroup() as group:
        for _request in range(100):
            group.create_task(client.fetch(Request("GET", registry.url)))
    registry.most_at_once = 0
    async with asyncio.TaskGroup() as group:
        for _request in range(10):
            group.create_task(client.fetch(Request("GET", registry.url)))
    assert registry.most_at_once <= 10


async def test_uploads_fed_from_the_same_host_do_not_wait_for_each_other(
    registry: FakeRegistry, patience: Patience
) -> None:
    url = blob(registry, bytes(300_000))
    async with patience.client(max_per_host=2, retries=0) as client:

        async def piped() -> AsyncIterator[bytes]:
            async with client.send(Request("GET", url)) as response:
                async for piece in response.stream():
                    yield piece

        targets = [await upload_to(registry, client) for _upload in range(6)]
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            for target in targets:
                group.create_task(client.fetch(Request("PATCH", target, content=piped, length=300_000)))


async def test_a_redirect_without_an_address_is_no_answer(registry: FakeRegistry, client: Client) -> None:
    registry.fail(Fault(status=307))
    with pytest.raises(UnexpectedAnswer, match="redirects to no address"):
        await client.fetch(Request("GET", registry.url))
