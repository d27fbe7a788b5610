"""How much of what you own is signed, listed, verified and rootless, counted out of evidence.

**What one image is.** A name that you call an image by is one image, as it is one row of ``uc image list`` and one
verdict of ``uc image verify``; it is the content that evidence saw under that name last. So ``app:1.0`` and
``app:latest`` are two images, also while they are the same content, and copies in two registries are two: each has to
be signed where it is. A name that is only a digest (``ghcr.io/acme/app@sha256:…``) is an image of its own unless the
content was seen under a tag of that repository: then it is that one, which may have moved on since.

**What counts for it** is what evidence says of this very content in this repository, so a tag that has moved on is not
signed because what it meant before was. What is not in a registry is told apart by its digest alone.

- *signed*: it was signed, or verified, and no newer verdict says unsigned or untrusted.
- *with an SBOM*: one was made of it, or attested.
- *verified*: the newest verdict is "verified". One that could not be reached is not verified, for nobody can say.
- *rootless*: the newest ``image-rootless`` record of it says ``rootless``, not ``root``. As long as evidence has no
  such record at all, nothing is known of any image; after the first, those that have none are not rootless.
- *Dockerfiles*: likewise, by path, from ``dockerfile-rootless``.
- *bytes copied*: sent from one registry to another one.

**What is left out.** An image is forgotten when the settings say that its name does not count (``images.exclude``), or
that nothing was recorded of it for too long (``planning.seen_days``); never by itself, for what is not looked at any
more may still be running somewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Final

from undercurrent.oci.reference import names_host
from undercurrent.planning.catalogue import Measure
from undercurrent.settings import ImagesSettings

__all__ = ["EVERY_IMAGE", "Counted", "Coverage", "ImageState", "Point", "Share", "end_of"]

_HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many.

    Attributes:
        measure: what was counted.
        done: how many have it; of `Measure.BYTES_COPIED` the bytes.
        of: how many there are; 0 where nothing is known, so that nobody can say. Of a sum, the sum.
        as_of: when the newest evidence about it was recorded; None without any.
        records: identifiers of the newest evidence about it, the newest first, at most 5.
    """

    measure: Measure
    done: int
    of: int
    as_of: datetime | None = None
    records: tuple[str, ...] = ()

    @property
    def percent(self) -> Decimal | None:
        """0 to 100; None where nothing is known."""
        return _HUNDRED * self.done / self.of if self.of else None


@dataclass(frozen=True, slots=True)
class ImageState:
    """One image, and what evidence says of it.

    Attributes:
        name: what its user calls it.
        digest: what evidence saw under that name last.
        signed: see the module, as for the others.
        sbom: whether there is an SBOM.
        verdict: the newest, as `undercurrent.signing.verify.Verdict`; "" if it was never verified.
        rootless: None if nobody looked.
        at: when something was recorded of it last.
        record: the identifier of that record.
        place: where it was then, as commands take it; "" where that was not recorded.
    """

    name: str
    digest: str
    signed: bool
    sbom: bool
    verdict: str
    rootless: bool | None
    at: datetime
    record: str
    place: str = ""

    @property
    def verified(self) -> bool:
        """Whether the newest verdict is the good one."""
        return self.verdict == "verified"


@dataclass(frozen=True, slots=True)
class Coverage:
    """What evidence knows of an estate.

    Attributes:
        at: the moment that this is about.
        shares: by measure; every measure is there.
        images: how many there are.
        registries: hosts that they are in; what is in none is not among them.
        dockerfiles: how many were looked at.
        records: how many records this was counted from.
        newest: when the last of them was made; None without any.
        listed: the images, by name; empty where nobody asked for them.
    """

    at: datetime
    shares: Mapping[Measure, Share]
    images: int = 0
    registries: tuple[str, ...] = ()
    dockerfiles: int = 0
    records: int = 0
    newest: datetime | None = None
    listed: tuple[ImageState, ...] = ()


@dataclass(frozen=True, slots=True)
class Point:
    """The shares at the end of one day."""

    day: date
    shares: Mapping[Measure, Share]


@dataclass(frozen=True, slots=True)
class Counted:
    """Which images count.

    Attributes:
        include: patterns of names, without host, that count.
        exclude: patterns of names that do not.
        seen_days: those that nothing was recorded of for so many days do not; 0 for ever.
    """

    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()
    seen_days: int = 0

    @classmethod
    def of(cls, images: ImagesSettings, seen_days: int = 0) -> "Counted":
        """As the settings say."""
        return cls(images.include, images.exclude, seen_days)

    def __contains__(self, name: str) -> bool:
        bare = name.partition("/")[2] if names_host(name) else name
        if self.include != ("*",) and not any(fnmatchcase(bare, pattern) for pattern in self.include):
            return False
        return not any(fnmatchcase(bare, pattern) for pattern in self.exclude)


EVERY_IMAGE: Final = Counted()


def end_of(day: date, zone: tzinfo | None = None) -> datetime:
    """The first instant after ``day`` where the time is that of ``zone``; this machine's when None."""
    midnight = datetime.combine(day + timedelta(days=1), time(), zone)
    return midnight if zone else midnight.astimezone()
