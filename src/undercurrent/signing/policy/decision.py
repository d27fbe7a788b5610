"""What a policy said about an image, down to the value in a predicate that decided."""

from dataclasses import dataclass, field
from enum import StrEnum

from undercurrent.oci.descriptor import Platform
from undercurrent.oci.digest import Digest
from undercurrent.signing.checks import Check
from undercurrent.signing.identities import Maker
from undercurrent.signing.policy.conditions import ConditionResult
from undercurrent.signing.policy.policy import Attestation, Match, Quorum, Rule
from undercurrent.signing.verify import Problem, Verdict

__all__ = ["Answer", "Applied", "Decision", "PolicyReason", "Requirement", "Weighed"]


class PolicyReason(StrEnum):
    """Why a policy denies an image; stable, for machines. Other reasons are those of signatures."""

    ATTESTATION_MISSING = "attestation-missing"
    CONDITION_NOT_MET = "condition-not-met"
    NO_RULE = "no-rule"
    NOT_TIMED = "attestation-without-time"
    SAME_MAKER = "same-maker"
    SIGNATURE_MISSING = "signature-missing"


@dataclass(frozen=True, slots=True)
class Weighed:
    """An attestation that an authority made, and whether it says what it must.

    Attributes:
        check: where it is, and by whom.
        tested: each condition.
        left_out: why it does not count, for people; empty if it does.
    """

    check: Check
    tested: tuple[ConditionResult, ...]
    left_out: str = ""

    @property
    def holds(self) -> bool:
        """Whether every condition holds."""
        return all(one.holds for one in self.tested)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of one authority's part in a requirement.

    Attributes:
        authority: its name.
        verdict: on its part.
        reason: kebab-case; empty if it is verified.
        message: one sentence for people.
        makers: keys and identities by which it did its part.
        checks: of each signature or attestation that was looked at.
        problems: places that did not answer.
        weighed: attestations that it made.
    """

    authority: str
    verdict: Verdict
    reason: str
    message: str
    makers: tuple[Maker, ...] = ()
    checks: tuple[Check, ...] = field(default=(), repr=False)
    problems: tuple[Problem, ...] = ()
    weighed: tuple[Weighed, ...] = ()


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a rule asks for, and what came of it.

    Attributes:
        quorum: by whom, and by how many.
        attestation: what it is that they had to attest; None for a signature.
        verdict: on this.
        reason: kebab-case; empty if it is verified.
        message: one sentence for people.
        answers: of each authority.
    """

    quorum: Quorum
    attestation: Attestation | None
    verdict: Verdict
    reason: str
    message: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """A rule that is about the image.

    Attributes:
        rule: which.
        match: the pattern that said so.
        requirements: each thing that it asks for; none in a rule that lets pass.
    """

    rule: Rule
    match: Match
    requirements: tuple[Requirement, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What a policy said about an image.

    Attributes:
        name: the image, as its user writes it.
        digest: of its manifest or index.
        verdict: the worst of all requirements and platforms.
        reason: kebab-case, for machines: why it is not verified; empty if it is.
        message: one sentence for people.
        applied: the rules that are about it.
        passed_over: the other rules; the pattern by which one left it out, if one did.
        problems: why the image itself could not be read.
        platform: which of an index's images this is; None for an image that stands for itself.
        platforms: the same for the images of an index, where a rule asks for that.
    """

    name: str
    digest: Digest
    verdict: Verdict
    reason: str
    message: str
    applied: tuple[Applied, ...] = ()
    passed_over: tuple[tuple[Rule, Match], ...] = ()
    problems: tuple[Problem, ...] = ()
    platform: Platform | None = None
    platforms: "tuple[Decision, ...]" = ()

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """Those of all rules that are about it."""
        return tuple(requirement for one in self.applied for requirement in one.requirements)

    @property
    def makers(self) -> tuple[Maker, ...]:
        """Keys and identities by which something that was asked for was done."""
        answers = (answer for requirement in self.requirements for answer in requirement.answers)
        return tuple({maker: None for answer in answers for maker in answer.makers})
