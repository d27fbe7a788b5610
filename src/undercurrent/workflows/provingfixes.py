"""What `uc harden fix` would make of a Dockerfile, ready to be built and run for a proof; nothing is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from posixpath import normpath
from typing import Final

from undercurrent.errors import Refused, Unsupported
from undercurrent.hardening.dockerfile import stages, target
from undercurrent.hardening.fixing import FixPlan
from undercurrent.hardening.model import Context
from undercurrent.hardening.proving import Conditions, Probe, Writable
from undercurrent.hardening.runside import RunSide
from undercurrent.i18n import translate as _
from undercurrent.progress import Observer, silent
from undercurrent.settings import Settings
from undercurrent.splices import as_bytes
from undercurrent.workflows.discovering import name_of
from undercurrent.workflows.fixing import Fixes, Wish, fix

__all__ = ["Fixed", "as_conditions", "fixed", "moved_probe"]

_UNPACKED: Final = "native-libraries"


@dataclass(frozen=True, slots=True)
class Fixed:
    """A Dockerfile as it would be.

    Attributes:
        text: what would stand in it.
        files: of its build context, those that change, by path in it.
        run: how to run what it builds.
        moved: ports, from where to where.
    """

    text: bytes
    files: Mapping[str, bytes] = field(default_factory=dict)
    run: RunSide | None = None
    moved: Mapping[int, int] = field(default_factory=dict)


async def fixed(file: Path, settings: Settings, wish: Wish, *, observer: Observer = silent) -> Fixed:
    """The Dockerfile with its fix: what `fix` makes of it, given its folder.

    Args:
        file: where it is; its folder is the build context.
        settings: what is known of base images.
        wish: what is asked for.
        observer: is told what happens.

    Raises:
        Refused: there is no fix, or none that is safe; the message has the reasons.
        Unsupported: the fix changes a file that is not in the build context.
        UndercurrentError: as `fix`; the file cannot be read.
    """
    fixes = await fix([file, file.parent], settings, wish, only=[file], observer=observer)
    for failed in fixes.not_read:
        if failed.key == name_of(file):
            raise failed.error
    made = _plan_of(fixes, wish)
    if not made.edits and (made.unfixed or made.hidden):
        raise _no_fix(file, made)
    return Fixed(*_texts(fixes, file), made.run, made.moved)


def _texts(fixes: Fixes, file: Path) -> tuple[bytes, dict[str, bytes]]:
    """What stands in the Dockerfile ``file`` then, and in those files of its folder that change, by path in it."""
    dockerfile = fixes.plans[0].image.dockerfile
    after = {one.name: as_bytes(one.after) for one in fixes.files}
    context = Context.of(file.parent, file.name)
    files: dict[str, bytes] = {}
    for brought in dict.fromkeys(name for one in fixes.plans for name in one.edits if name != dockerfile.name):
        name = normpath(str(PurePath(dockerfile.name).parent / brought))
        if context.read(brought) is None or name not in after:
            raise Unsupported(_("{path} is not in the build context").format(path=brought))
        files[brought] = after[name]
    return after.get(dockerfile.name) or as_bytes(dockerfile.source), files


def _plan_of(fixes: Fixes, wish: Wish) -> FixPlan:
    """The plan of the stage that is built: compose files may have asked for others, too."""
    dockerfile = fixes.plans[0].image.dockerfile
    index = target(stages(dockerfile, wish.arguments), wish.target).index
    return next(one for one in fixes.plans if one.image.stage.index == index)


def _no_fix(file: Path, made: FixPlan) -> Refused:
    if made.unfixed:
        return Refused(
            _("{path} has no fix to prove: {reasons}").format(
                path=file, reasons="; ".join(one.reason for one in made.unfixed)
            ),
            hint=_("prove it as it is: leave out --fix"),
        )
    reasons = dict.fromkeys(one.unsafe_because for one in made.hidden if one.unsafe_because)
    return Refused(
        _("{path} has no safe fix to prove: {reasons}").format(path=file, reasons="; ".join(reasons)),
        hint=_("add --unsafe-fixes to prove the one that others have to follow"),
    )


def as_conditions(asked: Conditions, run: RunSide | None) -> Conditions:
    """What was asked for, and what the fix says beside it; what was asked for counts more."""
    if run is None:
        return asked
    declared = {one.path for one in asked.writable}
    paths = [Writable(one.path, options="exec" * (one.why == _UNPACKED)) for one in run.tmpfs]
    paths += [Writable(one.path, lasting=True) for one in run.volumes]
    return replace(
        asked,
        user=asked.user or run.named_user,
        writable=(*asked.writable, *(one for one in paths if one.path not in declared)),
        environment={**run.environment, **asked.environment},
        capabilities=tuple(dict.fromkeys((*(asked.capabilities or ()), *run.capabilities))),
        lowest_port=min(asked.lowest_port, run.lowest_port),
    )


def moved_probe(probe: Probe | None, moved: Mapping[int, int]) -> Probe | None:
    """The same question at the port that the fix moved it to."""
    if probe is None or probe.port is None:
        return probe
    return replace(probe, port=moved.get(probe.port, probe.port))
