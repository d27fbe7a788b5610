"""What to do first: exposure × blast radius ÷ effort, each of them a small whole number that can be looked at.

- **exposure**: 3, a port is published on the host, or by a Service that can be reached from outside; 2, it listens on a
  port; 1, no port is known.
- **blast radius**: what an attacker has who got in, times the places that use the image (at least 1, counted up to 10).
  4, root with rights over the host (privileged, the engine's socket, its namespaces or folders); 3, root; 2, nobody
  knows, or a capability that is needed; 1, a user that is not root.
- **effort**: 1, nothing is known to stand in the way, and a ``USER`` will do; 2, something does, and has a known fix (a
  port below 1024, owners of files that are set at start, an entrypoint that changes its user); 3, something could not
  be understood; 5, it needs a capability that has no known way around.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from undercurrent.hardening.model.nouns import FinalImage, Identity
from undercurrent.hardening.ports import FIRST_FREE

__all__ = ["MOST_USES", "Group", "Priority", "Ranked", "Use", "group_of", "priority_of"]

MOST_USES: Final = 10
"""More places than these do not make it more urgent."""


class Group(StrEnum):
    """What kind of work it is; in the order of doing it."""

    ROOT_WITHOUT_REASON = "root-without-reason"
    ROOT_WITH_REASON = "root-with-reason"
    NEEDS_CAPABILITY = "needs-capability"
    UNKNOWN = "unknown"
    ROOTLESS = "rootless"


@dataclass(frozen=True, slots=True)
class Use:
    """A place that runs an image: a service of a compose file, a pod.

    Attributes:
        where: path, and the name there: ``compose.yaml: web``.
        published: ports of the host, or of a Service that is reached from outside.
        over_host: it has rights over the host: privileged, the engine's socket, namespaces or folders of the host.
    """

    where: str
    published: tuple[int, ...] = ()
    over_host: bool = False


@dataclass(frozen=True, slots=True)
class Ranked:
    """What decides about one image; all that the ranking needs, and that costs little to hand between processes.

    Attributes:
        identity: who runs.
        user: as it is named; empty for nobody named.
        drops: the program that the entrypoint changes its user with, or empty.
        ports: listened on.
        needs: capabilities, why, and whether a fix is known.
        doubts: how many things could not be understood.
        server: what is started.
        base: the image under it.
        target: the name or number of the stage.
        is_last: it is the last one of its file, which is built where nobody says otherwise.
        reason: what decides who runs, for people.
        line: where that is.
    """

    identity: Identity
    user: str = ""
    drops: str = ""
    ports: tuple[int, ...] = ()
    needs: tuple[tuple[str, str, bool], ...] = ()
    doubts: int = 0
    server: str = ""
    base: str = ""
    target: str = ""
    is_last: bool = True
    reason: str = ""
    line: int = 0

    @classmethod
    def of(cls, image: FinalImage) -> "Ranked":
        """The same of a Dockerfile's image."""
        runner = image.runner
        return cls(
            runner.identity,
            runner.text,
            runner.drops,
            tuple(sorted({port.number for port in image.ports})),
            tuple(dict.fromkeys((need.capability, need.why, need.avoidable) for need in image.needs)),
            len(image.doubts),
            image.entrypoint.server,
            image.base_name,
            image.stage.name or str(image.stage.index),
            image.stage.origin is [one for one in image.dockerfile.instructions if one.keyword == "FROM"][-1],
            runner.reason,
            runner.origin.line if runner.origin.what == image.dockerfile.name else 0,
        )


@dataclass(frozen=True, slots=True)
class Priority:
    """The factors; see the module.

    Attributes:
        exposure: 1 to 3.
        reach: 1 to 4, the first part of the blast radius.
        uses: 1 to 10, the second part.
        effort: 1, 2, 3 or 5.
    """

    exposure: int
    reach: int
    uses: int
    effort: int

    @property
    def blast(self) -> int:
        """The blast radius."""
        return self.reach * self.uses

    @property
    def score(self) -> float:
        """The priority; 0.2 to 120."""
        return self.exposure * self.blast / self.effort


def priority_of(image: Ranked, uses: Iterable[Use] = ()) -> Priority:
    """How urgent it is to work on ``image``, which ``uses`` run."""
    uses = tuple(uses)
    exposure = 3 if any(use.published for use in uses) else 2 if image.ports else 1
    root = image.identity is Identity.ROOT
    if root:
        reach = 4 if any(use.over_host for use in uses) else 3
    else:
        reach = 2 if image.identity is Identity.UNKNOWN or image.needs else 1
    return Priority(exposure, reach, min(max(len(uses), 1), MOST_USES), _effort(image))


def _effort(image: Ranked) -> int:
    if any(not avoidable for _capability, _why, avoidable in image.needs):
        return 5
    if image.doubts or image.identity is Identity.UNKNOWN:
        return 3
    return 2 if image.needs or image.drops or any(0 < port < FIRST_FREE for port in image.ports) else 1


def group_of(image: Ranked) -> Group:
    """What kind of work ``image`` is."""
    if any(not avoidable for _capability, _why, avoidable in image.needs):
        return Group.NEEDS_CAPABILITY
    if image.identity is Identity.ROOT:
        return Group.ROOT_WITHOUT_REASON if _effort(image) == 1 else Group.ROOT_WITH_REASON
    return Group.UNKNOWN if image.identity is Identity.UNKNOWN else Group.ROOTLESS
