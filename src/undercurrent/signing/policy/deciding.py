"""Decides about images by a policy. Fails closed: all rules that match an image hold, and silence is no answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from undercurrent.errors import CouldNotCheck, NotFound, Refused, UndercurrentError
from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.oci.digest import Digest
from undercurrent.oci.image import Image
from undercurrent.oci.manifest import Index
from undercurrent.oci.remembered import Remembered
from undercurrent.oci.store import Store
from undercurrent.signing.places import Where, beside
from undercurrent.signing.policy.decision import Answer, Applied, Decision, PolicyReason, Requirement
from undercurrent.signing.policy.policy import Attestation, Match, Policy, Quorum, Rule
from undercurrent.signing.policy.weighing import attested, concluded, signed, worst
from undercurrent.signing.verify import (
    Problem,
    Verdict,
    Verification,
    read_content,
    verdict_of,
    verify,
    verify_attestation,
)

__all__ = ["decide", "decide_unsigned"]


async def decide(image: Image, policy: Policy, *, now: datetime, deep: bool = False, where: Where = beside) -> Decision:
    """What ``policy`` says about an image.

    Every signature and attestation is fetched once, however many rules and authorities ask for it.

    Args:
        image: its name chooses the rules; its digest is what is decided about.
        policy: what is asked for.
        now: aware; what ages are counted from.
        deep: also read the configuration and all layers of images of which something is asked, and compare digests.
        where: in which store the signatures live.

    Raises:
        EnvironmentLacks: this machine cannot ask at all; all else is a verdict.
    """
    rules, others = _matching(policy, image.name, image.digest)
    if not any(rule.asks for rule, _match in rules):
        return _unasked(policy, image.name, image.digest)
    stores: dict[str, Remembered] = {}

    def remembered(store: Store) -> Store:
        return stores.setdefault(store.label, Remembered(store))

    def placed(leaf: Image) -> Store:
        return remembered(where(replace(leaf, store=image.store)))

    looking = _Looking(policy, now, placed)
    try:
        if deep:
            await read_content(image)
        return replace(await looking.decide(replace(image, store=remembered(image.store)), rules), passed_over=others)
    except (CouldNotCheck, NotFound, Refused) as error:
        return replace(_broken(image, error), passed_over=others)


def decide_unsigned(name: str, digest: Digest, policy: Policy, problem: Problem) -> Decision:
    """What ``policy`` says about an image that cannot have a signature where it is.

    Args:
        name: of the image.
        digest: of the image; an engine's id for it.
        policy: what is asked for.
        problem: why it cannot.
    """
    rules, others = _matching(policy, name, digest)
    if not any(rule.asks for rule, _match in rules):
        return _unasked(policy, name, digest)
    applied = tuple(Applied(rule, match) for rule, match in rules)
    outcome = Verdict.UNSIGNED, problem.code, problem.message
    return Decision(name, digest, *outcome, applied=applied, passed_over=others, problems=(problem,))


_Matches: TypeAlias = tuple[tuple[Rule, Match], ...]


def _matching(policy: Policy, name: str, digest: Digest) -> tuple[_Matches, _Matches]:
    """The rules that are about an image, and the others."""
    matches = tuple(policy.match(name, digest))
    return tuple(one for one in matches if one[1].applies), tuple(one for one in matches if not one[1].applies)


def _unasked(policy: Policy, name: str, digest: Digest) -> Decision:
    """The decision on an image of which nothing is asked; it is not even read."""
    rules, others = _matching(policy, name, digest)
    applied = tuple(Applied(rule, match) for rule, match in rules)
    if rules:
        text = _("allowed by {rules}, which asks for nothing")
        outcome = Verdict.ALLOWED, "", text.format(rules=listed([rule.name for rule, _match in rules]))
    elif policy.allow_others:
        outcome = Verdict.ALLOWED, PolicyReason.NO_RULE.value, _("no rule is about it; the policy allows such images")
    else:
        outcome = Verdict.DENIED, PolicyReason.NO_RULE.value, _("no rule is about it; the policy denies such images")
    return Decision(name, digest, *outcome, applied=applied, passed_over=others)


def _broken(image: Image, error: UndercurrentError) -> Decision:
    """The decision on an image that cannot be read itself."""
    problem = Problem(image.name, error.code, error.message, error.hint)
    return Decision(
        image.name,
        image.digest,
        verdict_of(error),
        error.code,
        error.message,
        problems=(problem,),
        platform=image.descriptor.platform,
    )


@dataclass(frozen=True, slots=True)
class _Looking:
    """Looks at one image, and verifies nothing twice."""

    policy: Policy
    now: datetime
    where: Where
    known: dict[tuple[str, ...], Verification] = field(default_factory=dict)

    async def decide(self, image: Image, rules: Sequence[tuple[Rule, Match]]) -> Decision:
        manifest = await image.manifest()
        applied = [Applied(rule, match, tuple(await self._required(image, rule))) for rule, match in rules]
        decision = _concluded(image, applied)
        deeper = [(rule, match) for rule, match in rules if rule.every_platform]
        if not deeper or not isinstance(manifest, Index):
            return decision
        distinct = {leaf.digest: leaf for leaf in await image.platforms()}.values()
        return _with_platforms(decision, [await self._leaf(leaf, deeper) for leaf in distinct])

    async def _leaf(self, leaf: Image, rules: Sequence[tuple[Rule, Match]]) -> Decision:
        try:
            return await self.decide(leaf, rules)
        except (CouldNotCheck, NotFound, Refused) as error:
            return _broken(leaf, error)

    async def _required(self, image: Image, rule: Rule) -> list[Requirement]:
        signatures = [await self._signature(image, rule, rule.signed_by)] if rule.signed_by else []
        return [*signatures, *[await self._attestation(image, wanted) for wanted in rule.attestations]]

    async def _signature(self, image: Image, rule: Rule, quorum: Quorum) -> Requirement:
        answers: list[Answer] = []
        for name in quorum.authorities:
            authority = self.policy.authorities[name]
            key = (image.digest, name, *(part for item in sorted(rule.annotations.items()) for part in item))
            if key not in self.known:
                trust = replace(authority.trust, annotations=rule.annotations)
                self.known[key] = await verify(image, trust, where=self.where)
            answers.append(signed(authority, self.known[key]))
        return concluded(quorum, None, answers)

    async def _attestation(self, image: Image, wanted: Attestation) -> Requirement:
        answers: list[Answer] = []
        for name in wanted.by.authorities:
            authority = self.policy.authorities[name]
            key = (image.digest, name, wanted.predicate_type)  # of odd length, unlike those of signatures
            if key not in self.known:
                self.known[key] = await verify_attestation(
                    image, wanted.predicate_type, authority.trust, where=self.where
                )
            answers.append(attested(wanted, authority, self.known[key], self.now))
        return concluded(wanted.by, wanted, answers)


def _concluded(image: Image, applied: Sequence[Applied]) -> Decision:
    requirements = [requirement for one in applied for requirement in one.requirements]
    verdict = worst(requirement.verdict for requirement in requirements)
    deciding = [requirement for requirement in requirements if requirement.verdict is verdict]
    return Decision(
        image.name,
        image.digest,
        verdict,
        deciding[0].reason,
        _("; ").join(dict.fromkeys(requirement.message for requirement in deciding)),
        applied=tuple(applied),
        platform=image.descriptor.platform,
    )


def _with_platforms(own: Decision, platforms: Sequence[Decision]) -> Decision:
    verdict = worst(one.verdict for one in (own, *platforms))
    if verdict is not own.verdict:
        first = next(one for one in platforms if one.verdict is verdict)
        message = _("{platform}: {message}").format(platform=first.platform or first.digest, message=first.message)
        own = replace(own, verdict=verdict, reason=first.reason, message=message)
    return replace(own, platforms=tuple(platforms))
