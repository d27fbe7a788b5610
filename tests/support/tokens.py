"""Hands out bearer tokens that distribution accepts, as Docker Hub and GHCR do for their registries.

Protocol: https://distribution.github.io/distribution/spec/auth/token/ and .../spec/auth/jwt/
"""

import base64
import json
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

__all__ = ["TokenServer", "token_server"]

_ISSUER: Final = "tests"
_SERVICE: Final = "registry"
_LIFE_S: Final = 300
_LEEWAY_S: Final = 60
"""How long distribution still takes a token that has ended, in case the clocks differ."""


@dataclass(slots=True)
class TokenServer:
    """A token server that runs.

    Attributes:
        realm: its address.
        certificate: file with the certificate that its tokens are signed with.
        granted: the scopes of each token that it handed out.
        life_s: seconds for which distribution takes the tokens that it hands out from now on.
        said: what it answers beside the token: how long that holds, if it is to be believed.
    """

    realm: str
    certificate: Path
    granted: list[tuple[str, ...]] = field(default_factory=list)
    life_s: float = _LIFE_S + _LEEWAY_S
    said: Mapping[str, Any] = field(default_factory=lambda: {"expires_in": _LIFE_S})

    @property
    def config(self) -> dict[str, str]:
        """Distribution's ``auth.token``."""
        return {
            "realm": self.realm,
            "service": _SERVICE,
            "issuer": _ISSUER,
            "rootcertbundle": str(self.certificate),
        }


@contextmanager
def token_server(folder: Path, username: str, password: str) -> Iterator[TokenServer]:
    """Runs a token server: its one user may do everything, and strangers may pull from ``public/``."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = _certificate(key)
    (folder / "token.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    known = "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
    running = TokenServer("", folder / "token.crt")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            header = self.headers.get("Authorization")
            if header not in {None, known}:
                self.send_error(HTTPStatus.UNAUTHORIZED)
                return
            asked = parse_qs(urlsplit(self.path).query).get("scope", [])
            scopes = [scope for text in asked for scope in text.split() if header or _is_public(scope)]
            running.granted.append(tuple(scopes))
            body = json.dumps({"token": _token(key, certificate, scopes, running.life_s), **running.said}).encode()
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            running.realm = f"http://127.0.0.1:{server.server_port}/token"
            yield running
        finally:
            server.shutdown()
            thread.join()


def _is_public(scope: str) -> bool:
    return scope.startswith("repository:public/") and scope.endswith(":pull")


def _certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _ISSUER)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )


def _token(key: rsa.RSAPrivateKey, certificate: x509.Certificate, scopes: Sequence[str], life_s: float) -> str:
    now = datetime.now(UTC).timestamp()
    access = []
    for scope in scopes:
        target, _colon, actions = scope.rpartition(":")
        kind, _colon, name = target.partition(":")
        access.append({"type": kind, "name": name, "actions": actions.split(",")})
    chain = [base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()]
    claims = {"iss": _ISSUER, "sub": "", "aud": _SERVICE, "jti": secrets.token_hex(8), "access": access}
    ends = now + life_s - _LEEWAY_S
    times = {"iat": int(ends) - _LIFE_S, "nbf": int(ends) - _LIFE_S, "exp": int(ends)}
    signed = ".".join(_part(part) for part in ({"typ": "JWT", "alg": "RS256", "x5c": chain}, claims | times))
    signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
