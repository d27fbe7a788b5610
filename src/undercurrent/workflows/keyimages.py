"""What a key signed, as far as evidence knows, and what else stands for those images: for a key that was lost.

Evidence is what runs of ours recorded. What somebody else did with the key is not in it, unless it was verified here.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from undercurrent.errors import NotFound
from undercurrent.fleet import Failed, Summary
from undercurrent.oci.image import Image
from undercurrent.oci.stores import Stores
from undercurrent.progress import Observer
from undercurrent.settings import Settings
from undercurrent.signing.algorithms import PublicKey
from undercurrent.signing.checks import Trust
from undercurrent.signing.verify import Verdict, verify
from undercurrent.workflows.each import each
from undercurrent.workflows.estate import Found, Target
from undercurrent.workflows.recording import Recording, recording

if TYPE_CHECKING:
    from undercurrent.evidence import Record

__all__ = ["GONE", "KeyImage", "check_now", "images_of"]

GONE: Final = "gone"
"""The verdict on an image that is not there any more."""
_DEEDS: Final[Mapping[str, str]] = {
    "image-signed": "signed",
    "image-attested": "attested",
    "image-verified": "verified",
}
"""Kinds of records that say something of keys and images, and what they say."""


@dataclass(frozen=True, slots=True)
class KeyImage:
    """An image that a key signed.

    Attributes:
        name: what it was called.
        place: where it was.
        digest: of its manifest or index.
        deeds: how evidence knows: the key signed it, attested something about it, or verified a signature of it.
        first: when that was recorded first.
        last: when it was recorded last.
        covered_by: fingerprints of other trusted keys that signed it, too.
        verdict: what verifying it now with only those comes to; "" where nobody looked.
    """

    name: str
    place: str
    digest: str
    deeds: tuple[str, ...]
    first: datetime
    last: datetime
    covered_by: tuple[str, ...] = ()
    verdict: str = ""

    @property
    def covered(self) -> bool:
        """Whether it can do without the key: another one stands for it, or it is gone."""
        return self.verdict in {Verdict.VERIFIED, GONE} if self.verdict else bool(self.covered_by)


def images_of(fingerprint: str, others: Collection[PublicKey], settings: Settings) -> tuple[KeyImage, ...]:
    """The images that a key signed, those that were signed last first.

    Args:
        fingerprint: of the key, or the beginning of it.
        others: other keys that are trusted.
        settings: where evidence is.

    Raises:
        UndercurrentError: evidence cannot be read.
    """
    known = {key.fingerprint for key in others}
    found: dict[tuple[str, str], KeyImage] = {}
    covering: dict[str, set[str]] = {}
    with recording(settings) as record:
        evidence = record.open()
        for kind, deed in _DEEDS.items():
            for one in evidence.query(kind=kind):
                keys = set(_keys(one))
                covering.setdefault(one.subject, set()).update(keys & known if kind != "image-attested" else ())
                if any(key.startswith(fingerprint) for key in keys):
                    _take(found, one, deed)
    covered = (replace(image, covered_by=tuple(sorted(covering[image.digest]))) for image in found.values())
    return tuple(sorted(covered, key=lambda image: image.last, reverse=True))


def _keys(record: "Record") -> Iterable[str]:
    """Fingerprints of the keys of which a record says that they made something that is good."""
    proof: Mapping[str, Any] = record.proof
    return [key for key in (proof.get("key"), *(proof.get("keys") or ())) if isinstance(key, str)]


def _take(found: dict[tuple[str, str], KeyImage], record: "Record", deed: str) -> None:
    place = str(record.proof.get("place", ""))
    known = found.get((place, record.subject))
    if known is None:
        found[place, record.subject] = KeyImage(record.name, place, record.subject, (deed,), record.at, record.at)
        return
    deeds = known.deeds if deed in known.deeds else (*known.deeds, deed)
    found[place, record.subject] = replace(
        known, deeds=deeds, first=min(known.first, record.at), last=max(known.last, record.at)
    )


async def check_now(
    images: Collection[KeyImage], others: tuple[PublicKey, ...], settings: Settings, *, observer: Observer
) -> tuple[tuple[KeyImage, ...], tuple[Failed, ...]]:
    """Verifies each of the images with the other keys alone, where it is now.

    Args:
        images: as `images_of` found them.
        others: whom to believe.
        settings: where things are.
        observer: is told what happens.

    Returns:
        The images with their verdicts, and those of which nobody can say.

    Raises:
        UsageError: there is no other key.
        Stopped: the user interrupted it.
    """
    begin = partial(_Checking, Trust(others))
    summary: Summary[tuple[str, str, str]] = await each("check", _targets(images), begin, settings, observer=observer)
    verdicts = {(place, digest): verdict for place, digest, verdict in (one.result for one in summary.results)}
    checked = tuple(
        replace(image, verdict=verdicts.get((image.place, image.digest), Verdict.COULD_NOT_CHECK)) for image in images
    )
    return checked, summary.failures


async def _targets(images: Iterable[KeyImage]) -> AsyncIterator[Found]:
    for image in images:
        yield Target(image.place, image.name, image.digest)


@dataclass(frozen=True, slots=True)
class _Checking:
    trust: Trust
    stores: Stores
    record: Recording

    async def __call__(self, target: Target) -> tuple[str, str, str]:
        store, _name = await self.stores.open(target.place)
        try:
            image = Image(store, target.name, await store.resolve(target.digest))
        except NotFound:
            return target.place, target.digest, GONE
        verification = await verify(image, self.trust, where=self.stores.signatures_of)
        return target.place, target.digest, verification.verdict
