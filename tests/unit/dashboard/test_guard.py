"""Who is let through, and what everybody is told."""

import base64
from collections.abc import MutableMapping
from typing import Any

import pytest

from undercurrent.dashboard.guard import HEADERS, Guard, Receive, Scope, Send, is_loopback

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what has to be refused
TOKEN = "a-token-of-some-length-0123456789"


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"let through"})


async def ask(
    guard: Guard, *, method: str = "GET", path: str = "/", headers: list[tuple[str, str]] | None = None
) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of the answer."""
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b""}

    given = [("host", "127.0.0.1:8321")] if headers is None else headers
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in given]
    await guard({"type": "http", "method": method, "path": path, "headers": encoded}, receive, send)
    start, body = sent
    return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, body["body"].decode()


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"anybody:{password}".encode()).decode()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8321", "localhost", "LOCALHOST:1", "[::1]:8321", "127.1.2.3", "localhost.:80"]
)
async def test_this_machine_may_ask(host: str) -> None:
    status, headers, body = await ask(Guard(app), headers=[("host", host)])

    assert (status, body) == (200, "let through")
    assert headers.items() >= HEADERS.items()
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8321",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "10.0.0.7",
        "[fe80::1]",
        EVERYWHERE,
        "2130706433",
        "xn--localhost",
    ],
)
async def test_a_name_that_is_made_to_mean_this_machine_is_refused(host: str) -> None:
    status, headers, body = await ask(Guard(app), headers=[("host", host)])

    assert status == 421
    assert "let through" not in body
    assert headers.items() >= HEADERS.items()


@pytest.mark.parametrize(
    "hosts", [[], [""], ["127.0.0.1", "evil.example"], ["a b"], ["127.0.0.1/evil"], ["user@127.0.0.1"], ["127.0.0.1:x"]]
)
async def test_a_host_that_is_none_is_refused(hosts: list[str]) -> None:
    assert (await ask(Guard(app), headers=[("host", host) for host in hosts]))[0] == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get"])
async def test_nothing_but_questions_is_answered(method: str) -> None:
    status, headers, _body = await ask(Guard(app), method=method)

    assert status == 405
    assert headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "given",
    [
        None,
        "Bearer ",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        TOKEN,
        f"Token {TOKEN}",
        basic("wrong"),
        basic(""),
        "Basic %%%",
        "Bearer \xff\xfe",
    ],
)
async def test_elsewhere_a_token_is_needed(given: str | None) -> None:
    headers = [("host", "10.0.0.7"), *([("authorization", given)] if given else [])]
    status, told, body = await ask(Guard(app, TOKEN), headers=headers)

    assert status == 401
    assert told["www-authenticate"].startswith("Bearer")
    assert "let through" not in body
    assert TOKEN not in body


@pytest.mark.parametrize("given", [f"Bearer {TOKEN}", f"bearer {TOKEN}", basic(TOKEN)])
@pytest.mark.parametrize("host", ["10.0.0.7:8321", "[2001:db8::7]", "127.0.0.1", "status.example"])
async def test_with_the_token_everything_is_answered(given: str, host: str) -> None:
    guard = Guard(app, TOKEN, ("status.example",))

    assert (await ask(guard, headers=[("host", host), ("authorization", given)]))[0] == 200


async def test_two_tokens_are_none() -> None:
    headers = [("host", "10.0.0.7"), ("authorization", "Bearer x"), ("authorization", f"Bearer {TOKEN}")]

    assert (await ask(Guard(app, TOKEN), headers=headers))[0] == 401


async def test_names_have_to_be_allowed_also_with_the_token() -> None:
    headers = [("host", "evil.example"), ("authorization", f"Bearer {TOKEN}")]

    assert (await ask(Guard(app, TOKEN, ("status.example",)), headers=headers))[0] == 421


async def test_health_needs_no_token() -> None:
    assert (await ask(Guard(app, TOKEN), path="/healthz", headers=[("host", "10.0.0.7")]))[0] == 200
    assert (await ask(Guard(app, TOKEN), path="/healthz/", headers=[("host", "10.0.0.7")]))[0] == 401


async def test_web_sockets_are_closed() -> None:
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {}

    await Guard(app)({"type": "websocket", "path": "/", "headers": []}, receive, send)

    assert sent == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        (EVERYWHERE, False),
        ("::", False),
        ("example.com", False),
    ],
)
def test_loopback(host: str, own: bool) -> None:
    assert is_loopback(host) is own
