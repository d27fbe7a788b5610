"""Fixes files: Dockerfiles, what their build contexts bring, and the compose files that map their ports."""

import asyncio
import os
import shlex
import stat
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from posixpath import normpath

from undercurrent.errors import EnvironmentLacks, NotFound, Refused, UndercurrentError
from undercurrent.fleet import Failed
from undercurrent.hardening.dockerfile import Dockerfile, Stage, parse, stages, target
from undercurrent.hardening.fixing import FixPlan, Unfixed, check, plan
from undercurrent.hardening.fixing.following import builds, built_from, follow, followed, is_target
from undercurrent.hardening.fixing.running import (
    Followed,
    ImageName,
    Runner,
    follow_pods,
    repository,
    runners,
    skaffold_names,
    usual_name,
)
from undercurrent.hardening.manifests.compose import Service
from undercurrent.hardening.model import Context, describe, wanted_bases
from undercurrent.hardening.model.nouns import BaseImage, FinalImage, Identity
from undercurrent.i18n import translate as _
from undercurrent.oci.files.durable import replacing
from undercurrent.progress import Observer, silent
from undercurrent.settings import Settings
from undercurrent.splices import Edit, as_bytes, as_text, line_before, spliced
from undercurrent.workflows.bases import find_bases
from undercurrent.workflows.discovering import FileKind, FoundFile, find_files, name_of
from undercurrent.workflows.keeping import keep
from undercurrent.workflows.reading import read_bounded
from undercurrent.workflows.surroundings import Surroundings, chart_mentions, look_around

__all__ = ["Fixes", "Rewritten", "Wish", "fix", "write"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for.

    Attributes:
        uid: whom images are to run as; None for the account that they mean, or the number in the settings.
        unsafe: also what is not safe.
        target: the stage; None for the last one, and those that compose files name.
        arguments: build arguments.
    """

    uid: int | None = None
    unsafe: bool = False
    target: str | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A file that changes: its name for people, where it is, and its text before and after."""

    name: str
    path: Path
    before: str = field(repr=False)
    after: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fixes:
    """What was found.

    Attributes:
        plans: one for each image.
        files: that change, all or none of them.
        not_read: what could not be read.
    """

    plans: tuple[FixPlan, ...]
    files: tuple[Rewritten, ...]
    not_read: tuple[Failed, ...] = ()


class _Texts:
    """Files as they are on disk, and what was changed in them so far."""

    def __init__(self) -> None:
        self._paths: dict[str, Path] = {}
        self._before: dict[str, str] = {}
        self._edits: dict[str, dict[Edit, None]] = {}
        self._whole: dict[str, str] = {}

    def read(self, name: str, path: Path) -> str:
        """The text of a file as it was found.

        Raises:
            UndercurrentError: it cannot be read.
        """
        if name not in self._before:
            self._before[name] = as_text(read_bounded(path, name))
            self._paths[name] = path
        return self._before[name]

    def edit(self, name: str, edits: Iterable[Edit]) -> None:
        """Notes edits of a file as it was found; the same ones, of two images that share it, count once."""
        self._edits.setdefault(name, {}).update(dict.fromkeys(edits))

    def replace(self, name: str, text: str) -> None:
        """Notes what a file is to be."""
        self._whole[name] = text

    def rewritten(self) -> tuple[Rewritten, ...]:
        """What is different, by name."""
        after = {name: spliced(self._before[name], edits) for name, edits in self._edits.items()} | self._whole
        return tuple(
            Rewritten(name, self._paths[name], self._before[name], text)
            for name, text in sorted(after.items())
            if text != self._before[name]
        )


async def fix(
    paths: Sequence[Path], settings: Settings, wish: Wish, *, only: Iterable[Path] = (), observer: Observer = silent
) -> Fixes:
    """What is to be done about the Dockerfiles at and below ``paths``, and about what goes with them.

    Args:
        paths: files and folders.
        settings: what is known of base images.
        wish: what is asked for.
        only: those to fix; what else is found may go with them. All of them when empty.
        observer: is told what happens.

    Raises:
        NotFound: a path is not there, or there is no Dockerfile.
        UndercurrentError: there is none, and what was named instead cannot be read.
    """
    found = await asyncio.to_thread(find_files, paths)
    texts = _Texts()
    around = look_around(found, lambda one: texts.read(one.name, one.path))
    if not any(one.kind is FileKind.DOCKERFILE for one in found):
        raise _nothing_to_fix(paths, found, around)
    plans: list[FixPlan] = []
    not_read: list[Failed] = []
    chosen = frozenset(map(name_of, only))
    for one in found:
        if one.kind is FileKind.DOCKERFILE and (not chosen or one.name in chosen):
            try:
                plans += await _File(one, around, texts, settings, wish).fix(observer)
            except UndercurrentError as error:
                not_read.append(Failed(one.name, error))
    moving = any(made.moved and made.edits for made in plans)
    not_read += [failed for failed in around.unread if moving or failed.key in _named(paths, found)]
    return Fixes(tuple(plans), texts.rewritten(), tuple(not_read))


def _named(paths: Sequence[Path], found: Iterable[FoundFile]) -> frozenset[str]:
    """The files that were named themselves."""
    return frozenset(map(name_of, paths)) & {one.name for one in found}


def _nothing_to_fix(paths: Sequence[Path], found: Sequence[FoundFile], around: Surroundings) -> UndercurrentError:
    unread = [failed.error for failed in around.unread if failed.key in _named(paths, found)]
    if unread:
        return unread[0]
    said = shlex.join(map(str, paths))
    hint = _("name a Dockerfile, or a folder with one")
    if found:
        hint = _("manifests are changed by `{command}`").format(command=f"uc harden manifests {said}")
    return NotFound(_("there is no Dockerfile at {paths}").format(paths=", ".join(map(str, paths))), hint=hint)


@dataclass(frozen=True, slots=True)
class _File:
    """A Dockerfile, and what there is to know for its fix."""

    found: FoundFile
    around: Surroundings
    texts: _Texts
    settings: Settings
    wish: Wish

    async def fix(self, observer: Observer) -> list[FixPlan]:
        """Plans for each of its images, one after the other; what they change is noted."""
        name = self.found.name
        file = parse(self.texts.read(name, self.found.path), name)
        bases = await self._found_bases(file, observer)
        plans: list[FixPlan] = []
        done: set[int] = set()
        before: list[tuple[Dockerfile, FixPlan]] = []
        for wanted in self._targets(name):
            stage = target(stages(file, self.wish.arguments), wanted)
            if stage.index in done:
                continue
            done.add(stage.index)
            changed, planned = self._planned(file, stage, wanted, bases)
            plans.append(_as_found(planned, before))
            before.append((file, planned))
            file = changed
        return plans

    def _targets(self, name: str) -> list[str | None]:
        if self.wish.target:
            return [self.wish.target]
        built = (one.build for one in self.around.services if built_from(one, name))
        return list(dict.fromkeys((*(build.target or None for build in built if build), None)))

    async def _found_bases(self, file: Dockerfile, observer: Observer) -> Mapping[str, BaseImage | None]:
        """What is known of its bases; their accounts, too, where one decides who runs."""
        names, arguments = self._bases(file), self.wish.arguments
        bases = await find_bases(names, self.settings, observer=observer)
        users = [
            describe(file, target=wanted, arguments=arguments, bases=bases).runner
            for wanted in self._targets(self.found.name)
        ]
        if any(one.identity is Identity.UNKNOWN and one.text for one in users):
            bases = await find_bases(names, self.settings, named=names, observer=observer)
        return bases

    def _bases(self, file: Dockerfile) -> tuple[str, ...]:
        wanted = self._targets(self.found.name)
        names = (wanted_bases(file, target=one, arguments=self.wish.arguments) for one in wanted)
        return tuple(dict.fromkeys(name for some in names for name in some))

    def _planned(
        self, file: Dockerfile, stage: Stage, wanted: str | None, bases: Mapping[str, BaseImage | None]
    ) -> tuple[Dockerfile, FixPlan]:
        using = self._using(file, stage)
        folder = next((_folder_of(one) for one in using), str(PurePath(self.found.name).parent))
        context = Context.of(Path(folder), PurePath(self.found.name).name) if Path(folder).is_dir() else None

        def described(one: Dockerfile) -> FinalImage:
            return describe(one, target=wanted, arguments=self.wish.arguments, bases=bases, context=context)

        image = described(file)
        called = self._name_of(file, stage, using)
        running = runners(self.around.cluster.pods, called)

        def outside(port: int, new: int) -> str | None:
            return _outside(using, running, self.around, port, new)

        made = plan(
            image,
            uid=self.wish.uid,
            usual=self.settings.harden.uid,
            unsafe=self.wish.unsafe,
            context=context,
            stages=stages(file, self.wish.arguments),
            outside=outside,
        )
        if not made.edits:
            return file, made
        changed = check(file, made.edits.get(file.name, ()))
        if described(changed).runner.identity is not Identity.ROOTLESS:
            return file, _given_up(made)
        outer = self._note(made, changed, folder, using, running)
        told = chart_mentions(self.around.charts, called, made.moved)
        return changed, replace(
            made, changes=(*made.changes, *outer.changes), unfixed=(*made.unfixed, *outer.unfixed, *told)
        )

    def _using(self, file: Dockerfile, stage: Stage) -> tuple[Service, ...]:
        """The services that are built from this stage."""
        return tuple(one for one in self.around.services if builds(one, file, stage, self.wish.arguments))

    def _name_of(self, file: Dockerfile, stage: Stage, using: Iterable[Service]) -> ImageName:
        """What the image of this stage is called by manifests."""
        name, found = self.found.name, stages(file, self.wish.arguments)
        said = {repository(one.image) for one in using if one.image}
        if not is_target(found, "", stage):
            return ImageName(frozenset(said))
        said |= set(skaffold_names(self.around.cluster.objects, name))
        usual = usual_name(self.found.path)
        rivals = tuple(other for other in self.around.called.get(usual, ()) if other != name)
        bases = frozenset(repository(one.base) for one in found if one.base)
        return ImageName(frozenset(said), usual, bases, rivals)

    def _note(
        self, made: FixPlan, changed: Dockerfile, folder: str, using: Iterable[Service], running: Sequence[Runner]
    ) -> Followed:
        """Notes what changes in all files, and gives what those that run the image do and leave."""
        for path, edits in made.edits.items():
            if path == changed.name:
                self.texts.replace(path, changed.source)
            else:
                name = normpath(str(PurePath(folder) / path))
                self.texts.read(name, Path(name))
                self.texts.edit(name, edits)
        manifests = follow_pods(running, made.moved, self.around.cluster)
        changes = list(manifests.changes)
        for service in using:
            mappings, told = follow(service, made.moved)
            for path, places in mappings.items():
                self.texts.edit(path, places)
            changes += told
        for path, edits in manifests.edits.items():
            self.texts.edit(path, edits)
        return replace(manifests, changes=tuple(changes))


def _as_found(made: FixPlan, before: Sequence[tuple[Dockerfile, FixPlan]]) -> FixPlan:
    """The plan with the lines of the file as it was found, before ``before`` was done to it."""

    def line(path: str, number: int) -> int:
        for file, done in reversed(before):
            number = line_before(file.source, done.edits.get(file.name, ()), number) if path == file.name else number
        return number

    return replace(
        made,
        changes=tuple(replace(one, line=line(one.path, one.line)) for one in made.changes),
        hidden=tuple(replace(one, line=line(one.path, one.line)) for one in made.hidden),
        unfixed=tuple(replace(one, line=line(one.path, one.line)) for one in made.unfixed),
    )


def _folder_of(service: Service) -> str:
    context = service.build.context if service.build else "."
    return normpath(str(PurePath(service.document.name).parent / context))


def _outside(
    using: Sequence[Service], running: Sequence[Runner], around: Surroundings, port: int, new: int
) -> str | None:
    """Why it is no safe change that a port moves; empty if all that publishes it follows, None if nothing does."""
    if not all(port in followed(one, [port]) for one in using):
        return None
    made = follow_pods(running, {port: new}, around.cluster)
    if not made.ports:
        return "" if using else None
    if made.unfixed:
        first = made.unfixed[0]
        return _("{path}, line {line}: {reason}").format(path=first.path, line=first.line, reason=first.reason)
    return next((change.unsafe_because for change in made.changes if not change.safe), "")


def _given_up(made: FixPlan) -> FixPlan:
    reason = _("what would come out cannot be shown to run without root")
    line = made.image.stage.origin.line
    left = Unfixed("not-shown", reason, made.image.dockerfile.name, line)
    return FixPlan(made.image, {}, (), (), (*made.unfixed, left), {}, None)


def write(fixes: Fixes) -> None:
    """Writes all files, or none: each under another name first, and then all are renamed.

    They keep their permissions. A link is written to where it leads, which was looked at when it was found.

    Raises:
        Refused: a file is another one than was read.
        EnvironmentLacks: one cannot be written.
    """
    for file in fixes.files:
        if as_text(read_bounded(file.path, str(file.path))) != file.before:
            raise Refused(
                _("{path} was changed meanwhile: nothing is written").format(path=file.name), hint=_("run it again")
            )
    try:
        with ExitStack() as stack:
            for file in fixes.files:
                real = file.path.resolve()
                out = stack.enter_context(replacing(real, real.parent))
                os.fchmod(out.fileno(), stat.S_IMODE(real.stat().st_mode))
                out.write(as_bytes(file.after))
    except EnvironmentLacks:
        for file in fixes.files:
            if as_text(read_bounded(file.path, str(file.path))) == file.after:
                keep(as_bytes(file.before), file.path)
        raise
