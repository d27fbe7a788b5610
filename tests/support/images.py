"""Small images, built by hand from files, so that a test knows all that is in them."""

import gzip
import io
import json
import tarfile
from collections.abc import Mapping

from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor, Platform
from undercurrent.oci.digest import Digest
from undercurrent.oci.manifest import AnyManifest, Manifest, build_index, build_manifest
from undercurrent.oci.store import WritableStore, content_of

__all__ = ["AMD64", "ARM64", "layer_tar", "push_image", "push_index", "python_package"]

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
