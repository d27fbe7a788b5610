"""Audits one Dockerfile: who runs in the images that it builds, and what the rules find."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from undercurrent.errors import BadContent
from undercurrent.findings import Finding, Place
from undercurrent.hardening.auditing.baseline import fingerprinted
from undercurrent.hardening.auditing.ignoring import Ignored, applied, in_dockerfile
from undercurrent.hardening.auditing.ranking import Ranked
from undercurrent.hardening.dockerfile import Dockerfile, parse
from undercurrent.hardening.model import BaseImage, Context, FinalImage, Identity, describe
from undercurrent.hardening.numbers import UID
from undercurrent.hardening.rules import CHECKS, not_buildable
from undercurrent.hardening.rules.subject import Subject

if TYPE_CHECKING:
    from undercurrent.hardening.auditing.mending import Mending

__all__ = ["AuditedFile", "Wanted", "audit_dockerfile", "by_place", "text_at"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A target of a Dockerfile, and the build arguments that it is built with; the last stage where none is named."""

    target: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditedFile:
    """What was found in a file.

    Attributes:
        images: what decides about each image that it builds or runs.
        bases: names of the images under them, and of those whose accounts are copied.
        named: those among them whose accounts decide who runs.
        findings: in the order of the file.
        ignored: what somebody does not want to see, and why.
    """

    images: tuple[Ranked, ...] = ()
    findings: tuple[Finding, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    bases: tuple[str, ...] = ()
    named: frozenset[str] = frozenset()


def audit_dockerfile(
    source: bytes,
    name: str,
    *,
    find_base: Callable[[str], BaseImage | None],
    context: Context | None = None,
    wanted: Sequence[Wanted] = (),
    more: Iterable[Finding] = (),
    folder: str | None = None,
    uid: int = UID,
) -> AuditedFile:
    """What the rules find in a Dockerfile.

    Args:
        source: its bytes.
        name: what findings call it.
        find_base: what is known of a base image.
        context: the folder that it is built with.
        wanted: the targets; the last stage where there are none.
        more: findings of another program about the same file.
        folder: what findings call the context; the edits of safe fixes come along where it is given, which takes time.
        uid: whom they have images run as, where there is nobody better.
    """
    file = parse(source, name)
    mending = None if folder is None else _mending(folder, find_base, uid, context)
    asked: dict[str, None] = {}

    def noted(base: str) -> BaseImage | None:
        asked[base] = None
        return find_base(base)

    images: tuple[tuple[FinalImage, Wanted], ...] = ()
    refused = tuple(not_buildable.check_file(file, name))
    try:
        images = tuple(_images(file, noted, context, wanted or (Wanted(),)))
    except BadContent as error:
        refused = refused or (not_buildable.RULE.found(Place(name, 1), error.message),)
    found = chain(
        refused,
        _said_once(((Subject(image, name), one) for image, one in images), mending),
        more,
    )
    kept, ignored = applied(by_place(found), in_dockerfile(file), name)
    findings = fingerprinted(by_place(kept), text_at(file))
    ranked = tuple(Ranked.of(image) for image, _wanted in images)
    named = any(one.identity is Identity.UNKNOWN and one.user for one in ranked)
    return AuditedFile(ranked, findings, ignored, tuple(asked), frozenset(asked if named else ()))


def _mending(folder: str, find_base: Callable[[str], BaseImage | None], uid: int, context: Context | None) -> "Mending":
    from undercurrent.hardening.auditing.mending import Mending  # noqa: PLC0415 - fixes take long to import

    return Mending(folder, find_base, uid, context)


def _images(
    file: Dockerfile, find_base: Callable[[str], BaseImage | None], context: Context | None, wanted: Iterable[Wanted]
) -> Iterator[tuple[FinalImage, Wanted]]:
    if not any(one.keyword == "FROM" for one in file.instructions):
        return
    for one in wanted:
        image = describe(file, target=one.target or None, arguments=one.arguments, bases=find_base, context=context)
        yield image, one


def _said_once(subjects: Iterable[tuple[Subject, Wanted]], mending: "Mending | None") -> Iterator[Finding]:
    """What the rules find in images; what one as a whole has from a stage that is built as well is said there alone."""
    said: dict[int, set[tuple[str, str]]] = {}
    for subject, wanted in sorted(subjects, key=lambda one: len(one[0].image.lineage)):
        image = subject.image
        found = [finding for check in CHECKS for finding in check(subject)]
        if mending:
            found = list(mending.with_edits(found, image, wanted.arguments))
        said.setdefault(image.stage.index, set()).update((one.rule.code, one.message) for one in found)
        below = {key for stage in image.lineage[1:] for key in said.get(stage.index, ())}
        own = image.stage.origin.line
        yield from (one for one in found if one.place.line != own or (one.rule.code, one.message) not in below)


def by_place(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """``findings`` in the order of lines, the same one once."""
    unique = {(one.place, one.rule.code, one.message): one for one in findings}
    return tuple(unique[key] for key in sorted(unique, key=lambda key: (key[0].line, key[1], key[2])))


def text_at(file: Dockerfile) -> Callable[[int], str]:
    """Gives the instruction that a line belongs to."""
    instructions = file.instructions
    begins = [one.line for one in instructions]

    def text(line: int) -> str:
        at = bisect_right(begins, line)
        return instructions[at - 1].logical.text if at else ""

    return text
