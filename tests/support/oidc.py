"""An OpenID Connect issuer that hands out whatever identity a test wants, as Google, Dex, GitHub and GitLab do.

Protocol: https://openid.net/specs/openid-connect-discovery-1_0.html and openid-connect-core-1_0.html
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

__all__ = ["GITHUB", "REQUEST_TOKEN", "Issuer", "issuing"]

_LIFE_S: Final = 600
_KEY_ID: Final = "1"
REQUEST_TOKEN: Final = "a secret of the job"
"""What a job shows to get an identity token (ACTIONS_ID_TOKEN_REQUEST_TOKEN)."""

_REPOSITORY: Final = "acme/app"
_WORKFLOW: Final = f"{_REPOSITORY}/.github/workflows/release.yml@refs/heads/main"
_COMMIT: Final = "0123456789abcdef0123456789abcdef01234567"
GITHUB: Final = MappingProxyType(
    {
        "sub": f"repo:{_REPOSITORY}:ref:refs/heads/main",
        "event_name": "push",
        "job_workflow_ref": _WORKFLOW,
        "job_workflow_sha": _COMMIT,
        "ref": "refs/heads/main",
        "repository": _REPOSITORY,
        "repository_id": "74",
        "repository_owner": "acme",
        "repository_owner_id": "7",
        "repository_visibility": "public",
        "run_attempt": "1",
        "run_id": "42",
        "runner_environment": "github-hosted",
        "sha": _COMMIT,
        "workflow": "release",
        "workflow_ref": _WORKFLOW,
        "workflow_sha": _COMMIT,
    }
)
"""Claims of a job of GitHub Actions."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuer that runs. It has two faces, because a Fulcio treats an issuer's tokens all alike.

    Attributes:
        url: ``http://127.0.0.1:port``.
        user: e-mail address of whoever signs in with a browser.
    """

    url: str
    user: str = "ada@example.com"
    _key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048), repr=False
    )

    @property
    def people(self) -> str:
        """The issuer of tokens for people, by e-mail address."""
        return f"{self.url}/people"

    @property
    def jobs(self) -> str:
        """The issuer of tokens for jobs, with GitHub's claims."""
        return f"{self.url}/jobs"

    @property
    def job_environment(self) -> dict[str, str]:
        """Variables that a job of GitHub Actions gets its identity tokens by."""
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.jobs}/request?job=1",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN,
        }

    def of_person(self, email: str = "ada@example.com", **more: Any) -> str:
        """A token for a person; ``more`` are further claims, or others."""
        return self.token(self.people, {"sub": email, "email": email, "email_verified": True, **more})

    def of_job(self, **more: Any) -> str:
        """A token for a job of GitHub Actions; ``more`` are further claims, or others."""
        return self.token(self.jobs, {**GITHUB, **more})

    def token(self, issuer: str, claims: Mapping[str, Any]) -> str:
        """A signed token with ``claims``, for sigstore and valid from now on unless they say otherwise."""
        now = int(time.time())
        standard = {"iss": issuer, "aud": "sigstore", "iat": now, "nbf": now, "exp": now + _LIFE_S}
        parts = {"alg": "RS256", "typ": "JWT", "kid": _KEY_ID}, {**standard, **claims}
        signed = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_encoded(signature)}"

    @property
    def keys(self) -> dict[str, Any]:
        """The public half, as JSON Web Key Set."""
        numbers = self._key.public_key().public_numbers()
        modulus, exponent = (
            _encoded(number.to_bytes((number.bit_length() + 7) // 8, "big")) for number in (numbers.n, numbers.e)
        )
        return {"keys": [{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": _KEY_ID, "n": modulus, "e": exponent}]}


@contextmanager
def issuing() -> Iterator[Issuer]:
    """Runs an issuer until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.issuer = Issuer(f"http://127.0.0.1:{server.server_address[1]}")  # type: ignore[attr-defined]
    server.sign_ins = {}  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.issuer  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        issuer: Issuer = self.server.issuer  # type: ignore[attr-defined]
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        face, _slash, path = address.path.lstrip("/").partition("/")
        if path == ".well-known/openid-configuration":
            self._answer(_discovery(f"{issuer.url}/{face}"))
        elif path == "keys":
            self._answer(issuer.keys)
        elif path == "authorize":
            self._sign_in(query)
        elif path == "request" and self.headers.get("Authorization", "").lower() == f"bearer {REQUEST_TOKEN}":
            self._answer({"value": issuer.of_job(aud=query["audience"])})
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        issuer: Issuer = self.server.issuer  # type: ignore[attr-defined]
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        asked = self.server.sign_ins.pop(form["code"][0], None)  # type: ignore[attr-defined]
        proof = _encoded(hashlib.sha256(form.get("code_verifier", [""])[0].encode()).digest())
        if asked is None or asked.get("code_challenge") != proof:
            self.send_error(HTTPStatus.BAD_REQUEST)
            return
        token = issuer.of_person(issuer.user)
        self._answer({"access_token": token, "token_type": "Bearer", "id_token": token})

    def _sign_in(self, query: dict[str, str]) -> None:
        """The page where somebody types a password; here everybody is who they should be."""
        code = secrets.token_urlsafe()
        self.server.sign_ins[code] = query  # type: ignore[attr-defined]
        self.send_response(HTTPStatus.FOUND)
        self.send_header("Location", f"{query['redirect_uri']}?code={code}&state={quote(query['state'])}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the standard library
        """Says nothing."""


def _discovery(issuer: str) -> dict[str, Any]:
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/keys",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
