"""Real input to begin with: what cosign wrote, what others published, archives and answers that are made here."""

import base64
import gzip
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import zstandard
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from tests.support.tls import Authority

__all__ = [
    "CORPUS",
    "RECORDED",
    "archives",
    "blobs",
    "bundles",
    "certificates",
    "conformance",
    "key_files",
    "layer_tars",
    "texts",
]

RECORDED: Final = Path(__file__).parents[1] / "unit" / "signing" / "recorded"
CORPUS: Final = Path(__file__).parent / "corpus"
"""Input that once ended in something else than an error of ours; a folder for each target."""


def texts(*items: str) -> tuple[bytes, ...]:
    return tuple(item.encode() for item in items)


@cache
def blobs() -> tuple[bytes, ...]:
    """All content of an index that cosign signed and attested: manifests, bundles, payloads, envelopes."""
    return tuple(path.read_bytes() for path in sorted((RECORDED / "layout" / "blobs" / "sha256").iterdir()))


@cache
def conformance(name: str) -> tuple[bytes, ...]:
    """The files of this name in sigstore's conformance suite, where UNDERCURRENT_DATA has it."""
    folder = Path(os.environ.get("UNDERCURRENT_DATA", "../shared/data")) / "sigstore-conformance" / "bundle-verify"
    return tuple(dict.fromkeys(path.read_bytes() for path in sorted(folder.glob(f"*/{name}"))))[:40]


@cache
def bundles() -> tuple[bytes, ...]:
    return tuple(blob for blob in blobs() if b"verificationMaterial" in blob) + conformance("bundle.sigstore.json")


@cache
def key_files() -> tuple[bytes, ...]:
    """cosign's key files, and PEM of every kind that is read."""
    keys: tuple[ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey, ...] = (
        ec.generate_private_key(ec.SECP256R1()),
        ed25519.Ed25519PrivateKey.generate(),
    )
    made = [
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        for key in keys
    ]
    made += [
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        for key in keys
    ]
    return (*made, *(path.read_bytes() for path in sorted((RECORDED / "keys").iterdir())))


@cache
def certificates(folder: Path) -> tuple[bytes, ...]:
    """DER certificates: of an authority and a server of ours, and those in the bundles of others."""
    own = Authority(folder).certificate.public_bytes(serialization.Encoding.DER)
    return (own, *_in_bundles())


def _in_bundles() -> Iterator[bytes]:
    for raw in bundles():
        try:
            material = json.loads(raw)["verificationMaterial"]
            yield base64.b64decode(material["certificate"]["rawBytes"])
        except (ValueError, KeyError, TypeError):
            continue


def _tar(files: Mapping[str, bytes], more: Iterable[tarfile.TarInfo] = (), kind: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for info in more:
            tar.addfile(info)
    return out.getvalue()


def _special(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


@cache
def layer_tars() -> tuple[bytes, ...]:
    """Root file systems: links, long names, capabilities, devices; in two formats."""
    more = [
        _special("bin", tarfile.SYMTYPE, "usr/bin"),
        _special("usr/bin/same", tarfile.LNKTYPE, "usr/bin/tool"),
        _special("dev/null", tarfile.CHRTYPE),
        _special("usr", tarfile.DIRTYPE),
        _special("l" * 150, tarfile.SYMTYPE, "t" * 150),
    ]
    capable = _special("usr/bin/ping", tarfile.REGTYPE)
    capable.pax_headers = {"SCHILY.xattr.security.capability": "\1\0\0\2\0 \0\0"}
    files = {"usr/bin/tool": b"#!/bin/sh\n" * 90, "etc/motd": b"hello", "n" * 150: b"long"}
    plain = _tar(files, [*more, capable])
    return plain, _tar(files, more, tarfile.GNU_FORMAT), gzip.compress(plain, mtime=0), zstandard.compress(plain)


@cache
def archives() -> tuple[bytes, ...]:
    """The signed index as an OCI archive, and an image as ``docker save`` wrote them; plain and compressed."""
    layout = RECORDED / "layout"
    oci = _tar(
        {str(path.relative_to(layout)): path.read_bytes() for path in sorted(layout.rglob("*")) if path.is_file()}
    )
    layer = _tar({"etc/motd": b"hello"})
    config = {"os": "linux", "architecture": "amd64"}
    config |= {"rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}  # type: ignore[dict-item]
    listed = [{"Config": "c.json", "RepoTags": ["app:1"], "Layers": ["a/layer.tar"]}]
    docker = {"c.json": json.dumps(config).encode(), "manifest.json": json.dumps(listed).encode()}
    plain = _tar(docker | {"a/layer.tar": layer})
    packed = _tar(docker | {"a/layer.tar": gzip.compress(layer, mtime=0)})
    linked = _tar(docker | {"b/layer.tar": layer}, [_special("a/layer.tar", tarfile.SYMTYPE, "../b/layer.tar")])
    return (
        oci,
        gzip.compress(oci, mtime=0),
        zstandard.compress(oci),
        plain,
        packed,
        linked,
        gzip.compress(linked, mtime=0),
    )
