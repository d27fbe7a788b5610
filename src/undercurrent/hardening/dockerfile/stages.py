"""The stages of a Dockerfile: what each is built from, and which one is built."""

import csv
import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from undercurrent.errors import BadContent, NotFound
from undercurrent.hardening.dockerfile.nodes import Dockerfile, Instruction, Stage
from undercurrent.hardening.dockerfile.scopes import LARGEST, pairs, too_much
from undercurrent.hardening.dockerfile.substitution import BadSubstitution, expand, expansion
from undercurrent.i18n import translate as _

__all__ = ["MOST", "copied_from", "lineage", "mounts", "sources", "stages", "target"]

_PLATFORM: Final[Mapping[str, str]] = MappingProxyType(
    {
        "BUILDPLATFORM": "linux/amd64",
        "BUILDOS": "linux",
        "BUILDOSVERSION": "",
        "BUILDARCH": "amd64",
        "BUILDVARIANT": "",
        "TARGETPLATFORM": "linux/amd64",
        "TARGETOS": "linux",
        "TARGETOSVERSION": "",
        "TARGETARCH": "amd64",
        "TARGETVARIANT": "",
    }
)
"""Build arguments that are always there, and ``TARGETSTAGE``; a build for another platform gives other values."""

MOST: Final = 1000
"""Stages of a file at most."""

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,9}", re.ASCII)


def stages(dockerfile: Dockerfile, arguments: Mapping[str, str] = _NOTHING) -> tuple[Stage, ...]:
    """The stages, in their order.

    Args:
        dockerfile: what `parse` read.
        arguments: build arguments that are given (``--build-arg``).

    Raises:
        BadContent: stages are built from one another in a circle, or one is named that is not there.
        BadSubstitution: variables cannot be put into an ARG before FROM, or into a FROM.
    """
    known = {**_PLATFORM, "TARGETSTAGE": _last_name(dockerfile) or "default"}
    known |= {name: arguments[name] for name in known if name in arguments}
    groups: list[tuple[Instruction, list[Instruction]]] = []
    for instruction in dockerfile.instructions:
        if instruction.keyword == "FROM":
            groups.append((instruction, []))
        elif groups:
            groups[-1][1].append(instruction)
        elif instruction.keyword == "ARG":
            _declare(instruction, known, arguments, dockerfile)
    if len(groups) > MOST:
        raise _error(_("the file has more than {limit} stages").format(limit=f"{MOST:,}"), groups[MOST][0], dockerfile)
    given, view = MappingProxyType(dict(arguments)), MappingProxyType(known)
    found = tuple(
        _stage(index, origin, tuple(rest), view, given, dockerfile) for index, (origin, rest) in enumerate(groups)
    )
    _refuse_circles(found, dockerfile)
    return found


def _declare(instruction: Instruction, known: dict[str, str], given: Mapping[str, str], dockerfile: Dockerfile) -> None:
    for pair in pairs(instruction):
        name = pair.name.text
        if name in given:
            known[name] = given[name]
        elif pair.value is not None:
            try:
                known[name] = expand(pair.value.text, known, dockerfile.escape)
            except BadSubstitution as error:
                raise _placed(error, instruction, dockerfile) from None
    if sum(map(len, known.values())) > LARGEST:
        raise _error(too_much(), instruction, dockerfile)


def _placed(error: BadSubstitution, instruction: Instruction, dockerfile: Dockerfile) -> BadSubstitution:
    message = _("{name}, line {line}: {problem}")
    return BadSubstitution(
        message.format(name=dockerfile.name, line=instruction.line, problem=error.message), hint=error.hint
    )


def _stage(
    index: int,
    origin: Instruction,
    rest: tuple[Instruction, ...],
    known: Mapping[str, str],
    given: Mapping[str, str],
    dockerfile: Dockerfile,
) -> Stage:
    try:
        base = expansion(origin.words[0].text if origin.words else "", known, dockerfile.escape)
        platform = expand(origin.flag("platform") or "", known, dockerfile.escape)
    except BadSubstitution as error:
        raise _placed(error, origin, dockerfile) from None
    return Stage(
        index=index,
        name=_name(origin),
        origin=origin,
        base=None if base.unset or not base.text else base.text,
        platform=platform,
        instructions=rest,
        arguments=known,
        given=given,
        escape=dockerfile.escape,
    )


def _name(origin: Instruction) -> str:
    """What a FROM calls its stage, in lower case; empty if nothing."""
    words = [word.text.lower() for word in origin.words]
    return words[2] if len(words) > 2 and words[1] == "as" else ""  # noqa: PLR2004 — FROM base AS name


def _last_name(dockerfile: Dockerfile) -> str:
    """How the stage is called that is built where no other one is asked for."""
    return next((_name(one) for one in reversed(dockerfile.instructions) if one.keyword == "FROM"), "")


def target(stages: Sequence[Stage], name: str | None = None) -> Stage:
    """The stage that is built.

    Args:
        stages: of one file, at least one.
        name: of a stage, in any case, or its number; None for the last.

    Raises:
        NotFound: no stage has that name.
        BadContent: there is no stage at all.
    """
    if not stages:
        raise BadContent(
            _("the Dockerfile has no FROM"), hint=_("A Dockerfile builds from an image: FROM alpine:3.22.")
        )
    if name is None:
        return stages[-1]
    found = copied_from(name, stages)
    if found is None:
        names = [stage.name for stage in stages if stage.name]
        near = difflib.get_close_matches(name.lower(), names, 3) or names[:10]
        hint = _("It has: {names}.").format(names=", ".join(near)) if near else _("Its stages have no names.")
        raise NotFound(_("the Dockerfile has no stage “{name}”").format(name=name), hint=hint)
    return found


def copied_from(name: str, stages: Sequence[Stage]) -> Stage | None:
    """The stage that ``COPY --from=name`` names: by its name, or by its number; None for an image."""
    if _NUMBER.fullmatch(name):
        index = int(name)
        return stages[index] if 0 <= index < len(stages) else None
    wanted = name.lower()
    return next((stage for stage in reversed(stages) if stage.name and stage.name == wanted), None)


def lineage(stage: Stage, stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """A stage and those that it is built on, itself first: FROM with the name of an earlier stage."""
    earlier: dict[str, list[Stage]] = {}
    for one in stages:
        if one.name:
            earlier.setdefault(one.name, []).append(one)
    found = [stage]
    while parent := _parent(found[-1], earlier):
        found.append(parent)
    return tuple(found)


def _parent(stage: Stage, named: Mapping[str, Sequence[Stage]]) -> Stage | None:
    before = [one for one in named.get((stage.base or "").lower(), ()) if one.index < stage.index]
    return before[-1] if before else None


def mounts(instruction: Instruction) -> tuple[Mapping[str, str], ...]:
    """What ``RUN --mount`` names, one mapping each, names in lower case; a word without ``=`` has the value "".

    One that is no list in CSV, or one that nobody wrote by hand (`csv.field_size_limit`), names nothing.
    """
    found = []
    for flag in instruction.flags:
        if flag.name == "mount" and flag.value:
            try:
                fields = next(csv.reader([flag.value]), [])
            except csv.Error:
                continue
            found.append({name.lower(): value for name, _equals, value in (one.partition("=") for one in fields)})
    return tuple(found)


def sources(stage: Stage) -> Iterator[tuple[Instruction, str]]:
    """The stages and images that a stage copies from or mounts: the instruction, and the name there."""
    for instruction in stage.instructions:
        if instruction.keyword == "COPY" and (name := instruction.flag("from")):
            yield instruction, name
        elif instruction.keyword == "RUN" and instruction.flags:
            yield from ((instruction, name) for mount in mounts(instruction) if (name := mount.get("from")))


def _refuse_circles(found: tuple[Stage, ...], dockerfile: Dockerfile) -> None:
    """Raises for a stage that is needed to build itself, as BuildKit's `validateCircularDependency`."""
    last = {stage.name: stage.index for stage in found if stage.name}
    before: dict[str, int] = {}
    needed: list[set[int]] = []
    for stage in found:
        base = before.get((stage.base or "").lower())
        needs = set() if base is None else {base}
        for instruction, name in sources(stage):
            if not _NUMBER.fullmatch(name):
                if name.lower() in last:
                    needs.add(last[name.lower()])
            elif 0 <= int(name) < len(found):
                needs.add(int(name))
            elif instruction.keyword == "COPY":
                raise _error(_("there is no stage {number}").format(number=name), instruction, dockerfile)
        needed.append(needs)
        if stage.name:
            before[stage.name] = stage.index
    if circle := _circle(needed):
        message = _("the stages “{first}” and “{second}” need one another")
        first, second = found[circle[0]], found[circle[1]]
        names = {"first": first.name or str(first.index), "second": second.name or str(second.index)}
        raise _error(message.format(**names), first.origin, dockerfile)


def _circle(needed: Sequence[set[int]]) -> tuple[int, int] | None:
    """Two that need one another, directly or not; None if all can be built in some order."""
    left = {index: set(needs) for index, needs in enumerate(needed) if needs}
    users: dict[int, list[int]] = {}
    for index, needs in left.items():
        for need in needs:
            users.setdefault(need, []).append(index)
    ready = [index for index in range(len(needed)) if index not in left]
    while ready:
        done = ready.pop()
        for user in users.get(done, ()):
            left[user].discard(done)
            if not left[user]:
                del left[user]
                ready.append(user)
    if not left:
        return None
    first = min(left)
    return first, min(need for need in left[first])


def _error(problem: str, instruction: Instruction, dockerfile: Dockerfile) -> BadContent:
    message = _("{name}, line {line}: {problem}")
    return BadContent(
        message.format(name=dockerfile.name, line=instruction.line, problem=problem),
        hint=_("BuildKit refuses this file, too: docker build shows it."),
    )
