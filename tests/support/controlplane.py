"""A real Kubernetes API server on loopback, over a real etcd: nothing runs, but what a cluster refuses is refused."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.support.peers import require_peer
from tests.support.servers import free_ports, running, status_of

__all__ = ["Answer", "ApiServer", "api_server"]

_TOKEN: Final = "uc-tests"
_READY_S: Final = 90.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said.

    Attributes:
        status: of HTTP.
        body: the object, or the Status that says why not.
        warnings: that came with it.
    """

    status: int
    body: Mapping[str, Any]
    warnings: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """Why not."""
        return str(self.body.get("message", ""))


@dataclass(frozen=True, slots=True)
class ApiServer:
    """One that runs."""

    url: str
    tls: ssl.SSLContext

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> Answer:
        """One request, with all rights."""
        headers = {"Authorization": f"Bearer {_TOKEN}", "Content-Type": kind, "Accept": "application/json"}
        request = urllib.request.Request(self.url + path, body, headers, method=method)  # noqa: S310 - loopback
        try:
            with urllib.request.urlopen(request, context=self.tls, timeout=60) as answer:  # noqa: S310
                return _answer(answer.status, answer.read(), answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                return _answer(error.code, error.read(), error.headers)

    def namespace(self, name: str, level: str, version: str = "latest") -> str:
        """A namespace that enforces a level; and warns of it, which it does for templates of pods, too."""
        prefix = "pod-security.kubernetes.io"
        labels = {
            f"{prefix}/{mode}{suffix}": value
            for mode in ("enforce", "warn")
            for suffix, value in (("", level), ("-version", version))
        }
        made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
        answer = self.ask("POST", "/api/v1/namespaces", json.dumps(made).encode())
        assert answer.status in (HTTPStatus.CREATED, HTTPStatus.CONFLICT), answer
        return name

    def try_out(self, document: Mapping[str, Any], namespace: str) -> Answer:
        """Creates an object without keeping it: all that admission says, and nothing that stays."""
        version, kind = str(document["apiVersion"]), str(document["kind"])
        base = "/api/v1" if version == "v1" else f"/apis/{version}"
        plural = {"NetworkPolicy": "networkpolicies", "Ingress": "ingresses"}.get(kind, f"{kind.lower()}s")
        path = f"{base}/namespaces/{namespace}/{plural}?dryRun=All&fieldValidation=Strict"
        return self.ask("POST", path, json.dumps(document).encode())


def _answer(status: int, body: bytes, headers: Any) -> Answer:
    try:
        said = json.loads(body) if body else {}
    except ValueError:
        said = {"message": body.decode(errors="replace")}
    return Answer(
        status, said if isinstance(said, dict) else {"message": str(said)}, tuple(headers.get_all("Warning") or ())
    )


@contextmanager
def api_server(folder: Path) -> Iterator[ApiServer]:
    """Starts both, and stops them."""
    program = require_peer("controlplane")
    etcd, peer, port = free_ports(3)
    store = f"http://127.0.0.1:{etcd}"
    members = f"http://127.0.0.1:{peer}"
    command: list[str | Path] = [
        program,
        "etcd",
        "--unsafe-no-fsync",
        f"--data-dir={folder / 'etcd'}",
        "--log-level=error",
    ]
    command += [f"--listen-client-urls={store}", f"--advertise-client-urls={store}", f"--listen-peer-urls={members}"]
    command += [f"--initial-advertise-peer-urls={members}", f"--initial-cluster=default={members}"]

    def store_ready() -> bool:
        return status_of(f"127.0.0.1:{etcd}", "/health") == HTTPStatus.OK

    with (
        running(command, store_ready, log=folder / "etcd.log"),
        _kube_apiserver(program, folder, store, port) as server,
    ):
        yield server


@contextmanager
def _kube_apiserver(program: Path, folder: Path, store: str, port: int) -> Iterator[ApiServer]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = folder / "accounts.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    tokens = folder / "tokens.csv"
    tokens.write_text(f'{_TOKEN},admin,admin,"system:masters"\n', encoding="utf-8")
    certificates = folder / "certificates"
    command: list[str | Path] = [program, "kube-apiserver", f"--etcd-servers={store}", f"--secure-port={port}"]
    command += ["--bind-address=127.0.0.1", f"--cert-dir={certificates}", f"--token-auth-file={tokens}"]
    command += ["--authorization-mode=RBAC", "--service-account-issuer=https://kubernetes.default.svc"]
    command += [f"--service-account-signing-key-file={pem}", f"--service-account-key-file={pem}"]
    # Nobody makes the account that each pod would need.
    command += ["--service-cluster-ip-range=10.0.0.0/24", "--disable-admission-plugins=ServiceAccount"]
    command += ["--watch-cache=false", "--shutdown-delay-duration=0s", "--allow-privileged=true"]

    def ready() -> bool:
        certificate = certificates / "apiserver.crt"
        if not certificate.is_file():
            return False
        try:
            context = ssl.create_default_context(cafile=str(certificate))
            return ApiServer(f"https://127.0.0.1:{port}", context).ask("GET", "/readyz").status == HTTPStatus.OK
        except OSError:
            return False

    with running(command, ready, log=folder / "apiserver.log", ready_s=_READY_S, stop_s=90):
        context = ssl.create_default_context(cafile=str(certificates / "apiserver.crt"))
        yield ApiServer(f"https://127.0.0.1:{port}", context)
