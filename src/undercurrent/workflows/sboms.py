"""Makes SBOMs of images, and attaches them as attestations."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from undercurrent.errors import EnvironmentLacks, UsageError
from undercurrent.fleet import Summary
from undercurrent.i18n import system_reason
from undercurrent.i18n import translate as _
from undercurrent.oci.files.durable import replacing
from undercurrent.oci.image import Image
from undercurrent.oci.stores import Stores
from undercurrent.progress import Observer
from undercurrent.sbom.document import FORMATS, FormatName, Sbom
from undercurrent.sbom.making import make, slots
from undercurrent.settings import Settings, cache_folder
from undercurrent.signing.attest import attest
from undercurrent.signing.checks import Format
from undercurrent.signing.places import Where, beside
from undercurrent.signing.signatory import Signatory
from undercurrent.signing.verify import verify_attestation
from undercurrent.workflows.each import each
from undercurrent.workflows.estate import Found, Target
from undercurrent.workflows.recording import Recording

__all__ = ["AttachedSboms", "SbomAttacher", "documents", "make_sboms", "written"]


async def make_sboms(
    found: AsyncIterable[Found], settings: Settings, *, observer: Observer
) -> Summary[tuple[Sbom, ...]]:
    """Makes the SBOMs of every image in ``found``, a document a platform and format.

    Args:
        found: the images.
        settings: formats, and where things are.
        observer: is told what happens.

    Raises:
        Stopped: the user interrupted it.
    """
    return await each("sbom", found, partial(_Making, settings, slots()), settings, observer=observer)


@dataclass(frozen=True, slots=True)
class _Making:
    settings: Settings
    syft_slots: asyncio.Semaphore
    stores: Stores
    record: Recording

    def __post_init__(self) -> None:
        self.record.open()

    async def __call__(self, target: Target) -> tuple[Sbom, ...]:
        image = await target.open(self.stores)
        return await _made(image, self.settings.sbom.formats, self.syft_slots, self.record)


def documents(summary: Summary[tuple[Sbom, ...]]) -> list[Sbom]:
    """The documents of all images."""
    return [document for success in summary.results for document in success.result]


def written(summary: Summary[tuple[Sbom, ...]], to: Path) -> dict[Sbom, Path]:
    """Copies the documents of a run to where the user wants them.

    Args:
        summary: of `make_sboms`.
        to: a folder, which gets a file for each; or, for one document alone, a file whose name ends in ``.json``.

    Returns:
        Where each document is.

    Raises:
        UsageError: there are several documents for one file, or a file is where a folder should be.
        EnvironmentLacks: it cannot be written.
    """
    made = documents(summary)
    alone = to.suffix == ".json" and not to.is_dir()
    if alone and len(made) > 1:
        raise UsageError(
            _("{count} documents do not fit into one file").format(count=len(made)),
            hint=_("name a folder with --to, or one image, one format and one platform"),
        )
    folder = to.parent if alone else to
    if folder.exists() and not folder.is_dir():
        raise UsageError(
            _("{path} is no folder").format(path=folder), hint=_("name a folder, or a file whose name ends in .json")
        )
    files = dict.fromkeys(made, to) if alone else {document: to / name for document, name in _file_names(made).items()}
    try:
        for document, path in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path, path.parent) as file:
                file.write(document.read())
    except OSError as error:
        raise EnvironmentLacks(
            _("{path} cannot be written: {reason}").format(path=to, reason=system_reason(error))
        ) from error
    return files


def _file_names(made: Iterable[Sbom]) -> dict[Sbom, str]:
    """``ghcr.io_acme_app_1.0-linux-arm64.spdx.json``, with a part of the digest where that is not enough."""
    stems = {
        document: re.sub(r"[^A-Za-z0-9._-]+", "_", document.image) + f"-{document.platform}".replace("/", "-")
        for document in made
    }
    shared = Counter((stem, document.format) for document, stem in stems.items())
    return {
        document: (f"{stem}-{document.digest.encoded[:12]}" if shared[stem, document.format] > 1 else stem)
        + document.format.suffix
        for document, stem in stems.items()
    }


async def _made(
    image: Image, formats: Sequence[FormatName], running: asyncio.Semaphore, record: Recording
) -> tuple[Sbom, ...]:
    documents = await make(image, formats, cache=cache_folder() / "sbom", running=running)
    for document in documents:
        record.add(
            "sbom-made",
            document.digest,
            "made",
            image.name,
            tool=("syft", document.tool_version),
            format=document.format.name,
            platform=str(document.platform),
            packages=document.package_count,
            image=image.digest,
        )
    return documents


@dataclass(frozen=True, slots=True)
class AttachedSboms:
    """How many SBOM attestations an image has by now, counted over it and its platforms; how many of them are new."""

    total: int = 0
    added: int = 0


@dataclass(frozen=True, slots=True)
class SbomAttacher:
    """Attests the SBOMs of images: each platform's on that platform, and all of them on the index.

    An image whose documents this key has attested already is left alone, whoever's cache they came from: syft
    writes the time and a fresh identifier into each, so that the next run would attach another one.

    Attributes:
        signatory: signs.
        formats: of the attestations.
        settings: formats of the documents, and where things are.
        running: see `undercurrent.sbom.making.slots`.
        record: where to record what was made.
        dry_run: find out what would be added, and add nothing.
        where: in which store the attestations live.
    """

    signatory: Signatory
    formats: tuple[Format, ...]
    settings: Settings
    running: asyncio.Semaphore
    record: Recording
    dry_run: bool = False
    where: Where = beside

    async def attach(self, image: Image) -> AttachedSboms:
        """Attests what is missing on ``image``.

        Raises:
            UndercurrentError: as `make` and `attest` do.
        """
        leaves = {leaf.digest: leaf for leaf in await image.platforms() if leaf.descriptor.runs}
        wanted = dict.fromkeys(leaves, 1) | {image.digest: len(leaves)}
        total = sum(wanted.values()) * len(self.settings.sbom.formats)
        lacking = {
            (digest, name)
            for name in self.settings.sbom.formats
            for digest, count in wanted.items()
            if await self._lacks(leaves.get(digest, image), name, count)
        }
        if self.dry_run or not lacking:
            return AttachedSboms(total, sum(wanted[digest] for digest, _name in lacking))
        added = 0
        names = tuple(name for name in self.settings.sbom.formats if name in {name for _digest, name in lacking})
        for document in await _made(image, names, self.running, self.record):
            subjects = {image.digest: image, document.digest: leaves[document.digest]}
            for subject in subjects.values():
                if (subject.digest, document.format.name) in lacking:
                    attested = await attest(
                        subject,
                        document.read(),
                        document.format.predicate_type,
                        self.signatory,
                        formats=self.formats,
                        where=self.where,
                    )
                    added += attested.changed
        return AttachedSboms(total, added)

    async def _lacks(self, subject: Image, name: FormatName, count: int) -> bool:
        """Whether this key has attested fewer than ``count`` such documents about ``subject``, in any format."""
        kind, trust = FORMATS[name].predicate_type, self.signatory.trust
        found = await verify_attestation(subject, kind, trust, where=self.where)
        present = [check.format for check in found.accepted]
        return any(present.count(format_) < count for format_ in self.formats)
