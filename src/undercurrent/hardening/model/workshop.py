"""Builds the stages of a Dockerfile in thought, as far as each is needed."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from undercurrent.errors import BadContent
from undercurrent.hardening.dockerfile import (
    BadSubstitution,
    Dockerfile,
    Instruction,
    Stage,
    copied_from,
    lineage,
    parse,
    scopes,
)
from undercurrent.hardening.model.building import Build, Named, begun
from undercurrent.hardening.model.context import Context
from undercurrent.hardening.model.nouns import Account, BaseImage, Origin
from undercurrent.hardening.model.stepping import Step
from undercurrent.i18n import translate as _

__all__ = ["MOST_STAGES", "Workshop", "base_of"]

MOST_STAGES: Final = 500
"""Stages that are built on one another, at most."""
_DEEPEST: Final = 20
"""Stages that wait for one another for a passwd file."""


class Workshop:
    """Builds the stages of a Dockerfile, each once.

    Args:
        dockerfile: the file.
        stages: its stages.
        bases: what is known of the images that it is built from.
        context: files that it copies.

    Attributes:
        dockerfile, stages, context: as given.
    """

    def __init__(
        self,
        dockerfile: Dockerfile,
        stages: Sequence[Stage],
        bases: Callable[[str], BaseImage | None],
        context: Context | None,
    ) -> None:
        self.dockerfile = dockerfile
        self.stages = stages
        self.context = context
        self._bases = bases
        self._built: dict[int, Build] = {}
        self._depth = 0

    def build(self, stage: Stage) -> Build:
        """What is known of the image of ``stage``.

        Raises:
            BadContent: it is built on more stages than anybody has.
        """
        line = lineage(stage, self.stages)
        if len(line) > MOST_STAGES:
            message = _("{name}: more than {limit} stages are built on one another")
            raise BadContent(message.format(name=self.dockerfile.name, limit=MOST_STAGES))
        for one, parent in zip(reversed(line), (None, *reversed(line)), strict=False):
            if one.index not in self._built:
                self._built[one.index] = self._stage(one, self._built[parent.index] if parent else None)
        return self._built[stage.index]

    def stage_named(self, name: str) -> Stage | None:
        """The stage that a COPY names; None for an image."""
        return copied_from(name, self.stages)

    def base(self, name: str) -> BaseImage | None:
        """What is known of an image."""
        return self._bases(name)

    def accounts(self, name: str) -> Mapping[str, Account] | None:
        """The accounts in a stage or an image; None where nobody knows."""
        stage = self.stage_named(name)
        if stage is not None:
            built = self._built.get(stage.index) or self._deeper(stage)
            if built is None:
                return None
            return built.accounts.users if built.accounts.certain else None
        base = self.base(name)
        return {user.name: user for user in base.accounts} if base and base.accounts else None

    def _deeper(self, stage: Stage) -> Build | None:
        """Builds a stage while another one is built; None where too many wait for one another."""
        if self._depth >= _DEEPEST:
            return None
        self._depth += 1
        try:
            return self.build(stage)
        finally:
            self._depth -= 1

    def _stage(self, stage: Stage, parent: Build | None) -> Build:
        foreign: list[tuple[Instruction, str]] = []
        if parent is None:
            name = base_of(stage)
            build = begun(self.base(name) if name else None, name)
            foreign = list(_parsed(build.base.on_build if build.base else ()))
            triggers = [instruction for instruction, _text in foreign]
        else:
            build = parent.derived()
            triggers = parent.triggers
        whole = replace(stage, instructions=(*triggers, *stage.instructions))
        sources = {id(instruction): text for instruction, text in foreign}
        step = Step(build, stage, self.context, self.accounts)
        scope = None
        try:
            for scope in scopes(whole, build.variables, build.environment):
                own = id(scope.instruction) not in sources
                origin = Origin(self.dockerfile.name, scope.instruction.line) if own else Origin(build.base_name)
                text = sources.get(id(scope.instruction), self.dockerfile.source)
                step.take(scope.instruction, scope.variables, origin, text)
                if own:
                    build.ending[scope.instruction.keyword] = scope.instruction
        except BadSubstitution as error:
            origin = Origin(self.dockerfile.name, stage.origin.line)
            build.user = Named(None, origin, error.message)
            build.doubts.append((error.message, origin))
        if scope:  # the views hold what the stage ends with
            build.variables, build.environment = dict(scope.variables), dict(scope.environment)
        return build


def base_of(stage: Stage) -> str:
    """The image that a stage names; as it is written where a build argument has no value."""
    return stage.base or (stage.origin.words[0].text if stage.origin.words else "")


def _parsed(triggers: Iterable[str]) -> Iterator[tuple[Instruction, str]]:
    """ONBUILD instructions of a base image, each with the text that it stands in, which is no file here."""
    for text in triggers:
        yield from ((instruction, text) for instruction in parse(text, "ONBUILD").instructions)
