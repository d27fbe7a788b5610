"""Weighs what authorities did: which attestations count, what they say, and whether enough of them took part."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from undercurrent.i18n import listed
from undercurrent.i18n import translate as _
from undercurrent.signing.checks import Check, Reason
from undercurrent.signing.identities import Maker, named
from undercurrent.signing.policy.conditions import CLOCK_SKEW, moment
from undercurrent.signing.policy.decision import Answer, PolicyReason, Requirement, Weighed
from undercurrent.signing.policy.policy import Attestation, Authority, Quorum
from undercurrent.signing.predicates import short_name
from undercurrent.signing.verify import WORST_FIRST, Verdict, Verification

__all__ = ["attested", "concluded", "signed", "worst"]

_NOT_READ: Final = frozenset({Reason.CONTENT_CHANGED, Reason.CONTENT_MISSING, Reason.TOO_LARGE})
"""Reasons for which nobody knows what an attestation says, or how many there are."""
_MISSING: Final = frozenset({PolicyReason.SIGNATURE_MISSING, PolicyReason.ATTESTATION_MISSING})


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The one that decides: a sure no outweighs what nobody can say."""
    return min(verdicts, key=WORST_FIRST.index)


def signed(authority: Authority, verification: Verification) -> Answer:
    """The part of an authority that has to sign."""
    makers = verification.makers
    return Answer(
        authority.name,
        verification.verdict,
        verification.reason,
        _by(authority.name, makers) if makers else verification.message,
        makers,
        verification.checks,
        verification.problems,
    )


def attested(wanted: Attestation, authority: Authority, verification: Verification, now: datetime) -> Answer:
    """The part of an authority that has to attest something.

    Args:
        wanted: what.
        authority: who.
        verification: of all attestations of that type, under the authority's trust.
        now: aware; what ages are counted from.
    """
    verdict, reason, message = verification.verdict, verification.reason, verification.message
    if verdict is Verdict.UNSIGNED:
        verdict, reason = Verdict.DENIED, PolicyReason.ATTESTATION_MISSING
    answer = Answer(authority.name, verdict, reason, message, (), verification.checks, verification.problems)
    if verdict is not Verdict.VERIFIED:
        return answer
    distinct = {(check.statement.raw, check.maker): check for check in verification.accepted if check.statement}
    weighed = _counted(wanted, [_weigh(wanted, check, now) for check in distinct.values()], now)
    answer = replace(answer, weighed=tuple(weighed))
    counting = [one for one in weighed if not one.left_out]
    if wanted.every or wanted.newest:
        return _all_of(answer, counting, certain=wanted.every)
    holding = [one for one in counting if one.holds]
    if holding:
        return _done(answer, holding)
    return _unsure(answer) or _unmet(answer, counting)


def _weigh(wanted: Attestation, check: Check, now: datetime) -> Weighed:
    predicate = check.statement.predicate if check.statement else None
    return Weighed(check, tuple(condition.test(predicate, now) for condition in wanted.where))


def _counted(wanted: Attestation, weighed: Sequence[Weighed], now: datetime) -> Sequence[Weighed]:
    """``weighed``, with a reason at each that does not count because it is not the newest."""
    if wanted.newest is None:
        return weighed
    times: list[datetime | None] = []
    for one in weighed:
        found = wanted.newest.find(one.check.statement.predicate if one.check.statement else None).found
        then = moment(found[0][1]) if found else None
        # A clock that went wrong once must not decide for ever.
        times.append(then if then is not None and then <= now + CLOCK_SKEW else None)
    newest = max((then for then in times if then), default=None)
    untimed = _("{field} is no time in the past").format(field=wanted.newest)
    older = _("there is a newer one")
    return [
        replace(one, left_out="" if then and then == newest else older if then else untimed)
        for one, then in zip(weighed, times, strict=True)
    ]


def _all_of(answer: Answer, counting: Sequence[Weighed], *, certain: bool) -> Answer:
    """The verdict where all that count have to hold: then one that was not seen may be the one that does not.

    Args:
        answer: so far.
        counting: those that were seen.
        certain: whether one that does not hold decides, whatever else there is; it may not be the newest.
    """
    unread = next((check for check in answer.checks if check.reason in _NOT_READ), None)
    if any(not one.holds for one in counting) and (certain or not answer.problems):
        return _unmet(answer, counting)
    if unsure := _unsure(answer):
        return unsure
    if unread is not None:
        return replace(answer, verdict=Verdict.UNTRUSTED, reason=str(unread.reason), message=unread.message)
    if not counting:
        message = answer.weighed[0].left_out
        return replace(answer, verdict=Verdict.DENIED, reason=PolicyReason.NOT_TIMED, message=message)
    return _done(answer, counting)


def _done(answer: Answer, holding: Sequence[Weighed]) -> Answer:
    makers = tuple({one.check.maker: None for one in holding if one.check.maker})
    return replace(answer, makers=makers, message=_by(answer.authority, makers))


def _unsure(answer: Answer) -> Answer | None:
    if not answer.problems:
        return None
    problem = answer.problems[0]
    return replace(answer, verdict=Verdict.COULD_NOT_CHECK, reason=problem.code, message=problem.message)


def _unmet(answer: Answer, counting: Sequence[Weighed]) -> Answer:
    """Refused because of conditions; those of the attestation that comes closest are named."""
    violating = [one for one in counting if not one.holds]
    closest = min(violating, key=lambda one: sum(not tested.holds for tested in one.tested))
    message = _("; ").join(tested.message for tested in closest.tested if not tested.holds)
    return replace(answer, verdict=Verdict.DENIED, reason=PolicyReason.CONDITION_NOT_MET, message=message)


def _by(authority: str, makers: Iterable[Maker]) -> str:
    return _("{authority} ({makers})").format(authority=authority, makers=listed(map(named, makers)))


def concluded(quorum: Quorum, attestation: Attestation | None, answers: Sequence[Answer]) -> Requirement:
    """Whether enough authorities did their part, each by another key or identity."""
    answers = _without_others(attestation, answers)
    done = [answer.makers for answer in answers if answer.verdict is Verdict.VERIFIED]
    # Where a place did not answer, somebody else's signature may be: as good as one by a maker of its own.
    possible = [
        (*answer.makers, *((answer.authority,) if answer.problems else ()))
        for answer in answers
        if answer.verdict in {Verdict.VERIFIED, Verdict.COULD_NOT_CHECK}
    ]
    if _paired(done) >= quorum.needed:
        outcome = Verdict.VERIFIED, "", _done_text(attestation, answers)
    else:
        outcome = _lacking(quorum, answers, certain=_paired(possible) < quorum.needed)
        if attestation is not None:
            text = _("{type}: {why}").format(type=short_name(attestation.predicate_type), why=outcome[2])
            outcome = outcome[0], outcome[1], text
    return Requirement(quorum, attestation, *outcome, answers=tuple(answers))


def _without_others(attestation: Attestation | None, answers: Sequence[Answer]) -> Sequence[Answer]:
    """``answers``; what one authority did is nothing bad for the next: that one has just not done its part."""
    theirs = {check.where for answer in answers for check in answer.checks if check.accepted}
    if attestation is None:
        reason, text = PolicyReason.SIGNATURE_MISSING, _("it has not signed; others have")
    else:
        reason, text = PolicyReason.ATTESTATION_MISSING, _("it has attested nothing of that type; others have")
    return [
        replace(answer, verdict=Verdict.DENIED, reason=reason, message=text, checks=())
        if answer.verdict is Verdict.UNTRUSTED and theirs.issuperset(check.where for check in answer.checks)
        else answer
        for answer in answers
    ]


def _done_text(attestation: Attestation | None, answers: Sequence[Answer]) -> str:
    who = listed([answer.message for answer in answers if answer.verdict is Verdict.VERIFIED])
    if attestation is None:
        return _("signature by {who}").format(who=who)
    return _("attestation {type} by {who}").format(type=short_name(attestation.predicate_type), who=who)


def _lacking(quorum: Quorum, answers: Sequence[Answer], *, certain: bool) -> tuple[Verdict, str, str]:
    lacking = [answer for answer in answers if answer.verdict is not Verdict.VERIFIED]
    if certain:
        lacking = [answer for answer in lacking if answer.verdict is not Verdict.COULD_NOT_CHECK] or lacking
        if not lacking:
            names = listed(quorum.authorities)
            message = _("one maker cannot stand for several of {names}").format(names=names)
            return Verdict.DENIED, PolicyReason.SAME_MAKER, message
        verdict = worst(answer.verdict for answer in lacking)
    else:
        verdict = Verdict.COULD_NOT_CHECK
    deciding = [one for one in lacking if one.verdict is verdict] or answers
    # What was done wrongly says more than what was not done.
    answer = min(deciding, key=lambda one: one.reason in _MISSING)
    problem = answer.problems[0] if answer.problems and verdict is Verdict.COULD_NOT_CHECK else None
    reason, message = (problem.code, problem.message) if problem else (answer.reason, answer.message)
    return verdict, reason, _("{authority}: {why}").format(authority=answer.authority, why=message)


def _paired(candidates: Sequence[Sequence[Maker | str]]) -> int:
    """How many can be given a maker of their own: the largest matching, by augmenting paths."""
    taken: dict[Maker | str, int] = {}

    def place(number: int, seen: set[Maker | str]) -> bool:
        for maker in candidates[number]:
            if maker not in seen:
                seen.add(maker)
                if maker not in taken or place(taken[maker], seen):
                    taken[maker] = number
                    return True
        return False

    return sum(place(number, set()) for number in range(len(candidates)))
