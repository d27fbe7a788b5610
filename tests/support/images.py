"""Small images, built by hand from files, so that a test knows all that is in them."""

import gzip
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor, Platform
from undercurrent.oci.digest import Digest
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import AnyManifest, Manifest, build_index, build_manifest
from undercurrent.oci.store import WritableStore, content_of

__all__ = [
    "AMD64",
    "ARM64",
    "entry",
    "layer_of",
    "layer_tar",
    "push_image",
    "push_index",
    "push_layers",
    "python_package",
]

AMD64 = Platform("linux", "amd64")
ARM64 = Platform("linux", "arm64")


def layer_tar(files: Mapping[str, bytes]) -> bytes:
    """A tar of ``files`` by path."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def python_package(name: str, version: str) -> dict[str, bytes]:
    """The files by which an installed Python package is known."""
    folder = f"usr/lib/python3.11/site-packages/{name}-{version}.dist-info"
    return {
        f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{folder}/RECORD": f"{name}-{version}.dist-info/METADATA,,\n".encode(),
    }


async def push_image(
    store: WritableStore,
    files: Mapping[str, bytes],
    name: str = "",
    *,
    platform: Platform = AMD64,
    layer: bytes | None = None,
    config: Mapping[str, object] | None = None,
) -> Manifest:
    """An image of one layer.

    Args:
        store: where it goes.
        files: what is in it.
        name: what it is called there.
        platform: what it says it runs on.
        layer: these bytes instead of the gzipped tar of ``files``.
        config: how it runs: ``User``, ``ExposedPorts`` and so on.
    """
    tar = layer_tar(files)
    packed = gzip.compress(tar, mtime=0) if layer is None else layer
    rootfs = {"type": "layers", "diff_ids": [Digest.of(tar)]}
    said = json.dumps({**platform.to_dict(), "config": config or {}, "rootfs": rootfs}).encode()
    config_descriptor = Descriptor.of(said, mediatypes.OCI_CONFIG)
    layer_descriptor = Descriptor.of(packed, mediatypes.OCI_LAYER_GZIP)
    await store.push_blob(config_descriptor, content_of(said))
    await store.push_blob(layer_descriptor, content_of(packed))
    manifest = build_manifest(config_descriptor, [layer_descriptor])
    await store.push_manifest(manifest, name)
    return manifest


async def push_index(store: WritableStore, images: Mapping[Platform, AnyManifest], name: str) -> AnyManifest:
    """An index of ``images`` by platform."""
    children = [
        Descriptor(manifest.media_type, manifest.digest, len(manifest.raw), platform=platform)
        for platform, manifest in images.items()
    ]
    index = build_index(children)
    await store.push_manifest(index, name)
    return index


Entry = tuple[str, dict[str, Any], bytes]


def entry(path: str, content: bytes = b"", **facts: Any) -> Entry:
    """A member of a tar file; ``facts`` are those of `tarfile.TarInfo`."""
    return path, facts, content


def layer_of(entries: Sequence[Entry]) -> bytes:
    """A gzipped layer."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, facts, content in entries:
            info = tarfile.TarInfo(path)
            info.size = len(content)
            for name, value in facts.items():
                setattr(info, name, value)
            tar.addfile(info, io.BytesIO(content))
    return gzip.compress(out.getvalue(), mtime=0)


async def push_layers(folder: Path, config: Any, *layers: bytes) -> Image:
    """An image of these layers, the lowest first, in the layout ``images`` below ``folder``, called ``app:1``."""
    layout = Layout.open(folder / "images", create=True)
    raw = json.dumps({"os": "linux", "architecture": "amd64", "config": config}).encode()
    described = [Descriptor.of(one, mediatypes.OCI_LAYER_GZIP) for one in layers]
    for descriptor, content in zip(described, layers, strict=True):
        await layout.push_blob(descriptor, content_of(content))
    await layout.push_blob(Descriptor.of(raw, mediatypes.OCI_CONFIG), content_of(raw))
    manifest = build_manifest(Descriptor.of(raw, mediatypes.OCI_CONFIG), described)
    await layout.push_manifest(manifest, "app:1")
    return Image(layout, "app:1", manifest.descriptor)
