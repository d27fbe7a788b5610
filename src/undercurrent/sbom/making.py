"""Makes SBOMs of images, wherever they are: one a platform, each made once and then kept in a cache.

What belongs on an index? An SBOM describes one root filesystem, so syft's answer for an index is that of one
platform (anchore/syft#1683), and one such document on the index says something untrue about the others
(actions/attest-sbom#60). ko and apko attach a document to the index that lists its images; it has no packages, so it
answers neither a scanner nor an admission policy, which both ask with the digest of the index (apko#987,
konflux-ci/docs#435). What answers is what BuildKit stores and LangChain settled on (langchain-ai/docs#4679): the
documents of all platforms, each also on the index. That is what `make` returns for an index, and what is to be
attached to it; each document names the digest of the platform it is about.
"""

import asyncio
import hashlib
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from undercurrent.errors import BadContent, EnvironmentLacks, TooLarge, Unsupported
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.oci import mediatypes, strictjson
from undercurrent.oci.copying import copy
from undercurrent.oci.descriptor import Descriptor, Platform
from undercurrent.oci.files.durable import locked, replacing
from undercurrent.oci.files.layout import Layout
from undercurrent.oci.files.tarball import largest_expansion
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import MAX_MANIFEST, Manifest
from undercurrent.oci.store import read_blob
from undercurrent.progress import Advanced, Finished, Observer, Started, silent
from undercurrent.sbom.document import FORMATS, Format, FormatName, Sbom, read_packages
from undercurrent.sbom.syft import Syft, find_syft, no_room, run_syft
from undercurrent.sbom.workspace import workspace

__all__ = ["make", "slots"]

_IMAGE_CONFIGS: Final = frozenset({mediatypes.OCI_CONFIG, mediatypes.DOCKER_CONFIG})


def slots() -> asyncio.Semaphore:
    """As many places as this process may use processors: syft keeps one busy. Share it among calls of `make`."""
    return asyncio.Semaphore(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class _Subject:
    """One platform of an image, and where the cache keeps its documents."""

    image: Image
    manifest: Manifest
    platform: Platform
    syft: Syft
    cache: Path

    @property
    def source(self) -> str:
        """What its documents call it: the repository, which is the same wherever its tags move."""
        return self.image.repository

    @property
    def folder(self) -> Path:
        """Of its documents in the cache."""
        digest = self.image.digest
        return self.cache / f"syft-{self.syft.version}" / digest.algorithm / digest.encoded

    def path(self, format_: Format) -> Path:
        """Of its document in the cache; the name that is written in the document makes a part of it."""
        return self.folder / (hashlib.sha256(self.source.encode()).hexdigest()[:16] + format_.suffix)

    def cached(self, format_: Format) -> Sbom | None:
        """The document, if it is in the cache and whole."""
        path = self.path(format_)
        try:
            count = len(read_packages(path.read_bytes(), format_))
        except (OSError, BadContent):
            return None
        return Sbom(self.image.name, self.image.digest, self.platform, format_, path, count, self.syft.version)


async def make(
    image: Image,
    formats: Sequence[FormatName],
    *,
    cache: Path,
    syft: Syft | None = None,
    running: asyncio.Semaphore | None = None,
    observer: Observer = silent,
) -> tuple[Sbom, ...]:
    """The SBOMs of an image: for each platform, one in each format.

    Attestations that BuildKit puts into an index beside the platforms are passed over.

    Args:
        image: one image, or an index.
        formats: what to make.
        cache: folder that keeps documents, by digest, name and version of syft; also takes temporary files, at
            most the size of one platform's image, packed and unpacked, for each run under way.
        syft: the program; the newest there is when None.
        running: `slots`, shared with other calls; this call's own when None.
        observer: told of each platform that is done.

    Raises:
        MissingTool: there is no syft.
        Unsupported: it holds no container image.
        DigestMismatch: content is not what its digest says.
        Refused: syft failed.
        TooLarge: unpacked, it takes more room than an image may.
        NotFound, CouldNotCheck: the image cannot be read.
        EnvironmentLacks: the cache cannot be written.
    """
    syft = syft or await find_syft()
    running = running or slots()
    wanted = [FORMATS[name] for name in dict.fromkeys(formats)]
    leaves = [leaf for leaf in await image.platforms() if leaf.descriptor.runs]
    if not leaves:
        raise Unsupported(_("{name} holds no container image").format(name=image.name))
    job = _("SBOM of {name}").format(name=image.name)
    observer(Started(job, len(leaves)))

    async def one(leaf: Image) -> tuple[Sbom, ...]:
        subject = await _subject(leaf, cache, syft)
        made = await _of_platform(subject, wanted, running)
        observer(Advanced(job, item=str(subject.platform)))
        return made

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(leaf)) for leaf in leaves]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    finally:
        observer(Finished(job))
    return tuple(sbom for task in tasks for sbom in task.result())


async def _subject(leaf: Image, cache: Path, syft: Syft) -> _Subject:
    manifest = await leaf.manifest()
    if not isinstance(manifest, Manifest) or manifest.config.media_type not in _IMAGE_CONFIGS:
        raise Unsupported(
            _("{name} is no container image but {kind}: it has no packages to list").format(
                name=leaf.name, kind=manifest.kind
            )
        )
    platform = leaf.descriptor.platform
    if platform is None:
        raw = await read_blob(leaf.store, manifest.config, MAX_MANIFEST)
        full = Platform.from_dict(strictjson.loads(raw, _("the configuration of {name}").format(name=leaf.name)))
        platform = Platform(full.os, full.architecture, full.variant, full.os_version)
    return _Subject(leaf, manifest, platform, syft, cache)


async def _of_platform(subject: _Subject, wanted: Sequence[Format], running: asyncio.Semaphore) -> tuple[Sbom, ...]:
    try:
        subject.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentLacks(
            _("{path} cannot be written: {reason}").format(path=subject.folder, reason=system_reason(error))
        ) from error
    # Two names of one image, or two processes, make its documents once.
    async with locked(subject.folder / ".lock"):
        missing = [format_ for format_ in wanted if subject.cached(format_) is None]
        if missing:
            async with running:
                await _list_packages(subject, missing)
    return tuple(sbom for format_ in wanted if (sbom := subject.cached(format_)))


async def _list_packages(subject: _Subject, formats: Sequence[Format]) -> None:
    with workspace(subject.cache) as work:
        layout = Layout.open(work / "image", create=True)
        await _fill(layout, subject)
        outputs = {work / format_.name: format_ for format_ in formats}
        digest = str(subject.image.digest)
        most, room = _most(subject), _room(subject)
        try:
            await run_syft(subject.syft, layout.path, subject.source, digest, outputs, room=min(most, room))
        except TooLarge:
            if room < most:  # it is the disk that is too small, and nobody knows about the image
                raise no_room(subject.cache, subject.source) from None
            raise
        for written, format_ in outputs.items():
            document = written.read_bytes()
            read_packages(document, format_)
            with replacing(subject.path(format_), work) as file:
                file.write(document)


def _most(subject: _Subject) -> int:
    """Bytes on the disk that one platform's image may take, packed and unpacked."""
    packed = sum(layer.size for layer in subject.manifest.layers)
    return packed + largest_expansion(packed)


def _room(subject: _Subject) -> int:
    """Bytes that there are for it on the disk; a tenth of what is free stays free."""
    return sum(layer.size for layer in subject.manifest.layers) + shutil.disk_usage(subject.cache).free * 9 // 10


async def _fill(layout: Layout, subject: _Subject) -> None:
    """Puts the one image into the layout; syft does not check digests, so all content is checked here."""
    if isinstance(subject.image.store, Layout):
        for descriptor in (subject.manifest.config, *subject.manifest.layers):
            await _link(subject.image.store, layout, descriptor)
    await copy(subject.image, layout, "image")


async def _link(source: Layout, layout: Layout, descriptor: Descriptor) -> None:
    """Checks a file of another layout and links it, which takes no space; where that cannot be, it is copied later."""
    async for _piece in source.blob(descriptor):
        pass
    inside = Path("blobs", descriptor.digest.algorithm, descriptor.digest.encoded)
    target = layout.path / inside
    target.parent.mkdir(exist_ok=True)
    with suppress(OSError):
        target.hardlink_to((source.path / inside).resolve())
