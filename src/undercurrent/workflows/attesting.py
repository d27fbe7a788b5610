"""Attests a statement about images, and records that."""

from collections.abc import AsyncIterable
from dataclasses import dataclass
from functools import partial

from undercurrent.errors import Unsupported
from undercurrent.fleet import Failed, Summary
from undercurrent.i18n import translate as _
from undercurrent.oci.digest import Digest
from undercurrent.oci.engines.engine import Engine
from undercurrent.oci.image import Image
from undercurrent.oci.stores import Stores
from undercurrent.progress import Observer
from undercurrent.settings import Settings
from undercurrent.signing.attest import Attested, attach, attest
from undercurrent.signing.checks import Format
from undercurrent.signing.predicates import predicate_uri
from undercurrent.signing.signatory import SealsOnce, Signatory
from undercurrent.signing.statement import build_attestation, build_joint_attestation
from undercurrent.workflows.copies import copy_of
from undercurrent.workflows.each import each
from undercurrent.workflows.estate import Found, Target, in_turn
from undercurrent.workflows.recording import Recording

__all__ = ["Predicate", "attest_images", "attest_jointly"]


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


async def attest_jointly(
    found: AsyncIterable[Found],
    predicate: Predicate,
    signatory: Signatory,
    formats: tuple[Format, ...],
    settings: Settings,
    *,
    dry_run: bool = False,
    observer: Observer,
) -> Summary[Attested]:
    """States ``predicate`` once, about all images in ``found`` together, and attaches that to each of them.

    What cannot be found is not part of the statement. Arguments and errors are those of `attest_images`.

    Raises:
        UsageError: also, if there are more images than a statement may be about.
    """
    kind = predicate_uri(predicate.type)
    build_attestation("", Digest.of(b""), kind, predicate.document)
    located = await each("list", found, partial(_Locating, settings), settings, observer=observer)
    subjects = [success.result for success in located.results]
    payload = build_joint_attestation(
        [(subject.repository, Digest(subject.target.digest)) for subject in subjects], kind, predicate.document
    )
    begin = partial(_Attaching, payload, SealsOnce(signatory), formats, dry_run)
    targets = [subject.target for subject in subjects]
    done = await each("attest", in_turn(targets), begin, settings, observer=observer)
    ends = {outcome.key: outcome for outcome in done.outcomes}
    outcomes = [one if isinstance(one, Failed) else ends.pop(one.result.target.key, None) for one in located.outcomes]
    return Summary(
        tuple(outcome for outcome in outcomes if outcome is not None),
        interrupted=False,
        duration_s=located.duration_s + done.duration_s,
    )


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
        place, image = await _carrier(target, self.stores, self.settings)
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
            _recorded(attested, place, self.record)
        return attested


@dataclass(frozen=True, slots=True)
class _Subject:
    """An image where it can carry an attestation, and what a statement calls it."""

    target: Target
    repository: str


@dataclass(frozen=True, slots=True)
class _Locating:
    settings: Settings
    stores: Stores
    record: Recording

    async def __call__(self, target: Target) -> _Subject:
        place, image = await _carrier(target, self.stores, self.settings)
        if place != target.place:
            found = image.descriptor
            target = Target(place, image.name, found.digest, found.media_type, found.size)
        return _Subject(target, image.repository)


@dataclass(frozen=True, slots=True)
class _Attaching:
    payload: bytes
    signatory: Signatory
    formats: tuple[Format, ...]
    dry_run: bool
    stores: Stores
    record: Recording

    def __post_init__(self) -> None:
        if not self.dry_run:
            self.record.open()

    async def __call__(self, target: Target) -> Attested:
        attested = await attach(
            await target.open(self.stores),
            self.payload,
            self.signatory,
            formats=self.formats,
            dry_run=self.dry_run,
            where=self.stores.signatures_of,
        )
        if not self.dry_run:
            _recorded(attested, target.place, self.record)
        return attested


def _recorded(attested: Attested, place: str, record: Recording) -> None:
    record.add(
        "image-attested",
        attested.digest,
        "attested" if attested.changed else "already-attested",
        attested.name,
        place=place,
        type=attested.predicate_type,
        formats=sorted({*attested.added, *attested.present}),
        statement=attested.statement.digest,
        subjects=len(attested.statement.subjects),
        maker=attested.maker,
    )


async def _carrier(target: Target, stores: Stores, settings: Settings) -> tuple[str, Image]:
    """What can carry an attestation, and where: of an image in an engine, the copy that was signed."""
    engine, _inside = await stores.open(target.place)
    if not isinstance(engine, Engine):
        return target.place, await target.open(stores)
    copy = await copy_of(target, stores, settings)
    if copy is None or not copy.same:
        raise Unsupported(
            _("{name} is only in {engine}, where no image can carry an attestation").format(
                name=target.name, engine=engine.label
            ),
            hint=_("`uc image sign {name}` takes it to where it can").format(name=target.name),
        )
    return copy.place, copy.image
