"""The real entry point and a registry that means harm: each command ends with a code of the table and an error."""

import json
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from tests.support.background import in_background
from tests.support.cli import UcRunner
from tests.support.hostile import Asked, HostileServer, Reply, drip, endless

from undercurrent.oci import mediatypes
from undercurrent.oci.digest import Digest

KINDS: Final = {"Content-Type": mediatypes.OCI_MANIFEST}
ESCAPES: Final = "\x1b]0;pwned\x07\x1b[2J\r\n::error::pwned"


def _of_all(reply: Callable[[Asked], Reply]) -> Callable[[Asked], Reply]:
    return lambda asked: Reply() if asked.path == "/v2/" else reply(asked)


ATTACKS: Final[dict[str, Callable[[Asked], Reply]]] = {
    "10 GB": lambda asked: Reply(405) if asked.method == "HEAD" else Reply(headers=KINDS, body=endless(b"[1,")),
    "10 GB of errors": lambda _asked: Reply(404, body=endless(b'{"errors":[')),
    "redirects": lambda asked: Reply(307, {"Location": f"{asked.path}x"}),
    "to a file": lambda _asked: Reply(307, {"Location": "file:///etc/passwd"}),
    "drop by drop": lambda _asked: Reply(raw=drip(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000, 0.05)),
    "no HTTP": lambda _asked: Reply(raw=b"\0\xff" * 100),
    "terminal": lambda _asked: Reply(
        403, body=json.dumps({"errors": [{"code": "DENIED", "message": ESCAPES}]}).encode()
    ),
    "deep": lambda _asked: Reply(headers=KINDS, body=b"[" * 100_000),
    "another image": lambda _asked: Reply(
        headers=KINDS | {"Docker-Content-Digest": Digest.of(b"x")}, body=b'{"schemaVersion":2}'
    ),
    "itself": lambda asked: Reply(401, {"WWW-Authenticate": f'Bearer realm="http://{asked.headers["host"]}/token"'}),
}
COMMANDS: Final = {
    "verify": ("image", "verify", "{image}", "--key", "env://KEY"),
    "list": ("image", "list", "--registry", "{registry}"),
    "tree": ("image", "tree", "{image}"),
    "copy": ("image", "copy", "{image}", "oci:here:1"),
    "sbom": ("image", "sbom", "{image}"),
}
CODES: Final = frozenset({1, 2, 4})


@pytest.fixture
def key() -> str:
    from undercurrent.signing.keys import PrivateKey  # noqa: PLC0415 - only this needs it

    return PrivateKey.generate().public.pem


@pytest.fixture(params=ATTACKS)
def server(request: pytest.FixtureRequest) -> Iterator[HostileServer]:
    with in_background(HostileServer(_of_all(ATTACKS[request.param]))) as running:
        yield running


@pytest.mark.timeout(120)
def test_every_command_ends_with_an_error_of_ours(run_uc: UcRunner, server: HostileServer, key: str) -> None:
    environment = {
        "KEY": key,
        "UNDERCURRENT_NET_RETRIES": "0",
        "UNDERCURRENT_NET_TIMEOUT_S": "1",
        "UNDERCURRENT_NET_CONNECT_TIMEOUT_S": "1",
        "UNDERCURRENT_NET_PLAIN_HTTP": server.host,
    }
    for name, words in COMMANDS.items():
        arguments = [word.format(image=f"{server.host}/acme/app:1.0", registry=server.host) for word in words]

        result = run_uc(*arguments, "--json", env=environment)

        shown = (name, result.exit_code, result.stdout[-2000:], result.stderr[-2000:])
        assert result.exit_code in CODES, shown
        assert "Traceback" not in result.stdout + result.stderr, shown
        assert result.json, shown
        assert not set(result.stderr) & set("\x1b\x07\r"), shown
        assert "\n::error::" not in result.stdout + result.stderr, shown
    assert server.sent < 256 * 1024 * 1024
