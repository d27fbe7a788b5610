"""Packs folders and root file systems into images: how a machine without Docker makes one.

Reproducible: the same files and the same configuration make the same digest, whatever their times, their owners and
their order on disk (https://reproducible-builds.org/specs/source-date-epoch/).
"""

import json
import os
import re
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, Final, Literal, TypeAlias

from undercurrent.errors import ConfigError, NotFound, UsageError
from undercurrent.i18n import translate as _
from undercurrent.oci import mediatypes
from undercurrent.oci.descriptor import Descriptor, Platform
from undercurrent.oci.digest import Digest
from undercurrent.oci.files.compression import Compression
from undercurrent.oci.files.tarball import decompress
from undercurrent.oci.manifest import AnyManifest, Index, Manifest, build_index, build_manifest
from undercurrent.oci.packing.layerfile import LayerFile, no_room, write_layer, write_scratch
from undercurrent.oci.packing.rootfs import Entry, Owner, folder_entries, tar_entries
from undercurrent.oci.store import WritableStore, content_of
from undercurrent.progress import Advanced, Finished, Noted, Observer, Started, silent

__all__ = ["CompressionName", "ImageConfig", "Source", "pack", "source_date_epoch"]

CompressionName: TypeAlias = Literal["gzip", "zstd", "none"]

_JOB: Final = "pack"
_ROOT: Final = (0, 0)
_PORT: Final = re.compile(r"[0-9]{1,5}(?:-[0-9]{1,5})?(?:/(?:tcp|udp|sctp))?")
_COMPRESSIONS: Final[Mapping[str, Compression]] = MappingProxyType(
    {"gzip": Compression.GZIP, "zstd": Compression.ZSTD, "none": Compression.NONE}
)


@dataclass(frozen=True, slots=True)
class Source:
    """What one platform's image is made of.

    Attributes:
        path: a folder, or a tar file of a root file system, plain or compressed with gzip or zstd.
        platform: what it runs on; None means this machine's.
    """

    path: Path
    platform: Platform | None = None


def _no_text() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """How the image is run, and who made it.

    Specification: https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md

    Attributes:
        env: in the order in which it is written.
        ports: ``80``, ``53/udp``, ``8000-8010/tcp``.
        created: None means `source_date_epoch`.

    Raises:
        UsageError: a name or a port that is none.
    """

    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=_no_text)
    user: str = ""
    workdir: str = ""
    labels: Mapping[str, str] = field(default_factory=_no_text)
    ports: tuple[str, ...] = ()
    author: str = ""
    created: datetime | None = None

    def __post_init__(self) -> None:
        for name in self.env:
            if not name or "=" in name or "\0" in name:
                raise UsageError(_("{name!r} is not the name of an environment variable").format(name=name))
        for port in self.ports:
            if not _PORT.fullmatch(port):
                raise UsageError(
                    _("{port!r} is not a port").format(port=port),
                    hint=_("write 80, 53/udp or 8000-8010/tcp"),
                )
        if self.workdir and not self.workdir.startswith("/"):
            raise UsageError(_("the working directory {path!r} does not begin with a slash").format(path=self.workdir))

    def to_dict(self) -> dict[str, Any]:
        """The ``config`` of an image configuration; what is empty is left out."""
        named = {
            "User": self.user,
            "ExposedPorts": {port if "/" in port else f"{port}/tcp": {} for port in sorted(self.ports)},
            "Env": [f"{name}={value}" for name, value in self.env.items()],
            "Entrypoint": list(self.entrypoint),
            "Cmd": list(self.cmd),
            "WorkingDir": self.workdir,
            "Labels": dict(sorted(self.labels.items())),
        }
        return {key: value for key, value in named.items() if value}


def source_date_epoch(environ: Mapping[str, str] = os.environ) -> datetime:
    """The time that reproducible content carries: SOURCE_DATE_EPOCH, else the beginning of 1970.

    Raises:
        ConfigError: SOURCE_DATE_EPOCH is no number of seconds.
    """
    text = environ.get("SOURCE_DATE_EPOCH", "") or "0"
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ConfigError(
            _("SOURCE_DATE_EPOCH is {text!r}, not a number of seconds since 1970").format(text=text)
        ) from error


async def pack(
    sources: Sequence[Source],
    to: WritableStore,
    name: str,
    config: ImageConfig,
    *,
    compression: CompressionName = "gzip",
    owner: Owner | None = None,
    observer: Observer = silent,
) -> Descriptor:
    """Makes an image of one source, or an index of several, and stores it under ``name``.

    Files get the time that `source_date_epoch` tells. They belong to 0:0 if they come from a folder, and to whom the
    tar file says if they come from one. Devices, sockets and FIFOs are left out, with a word to ``observer``.

    Args:
        sources: one for each platform.
        to: where the image goes.
        name: what it is called there.
        config: how it is run; the same for every platform.
        compression: of the layers.
        owner: numeric user and group to whom every file belongs instead.
        observer: is told about each source.

    Returns:
        What was stored: an image manifest's descriptor, or an index's.

    Raises:
        UsageError: no source, two for one platform, or one that is neither folder nor file.
        NotFound, CouldNotCheck, BadContent, TooLarge, Unsupported: a source cannot be read, or is not what it should
            be.
        EnvironmentLacks: no room for the temporary files.
    """
    named = [(source, source.platform or Platform.of_this_machine()) for source in sources]
    _check_sources(named)
    observer(Started(_JOB, len(named)))
    try:
        images = []
        for source, platform in sorted(named, key=lambda pair: str(pair[1])):
            layer = _layer(source.path, owner, _COMPRESSIONS[compression], observer)
            async with layer as finished:
                images.append((platform, await _store(finished, to, platform, config)))
            observer(Advanced(_JOB, item=str(platform)))
        root: AnyManifest = images[0][1] if len(images) == 1 else await _store_index(images, to)
        await to.push_manifest(root, name)
    finally:
        observer(Finished(_JOB))
    return root.descriptor


def _check_sources(named: Sequence[tuple[Source, Platform]]) -> None:
    if not named:
        raise UsageError(_("there is nothing to pack"), hint=_("name a folder or a tar file"))
    platforms = [str(platform) for _source, platform in named]
    twice = next((text for text in platforms if platforms.count(text) > 1), "")
    if twice:
        raise UsageError(
            _("two sources are for {platform}").format(platform=twice),
            hint=_("say which is which: linux/amd64=PATH linux/arm64=PATH"),
        )
    for source, _platform in named:
        if not source.path.exists():
            raise NotFound(_("{path} does not exist").format(path=source.path))


@asynccontextmanager
async def _layer(
    path: Path, owner: Owner | None, compression: Compression, observer: Observer
) -> AsyncIterator[LayerFile]:
    mtime = int(source_date_epoch().timestamp())
    with _entries(path, owner, lambda text: observer(Noted(text))) as entries, _scratch() as file:
        yield await write_layer(entries, file, compression, mtime)


@contextmanager
def _entries(path: Path, owner: Owner | None, warn: Callable[[str], None]) -> Iterator[Iterator[Entry]]:
    if path.is_dir():
        yield folder_entries(path, owner or _ROOT, warn)
        return
    # Sorted, the members are read in another order than they stand in, so what is compressed is decompressed first.
    with _scratch() as file:
        size = 0
        for piece in decompress(path):
            size += write_scratch(file, piece)
        yield tar_entries(file, size, str(path), owner, warn)


@contextmanager
def _scratch() -> Iterator[BinaryIO]:
    """A temporary file that has no name, on a disk rather than in memory.

    Raises:
        EnvironmentLacks: there is no place for it.
    """
    # /tmp is often in memory, and layers are large; TMPDIR decides where it is set.
    folder = None if os.environ.get("TMPDIR") or not os.access("/var/tmp", os.W_OK) else "/var/tmp"  # noqa: S108 - only a nameless file is made there
    try:
        opened = tempfile.TemporaryFile(dir=folder, prefix="uc-")  # noqa: SIM115 - only the opening is tried
    except OSError as error:
        raise no_room(error) from error
    with opened as file:
        yield file


async def _store(layer: LayerFile, to: WritableStore, platform: Platform, config: ImageConfig) -> Manifest:
    """Stores the layer and the configuration of one image; its manifest is left to the caller."""
    raw = _configuration(layer.diff_id, platform, config)
    described = Descriptor.of(raw, mediatypes.OCI_CONFIG)
    await to.push_blob(layer.descriptor, layer.content)
    await to.push_blob(described, content_of(raw))
    return build_manifest(described, [layer.descriptor])


async def _store_index(images: Sequence[tuple[Platform, Manifest]], to: WritableStore) -> Index:
    """Stores the images of an index, which itself is left to the caller."""
    for _platform, manifest in images:
        await to.push_manifest(manifest)
    return build_index([replace(manifest.descriptor, platform=platform) for platform, manifest in images])


def _configuration(diff_id: Digest, platform: Platform, config: ImageConfig) -> bytes:
    created = (config.created or source_date_epoch()).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    document: dict[str, Any] = {"created": created}
    if config.author:
        document["author"] = config.author
    document |= platform.to_dict()
    if runs := config.to_dict():
        document["config"] = runs
    document["rootfs"] = {"type": "layers", "diff_ids": [diff_id]}
    # No version here: a newer release should not change the digest of unchanged files.
    document["history"] = [{"created": created, "created_by": "undercurrent image pack"}]
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
