"""A timestamp authority: openssl's answers (RFC 3161), handed out on a loopback port."""

import base64
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.peers import require_peer

__all__ = ["Authority", "Reply", "timestamp_authority"]

_CONFIG: Final = """
[tsa]
default_tsa = own
[own]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.57264.2
digests = {digests}
ess_cert_id_alg = sha256
accuracy = secs:1
"""
_LEAF: Final = "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n"
_CURVE: Final = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered over HTTP."""

    body: bytes
    status: int = HTTPStatus.OK
    content_type: str = "application/timestamp-reply"


@dataclass(slots=True)
class Authority:
    """An authority that runs.

    Attributes:
        url: where it takes requests.
        folder: its files: ``root.pem``, ``tsa.pem`` and their keys.
        asked: the requests that it got.
        answer: what it answers to a request; `reply` unless a test wants something else.
    """

    url: str
    folder: Path
    asked: list[bytes]
    answer: Callable[[bytes], Reply]

    @property
    def trusted_root(self) -> Path:
        """A file as ``trusted_root.json``, with this authority and nobody else in it."""
        chain = [x509.load_pem_x509_certificate((self.folder / name).read_bytes()) for name in ("tsa.pem", "root.pem")]
        certificates = [{"rawBytes": base64.b64encode(item.public_bytes(Encoding.DER)).decode()} for item in chain]
        document = {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "timestampAuthorities": [
                {
                    "subject": {"organization": "tests", "commonName": "tsa"},
                    "certChain": {"certificates": certificates},
                    "validFor": {"start": f"{chain[0].not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}"},
                }
            ],
        }
        file = self.folder / "trusted_root.json"
        file.write_text(json.dumps(document))
        return file


@contextmanager
def timestamp_authority(folder: Path, *, digests: str = "sha256") -> Iterator[Authority]:
    """Runs one with a root of its own.

    Args:
        folder: an empty one of its own.
        digests: of what it witnesses; it refuses others.
    """
    _certify(folder)
    (folder / "ts.cnf").write_text(_CONFIG.format(folder=folder, digests=digests))
    turn = threading.Lock()  # the serial number is in a file

    def reply(query: bytes) -> Reply:
        with turn:
            (folder / "query").write_bytes(query)
            _openssl(folder, "ts", "-reply", "-config", "ts.cnf", "-queryfile", "query", "-out", "reply")
            return Reply((folder / "reply").read_bytes())

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            authority.asked.append(query)
            answer = authority.answer(query)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *arguments: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        authority = Authority(f"http://127.0.0.1:{server.server_port}/timestamp", folder, [], reply)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield authority
        finally:
            server.shutdown()
            thread.join()


def _certify(folder: Path) -> None:
    (folder / "leaf.ext").write_text(_LEAF)
    root = ("-x509", *_CURVE, "-keyout", "root.key", "-out", "root.pem", "-subj", "/O=tests/CN=root", "-days", "30")
    _openssl(folder, "req", *root, "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    _openssl(folder, "req", *_CURVE, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/O=tests/CN=tsa")
    by_root = ("-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "30")
    _openssl(folder, "x509", "-req", *by_root, "-extfile", "leaf.ext", "-out", "tsa.pem")


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run([require_peer("openssl"), *arguments], cwd=folder, capture_output=True, check=True)
