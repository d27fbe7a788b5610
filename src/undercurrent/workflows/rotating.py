"""Signs again with a new key what an old one signed, image by image, and records it."""

from collections.abc import AsyncIterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from undercurrent.fleet import Journal, LocalExecutor, Summary, run
from undercurrent.i18n import translate as _
from undercurrent.oci.engines.engine import Engine
from undercurrent.oci.stores import Stores
from undercurrent.progress import Observer
from undercurrent.settings import Settings
from undercurrent.signing.algorithms import PublicKey
from undercurrent.signing.checks import Format
from undercurrent.signing.identities import described
from undercurrent.signing.resign import resign
from undercurrent.signing.rotation import Rotation
from undercurrent.signing.signatory import Signatory
from undercurrent.workflows.each import ImageJob, ahead
from undercurrent.workflows.estate import Found, Target
from undercurrent.workflows.recording import Recording, recording

if TYPE_CHECKING:
    from undercurrent.evidence import JSON

__all__ = ["ResignOptions", "ResignedImage", "record_rotation", "recorded_digests", "resign_images"]


@dataclass(frozen=True, slots=True)
class ResignOptions:
    """How to sign again.

    Attributes:
        formats: of the signatures and attestations.
        recorded: digests of the only images that may be signed again, if the old key alone does not prove enough.
        dry_run: find out what would be done, and do nothing.
        resume: go on where a run that was asked for the same was cut off.
    """

    formats: tuple[Format, ...]
    recorded: AbstractSet[str] | None = None
    dry_run: bool = False
    resume: bool = True


@dataclass(frozen=True, slots=True)
class ResignedImage:
    """What came of one image.

    Attributes:
        name: what its user calls it.
        place: where it and its signatures are.
        digest: of its manifest or index.
        found: signatures and attestations by the old key.
        added: those among them that the new key makes now.
        untouched: why it is left as it is, for people; "" if the old key signed it.
    """

    name: str
    place: str
    digest: str
    found: int = 0
    added: int = 0
    untouched: str = ""


def record_rotation(rotation: Rotation, name: str, settings: Settings) -> None:
    """Records that a key took another one's place.

    Raises:
        UndercurrentError: evidence cannot be written.
    """
    with recording(settings) as record:
        until = rotation.until.isoformat(timespec="seconds")
        record.add("key-rotated", rotation.old.fingerprint, "rotated", name, by=rotation.new.fingerprint, until=until)


def recorded_digests(key: PublicKey, settings: Settings) -> AbstractSet[str]:
    """Digests of the images and platforms that ``key`` signed, as far as evidence knows.

    Raises:
        UndercurrentError: evidence cannot be read.
    """
    with recording(settings) as record:
        records = [one for one in record.open().query(kind="image-signed") if one.proof.get("key") == key.fingerprint]
    platforms: list[Any] = [one.proof.get("platforms") or () for one in records]
    return frozenset([*(one.subject for one in records), *(digest for each in platforms for digest in each)])


async def resign_images(
    found: AsyncIterable[Found],
    old: PublicKey,
    signatory: Signatory,
    options: ResignOptions,
    settings: Settings,
    *,
    asked: Mapping[str, Any],
    resume_hint: str,
    observer: Observer,
) -> Summary[ResignedImage]:
    """Signs again every image in ``found`` that the old key signed; what could not be is among the failures.

    Args:
        found: the images.
        old: what has to verify.
        signatory: signs.
        options: how.
        settings: where things are, and how many at once.
        asked: what the user asked for, as JSON; a run that was cut off is continued when the same is asked again.
        resume_hint: how the user goes on with a run that was interrupted.
        observer: is told what happens.

    Raises:
        Stopped: the user interrupted it.
    """
    job = _ResignJob("rotate", partial(_Resigning, old, signatory, options), settings)
    fingerprint: dict[str, JSON] = {
        "asked": asked,
        "old": old.fingerprint,
        **described(signatory.maker),
        "formats": sorted(options.formats),
        "recorded": options.recorded is not None,
        "repository": settings.signing.repository,
        "timestamp_url": settings.signing.timestamp_url,
    }
    return await run(
        job,
        ahead(job.name, found, observer),
        journal=None if options.dry_run else Journal.at_home(job.name, fingerprint, resume=options.resume),
        executor=LocalExecutor(settings.fleet.concurrency),
        observer=observer,
        resume_hint=resume_hint,
    )


class _ResignJob(ImageJob[ResignedImage]):
    def encode(self, result: ResignedImage) -> "JSON":
        return asdict(result)

    def decode(self, encoded: "JSON") -> ResignedImage:
        fields: Any = encoded
        return ResignedImage(**fields)


@dataclass(frozen=True, slots=True)
class _Resigning:
    old: PublicKey
    signatory: Signatory
    options: ResignOptions
    stores: Stores
    record: Recording

    def __post_init__(self) -> None:
        if not self.options.dry_run:
            self.record.open()

    async def __call__(self, target: Target) -> ResignedImage:
        untouched = partial(ResignedImage, target.name, target.place, target.digest)
        store, _inside = await self.stores.open(target.place)
        if isinstance(store, Engine):
            return untouched(untouched=_("{engine} keeps no signatures").format(engine=store.label))
        if self.options.recorded is not None and target.digest not in self.options.recorded:
            return untouched(untouched=_("evidence does not say that the old key signed it"))
        done = await resign(
            await target.open(self.stores),
            self.old,
            self.signatory,
            formats=self.options.formats,
            recorded=self.options.recorded,
            dry_run=self.options.dry_run,
            where=self.stores.signatures_of,
        )
        if done.found and not self.options.dry_run:
            self.record.add(
                "image-signed",
                done.digest,
                "signed" if done.added else "already-signed",
                done.name,
                place=target.place,
                formats=sorted(self.options.formats),
                platforms=[str(digest) for digest in done.platforms],
                replaces=self.old.fingerprint,
                maker=self.signatory.maker,
            )
        return ResignedImage(done.name, target.place, done.digest, done.found, done.added, done.refused)
