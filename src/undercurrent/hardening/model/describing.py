"""What a target of a Dockerfile builds: who runs in it, with what."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from undercurrent.hardening.dockerfile import Dockerfile, lineage, stages
from undercurrent.hardening.dockerfile import target as stage_named
from undercurrent.hardening.model.building import Build
from undercurrent.hardening.model.context import Context
from undercurrent.hardening.model.documented import SCRATCH, known
from undercurrent.hardening.model.needing import needs_of, ports, special_files, state_of
from undercurrent.hardening.model.nouns import BaseImage, FinalImage
from undercurrent.hardening.model.runner import runner
from undercurrent.hardening.model.starting import start
from undercurrent.hardening.model.workshop import Workshop
from undercurrent.hardening.numbers import as_number
from undercurrent.i18n import translate as _

__all__ = ["describe", "wanted_bases"]

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


def describe(
    dockerfile: Dockerfile,
    *,
    target: str | None = None,
    arguments: Mapping[str, str] = _NOTHING,
    bases: Mapping[str, BaseImage | None] | Callable[[str], BaseImage | None] | None = None,
    context: Context | None = None,
) -> FinalImage:
    """What ``target`` of a Dockerfile builds, as far as its text, its bases and its context tell.

    Args:
        dockerfile: what `undercurrent.hardening.dockerfile.parse` read.
        target: a stage, by name or number; the last when None.
        arguments: build arguments that are given (``--build-arg``).
        bases: what is known of base images, by the names of `wanted_bases`; where a name is missing, and when None,
            what is documented of well-known images. Or what finds it: then no name needs to be asked for before.
        context: the files that it copies; without it, scripts are not followed.

    Raises:
        NotFound: there is no such stage.
        BadContent: it has no stage, or its stages cannot be put in order, or variables not be put into a FROM.
    """
    found = stages(dockerfile, arguments)
    stage = stage_named(found, target)

    def base_of(name: str) -> BaseImage | None:
        if callable(bases):
            return bases(name)
        return known(name) if bases is None or name not in bases else bases[name]

    workshop = Workshop(dockerfile, found, base_of, context)
    build = workshop.build(stage)
    return _final(workshop, build, stage.index)


def wanted_bases(
    dockerfile: Dockerfile, target: str | None = None, arguments: Mapping[str, str] = _NOTHING
) -> tuple[str, ...]:
    """Names of the images of which `describe` wants to know something: each once, ``scratch`` left out.

    The one that the target is built from, and those whose accounts are copied into it.

    Raises:
        NotFound, BadContent: as in `describe`.
    """
    asked: dict[str, None] = {}

    def note(name: str) -> BaseImage | None:
        asked[name] = None
        return known(name)

    found = stages(dockerfile, arguments)
    Workshop(dockerfile, found, note, None).build(stage_named(found, target))
    return tuple(name for name in asked if name != SCRATCH)


def _final(workshop: Workshop, build: Build, index: int) -> FinalImage:
    stage = workshop.stages[index]
    environment = dict(build.environment)
    begun = start(workshop, build)
    who = runner(build, drops=begun.drops)
    listening = ports(workshop, build, begun)
    home = _home(build, environment)
    unread = [(_("the script {path} cannot be read here").format(path=path), origin) for path, origin in begun.unread]
    return FinalImage(
        dockerfile=workshop.dockerfile,
        stage=stage,
        lineage=lineage(stage, workshop.stages),
        base=build.base,
        base_name=build.base_name,
        runner=who,
        accounts=tuple(build.accounts.users.values()),
        environment=environment,
        working_folder=build.working_folder,
        entrypoint=begun.entrypoint(),
        ports=listening,
        volumes=tuple(dict.fromkeys(path for path, _origin in build.volumes)),
        needs=needs_of(build, begun, who, listening),
        state=state_of(build, begun, home),
        special_files=special_files(build),
        home=home,
        doubts=(*build.doubts, *unread),
        ending=build.ending,
    )


def _home(build: Build, environment: Mapping[str, str]) -> str:
    """HOME at run time: what ENV says, else that of the passwd entry, else the root folder, as engines do it."""
    if "HOME" in environment:
        return environment["HOME"]
    user = (build.user.text or "").partition(":")[0] or "root"
    uid = as_number(user)
    account = build.accounts.users.get(user) or next(
        (one for one in build.accounts.users.values() if uid is not None and one.uid == uid), None
    )
    if account is not None:
        return account.home or "/"
    return "/root" if user in {"root", "0"} and (build.base is None or build.base.source != "scratch") else "/"
