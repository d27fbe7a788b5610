"""A whole sigstore on loopback: Fulcio, its certificate transparency log, Rekor, a timestamp authority, an issuer.

The real programs, with fresh keys; and the two files that tell clients of them: the trusted root and the signing
configuration (https://github.com/sigstore/protobuf-specs/blob/v0.5.1/protos/sigstore_trustroot.proto).
"""

import base64
import hashlib
import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tests.support.oidc import Issuer, issuing
from tests.support.peers import require_peer
from tests.support.servers import free_ports, running, status_of

__all__ = ["Sigstore", "Urls", "sigstore_stack"]

_PASSWORD: Final = "correct horse"
_ORIGIN: Final = "rekor.test"
_GITHUB: Final = MappingProxyType(
    {
        "DefaultTemplateValues": {"url": "https://github.com", "environment": ""},
        "ExtensionTemplates": {
            "github-workflow-trigger": "event_name",
            "github-workflow-sha": "sha",
            "github-workflow-name": "workflow",
            "github-workflow-repository": "repository",
            "github-workflow-ref": "ref",
            "build-signer-uri": "{{ .url }}/{{ .job_workflow_ref }}",
            "build-signer-digest": "job_workflow_sha",
            "runner-environment": "runner_environment",
            "source-repository-uri": "{{ .url }}/{{ .repository }}",
            "source-repository-digest": "sha",
            "source-repository-ref": "ref",
            "source-repository-identifier": "repository_id",
            "source-repository-owner-uri": "{{ .url }}/{{ .repository_owner }}",
            "source-repository-owner-identifier": "repository_owner_id",
            "build-config-uri": "{{ .url }}/{{ .workflow_ref }}",
            "build-config-digest": "workflow_sha",
            "build-trigger": "event_name",
            "run-invocation-uri": "{{ .url }}/{{ .repository }}/actions/runs/{{ .run_id }}/attempts/{{ .run_attempt }}",
            "source-repository-visibility-at-signing": "repository_visibility",
        },
        "SubjectAlternativeNameTemplate": "{{ .url }}/{{ .job_workflow_ref }}",
    }
)
"""What https://github.com/sigstore/fulcio/blob/v1.8.8/config/identity/config.yaml says about GitHub."""


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the services are that sign."""

    fulcio: str
    rekor: str
    timestamps: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Sigstore:
    """A sigstore that runs.

    Attributes:
        folder: its files.
        urls: where it signs.
        ct_log: address of the log that its Fulcio uses.
        issuer: knows who people and jobs are.
        trusted_root: file with what its certificates, entries and timestamps are verified by.
    """

    folder: Path
    urls: Urls
    ct_log: str
    issuer: Issuer
    trusted_root: Path
    _authority: "_Authority" = field(repr=False)

    @property
    def signing_config(self) -> Path:
        """File with where to sign, as ``cosign sign --signing-config`` takes it."""
        return _written(self.folder / "signing_config.json", signing_config(self.urls))

    @property
    def trust_config(self) -> Path:
        """File with both."""
        return self.trust_config_of(self.urls)

    def trust_config_of(self, urls: Urls, trusted_root: Path | None = None) -> Path:
        """A file as `trust_config`, of services elsewhere or with another root."""
        root = json.loads((trusted_root or self.trusted_root).read_bytes())
        document = {
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": root,
            "signingConfig": signing_config(urls),
        }
        name = hashlib.sha256(json.dumps(document).encode()).hexdigest()[:8]
        return _written(self.folder / f"trust_config-{name}.json", document)

    @contextmanager
    def another_fulcio(self, folder: Path, ct_log: str) -> Iterator[str]:
        """Runs another Fulcio of the same authority, which tells another log of its certificates; yields its URL."""
        with _fulcio(folder, self._authority, self.issuer, ct_log) as url:
            yield url


def signing_config(urls: Urls) -> dict[str, Any]:
    """The signing configuration, version 0.2, as JSON values."""

    def service(url: str, version: int) -> list[dict[str, Any]]:
        return [{"url": url, "majorApiVersion": version, "validFor": _since(), "operator": "tests"}]

    return {
        "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
        "caUrls": service(urls.fulcio, 1),
        "oidcUrls": service(urls.issuer, 1),
        "rekorTlogUrls": service(urls.rekor, 2),
        "tsaUrls": service(urls.timestamps, 1),
        "rekorTlogConfig": {"selector": "ANY"},
        "tsaConfig": {"selector": "ANY"},
    }


@contextmanager
def sigstore_stack(folder: Path) -> Iterator[Sigstore]:
    """Runs one until the block ends.

    Args:
        folder: an empty one of its own.
    """
    with ExitStack() as stack:
        issuer = stack.enter_context(issuing())
        authority = _Authority.made(folder)
        ct_log, ct_key = stack.enter_context(_ct_log(folder, authority))
        timestamps, chain = stack.enter_context(_timestamps(folder))
        rekor, rekor_key = stack.enter_context(_rekor(folder))
        fulcio = stack.enter_context(_fulcio(folder, authority, issuer, ct_log))
        root = {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [_log(f"https://{_ORIGIN}", rekor_key, "PKIX_ED25519", _checkpoint_id(rekor_key))],
            "certificateAuthorities": [_signed_by(fulcio, (authority.certificate, authority.root))],
            "ctlogs": [_log(ct_log, ct_key, "PKIX_ECDSA_P256_SHA_256", hashlib.sha256(_der(ct_key)).digest())],
            "timestampAuthorities": [_signed_by(timestamps, chain)],
        }
        urls = Urls(fulcio, rekor, f"{timestamps}/api/v1/timestamp", issuer.people)
        trusted_root = _written(folder / "trusted_root.json", root)
        yield Sigstore(folder, urls, ct_log, issuer, trusted_root, authority)


_PublicKey: TypeAlias = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
_PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class _Authority:
    """A root, and an intermediate authority whose files a Fulcio reads."""

    root: x509.Certificate
    certificate: x509.Certificate
    chain_file: Path
    key_file: Path
    root_file: Path

    @classmethod
    def made(cls, folder: Path) -> "_Authority":
        root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _one in range(2))
        root = _authority_certificate("root", root_key, "root", root_key, 1)
        certificate = _authority_certificate("intermediate", key, "root", root_key, 0)
        chain, root_pem = folder / "chain.pem", folder / "root.pem"
        chain.write_bytes(_pem(certificate) + _pem(root))
        root_pem.write_bytes(_pem(root))
        return cls(root, certificate, chain, _key_file(folder / "fulcio.key", key, _PASSWORD), root_pem)


def _authority_certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    path_length: int,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
        .add_extension(x509.KeyUsage(*(False,) * 5, True, True, *(False,) * 2), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )
    if path_length == 0:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


@contextmanager
def _ct_log(folder: Path, authority: _Authority) -> Iterator[tuple[str, _PublicKey]]:
    key = ec.generate_private_key(ec.SECP256R1())
    file, (port,) = _key_file(folder / "ctlog.key", key), free_ports(1)
    host = f"127.0.0.1:{port}"
    command = (require_peer("ctlog"), "-address", host, "-key", file, "-roots", authority.root_file)
    with running(command, partial(_is_up, host, "/ctlog/ct/v1/get-roots"), log=folder / "ctlog.log"):
        yield f"http://{host}/ctlog", key.public_key()


@contextmanager
def _timestamps(folder: Path) -> Iterator[tuple[str, tuple[x509.Certificate, ...]]]:
    (port,) = free_ports(1)
    host = f"127.0.0.1:{port}"
    command = (require_peer("timestamp-authority"), "-port", str(port))
    with running(command, partial(_is_up, host, "/ping"), log=folder / "timestamps.log"):
        chain = x509.load_pem_x509_certificates(_got(host, "/api/v1/timestamp/certchain"))
        yield f"http://{host}", tuple(chain)


@contextmanager
def _rekor(folder: Path) -> Iterator[tuple[str, ed25519.Ed25519PublicKey]]:
    key = ed25519.Ed25519PrivateKey.generate()
    file, (port, grpc, metrics) = _key_file(folder / "rekor.key", key), free_ports(3)
    host, storage = f"127.0.0.1:{port}", folder / "rekor"
    storage.mkdir()
    options = {
        "http-address": "127.0.0.1",
        "http-port": port,
        "http-metrics-port": metrics,
        "grpc-address": "127.0.0.1",
        "grpc-port": grpc,
        "hostname": _ORIGIN,
        "storage-dir": storage,
        "signer-filepath": file,
        "checkpoint-interval": "200ms",
        "batch-max-age": "20ms",
    }
    command: tuple[str | Path, ...] = (require_peer("rekor-server-posix"), "serve", *_flags(options))
    with running(command, partial(_is_up, host, "/healthz"), log=folder / "rekor.log"):
        yield f"http://{host}", key.public_key()


@contextmanager
def _fulcio(folder: Path, authority: _Authority, issuer: Issuer, ct_log: str) -> Iterator[str]:
    # HTTP and gRPC on one port make it panic.
    port, grpc, metrics = free_ports(3)
    host = f"127.0.0.1:{port}"
    people = {"IssuerURL": issuer.people, "ClientID": "sigstore", "Type": "email"}
    jobs = {"IssuerURL": issuer.jobs, "ClientID": "sigstore", "Type": "ci-provider", "CIProvider": "github-workflow"}
    config = _written(
        folder / "fulcio.json",
        {
            "OIDCIssuers": {issuer.people: people, issuer.jobs: jobs},
            "CIIssuerMetadata": {"github-workflow": dict(_GITHUB)},
        },
    )
    options = {
        "ca": "fileca",
        "fileca-cert": authority.chain_file,
        "fileca-key": authority.key_file,
        "fileca-key-passwd": _PASSWORD,
        "fileca-watch": "false",
        "ct-log-url": ct_log,
        "config-path": config,
        "host": "127.0.0.1",
        "port": port,
        "grpc-host": "127.0.0.1",
        "grpc-port": grpc,
        "metrics-port": metrics,
        "legacy-unix-domain-socket": folder / "fulcio.sock",
    }
    with running(
        (require_peer("fulcio"), "serve", *_flags(options)),
        partial(_is_up, host, "/api/v2/configuration"),
        log=folder / "fulcio.log",
        stop_s=1.0,  # it would wait for a log that does not answer
    ):
        yield f"http://{host}"


def _flags(options: Mapping[str, object]) -> list[str]:
    return [f"--{name}={value}" for name, value in options.items()]


def _is_up(host: str, path: str) -> bool:
    return status_of(host, path) == HTTPStatus.OK


def _got(host: str, path: str) -> bytes:
    connection = http.client.HTTPConnection(host, timeout=5)
    connection.request("GET", path)
    body = connection.getresponse().read()
    connection.close()
    return body


def _name(name: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "tests"), x509.NameAttribute(NameOID.COMMON_NAME, name)]
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _der(key: _PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _key_file(file: Path, key: _PrivateKey, password: str = "") -> Path:
    encryption = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption))
    return file


def _written(file: Path, document: object) -> Path:
    file.write_text(json.dumps(document, indent=1))
    return file


def _since() -> dict[str, str]:
    return {"start": f"{datetime.now(UTC) - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"}


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _checkpoint_id(key: ed25519.Ed25519PublicKey) -> bytes:
    """A Rekor 2 is known by the identity of its checkpoints' signatures (https://c2sp.org/signed-note)."""
    return hashlib.sha256(_ORIGIN.encode() + b"\n\x01" + key.public_bytes_raw()).digest()


def _log(url: str, key: _PublicKey, details: str, log_id: bytes) -> dict[str, Any]:
    public_key = {"rawBytes": _base64(_der(key)), "keyDetails": details, "validFor": _since()}
    return {
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": public_key,
        "logId": {"keyId": _base64(log_id)},
    }


def _signed_by(url: str, chain: tuple[x509.Certificate, ...]) -> dict[str, Any]:
    certificates = [{"rawBytes": _base64(one.public_bytes(serialization.Encoding.DER))} for one in chain]
    return {
        "subject": {"organization": "tests", "commonName": "tests"},
        "uri": url,
        "certChain": {"certificates": certificates},
        "validFor": _since(),
    }
