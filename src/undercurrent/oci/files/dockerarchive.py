"""Reads what ``docker save`` and ``podman save`` write: a manifest.json, configurations, and layers as tar files.

Format: https://github.com/moby/moby/blob/v28.0.0/image/spec/spec.md#combined-image-json--filesystem-changeset-format

Such an archive holds no manifest that could be hashed. One is made of what it holds, always the same one: an OCI
manifest with the configuration as it is and with uncompressed layers, which are called by their diff IDs.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from undercurrent.errors import BadContent, InvalidReference, TooLarge
from undercurrent.i18n import translate as _
from undercurrent.oci import mediatypes, strictjson
from undercurrent.oci.descriptor import Descriptor
from undercurrent.oci.digest import Digest
from undercurrent.oci.files.archivefiles import ArchiveFiles
from undercurrent.oci.files.compression import Compression, compression_of
from undercurrent.oci.files.layoutindex import REF_NAME, Entry, LayoutIndex
from undercurrent.oci.files.tarball import Member, content
from undercurrent.oci.manifest import MAX_MANIFEST, build_manifest

__all__ = ["MANIFEST_JSON", "Held", "read_docker_archive"]

MANIFEST_JSON: Final = "manifest.json"
_MAX_MANIFEST_JSON: Final = 16 * 1024 * 1024
_MAX_IMAGES: Final = 10_000
_MAX_CONFIGS: Final = 64 * 1024 * 1024
"""Bytes of all configurations; one has some 10 KiB."""


@dataclass(frozen=True, slots=True)
class Held:
    """Content of an archive: in memory, or a member that may have to be decompressed."""

    size: int
    raw: bytes | None = None
    member: Member | None = None
    compression: Compression = Compression.NONE


async def read_docker_archive(files: ArchiveFiles) -> tuple[LayoutIndex, Mapping[Digest, Held]]:
    """The images of an archive as an index of manifests made for them, and the content that those name.

    Raises:
        BadContent: it is not such an archive, or a file is missing from it.
        TooLarge: it has more than 10,000 images, or more than 64 MiB of configurations.
    """
    what = f"{files.path}: {MANIFEST_JSON}"
    images = strictjson.loads(await files.read(files.find(MANIFEST_JSON), _MAX_MANIFEST_JSON), what)
    if not isinstance(images, list):
        raise BadContent(_("{what} is not a list").format(what=what))
    if len(images) > _MAX_IMAGES:
        raise TooLarge(
            _("{what} lists {count} images, more than {limit}").format(what=what, count=len(images), limit=_MAX_IMAGES)
        )
    read = _Reading(files)
    listed: dict[tuple[str, Digest | None], Entry] = {}
    for image in images:
        if not isinstance(image, dict) or not isinstance(image.get("Config"), str):
            raise BadContent(_("{what} lacks the name of a configuration").format(what=what))
        descriptor = await read.image(image["Config"], _texts(image, "Layers", what))
        listed.setdefault(("", descriptor.digest), Entry.of(descriptor.to_dict()))
        for name in _texts(image, "RepoTags", what):
            if name:
                named = descriptor.to_dict() | {"annotations": {REF_NAME: name}}
                listed.setdefault((name, None), Entry.of(named))
    return LayoutIndex(LayoutIndex.empty().fields, tuple(listed.values())), read.held


def _texts(image: Mapping[str, Any], key: str, what: str) -> Sequence[str]:
    value = image.get(key)
    texts = [] if value is None else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise BadContent(_("{what}: {key} is not a list of texts").format(what=what, key=key))
    return texts


class _Reading:
    """Makes manifests of the images of one archive.

    Attributes:
        held: the content that they name.
    """

    def __init__(self, files: ArchiveFiles) -> None:
        self._files = files
        self._layers: dict[str, Held] = {}
        self._configs = 0
        self.held: dict[Digest, Held] = {}

    async def image(self, name: str, layers: Sequence[str]) -> Descriptor:
        """The manifest made for one image; notes what it names.

        Raises:
            BadContent: its configuration is none, or does not fit its layers.
            TooLarge: configurations are kept in memory, and there is too much of them.
        """
        what = f"{self._files.path}: {name}"
        raw = await self._files.read(self._files.find(name), MAX_MANIFEST)
        self._configs += len(raw)
        if self._configs > _MAX_CONFIGS:
            raise TooLarge(_("{what}: there are more than 64 MiB of configurations").format(what=what))
        config = Descriptor.of(raw, mediatypes.OCI_CONFIG)
        self.held[config.digest] = Held(len(raw), raw)
        diff_ids = _diff_ids(strictjson.loads_object(raw, what), what)
        if len(diff_ids) != len(layers):
            raise BadContent(
                _("{path}: {name} names {expected} layers, and {actual} are there").format(
                    path=self._files.path, name=name, expected=len(diff_ids), actual=len(layers)
                )
            )
        for diff_id, layer in zip(diff_ids, layers, strict=True):
            if diff_id not in self.held:
                self.held[diff_id] = await self._layer(layer)
        sized = [Descriptor(mediatypes.OCI_LAYER, item, self.held[item].size) for item in diff_ids]
        manifest = build_manifest(config, sized)
        self.held[manifest.digest] = Held(len(manifest.raw), manifest.raw)
        return manifest.descriptor

    async def _layer(self, name: str) -> Held:
        # A file that stands for many layers is decompressed once.
        if name not in self._layers:
            self._layers[name] = await _layer(self._files, name)
        return self._layers[name]


def _diff_ids(config: Mapping[str, Any], what: str) -> list[Digest]:
    rootfs = config.get("rootfs")
    texts = _texts(rootfs if isinstance(rootfs, dict) else {}, "diff_ids", what)
    try:
        return [Digest(text) for text in texts]
    except InvalidReference as error:
        raise BadContent(_("{what}: {why}").format(what=what, why=error.message)) from error


async def _layer(files: ArchiveFiles, name: str) -> Held:
    member = files.find(name)
    compression = compression_of(files.start(member), f"{files.path}: {name}")
    if compression is Compression.NONE:
        return Held(member.size, member=member)
    # Docker writes layers uncompressed; other tools do not, and the size has to be known before they are read.
    size = 0
    for piece in content(files.path, member, compression):
        size += len(piece)
        await asyncio.sleep(0)
    return Held(size, member=member, compression=compression)
