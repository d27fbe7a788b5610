"""Judges images by a policy: one verdict each, and a record of it that names the policy and its rules."""

from collections.abc import AsyncIterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from undercurrent.fleet import Summary
from undercurrent.oci.digest import Digest
from undercurrent.oci.image import Image
from undercurrent.progress import Observer
from undercurrent.settings import Settings
from undercurrent.signing.identities import described
from undercurrent.signing.places import Where
from undercurrent.signing.policy.deciding import decide, decide_unsigned
from undercurrent.signing.policy.decision import Decision
from undercurrent.signing.policy.policy import Policy
from undercurrent.signing.verify import Problem
from undercurrent.workflows.each import each
from undercurrent.workflows.estate import Found, Target
from undercurrent.workflows.verifying import Judge, Verifying, not_checked

__all__ = ["judge_images"]


async def judge_images(
    found: AsyncIterable[Found], policy: Policy, settings: Settings, *, deep: bool = False, observer: Observer
) -> Summary[Decision]:
    """Judges every image in ``found``. It keeps no journal: a verdict of an earlier run is not one of now.

    Args:
        found: what to judge.
        policy: which images have to be signed by whom, and what else is asked of them.
        settings: where things are, and how many at once.
        deep: also read all content of images of which something is asked, and compare digests.
        observer: is told what happens.

    Raises:
        Stopped: the user interrupted it.
    """
    begin = partial(Verifying, _ByPolicy(policy, deep), settings)
    return await each("verify", found, begin, settings, failed=not_checked, observer=observer)


@dataclass(frozen=True, slots=True)
class _ByPolicy(Judge[Decision]):
    policy: Policy
    deep: bool

    async def judge(self, image: Image, where: Where) -> Decision:
        return await decide(image, self.policy, now=datetime.now(UTC), deep=self.deep, where=where)

    def unsigned(self, target: Target, problem: Problem) -> Decision:
        return decide_unsigned(target.name, Digest(target.digest), self.policy, problem)

    def proof(self, result: Decision) -> dict[str, Any]:
        return {
            "makers": [dict(described(maker)) for maker in result.makers],
            "policy": {"file": str(self.policy.path), "digest": self.policy.digest},
            "rules": [one.rule.name for one in result.applied],
        }
