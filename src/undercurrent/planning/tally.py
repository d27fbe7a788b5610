"""Counts evidence, record by record, into coverage; what counts as what is said in `undercurrent.planning.coverage`."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final

from undercurrent.evidence.record import Record
from undercurrent.oci.reference import names_host
from undercurrent.planning.catalogue import Measure
from undercurrent.planning.coverage import EVERY_IMAGE, Counted, Coverage, ImageState, Point, Share, end_of

__all__ = ["Tally", "coverage", "history", "passing"]

_SHOWN: Final = 5
"""Identifiers of evidence that a share names."""
_DIGEST: Final = re.compile(r"sha(256|512):[0-9a-f]+")
_SIGNING_FAILED: Final = frozenset({"unsigned", "untrusted"})
_SBOM_TYPE: Final = re.compile(r"https://(spdx\.dev/Document|cyclonedx\.org/bom)(/.*)?")
_OF_IMAGES: Final = (
    Measure.IMAGES_SIGNED,
    Measure.IMAGES_WITH_SBOM,
    Measure.IMAGES_VERIFIED,
    Measure.IMAGES_ROOTLESS,
)


def coverage(records: Iterable[Record], at: datetime, counted: Counted = EVERY_IMAGE) -> Coverage:
    """What ``records`` say by ``at``, with the images by name.

    Args:
        records: oldest first; those after ``at`` count, too, for clocks differ.
        at: the moment that the answer is about; aware.
        counted: which images.
    """
    tally = Tally(counted)
    for record in records:
        tally.add(record)
    return tally.coverage(at, listed=True)


def passing(
    records: Iterable[Record],
    moments: Sequence[datetime],
    counted: Counted = EVERY_IMAGE,
) -> Iterator[tuple[datetime, "Tally"]]:
    """The tally at each of ``moments``, in one pass; it goes on counting as soon as the next is asked for.

    Args:
        records: oldest first; those after the last moment count for it, too, for clocks differ.
        moments: in order; aware.
        counted: which images.
    """
    tally = Tally(counted)
    waiting = deque(moments)
    for record in records:
        while len(waiting) > 1 and record.at >= waiting[0]:
            yield waiting.popleft(), tally
        tally.add(record)
    while waiting:
        yield waiting.popleft(), tally


def history(
    records: Iterable[Record],
    days: Sequence[date],
    zone: tzinfo | None = None,
    counted: Counted = EVERY_IMAGE,
) -> tuple[Point, ...]:
    """The shares at the end of each of ``days``.

    Args:
        records: oldest first.
        days: in order.
        zone: in which they are days; this machine's when None.
        counted: which images.
    """
    moments = [end_of(day, zone) for day in days]
    passed = passing(records, moments, counted)
    return tuple(Point(day, tally.shares(at)) for day, (at, tally) in zip(days, passed, strict=True))


class _Content:
    """What is known of one digest in one repository, and how many images it is now."""

    __slots__ = ("pins", "rootless", "sbom", "signed", "tagged", "tags", "verdict")

    def __init__(self) -> None:
        self.signed = self.sbom = self.tagged = False
        self.verdict = ""
        self.rootless: bool | None = None
        self.tags = self.pins = 0

    @property
    def images(self) -> int:
        return self.tags or (self.pins if not self.tagged else 0)

    def has(self) -> tuple[bool, bool, bool, bool]:
        """In the order of ``_OF_IMAGES``."""
        return self.signed, self.sbom, self.verdict == "verified", bool(self.rootless)


class _Name:
    """What one name means now."""

    __slots__ = ("at", "content", "digest", "pinned", "place", "record", "scope", "text")

    def __init__(self, text: str, scope: str, *, pinned: bool) -> None:
        self.text, self.scope, self.pinned = text, scope, pinned
        self.digest = self.record = self.place = ""
        self.content: _Content | None = None
        self.at: datetime | None = None


class Tally:
    """Counts records, oldest first; what it says is true at any moment in between.

    Args:
        counted: which images.
    """

    def __init__(self, counted: Counted = EVERY_IMAGE) -> None:
        self._counted = counted
        self._contents: dict[tuple[str, str], _Content] = {}
        self._aliases: dict[str, _Name | None] = {}
        self._known: dict[str, _Name] = {}
        self._names: dict[str, _Name] = {}  # those that are not forgotten, the one that was seen last at the end
        self._images = 0
        self._done = [0] * len(_OF_IMAGES)
        self._dockerfiles: dict[str, bool] = {}
        self._bytes = self._records = 0
        self._newest: datetime | None = None
        self._evidence: dict[Measure, deque[tuple[datetime, str]]] = {}

    def add(self, record: Record) -> None:
        """Counts one more."""
        self._records += 1
        self._newest = record.at
        kind = record.kind
        if kind == "dockerfile-rootless":
            self._dockerfiles[record.name or record.subject] = record.outcome == "rootless"
            self._say(Measure.DOCKERFILES_ROOTLESS, record)
        elif kind.startswith("image-") or kind == "sbom-made":
            self._image(record)

    def coverage(self, at: datetime, *, listed: bool = False) -> Coverage:
        """What is known by ``at``.

        Args:
            at: the moment that this is about; aware.
            listed: also name the images.
        """
        self._forget(at)
        names = [name for name in self._names.values() if _counts(name)]
        hosts = {name.scope.partition("/")[0] for name in names if name.scope}
        return Coverage(
            at,
            self.shares(at),
            self._images,
            tuple(sorted(hosts)),
            len(self._dockerfiles),
            self._records,
            self._newest,
            tuple(sorted(map(_state, names), key=lambda state: state.name)) if listed else (),
        )

    def shares(self, at: datetime) -> Mapping[Measure, Share]:
        """The shares alone, by ``at``: cheap, however many images there are."""
        self._forget(at)
        counts = {measure: (self._done[number], self._images) for number, measure in enumerate(_OF_IMAGES)}
        if Measure.IMAGES_ROOTLESS not in self._evidence:
            counts[Measure.IMAGES_ROOTLESS] = (0, 0)
        counts[Measure.DOCKERFILES_ROOTLESS] = (sum(self._dockerfiles.values()), len(self._dockerfiles))
        counts[Measure.BYTES_COPIED] = (self._bytes, self._bytes)
        return {measure: self._share(measure, *counts[measure]) for measure in Measure}

    def _share(self, measure: Measure, done: int, of: int) -> Share:
        evidence = self._evidence.get(measure, ())
        as_of = evidence[-1][0] if evidence else None
        return Share(measure, done, of, as_of, tuple(record for _at, record in reversed(evidence)))

    def _say(self, measure: Measure, record: Record) -> None:
        if measure not in self._evidence:
            self._evidence[measure] = deque(maxlen=_SHOWN)
        self._evidence[measure].append((record.at, record.id))

    def _image(self, record: Record) -> None:
        name = self._name_of(record.name or record.subject)
        if name is None:
            return
        digest = str(record.proof.get("image") or "") if record.kind == "sbom-made" else record.subject
        if not _DIGEST.fullmatch(digest):
            digest = name.digest  # a place that did not answer: what the name means is not known anew
        if not digest:
            return
        content = self._contents.setdefault((name.scope, digest), _Content())
        self._point(name, content, digest, record)
        self._take(content, -1)
        self._learn(content, record)
        self._take(content, 1)

    def _learn(self, content: _Content, record: Record) -> None:
        match record.kind, record.outcome:
            case "image-signed", "signed" | "already-signed":
                content.signed = True
                self._say(Measure.IMAGES_SIGNED, record)
                if record.proof.get("sboms"):
                    content.sbom = True
                    self._say(Measure.IMAGES_WITH_SBOM, record)
            case "image-verified", verdict:
                content.verdict = verdict
                self._say(Measure.IMAGES_VERIFIED, record)
                if verdict == "verified" or verdict in _SIGNING_FAILED:
                    content.signed = verdict == "verified"
                    self._say(Measure.IMAGES_SIGNED, record)
            case "sbom-made", _outcome:
                content.sbom = True
                self._say(Measure.IMAGES_WITH_SBOM, record)
            case "image-attested", _outcome if _SBOM_TYPE.fullmatch(str(record.proof.get("type"))):
                content.sbom = True
                self._say(Measure.IMAGES_WITH_SBOM, record)
            case "image-copied", _outcome:
                self._copied(content, record)
            case "image-rootless", outcome:
                content.rootless = outcome == "rootless"
                self._say(Measure.IMAGES_ROOTLESS, record)

    def _copied(self, content: _Content, record: Record) -> None:
        """What came along hangs on the copy as it did on what was copied."""
        proof: Mapping[str, Any] = record.proof
        if proof.get("referrers"):
            _text, scope, _pinned = _parsed(str(proof.get("from", "")))
            origin = self._contents.get((scope, record.subject))
            content.signed |= origin is not None and origin.signed
            content.sbom |= origin is not None and origin.sbom
        hosts = proof.get("registries")
        if isinstance(hosts, list) and len(set(hosts)) > 1 and all(hosts):
            self._bytes += int(proof.get("bytes") or 0)
            self._say(Measure.BYTES_COPIED, record)

    def _name_of(self, text: str) -> _Name | None:
        """None where such names do not count."""
        if text not in self._aliases:
            key, scope, pinned = _parsed(text)
            known = self._known.setdefault(key, _Name(key, scope, pinned=pinned))
            self._aliases[text] = known if key in self._counted else None
        return self._aliases[text]

    def _point(self, name: _Name, content: _Content, digest: str, record: Record) -> None:
        self._names.pop(name.text, None)
        self._names[name.text] = name
        name.at, name.record = record.at, record.id
        name.place = str(record.proof.get("place") or name.place)
        if name.content is content:
            return
        self._leave(name)
        self._take(content, -1)
        content.tags += not name.pinned
        content.pins += name.pinned
        content.tagged |= not name.pinned
        self._take(content, 1)
        name.content, name.digest = content, digest

    def _leave(self, name: _Name) -> None:
        content = name.content
        if content is not None:
            self._take(content, -1)
            content.tags -= not name.pinned
            content.pins -= name.pinned
            self._take(content, 1)
            name.content = None

    def _take(self, content: _Content, sign: int) -> None:
        if images := content.images * sign:
            self._images += images
            for number, has in enumerate(content.has()):
                if has:
                    self._done[number] += images

    def _forget(self, at: datetime) -> None:
        if not self._counted.seen_days:
            return
        oldest = at - timedelta(days=self._counted.seen_days)
        for key, name in list(self._names.items()):
            if name.at is None or name.at >= oldest:
                return
            self._leave(name)
            del self._names[key]


def _parsed(name: str) -> tuple[str, str, bool]:
    """What a name is counted as; the repository that it is in, "" for none; whether it is only a digest."""
    if _DIGEST.fullmatch(name):
        return name, "", True
    rest, at, _digest = name.partition("@")
    repository, tag = _without_tag(rest)
    if not names_host(rest):
        return (rest if tag else name), "", bool(at and not tag)
    if at and not tag:
        return name, repository, True
    return (rest if tag else f"{rest}:latest"), repository, False


def _without_tag(text: str) -> tuple[str, str]:
    head, slash, last = text.rpartition("/")
    last, _colon, tag = last.partition(":")
    return head + slash + last, tag


def _counts(name: _Name) -> bool:
    content = name.content
    return content is not None and not (name.pinned and content.tagged)


def _state(name: _Name) -> ImageState:
    content, at = name.content, name.at
    if content is None or at is None:
        raise ValueError(f"{name.text} means nothing")
    return ImageState(
        name.text,
        name.digest,
        content.signed,
        content.sbom,
        content.verdict,
        content.rootless,
        at,
        name.record,
        name.place,
    )
