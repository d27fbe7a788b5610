"""Audits what says how containers run: looks at each file, and ranks what has to be done."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from undercurrent.errors import UndercurrentError
from undercurrent.findings import Finding
from undercurrent.hardening.auditing.choosing import choice_for, chosen
from undercurrent.hardening.auditing.dockerfiles import AuditedFile, Wanted
from undercurrent.hardening.auditing.doubles import low_mappings, said_once, with_mappings
from undercurrent.hardening.auditing.ignoring import Ignored
from undercurrent.hardening.auditing.ranking import Group, Priority, Ranked, Use, group_of, priority_of
from undercurrent.hardening.model import Identity
from undercurrent.progress import Observer, silent
from undercurrent.settings import Settings
from undercurrent.workflows.discovering import FileKind, FoundFile, find_files
from undercurrent.workflows.dockerfileaudits import Job, audit_dockerfiles, hadolint_findings
from undercurrent.workflows.manifestaudits import AuditedManifests, Building, audit_manifests

if TYPE_CHECKING:
    from undercurrent.evidence import JSON

__all__ = [
    "Asked",
    "Audit",
    "Audited",
    "Place",
    "Unchecked",
    "audit_files",
    "identity_of",
    "proof_of",
    "ranked",
    "without_known",
]


@dataclass(frozen=True, slots=True)
class Asked:
    """What an audit is to look at, apart from the files.

    Attributes:
        wanted: targets, and build arguments, of every Dockerfile.
        hadolint: ``auto``, ``off``, or a file with its JSON.
        known: fingerprints of findings that are known from before.
        edits: findings come with the edits of safe fixes, which takes as long again.
    """

    wanted: tuple[Wanted, ...] = ()
    hadolint: str = "auto"
    known: frozenset[str] = frozenset()
    edits: bool = False


@dataclass(frozen=True, slots=True)
class Audited:
    """A file or an image that was looked at.

    Attributes:
        name: as its user finds it.
        kind: what it is; ``image`` for one that is built.
        images: what decides about each image in it.
        findings: that count.
        ignored: those that somebody does not want to see, and why.
        known: those that are in the baseline.
        digest: of an image that is built.
    """

    name: str
    kind: str
    images: tuple[Ranked, ...] = ()
    findings: tuple[Finding, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    known: tuple[Finding, ...] = ()
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Unchecked:
    """What nobody could look at, and why."""

    name: str
    error: UndercurrentError


@dataclass(frozen=True, slots=True)
class Place:
    """An image in the order of work."""

    name: str
    kind: str
    image: Ranked
    priority: Priority
    group: Group
    uses: tuple[Use, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """All that was looked at.

    Attributes:
        audited: in the order of names.
        unchecked: what could not be looked at.
        ranking: the images, the most urgent first.
        tools: programs that helped, by name.
        unknown: base images of which it was asked who runs, and nobody could say; and places that could not be asked.
        offline: neither registries nor engines were asked.
    """

    audited: tuple[Audited, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    ranking: tuple[Place, ...] = ()
    tools: tuple[str, ...] = ()
    unknown: tuple[Unchecked, ...] = ()
    offline: bool = False

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that count."""
        return tuple(finding for one in self.audited for finding in one.findings)


async def audit_files(
    files: Sequence[FoundFile], asked: Asked, settings: Settings, *, observer: Observer = silent
) -> Audit:
    """What there is to find in ``files``, ranked.

    Args:
        files: of `undercurrent.workflows.discovering.find_files`.
        asked: what to look at.
        settings: what is known of base images.
        observer: is told what happens.

    Raises:
        ConfigError: a ``.undercurrent-harden.toml`` cannot be used.
        UndercurrentError: hadolint was asked for, and what it says cannot be used.
    """
    manifests = await audit_manifests(files)
    dockerfiles = [file for file in files if file.kind is FileKind.DOCKERFILE]
    dockerfiles += _named_elsewhere(dockerfiles, manifests, files)
    more, tools = await hadolint_findings(dockerfiles, asked.hadolint, observer)
    jobs = [
        Job(file, *_how(file, asked, manifests), more.get(file.name, ()), harden=settings.harden, edits=asked.edits)
        for file in dockerfiles
    ]
    results, notes = await audit_dockerfiles(jobs, settings, observer=observer)
    results |= manifests.results
    audited: list[Audited] = []
    unchecked: list[Unchecked] = []
    for file in sorted(results):
        result = results[file]
        if isinstance(result, UndercurrentError):
            unchecked.append(Unchecked(file.name, result))
        else:
            audited.append(_counted(file, result, asked.known))
    audited = list(_once(audited, {one.name: manifests.building.get(one.path, ()) for one in dockerfiles}))
    uses = {file.name: manifests.uses_of(file.path) for file in dockerfiles}
    unknown = tuple(Unchecked(name, error) for name, error in sorted(notes.items()))
    return Audit(tuple(audited), tuple(unchecked), ranked(audited, uses), tools, unknown, settings.harden.offline)


def _named_elsewhere(
    dockerfiles: Iterable[FoundFile], manifests: AuditedManifests, files: Sequence[FoundFile]
) -> Iterator[FoundFile]:
    """Dockerfiles that compose files name and whose own names say nothing, if they are below what was named."""
    known = {file.path for file in dockerfiles}
    tops = {file.top for file in files if file.kind is FileKind.COMPOSE}
    for path in manifests.building:
        top = next((one for one in tops if path.resolve().is_relative_to(one.resolve())), None)
        if path not in known and top is not None and path.is_file():
            yield from (replace(one, top=top, kind=FileKind.DOCKERFILE) for one in find_files([path]))


def _how(file: FoundFile, asked: Asked, manifests: AuditedManifests) -> tuple[Path, tuple[Wanted, ...]]:
    """The build context and the targets of a Dockerfile: as compose files say, and what is built without one."""
    building = manifests.building.get(file.path, [])
    context = building[0].context if building else file.path.parent
    if asked.wanted or not building:
        return context, asked.wanted
    unique = {repr((one.wanted.target, sorted(one.wanted.arguments.items()))): one.wanted for one in building}
    plain = [] if any(not one.target for one in unique.values()) else [Wanted()]
    return context, (*unique.values(), *plain)


def _counted(file: FoundFile, result: AuditedFile, known_before: frozenset[str]) -> Audited:
    findings, left_out = chosen(result.findings, file.path, choice_for(file.path, file.top))
    audited = Audited(file.name, str(file.kind), result.images, findings, (*result.ignored, *left_out))
    return without_known(audited, known_before)


def without_known(audited: Audited, known_before: frozenset[str]) -> Audited:
    """The same with the findings that are known from before, by their fingerprints, set apart."""
    return replace(
        audited,
        findings=tuple(one for one in audited.findings if one.fingerprint not in known_before),
        known=tuple(one for one in audited.findings if one.fingerprint in known_before),
    )


def _once(audited: Iterable[Audited], building: Mapping[str, Iterable[Building]]) -> Iterator[Audited]:
    """What was looked at, with what a compose file and the Dockerfiles that it builds both say said once."""
    audited = tuple(audited)
    # What somebody ignores, or knows already, has been said as well.
    built = {
        use.use.where: (*one.findings, *one.known, *(ignored.finding for ignored in one.ignored))
        for one in audited
        if one.images
        for use in building.get(one.name, ())
    }
    mappings = low_mappings(finding for one in audited if one.kind == FileKind.COMPOSE for finding in one.findings)
    for one in audited:
        if one.kind == FileKind.COMPOSE:
            yield replace(one, findings=said_once(one.findings, built), known=said_once(one.known, built))
        else:
            using = dict.fromkeys(use.use.where for use in building.get(one.name, ()))
            yield replace(
                one, findings=with_mappings(one.findings, [place for use in using for place in mappings[use]])
            )


def ranked(audited: Iterable[Audited], uses: Mapping[str, Sequence[tuple[str, Use]]]) -> tuple[Place, ...]:
    """The images, the most urgent first; of equals, those that are less work, then by name.

    Args:
        audited: what was looked at.
        uses: the places that run an image, by the name of its file, each with the target that it wants; empty for the
            last one.
    """
    places = []
    for one in audited:
        for image in one.images:
            wanted = {image.target, ""} if image.is_last else {image.target}
            using = tuple(use for target, use in uses.get(one.name, ()) if target in wanted)
            if image.is_last and len(one.images) > 1 and not using:
                continue  # others of its targets are what runs
            priority = priority_of(image, using)
            places.append(Place(one.name, one.kind, image, priority, group_of(image), using, one.findings))
    order = list(Group)
    places.sort(
        key=lambda place: (
            place.group is Group.ROOTLESS,
            -place.priority.score,
            order.index(place.group),
            place.name,
            place.image.target,
        )
    )
    return tuple(places)


def identity_of(images: Iterable[Ranked]) -> Identity:
    """Who runs in all of them together: root if it is so in one."""
    found = {image.identity for image in images}
    return next(one for one in (Identity.ROOT, Identity.UNKNOWN, Identity.ROOTLESS) if one in found)


def proof_of(images: Iterable[Ranked]) -> dict[str, "JSON"]:
    """What a record says of them."""
    return {
        "images": [{"target": one.target, "user": one.user, "reason": one.reason, "base": one.base} for one in images]
    }
