"""Redirects: followed by hand, without taking a credential along."""

from collections.abc import AsyncIterator

import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from tests.support.registry import FakeRegistry, Fault

from undercurrent.errors import UnexpectedAnswer
from undercurrent.net import Client, Request
from undercurrent.net.redirects import next_hop

SECRETS = {
    "Authorization": "Bearer s3cret",
    "Cookie": "session=s3cret",
    "X-Registry-Auth": "s3cret",
    "X-Some-Future-Key": "s3cret",
}
HARMLESS = {"Accept": "text/plain", "Range": "bytes=0-"}


@pytest.fixture
async def other() -> AsyncIterator[FakeRegistry]:
    async with FakeRegistry() as running:
        yield running


async def test_credentials_stay_with_their_origin(registry: FakeRegistry, other: FakeRegistry, client: Client) -> None:
    registry.fail(Fault(redirect=other.url + "/v2/"))
    answer = await client.fetch(Request("GET", registry.url, {**SECRETS, **HARMLESS}))
    assert answer.status == 200
    assert answer.url.startswith(other.url)
    assert not any("s3cret" in value for value in other.seen[0].headers.values())
    assert HARMLESS.items() <= other.seen[0].headers.items()


async def test_credentials_do_not_come_back_on_the_way_home(
    registry: FakeRegistry, other: FakeRegistry, client: Client
) -> None:
    registry.fail(Fault(redirect=other.url))
    other.fail(Fault(redirect=registry.url + "/v2/"))
    await client.fetch(Request("GET", registry.url, SECRETS))
    assert not any("s3cret" in value for value in registry.seen[-1].headers.values())


async def test_another_name_for_the_host_is_another_origin(registry: FakeRegistry, client: Client) -> None:
    registry.fail(Fault(redirect=registry.url.replace("127.0.0.1", "localhost") + "/v2/"))
    await client.fetch(Request("GET", registry.url, SECRETS))
    assert "Authorization" not in registry.seen[-1].headers


async def test_the_same_origin_sees_them(registry: FakeRegistry, client: Client) -> None:
    registry.fail(Fault(redirect="/v2/?again"))
    await client.fetch(Request("GET", registry.url, SECRETS))
    assert SECRETS.items() <= registry.seen[-1].headers.items()
    assert registry.seen[-1].path == "/v2/?again"


async def test_a_presigned_address_is_used_to_the_letter(
    registry: FakeRegistry, other: FakeRegistry, client: Client
) -> None:
    query = "?X-Amz-Credential=a%2Fb%2F20260101&sig=%2b%2B+%7E"
    registry.fail(Fault(redirect=other.url + "/v2/" + query))
    await client.fetch(Request("GET", registry.url))
    assert other.seen[0].path == "/v2/" + query


async def test_circles_end(registry: FakeRegistry, client: Client) -> None:
    registry.fail(Fault(redirect="{path}", times=None))
    with pytest.raises(UnexpectedAnswer, match="circles"):
        await client.fetch(Request("GET", registry.url))
    assert registry.count() == 11


async def test_redirects_are_returned_to_whom_wants_to_see_them(registry: FakeRegistry, client: Client) -> None:
    registry.fail(Fault(redirect="/elsewhere"))
    assert (await client.fetch(Request("GET", registry.url, follow=False))).headers["Location"] == "/elsewhere"


async def test_a_body_follows_307(registry: FakeRegistry, client: Client) -> None:
    location = (await client.fetch(Request("POST", f"{registry.url}/v2/a/blobs/uploads/"))).headers["Location"]
    registry.fail(Fault("PATCH", redirect=location))
    answer = await client.fetch(Request("PATCH", f"{registry.url}/v2/a/blobs/uploads/", content=b"12345"))
    assert answer.headers["Range"] == "0-4"


def headers(location: str) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict({"Location": location}))


@pytest.mark.parametrize(
    "location",
    [
        "http://a.example/",
        "ftp://a.example/",
        "",
        "http://",
        "javascript:alert(1)",
        "https://[x",
        "https://h:p/",
    ],
)
def test_addresses_that_are_not_followed(location: str) -> None:
    with pytest.raises(UnexpectedAnswer, match="redirects to"):
        next_hop(Request("GET", "https://registry.example/v2/"), 307, headers(location))


@pytest.mark.parametrize("mark", ["\0", "\x1b", "\r", "\x7f", " ", "\N{LATIN SMALL LETTER E WITH ACUTE}"])
def test_what_is_not_encoded_yet_is_encoded(mark: str) -> None:
    """A NUL would else be refused by the one who writes the request, with an error of its own."""
    hop = next_hop(Request("GET", "https://a.example/"), 302, headers(f"https://b.example/x{mark}y?z={mark}"))
    assert hop.url.isascii()
    assert hop.url.isprintable()
    assert " " not in hop.url


def test_a_password_in_a_location_is_not_used() -> None:
    assert next_hop(Request("GET", "https://a.example/"), 302, headers("https://u:p@b.example/x")).url == (
        "https://b.example/x"
    )


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("status", [301, 302])
def test_a_redirect_that_would_drop_the_body_is_refused(method: str, status: int) -> None:
    with pytest.raises(UnexpectedAnswer, match="loses"):
        next_hop(Request(method, "https://a.example/", content=b"x"), status, headers("/b"))


def test_303_asks_for_the_outcome() -> None:
    request = Request("POST", "https://a.example/", {"Content-Type": "text/plain", "Accept": "*/*"}, content=b"x")
    hop = next_hop(request, 303, headers("/outcome"))
    assert (hop.method, hop.content, dict(hop.headers)) == ("GET", None, {"Accept": "*/*"})
