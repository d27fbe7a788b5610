"""Signs with keys of a key service that is asked over HTTP; a private key never leaves it.

    CLOUDKEY_URL=https://keys.example.com CLOUDKEY_TOKEN=… uc image sign --key cloudkey://release IMAGE

The service is one that the test beside this example runs:

    GET  /keys/NAME                                   {"public": PEM}
    POST /keys/NAME/sign  {"digest": base64}          {"signature": base64}

What the services of the clouds want instead is in docs/howto/keys-elsewhere.md; the shape of the plug-in stays.
"""

import base64
import hashlib
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_public_key

from undercurrent.errors import NotFound, Unauthorized, UnexpectedAnswer
from undercurrent.net import Client, Request
from undercurrent.settings import load
from undercurrent.signing.keys import PublicKey

__all__ = ["CloudKey", "open_signer"]


@asynccontextmanager
async def open_signer(source: str) -> AsyncIterator["CloudKey"]:
    """Called once a run, with all that the user wrote; what it holds is let go of when the run ends."""
    name = source.removeprefix("cloudkey://")
    # Undercurrent's own client retries, knows proxies and certificates, and keeps tokens out of what it says.
    async with Client(load().settings.net) as client:
        answer = await _ask(client, "GET", name)
        yield CloudKey(client, name, PublicKey.of(load_pem_public_key(answer["public"].encode())))


class CloudKey:
    """What Undercurrent calls a signer: it has `public` and `sign`, and is asked many times at once."""

    def __init__(self, client: Client, name: str, public: PublicKey) -> None:
        self._client = client
        self._name = name
        self.public = public

    async def sign(self, data: bytes) -> bytes:
        """An ECDSA signature over the SHA-256 of ``data``, DER. Undercurrent verifies it before it is used."""
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        answer = await _ask(self._client, "POST", f"{self._name}/sign", {"digest": digest})
        return base64.b64decode(answer["signature"])


async def _ask(client: Client, method: str, path: str, body: Mapping[str, str] | None = None) -> Any:
    """One question to the service. What fails is said in Undercurrent's words: they decide on the exit code."""
    url = f"{os.environ.get('CLOUDKEY_URL', 'https://keys.example.com')}/keys/{path}"
    headers = {"Authorization": f"Bearer {os.environ.get('CLOUDKEY_TOKEN', '')}", "Content-Type": "application/json"}
    content = None if body is None else json.dumps(body).encode()
    answer = await client.fetch(Request(method, url, headers, content), limit=64 * 1024)
    match answer.status:
        case HTTPStatus.OK:
            return json.loads(answer.body)
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            raise Unauthorized("the key service does not know this token", hint="set CLOUDKEY_TOKEN")
        case HTTPStatus.NOT_FOUND:
            raise NotFound(f"the key service has no key {path.partition('/')[0]}")
    raise UnexpectedAnswer(f"the key service answers with status {answer.status}")
