"""Timestamps of a real authority (openssl's), and answers that are none, or about something else."""

import hashlib
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response
from tests.support.timestamps import Authority, Reply, timestamp_authority

from undercurrent.errors import CouldNotCheck, RemoteFault, Unauthorized, UnexpectedAnswer, Unreachable
from undercurrent.net import Client
from undercurrent.settings import NetSettings
from undercurrent.signing.timestamping import timestamp

SIGNATURE = b"a signature"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with timestamp_authority(tmp_path_factory.mktemp("authority")) as authority:
        yield authority


@pytest.fixture
def authority(running: Authority) -> Iterator[Authority]:
    """The authority; what a test makes of its answers ends with the test."""
    answer = running.answer
    yield running
    running.answer = answer


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client(NetSettings(retries=0)) as running:
        yield running


def query(signature: bytes = SIGNATURE) -> bytes:
    return TimestampRequestBuilder(signature, HashAlgorithm.SHA256).build().as_bytes()


def without_certificate(query: bytes) -> bytes:
    """The request with its last three bytes, ``certReq TRUE``, left out."""
    return bytes([query[0], query[1] - 3]) + query[2:-3]


async def test_an_authority_witnesses_the_signature(authority: Authority, client: Client, tmp_path: Path) -> None:
    first, second = [await timestamp(client, authority.url, SIGNATURE) for _time in range(2)]

    assert decode_timestamp_response(first).tst_info.message_imprint.message == hashlib.sha256(SIGNATURE).digest()
    assert decode_timestamp_response(first).tst_info.nonce != decode_timestamp_response(second).tst_info.nonce
    assert SIGNATURE not in b"".join(authority.asked)
    (tmp_path / "reply").write_bytes(first)
    (tmp_path / "signature").write_bytes(SIGNATURE)
    checked = subprocess.run(
        ["openssl", "ts", "-verify", "-data", "signature", "-in", "reply", "-CAfile", authority.folder / "root.pem"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (query(b"another signature"), "for something else"),
        (query(), "for another request"),
    ],
    ids=["imprint", "nonce"],
)
async def test_a_timestamp_for_another_request_is_none(
    authority: Authority, client: Client, other: bytes, message: str
) -> None:
    real = authority.answer
    authority.answer = lambda _query: real(other)

    with pytest.raises(UnexpectedAnswer, match=message):
        await timestamp(client, authority.url, SIGNATURE)


async def test_a_timestamp_needs_the_certificate_that_made_it(authority: Authority, client: Client) -> None:
    real = authority.answer
    authority.answer = lambda query: real(without_certificate(query))

    with pytest.raises(UnexpectedAnswer, match="without its certificate"):
        await timestamp(client, authority.url, SIGNATURE)


async def test_a_refusal_says_why(tmp_path: Path, client: Client) -> None:
    with (
        timestamp_authority(tmp_path, digests="sha512") as picky,
        pytest.raises(UnexpectedAnswer, match="refuses to give a timestamp: Message digest algorithm is not supported"),
    ):
        await timestamp(client, picky.url, SIGNATURE)


@pytest.mark.parametrize(
    ("reply", "error", "message"),
    [
        (Reply(b"<html>", content_type="text/html"), UnexpectedAnswer, "status 200 and text/html"),
        (Reply(b"", status=404, content_type=""), UnexpectedAnswer, "status 404 and nothing"),
        (Reply(b"{}", status=401, content_type="application/json"), Unauthorized, "only to those it knows"),
        (Reply(b"busy", status=503, content_type="text/plain"), RemoteFault, "503"),
        (Reply(b"0" * 65537), UnexpectedAnswer, "more than 65536 bytes"),
        (Reply(b""), UnexpectedAnswer, "no timestamp that can be read"),
        (Reply(b"\x30\x03\x02\x01\x00"), UnexpectedAnswer, "no timestamp that can be read"),
        (Reply(bytes.fromhex("30053003020100")), UnexpectedAnswer, "no timestamp that can be read"),
    ],
    ids=["page", "missing", "stranger", "down", "large", "empty", "other", "granted-nothing"],
)
async def test_what_is_no_timestamp(
    authority: Authority, client: Client, reply: Reply, error: type[CouldNotCheck], message: str
) -> None:
    authority.answer = lambda _query: reply

    with pytest.raises(error, match=message):
        await timestamp(client, authority.url, SIGNATURE)


async def test_bytes_that_were_changed_are_never_a_traceback(authority: Authority, client: Client) -> None:
    real = authority.answer(query()).body
    for position in range(0, len(real), 23):
        changed = real[:position] + bytes([real[position] ^ 0x41]) + real[position + 1 :]
        authority.answer = lambda _query, changed=changed: Reply(changed)  # type: ignore[misc]
        with pytest.raises(UnexpectedAnswer):
            await timestamp(client, authority.url, SIGNATURE)


async def test_nobody_there(client: Client) -> None:
    with pytest.raises(Unreachable):
        await timestamp(client, "http://127.0.0.1:9/timestamp", SIGNATURE)
