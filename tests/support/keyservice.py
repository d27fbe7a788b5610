"""A key service as clouds have them: keys stay inside, digests go in, signatures come out."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

__all__ = ["TOKEN", "KeyService", "key_service"]

TOKEN: Final = "t0ken"
_ALGORITHM: Final = ec.ECDSA(Prehashed(hashes.SHA256()))


@dataclass(slots=True)
class KeyService:
    """A service that runs, with one key, ``release``.

    Attributes:
        url: its address.
        public: the key's public half, PEM.
        signed: how many signatures it made.
        damaged: whether it signs with another key.
    """

    url: str
    public: str
    signed: int = 0
    damaged: bool = False


@contextmanager
def key_service() -> Iterator[KeyService]:
    """Runs one."""
    key, other = (ec.generate_private_key(ec.SECP256R1()) for _key in range(2))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({"public": service.public} if self.path == "/keys/release" else None)

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            signer = other if service.damaged else key
            service.signed += 1
            signature = signer.sign(base64.b64decode(asked["digest"]), _ALGORITHM)
            self._answer({"signature": base64.b64encode(signature).decode()})

        def _answer(self, document: dict[str, Any] | None) -> None:
            known = self.headers["Authorization"] == f"Bearer {TOKEN}"
            body = json.dumps(document if known else {}).encode()
            found = HTTPStatus.OK if document else HTTPStatus.NOT_FOUND
            self.send_response(found if known else HTTPStatus.UNAUTHORIZED)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        service = KeyService(f"http://127.0.0.1:{server.server_port}", public)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
