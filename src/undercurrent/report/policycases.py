"""Views of recorded cases: what a policy says about them now, and which were recorded."""

from pathlib import Path
from typing import Any

from undercurrent.fleet import Summary
from undercurrent.i18n import translate as _
from undercurrent.report import decisions, failures, verdicts
from undercurrent.report.model import Block, Cell, Report, Table, Tree
from undercurrent.report.policies import policy_data
from undercurrent.signing.policy.policy import Policy
from undercurrent.workflows.policies import Recorded, Tried

__all__ = ["recorded", "tried"]


def tried(cases: tuple[Tried, ...], policy: Policy) -> Report:
    """What the policy says about each case, and how that came about where it is not what was expected."""
    rows = [_row(one) for one in cases]
    table = Table([_("case"), _("image"), _("expected"), _("result")], rows, squeeze=frozenset({0, 1}))
    wrong = [one for one in cases if not one.passed]
    text = _("{passed} as expected, {wrong} different").format(passed=len(cases) - len(wrong), wrong=len(wrong))
    blocks: list[Block] = [_difference(one) for one in wrong]
    return Report(
        "policy-test",
        {"policy": policy_data(policy), "cases": list(map(_data, cases))},
        [*blocks, table],
        summary=Cell(text, "bad" if wrong else "good"),
        exit_code=1 if wrong else 0,
    )


def _row(one: Tried) -> list[Cell | str]:
    expected = verdicts.cell(one.case.expect).text
    if one.passed:
        result = Cell("✓", "good")
    elif one.decision is None:
        result = Cell("✗ " + _("not found"), "bad")
    else:
        result = Cell("✗ " + verdicts.cell(one.decision.verdict).text.partition(" ")[2], "bad")
    return [one.case.why or one.case.where, one.case.image, expected.partition(" ")[2], result]


def _difference(one: Tried) -> Tree:
    label = Cell(_("{where}: {image}").format(where=one.case.where, image=one.case.image), "strong")
    if one.problem:
        return Tree(label, failures.explained(one.problem.message, one.problem.hint))
    children = [Tree(Cell(f"✗ {text}", "bad")) for text in one.differences]
    return Tree(label, [*children, *([decisions.reasons(one.decision)] if one.decision else [])])


def _data(one: Tried) -> dict[str, Any]:
    case = one.case
    return {
        "where": case.where,
        "image": case.image,
        "why": case.why,
        "expected": {"verdict": case.expect, "reason": case.reason, "rules": case.rules and list(case.rules)},
        "passed": one.passed,
        "differences": list(one.differences),
        "decision": decisions.as_data(one.decision) if one.decision else None,
        "error": {"code": one.problem.code, "message": one.problem.message} if one.problem else None,
    }


def recorded(summary: Summary[Recorded], folder: Path) -> Report:
    """The images that became cases, with the verdict that is expected from now on."""
    images = [success.result for success in summary.results]
    rows: list[list[Cell | str]] = [[image.name, verdicts.cell(image.decision.verdict)] for image in images]
    table = Table([_("image"), _("expected from now on")], rows, squeeze=frozenset({0}))
    text = _("{count} cases recorded in {folder}; try them with `uc policy test`")
    return Report(
        "policy-record",
        {
            "folder": str(folder),
            "images": [decisions.as_data(image.decision) for image in images],
            "failures": failures.as_data(summary.failures),
        },
        [*failures.listed(summary.failures), *([table] if rows else [])],
        summary=Cell(text.format(count=len(images), folder=folder), "bad" if summary.failures else "good"),
        exit_code=failures.exit_code(summary.failures),
    )
