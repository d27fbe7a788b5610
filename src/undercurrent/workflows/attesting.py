"""Attests a statement about images, and records that."""

from collections.abc import AsyncIterable
from dataclasses import dataclass
from functools import partial

from undercurrent.errors import Unsupported
from undercurrent.fleet import Summary
from undercurrent.i18n import translate as _
from undercurrent.oci.digest import Digest
from undercurrent.oci.engines.engine import Engine
from undercurrent.oci.image import Image
from undercurrent.oci.stores import Stores
from undercurrent.progress import Observer
from undercurrent.settings import Settings
from undercurrent.signing.attest import Attested, attest
from undercurrent.signing.checks import Format
from undercurrent.signing.predicates import predicate_uri
from undercurrent.signing.signatory import Signatory
from undercurrent.signing.statement import build_attestation
from undercurrent.workflows.copies import copy_of
from undercurrent.workflows.each import each
from undercurrent.workflows.estate import Found, Target
from undercurrent.workflows.recording import Recording

__all__ = ["Predicate", "attest_images"]


@dataclass(frozen=True, slots=True)
class Predicate:
    """What is stated: a document, and its type (one of cosign's short names, or a URI)."""

    type: str
    document: bytes


async def attest_images(
    found: AsyncIterable[Found],
    predicate: Predicate,
    signatory: Signatory,
    formats: tuple[Format, ...],
    settings: Settings,
    *,
    dry_run: bool = False,
    observer: Observer,
) -> Summary[Attested]:
    """States ``predicate`` about every image in ``found``.

    Args:
        found: the images.
        predicate: what is stated.
        signatory: signs.
        formats: of the attestations.
        settings: where things are.
        dry_run: find out what would be added, and add nothing.
        observer: is told what happens.

    Raises:
        UsageError: the predicate, or its type, is none.
        Stopped: the user interrupted it.
    """
    # Tried before anything is looked for: this is one error, not one for each image.
    build_attestation("", Digest.of(b""), predicate_uri(predicate.type), predicate.document)
    begin = partial(_Attesting, predicate, signatory, formats, settings, dry_run)
    return await each("attest", found, begin, settings, observer=observer)


@dataclass(frozen=True, slots=True)
class _Attesting:
    predicate: Predicate
    signatory: Signatory
    formats: tuple[Format, ...]
    settings: Settings
    dry_run: bool
    stores: Stores
    record: Recording

    def __post_init__(self) -> None:
        if not self.dry_run:
            self.record.open()

    async def __call__(self, target: Target) -> Attested:
        place, image = await self._subject(target)
        attested = await attest(
            image,
            self.predicate.document,
            self.predicate.type,
            self.signatory,
            formats=self.formats,
            dry_run=self.dry_run,
            where=self.stores.signatures_of,
        )
        if not self.dry_run:
            self.record.add(
                "image-attested",
                attested.digest,
                "attested" if attested.changed else "already-attested",
                attested.name,
                place=place,
                type=attested.predicate_type,
                formats=sorted({*attested.added, *attested.present}),
                maker=attested.maker,
            )
        return attested

    async def _subject(self, target: Target) -> tuple[str, Image]:
        """What can carry an attestation, and where: of an image in an engine, the copy that was signed."""
        engine, _inside = await self.stores.open(target.place)
        if not isinstance(engine, Engine):
            return target.place, await target.open(self.stores)
        copy = await copy_of(target, self.stores, self.settings)
        if copy is None or not copy.same:
            raise Unsupported(
                _("{name} is only in {engine}, where no image can carry an attestation").format(
                    name=target.name, engine=engine.label
                ),
                hint=_("`uc image sign {name}` takes it to where it can").format(name=target.name),
            )
        return copy.place, copy.image
