"""A view of what a policy decided: one verdict for each image, and how it came about, down to the field."""

from collections.abc import Iterator
from typing import Any, Final

from undercurrent.fleet import Summary
from undercurrent.i18n import translate as _
from undercurrent.report import failures, verdicts
from undercurrent.report.model import Cell, Mood, Report, Table, Tree
from undercurrent.report.policies import passed_over, policy_data, wanted
from undercurrent.report.units import short
from undercurrent.signing.identities import described, named
from undercurrent.signing.policy.conditions import ConditionResult
from undercurrent.signing.policy.decision import Answer, Applied, Decision, PolicyReason, Requirement, Weighed
from undercurrent.signing.policy.policy import Policy
from undercurrent.signing.verify import Verdict, verdict_of

__all__ = ["as_data", "reasons", "view"]

_MARKS: Final[dict[Verdict, tuple[str, Mood]]] = {
    Verdict.VERIFIED: ("✓", "good"),
    Verdict.ALLOWED: ("✓", "quiet"),
    Verdict.COULD_NOT_CHECK: ("?", "unsure"),
}


def view(summary: Summary[Decision], policy: Policy, *, explain: bool = False) -> Report:
    """One verdict for each image.

    Args:
        summary: what was decided.
        policy: by which.
        explain: show how it came about also where nothing is wrong.
    """
    images = [success.result for success in summary.results]
    rows: list[list[Cell | str]] = [
        [image.name, verdicts.cell(image.verdict), ", ".join(map(named, image.makers)), _rules(image)]
        for image in images
    ]
    rows += [[short(failed.key), verdicts.cell(verdict_of(failed.error)), "", ""] for failed in summary.failures]
    table = Table([_("image"), _("verdict"), _("signed by"), _("rules")], rows, squeeze=frozenset({0, 2, 3}))
    told = [image for image in images if explain or image.verdict not in verdicts.GOOD]
    return Report(
        "image-verify",
        {
            "policy": policy_data(policy),
            "images": [as_data(image) for image in images],
            "failures": failures.as_data(summary.failures),
        },
        [
            *(reasons(image, everything=explain) for image in told),
            *map(verdicts.failure, summary.failures),
            *([table] if rows else []),
        ],
        findings=list(verdicts.findings(images, summary.failures)),
        summary=verdicts.counts(images, summary.failures),
        exit_code=failures.exit_code(summary.failures, [verdicts.EXIT_CODES[image.verdict] for image in images]),
    )


def _rules(image: Decision) -> str:
    return ", ".join(one.rule.name for one in image.applied)


def reasons(image: Decision, *, everything: bool = False) -> Tree:
    """How a verdict came about: each rule, each requirement, each condition.

    Args:
        image: what was decided about it.
        everything: also the rules that are not about it; they are shown in any case where there is no other.
    """
    label = f"{image.platform or image.name}@{short(image.digest)}"
    mood = verdicts.VERDICTS[image.verdict][1]
    children = [
        *(branch for item in image.problems for branch in failures.explained(item.message, item.hint, mood)),
        *map(_applied, image.applied),
        *map(reasons, image.platforms),
    ]
    if image.reason == PolicyReason.NO_RULE:
        children.append(Tree(_marked(image.verdict, image.message)))
    if everything or image.reason == PolicyReason.NO_RULE:
        children += [passed_over(rule, match) for rule, match in image.passed_over]
    return Tree(Cell(label, "strong"), children)


def _marked(verdict: Verdict, text: str) -> Cell:
    mark, mood = _MARKS.get(verdict, ("✗", "bad"))
    return Cell(f"{mark} {text}", mood)


def _applied(one: Applied) -> Tree:
    pattern = one.match.pattern.text if one.match.pattern else ""
    children = list(map(_required, one.requirements))
    if not one.rule.asks:
        children.append(Tree(Cell(_("it asks for nothing"), "quiet")))
    return Tree(_("rule {rule}: {pattern}").format(rule=one.rule.name, pattern=pattern), children)


def _required(requirement: Requirement) -> Tree:
    """What was asked for, and why it is not so; who did it, if it is."""
    if requirement.verdict is Verdict.VERIFIED:
        label = _marked(requirement.verdict, requirement.message)
    else:
        label = _marked(requirement.verdict, wanted(requirement.quorum, requirement.attestation))
    if len(requirement.answers) == 1:
        return Tree(label, list(_evidence(requirement.answers[0])))
    children = [Tree(_marked(one.verdict, one.authority), list(_evidence(one))) for one in requirement.answers]
    if requirement.reason == PolicyReason.SAME_MAKER:
        children.append(Tree(Cell(requirement.message, "bad")))
    return Tree(label, children)


def _evidence(answer: Answer) -> Iterator[Tree]:
    """What was looked at: attestations with their conditions, signatures that were refused, places without answer."""
    yield from map(_weighed, answer.weighed)
    if answer.verdict is Verdict.VERIFIED:
        return
    refused = [check for check in answer.checks if not check.accepted]
    yield from map(verdicts.check_line, refused)
    for problem in answer.problems:
        yield from failures.explained(problem.message, problem.hint, "unsure")
    if not (answer.weighed or refused or answer.problems):
        yield Tree(Cell(answer.message, "bad"))


def _weighed(one: Weighed) -> Tree:
    what = f"{one.check.format} {short(one.check.where)}"
    if one.left_out:
        return Tree(Cell("– " + _("{what}: {why}").format(what=what, why=one.left_out), "quiet"))
    verdict = Verdict.VERIFIED if one.holds else Verdict.DENIED
    return Tree(_marked(verdict, what), [Tree(_condition(tested)) for tested in one.tested])


def _condition(tested: ConditionResult) -> Cell:
    return _marked(Verdict.VERIFIED if tested.holds else Verdict.DENIED, tested.message)


def as_data(image: Decision) -> dict[str, Any]:
    """All of a decision, for machines."""
    return {
        "name": image.name,
        "digest": image.digest,
        "platform": str(image.platform) if image.platform else None,
        "verdict": image.verdict,
        "reason": image.reason,
        "message": image.message,
        "makers": [dict(described(maker)) for maker in image.makers],
        "rules": [
            {
                "name": one.rule.name,
                "pattern": one.match.pattern.text if one.match.pattern else None,
                "requirements": list(map(_requirement_data, one.requirements)),
            }
            for one in image.applied
        ],
        "passed_over": [
            {"name": rule.name, "pattern": match.pattern.text if match.pattern else None}
            for rule, match in image.passed_over
        ],
        "problems": list(map(verdicts.problem_data, image.problems)),
        "platforms": list(map(as_data, image.platforms)),
    }


def _requirement_data(requirement: Requirement) -> dict[str, Any]:
    return {
        "kind": "attestation" if requirement.attestation else "signature",
        "predicate_type": requirement.attestation.predicate_type if requirement.attestation else None,
        "needed": requirement.quorum.needed,
        "verdict": requirement.verdict,
        "reason": requirement.reason,
        "message": requirement.message,
        "authorities": list(map(_answer_data, requirement.answers)),
    }


def _answer_data(answer: Answer) -> dict[str, Any]:
    return {
        "name": answer.authority,
        "verdict": answer.verdict,
        "reason": answer.reason,
        "message": answer.message,
        "makers": [dict(described(maker)) for maker in answer.makers],
        "checks": list(map(verdicts.check_data, answer.checks)),
        "problems": list(map(verdicts.problem_data, answer.problems)),
        "attestations": [
            {
                "where": one.check.where,
                "format": one.check.format,
                "maker": dict(described(one.check.maker)) if one.check.maker else None,
                "left_out": one.left_out,
                "conditions": list(map(_condition_data, one.tested)),
            }
            for one in answer.weighed
        ],
    }


def _condition_data(tested: ConditionResult) -> dict[str, Any]:
    return {
        "field": tested.condition.path.text,
        "operator": tested.condition.operator,
        "which": tested.condition.which,
        "holds": tested.holds,
        "message": tested.message,
        "found": [{"place": place, "value": value} for place, value in tested.found],
    }
