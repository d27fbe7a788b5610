"""What `uc harden fix` would make of a Dockerfile, ready to be built and run for a proof; nothing is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from undercurrent.errors import Refused, Unsupported
from undercurrent.hardening.dockerfile import parse, stages
from undercurrent.hardening.fixing import check, plan
from undercurrent.hardening.model import Context, describe, wanted_bases
from undercurrent.hardening.proving import Conditions, Probe, Writable
from undercurrent.hardening.runside import RunSide
from undercurrent.i18n import translate as _
from undercurrent.progress import Observer, silent
from undercurrent.settings import Settings
from undercurrent.splices import as_bytes, as_text, spliced
from undercurrent.workflows.bases import find_bases

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


async def fixed(
    file: Path,
    source: bytes,
    settings: Settings,
    *,
    stage: str = "",
    arguments: Mapping[str, str] | None = None,
    unsafe: bool = False,
    observer: Observer = silent,
) -> Fixed:
    """The Dockerfile with its fix.

    Args:
        file: where it is; its folder is the build context.
        source: what stands in it.
        settings: what is known of base images.
        stage: the target; empty for the last.
        arguments: build arguments.
        unsafe: also what is not safe.
        observer: is told what happens.

    Raises:
        Refused: there is no fix; the message has the reasons.
        UndercurrentError: as `describe` and `find_bases`.
    """
    given, target, name = dict(arguments or {}), stage or None, str(file)
    dockerfile = parse(as_text(source), name)
    bases = await find_bases(wanted_bases(dockerfile, target, given), settings, observer=observer)
    context = Context.of(file.parent, file.name)
    image = describe(dockerfile, target=target, arguments=given, bases=bases.images, context=context)
    made = plan(image, unsafe=unsafe, context=context, stages=stages(dockerfile, given))
    if not made.edits and made.unfixed:
        raise Refused(
            _("{path} has no fix to prove: {reasons}").format(
                path=name, reasons="; ".join(one.reason for one in made.unfixed)
            ),
            hint=_("prove it as it is: leave out --fix"),
        )
    files: dict[str, bytes] = {}
    for path, edits in made.edits.items():
        if path != name:
            brought = context.read(path)
            if brought is None:
                raise Unsupported(_("{path} is not in the build context").format(path=path))
            files[path] = as_bytes(spliced(brought, edits))
    text = as_bytes(check(dockerfile, made.edits.get(name, ())).source)
    return Fixed(text, files, made.run, made.moved)


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
