"""Comments that make a rule quiet in one place: ``# uc:ignore UC104 -- the volume belongs to user 1000``.

Above an instruction, or within it, it is about that instruction; before the first one, about the whole file. In YAML,
it is about the line that it ends, or that it stands above, with everything below that in the tree.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from undercurrent.findings import Finding, Place
from undercurrent.hardening.dockerfile.nodes import Dockerfile
from undercurrent.hardening.rules import ignore_not_used, ignore_without_reason
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _

__all__ = ["Ignore", "Ignored", "applied", "in_dockerfile", "in_yaml"]

_MARK: Final = "uc:ignore"
_COMMENT: Final = re.compile(r"#[ \t]*uc:ignore\b(?P<rest>.*)$")
_MOST: Final = 200
"""Comments of a file that count; nobody writes more."""
_CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_EMPTY: Final = re.compile(r"\s*(?:#.*|---.*|%.*)?$")


@dataclass(frozen=True, slots=True)
class Ignore:
    """One such comment.

    Attributes:
        line: of the comment, from 1.
        codes: of rules (``UC104``), their names, or codes of hadolint (``DL3008``).
        reason: why; empty if nobody says.
        first, last: the lines that it is about; 0 and 0 for the whole file.
    """

    line: int
    codes: tuple[str, ...]
    reason: str
    first: int = 0
    last: int = 0

    @property
    def counts(self) -> bool:
        """Whether it says what, and why."""
        return bool(self.codes and self.reason)

    def covers(self, finding: Finding) -> bool:
        """Whether it is about ``finding``."""
        names = {finding.rule.code.lower(), finding.rule.name, str((finding.properties or {}).get("code", "")).lower()}
        inside = not self.last or self.first <= finding.place.line <= self.last
        return inside and any(code.lower() in names for code in self.codes)


@dataclass(frozen=True, slots=True)
class Ignored:
    """A finding that somebody does not want to see, and why."""

    finding: Finding
    reason: str


def in_dockerfile(file: Dockerfile) -> tuple[Ignore, ...]:
    """The comments of a Dockerfile."""
    if _MARK not in file.source:
        return ()
    lines = file.source.splitlines()
    instructions = file.instructions
    begins = [one.line for one in instructions]
    # An instruction goes on to the line before what follows it; comments between two are about the next.
    ends = [
        one.line + file.source.count("\n", one.span.start, max(one.span.end - 1, one.span.start))
        for one in instructions
    ]
    found = []
    for number, comment in _comments(lines, whole_line=True):
        if not begins or number < begins[0]:
            found.append(_ignore(number, comment, 0, 0))
        elif (at := bisect_left(ends, number)) < len(ends):
            found.append(_ignore(number, comment, begins[at], ends[at]))
        else:
            found.append(_ignore(number, comment, number, number))
    return tuple(found)


def in_yaml(text: str) -> tuple[Ignore, ...]:
    """The comments of a YAML file."""
    if _MARK not in text:
        return ()
    lines = text.splitlines()
    # How deep each line stands, from 1; None for one that says nothing.
    depths = [None, *(None if _EMPTY.match(line) else len(line) - len(line.lstrip(" ")) for line in lines)]
    following = _following(depths)
    found = []
    for number, comment in _comments(lines, whole_line=False):
        if number < following[1]:
            found.append(_ignore(number, comment, 0, 0))
            continue
        begin = following[number]
        found.append(_ignore(number, comment, begin, _block_end(depths, begin)))
    return tuple(found)


def _following(depths: Sequence[int | None]) -> Sequence[int]:
    """For each line, the first one from it on that says something; the one behind the last if there is none."""
    found = [len(depths)] * (len(depths) + 1)
    for number in range(len(depths) - 1, 0, -1):
        found[number] = found[number + 1] if depths[number] is None else number
    return found


def applied(
    findings: Iterable[Finding], ignores: Sequence[Ignore], name: str
) -> tuple[tuple[Finding, ...], tuple[Ignored, ...]]:
    """Those findings that stay, with what there is to say of the comments themselves; and those that are ignored."""
    findings = tuple(findings)
    if not ignores:
        return findings, ()
    kept: list[Finding] = []
    ignored: list[Ignored] = []
    used: set[Ignore] = set()
    for finding in findings:
        covering = [one for one in ignores if one.covers(finding)]
        used.update(covering)
        reason = next((one.reason for one in covering if one.counts), "")
        if reason:
            ignored.append(Ignored(finding, reason))
        else:
            kept.append(finding)
    return (*kept, *_about(ignores, used, name)), tuple(ignored)


def _about(ignores: Iterable[Ignore], used: set[Ignore], name: str) -> Iterator[Finding]:
    for one in ignores:
        place = Place(name, one.line)
        codes = listed(one.codes)
        if not one.codes:
            message = _("uc:ignore names no rule, and ignores nothing")
            yield ignore_without_reason.RULE.found(place, message)
        elif not one.reason:
            message = _("{codes} is ignored without a reason, so it is not: add ` -- ` and why").format(codes=codes)
            yield ignore_without_reason.RULE.found(place, message)
        elif one not in used:
            yield ignore_not_used.RULE.found(
                place, _("{codes} finds nothing here that is to be ignored").format(codes=codes)
            )


def _comments(lines: Sequence[str], *, whole_line: bool) -> Iterator[tuple[int, re.Match[str]]]:
    return islice(_all_comments(lines, whole_line=whole_line), _MOST)


def _all_comments(lines: Sequence[str], *, whole_line: bool) -> Iterator[tuple[int, re.Match[str]]]:
    for number, line in enumerate(lines, 1):
        if _MARK in line and (match := _COMMENT.search(line)):
            before = line[: match.start()]
            if not before.strip() or (not whole_line and before[-1:].isspace()):
                yield number, match


def _ignore(line: int, comment: re.Match[str], first: int, last: int) -> Ignore:
    codes, _hyphens, reason = comment["rest"].partition("--")
    return Ignore(line, tuple(_CODE.findall(codes)), reason.strip(), first, last)


def _block_end(depths: Sequence[int | None], begin: int) -> int:
    """The last line of what begins on line ``begin`` and is indented deeper."""
    depth = depths[begin] if begin < len(depths) else None
    last = begin
    for number in range(begin + 1, len(depths)):
        here = depths[number]
        if here is None or depth is None:
            continue
        if here <= depth:
            break
        last = number
    return last
