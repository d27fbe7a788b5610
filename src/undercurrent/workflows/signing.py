"""Signs images: brings those that cannot carry a signature to where they can, signs, attaches SBOMs, records."""

import asyncio
from collections.abc import AsyncIterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from undercurrent.errors import NotFound
from undercurrent.fleet import Journal, LocalExecutor, Summary, run
from undercurrent.oci.copying import copy
from undercurrent.oci.descriptor import NOTHING
from undercurrent.oci.engines.engine import Engine
from undercurrent.oci.image import Image
from undercurrent.oci.store import Store
from undercurrent.oci.stores import Stores
from undercurrent.progress import Observer
from undercurrent.sbom.making import slots
from undercurrent.settings import Settings
from undercurrent.signing.checks import Format
from undercurrent.signing.identities import described
from undercurrent.signing.sign import BOTH, Signed, sign
from undercurrent.signing.signatory import Signatory
from undercurrent.workflows.destinations import home_of
from undercurrent.workflows.each import ImageJob, ahead, shared
from undercurrent.workflows.estate import Found, Target, embedded_store
from undercurrent.workflows.recording import Recording
from undercurrent.workflows.sboms import AttachedSboms, SbomAttacher

if TYPE_CHECKING:
    from undercurrent.evidence import JSON

__all__ = ["FORMATS", "SignOptions", "SignedImage", "sign_images"]

FORMATS: Final = MappingProxyType({"both": BOTH, "bundle": (Format.BUNDLE,), "legacy": (Format.LEGACY,)})
"""The formats that `SigningSettings.format` stands for."""


@dataclass(frozen=True, slots=True)
class SignOptions:
    """How to sign.

    Attributes:
        formats: of the signatures and attestations.
        annotations: what signatures say besides.
        recursive: sign each platform of an index too.
        sbom: attach SBOMs, for each platform and on the index.
        dry_run: find out what would be done, and do nothing.
        resume: go on where a run that was asked for the same was cut off.
    """

    formats: tuple[Format, ...] = BOTH
    annotations: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    recursive: bool = False
    sbom: bool = False
    dry_run: bool = False
    resume: bool = True


@dataclass(frozen=True, slots=True)
class SignedImage:
    """What came of one image.

    Attributes:
        name: what its user calls it.
        place: where it and its signatures are.
        digest: what was signed.
        added: formats that were missing.
        present: formats that were there already.
        platforms: platforms that were looked at besides.
        platforms_added: those among them that got a signature.
        sboms: attached SBOMs.
        sboms_added: those among them that are new.
        brought_from: the engine that it was copied from (or would be, in a dry run), or "".
        moved_to: what its name means by now, if that changed meanwhile, or "".
        gone: whether its name means nothing any more.
    """

    name: str
    place: str
    digest: str
    added: tuple[str, ...]
    present: tuple[str, ...]
    platforms: int = 0
    platforms_added: int = 0
    sboms: int = 0
    sboms_added: int = 0
    brought_from: str = ""
    moved_to: str = ""
    gone: bool = False

    @property
    def changed(self) -> bool:
        """Whether anything was added."""
        return bool(self.added or self.platforms_added or self.sboms_added)


async def sign_images(
    found: AsyncIterable[Found],
    signatory: Signatory,
    options: SignOptions,
    settings: Settings,
    *,
    asked: Mapping[str, Any],
    observer: Observer,
) -> Summary[SignedImage]:
    """Signs every image in ``found``; what could not be signed is among the summary's failures.

    Args:
        found: what to sign.
        signatory: signs.
        options: how.
        settings: where things are, and how many at once.
        asked: what the user asked for, as JSON; a run that was cut off is continued when the same is asked again.
        observer: is told what happens.

    Raises:
        Stopped: the user interrupted it.
    """
    begin = partial(_Signing, signatory, options, settings, slots())
    job = _SignJob("sign", begin, settings, stores=shared(found, settings))
    fingerprint = {"asked": asked, **described(signatory.maker), **_plain(options, settings)}
    return await run(
        job,
        ahead(job.name, found, observer),
        journal=None if options.dry_run else Journal.at_home(job.name, fingerprint, resume=options.resume),
        executor=LocalExecutor(settings.fleet.concurrency),
        observer=observer,
    )


def _plain(options: SignOptions, settings: Settings) -> dict[str, "JSON"]:
    """All that makes one run another one, so that the second does not go on where the first was cut off."""
    return {
        "formats": sorted(options.formats),
        "annotations": dict(options.annotations),
        "recursive": options.recursive,
        "sbom": sorted(settings.sbom.formats) if options.sbom else [],
        "home": settings.images.default_registry or str(embedded_store(settings)),
        "repository": settings.signing.repository,
        "timestamp_url": settings.signing.timestamp_url,
    }


class _SignJob(ImageJob[SignedImage]):
    def encode(self, result: SignedImage) -> "JSON":
        return asdict(result)

    def decode(self, encoded: "JSON") -> SignedImage:
        fields: Any = encoded
        return SignedImage(**fields | {key: tuple(fields[key]) for key in ("added", "present")})


@dataclass(frozen=True, slots=True)
class _Signing:
    signatory: Signatory
    options: SignOptions
    settings: Settings
    syft_slots: asyncio.Semaphore
    stores: Stores
    record: Recording

    def __post_init__(self) -> None:
        if not self.options.dry_run:
            self.record.open()

    async def __call__(self, target: Target) -> SignedImage:
        store, inside = await self.stores.open(target.place)
        if not isinstance(store, Engine):
            return await self._sign(await target.open(self.stores), target.place, inside)
        home = home_of(inside, self.stores, self.settings)
        if self.options.dry_run:
            await store.identify(target.digest)  # so that it is known which engine it is
            return SignedImage(home.name, home.place, target.digest, self.options.formats, (), brought_from=store.label)
        descriptor = await copy(await target.open(self.stores), home.store, home.inside)
        done = await self._sign(Image(home.store, home.name, descriptor), home.place, home.inside)
        return replace(done, brought_from=store.label)

    async def _sign(self, image: Image, place: str, inside: str) -> SignedImage:
        options = self.options
        signed = await sign(
            image,
            self.signatory,
            formats=options.formats,
            annotations=options.annotations,
            recursive=options.recursive,
            dry_run=options.dry_run,
            where=self.stores.signatures_of,
        )
        sboms = await self._attacher().attach(image) if options.sbom else AttachedSboms()
        now = await _meaning(image.store, inside)
        done = SignedImage(
            image.name,
            place,
            image.digest,
            signed.added,
            signed.present,
            len(signed.platforms),
            sum(platform.changed for platform in signed.platforms),
            sboms.total,
            sboms.added,
            moved_to="" if now in {image.digest, ""} else now,
            gone=not now,
        )
        if not options.dry_run:
            self._record(done, signed)
        return done

    def _attacher(self) -> SbomAttacher:
        options = self.options
        return SbomAttacher(
            self.signatory,
            options.formats,
            self.settings,
            self.syft_slots,
            self.record,
            dry_run=options.dry_run,
            where=self.stores.signatures_of,
        )

    def _record(self, done: SignedImage, signed: Signed) -> None:
        self.record.add(
            "image-signed",
            done.digest,
            "signed" if done.changed else "already-signed",
            done.name,
            place=done.place,
            formats=sorted({*signed.added, *signed.present}),
            platforms=[str(platform.digest) for platform in signed.platforms],
            sboms=done.sboms,
            maker=signed.maker,
        )


async def _meaning(store: Store, name: str) -> str:
    """The digest that ``name`` means by now; "" if it means nothing."""
    try:
        return (await store.resolve(name)).digest
    except NotFound:
        return ""
